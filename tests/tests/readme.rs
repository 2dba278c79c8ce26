//! The tour of the README: each step is read from it and run.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;
use trunkline_tests::host::{Host, HostSpec, Providers, program};

/// What must be seen after the step that contains this command.
const SEEN: [(&str, &[&str]); 7] = [
    ("trunkline doctor", &["flite", "pocketsphinx"]),
    ("echo \"What are your business hours?\" | trunkline chat", &["Monday to Friday"]),
    ("--say \"What are your business hours?\"", &["Ahoy, this is the print shop.", "Monday to Friday"]),
    ("trunkline document add", &["yard"]),
    ("echo \"What is the gate code", &["four two zero"]),
    ("trunkline call list", &["web-voice", "chat"]),
    ("--agent \"My quiz\"", &["Number 1", "out of 3"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The `sh` blocks of a section, in order.
fn blocks(text: &str, section: &str) -> Vec<String> {
    let begin = text.find(&format!("## {section}\n")).unwrap_or_else(|| panic!("the README has no section {section}"));
    let section = text[begin..].split("\n## ").next().unwrap();
    let (mut blocks, mut open) = (Vec::new(), None::<String>);
    for line in section.lines() {
        match (line.trim(), &mut open) {
            ("```sh", None) => open = Some(String::new()),
            ("```", Some(_)) => blocks.extend(open.take()),
            (line, Some(block)) => {
                block.push_str(line);
                block.push('\n');
            }
            _ => {}
        }
    }
    blocks
}

fn copy(from: &Path, into: &Path) {
    let status = std::process::Command::new("cp").arg("-r").arg(from).arg(into).status().unwrap();
    assert!(status.success(), "{}", from.display());
}

/// A tree of its own, because the tour changes it. What was compiled for the components is shared.
fn clone(into: &Path) {
    std::fs::create_dir_all(into.join("components/dist")).unwrap();
    for (from, into, not) in [
        (root(), into.to_owned(), ["target", ".git", "components", "data"]),
        (root().join("components"), into.join("components"), ["target", "dist", "", ""]),
    ] {
        for entry in std::fs::read_dir(&from).unwrap().flatten() {
            if !not.contains(&entry.file_name().to_string_lossy().as_ref()) {
                copy(&entry.path(), &into);
            }
        }
    }
    std::os::unix::fs::symlink(root().join("components/target"), into.join("components/target")).unwrap();
    for entry in std::fs::read_dir(trunkline_tests::host::components()).unwrap().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "wasm") {
            copy(&entry.path(), &into.join("components/dist"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_of_the_readme_works_step_by_step() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = blocks(&readme, "Five minutes");
    assert!(blocks.len() >= 6, "{blocks:#?}");
    let folder = tempfile::tempdir().unwrap();
    let (tree, bin) = (folder.path().join("trunkline"), folder.path().join("bin"));
    clone(&tree);
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(program("trunkline", "TRUNKLINE_BIN").unwrap(), bin.join("trunkline")).unwrap();
    let mut spec = HostSpec::new(Providers::default());
    spec.components = tree.join("components/dist");
    let mut host = Host::start(spec).await.unwrap();
    let token = host.api().unwrap().token().to_owned();
    for block in &blocks {
        if block.contains("trunkline agent create") {
            // "Start the host again".
            host.terminate().await.unwrap();
            host.restart().await.unwrap();
        }
        let block = block.replace("export PATH=\"$PWD/target/release:$PATH\"", "");
        let said = run(&block, &tree, &bin, &host.origin(), &token).await;
        for (command, seen) in SEEN.iter().filter(|(command, _)| block.contains(command)) {
            for words in *seen {
                assert!(said.contains(words), "after `{command}`: no {words:?} in\n{said}");
            }
        }
    }
    for (command, _) in SEEN {
        assert!(blocks.iter().any(|block| block.contains(command)), "the tour has no `{command}` any more");
    }
}

async fn run(block: &str, folder: &Path, bin: &Path, server: &str, token: &str) -> String {
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", block]).current_dir(folder).kill_on_drop(true);
    shell.env("PATH", path).env("TRUNKLINE_SERVER", server).env("TRUNKLINE_TOKEN", token);
    // As in a person's shell: nothing of the cargo that runs the tests.
    shell.env("CARGO_TARGET_DIR", folder.join("target")).env_remove("CARGO_MANIFEST_DIR");
    shell.env_remove("TRUNKLINE_COMPONENTS").env_remove("CI");
    let output = shell.stdin(Stdio::null()).output().await.unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{block}\n{said}");
    said
}

#[test]
fn what_is_said_of_components_is_shown_by_tests() {
    for page in ["docs/components/README.md", "docs/components/can-and-cannot.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let mut shown = 0;
        for (name, rest) in text.match_indices("](../../").map(|(at, _)| (&text[..at], &text[at + 8..])) {
            let name = name.rsplit('[').next().unwrap();
            let path = rest.split(')').next().unwrap();
            assert!(root().join(path).exists(), "{page}: {path}");
            if path.ends_with(".rs") {
                let file = std::fs::read_to_string(root().join(path)).unwrap();
                assert!(file.contains(&format!("fn {name}(")), "{page}: {path} has no test {name}");
                shown += 1;
            }
        }
        assert!(shown >= 2, "{page}");
    }
}
