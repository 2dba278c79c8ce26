//! Contracts that are frozen stay as they were, and components that were built for them go on working.

use crate::support::runtime;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")
}

/// SHA-256 of the files of a folder: names, sizes and contents, in the order of their names.
fn hash(folder: &Path) -> String {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let (name, bytes) = (file.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&file).unwrap());
        hash.update(format!("{name}\0{}\0", bytes.len()));
        hash.update(&bytes);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What has changed of what a list says is frozen.
fn changed(list: &str, wit: &Path) -> Vec<String> {
    let lines = list.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let frozen = lines.map(|line| line.split_once(' ').unwrap());
    frozen
        .filter(|(folder, known)| hash(&wit.join(folder)) != known.trim())
        .map(|(folder, _)| folder.to_owned())
        .collect()
}

/// The list, after `FREEZE` (a folder, such as `agent/0.1.0`) was added to it.
fn list() -> String {
    let path = wit().join("frozen.txt");
    let mut list = std::fs::read_to_string(&path).unwrap();
    if let Ok(folder) = std::env::var("FREEZE") {
        let known = list.lines().any(|line| line.split_once(' ').is_some_and(|(known, _)| known == folder));
        assert!(!known, "{folder} is frozen already");
        list.push_str(&format!("{folder} {}\n", hash(&wit().join(&folder))));
        std::fs::write(path, &list).unwrap();
    }
    list
}

#[test]
fn frozen_contracts_are_as_they_were() {
    assert_eq!(
        changed(&list(), &wit()),
        [] as [String; 0],
        "a frozen contract was changed: make a new version instead"
    );
}

/// Each version has a component that was built for it, frozen or not.
#[tokio::test]
async fn components_that_were_built_for_a_contract_go_on_working() {
    for name in ["agent", "tool"] {
        for version in std::fs::read_dir(wit().join(name)).unwrap() {
            let version = version.unwrap().file_name().into_string().unwrap();
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}-{version}"));
            let stored: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert!(!stored.is_empty(), "{name} {version}");
            for file in stored {
                let component = runtime().load(&std::fs::read(&file).unwrap()).unwrap();
                component.describe().await.unwrap();
            }
        }
    }
}

#[test]
fn a_change_of_what_is_frozen_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let version = folder.path().join("agent/0.1.0");
    std::fs::create_dir_all(&version).unwrap();
    std::fs::write(version.join("agent.wit"), "package a:b;").unwrap();
    let list = format!("# comment\nagent/0.1.0 {}\n", hash(&version));
    assert_eq!(changed(&list, folder.path()), [] as [String; 0]);
    std::fs::write(version.join("agent.wit"), "package a:c;").unwrap();
    assert_eq!(changed(&list, folder.path()), ["agent/0.1.0"]);
    std::fs::write(version.join("agent.wit"), "package a:b;").unwrap();
    std::fs::write(version.join("more.wit"), "").unwrap();
    assert_eq!(changed(&list, folder.path()), ["agent/0.1.0"], "a file more is a change");
}
