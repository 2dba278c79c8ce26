//! The compiled cache: what is not ours is compiled again, never loaded.

use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};
use trunkline_runtime::{Config, Digest, Runtime};

fn component() -> Vec<u8> {
    agent(1, "(i32.const 0)", "")
}

fn open(folder: &Path, key: u8) -> Runtime {
    Runtime::new(&Config { cache_dir: Some(folder.to_owned()), mac_key: [key; 32], ..config() }).unwrap()
}

/// A folder with one compiled component, and its file.
fn filled() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), 1).load(&component()).unwrap();
    let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    (folder, file)
}

#[tokio::test]
async fn a_compiled_component_is_loaded_without_its_bytes() {
    let (folder, _) = filled();
    let loaded = open(folder.path(), 1).loaded(&Digest::of(&component())).unwrap();
    assert!(first(&loaded.behaviour().unwrap(), turn(1, "hi")).await.is_ok());
}

#[test]
fn a_changed_file_is_compiled_again() {
    let (folder, file) = filled();
    let good = fs::read(&file).unwrap();
    for index in [0, 31, 32, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[index] ^= 1;
        fs::write(&file, &bad).unwrap();
        let runtime = open(folder.path(), 1);
        assert!(runtime.loaded(&Digest::of(&component())).is_none(), "byte {index}");
        runtime.load(&component()).unwrap();
        assert_eq!(fs::read(&file).unwrap(), good, "byte {index}");
    }
    for length in [0, 10, 32, good.len() - 1] {
        fs::write(&file, &good[..length]).unwrap();
        assert!(open(folder.path(), 1).loaded(&Digest::of(&component())).is_none(), "{length} bytes");
    }
}

#[test]
fn a_file_signed_with_another_key_is_compiled_again() {
    let (folder, _) = filled();
    assert!(open(folder.path(), 2).loaded(&Digest::of(&component())).is_none());
}

#[test]
fn a_file_cannot_stand_in_for_another_component() {
    let (folder, file) = filled();
    let other = Digest::of(b"other");
    let name = file.file_name().unwrap().to_str().unwrap();
    let stand_in = name.replace(&Digest::of(&component()).to_string(), &other.to_string());
    assert_ne!(name, stand_in);
    fs::copy(&file, folder.path().join(stand_in)).unwrap();
    assert!(open(folder.path(), 1).loaded(&other).is_none());
}

#[cfg(unix)]
#[test]
fn only_the_host_can_read_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, file) = filled();
    assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_memory_for_loaded_components_is_bounded() {
    let runtime = Runtime::new(&Config { loaded_bytes: 1, ..config() }).unwrap();
    let (one, two) = (component(), agent(2, "(i32.const 0)", ""));
    runtime.load(&one).unwrap();
    runtime.load(&two).unwrap();
    assert!(runtime.loaded(&Digest::of(&one)).is_none());
    assert!(runtime.loaded(&Digest::of(&two)).is_some());
}

#[test]
fn a_digest_is_its_text() {
    let digest = Digest::of(b"x");
    assert_eq!(digest.to_string().parse(), Ok(digest));
    for wrong in ["", "2D711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "zz"] {
        assert!(wrong.parse::<Digest>().is_err());
    }
}
