//! The vendors' own Python packages, to check the emulators against: one virtual environment, scripts with JSON in and
//! out.
//!
//! The environment lies in the target folder, is made once for a set of pinned versions and is shared by all test
//! processes; a file lock keeps two of them from making it at once.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Why a script gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum SdkError {
    /// There is no usable Python.
    #[error("the checks against the vendors' packages need python3 with its venv module: {0}")]
    NoPython(String),
    /// The packages cannot be had.
    #[error(
        "the vendors' packages of {requirements} could not be installed; is the Python package index reachable? {detail}"
    )]
    NoPackages {
        /// The file with the pinned versions.
        requirements: String,
        /// What the installer said.
        detail: String,
    },
    /// The environment's folder cannot be used.
    #[error("the folder {path} cannot be used: {source}")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The script failed.
    #[error("{script} failed: {detail}")]
    Script {
        /// The script.
        script: String,
        /// What it said.
        detail: String,
    },
}

/// Runs a script of the `sdk` folder with `input` on its standard input and reads the JSON it prints.
///
/// Blocks; the first run on a machine installs the packages, which takes half a minute.
pub fn run(script: &str, input: &Value) -> Result<Value, SdkError> {
    let python = environment()?;
    let path = folder().join(script);
    let fail = |detail: String| SdkError::Script { script: script.to_owned(), detail };
    let mut child = Command::new(python)
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| fail(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A script that does not read its input says why on its own.
        let _ = stdin.write_all(input.to_string().as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| fail(error.to_string()))?;
    if !output.status.success() {
        return Err(fail(last_words(&output)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| fail(format!("it did not print JSON: {error}")))
}

/// The Python of the environment, made when it is not there or has other versions.
pub fn environment() -> Result<PathBuf, SdkError> {
    let requirements = folder().join("requirements.txt");
    let wanted = fs::read_to_string(&requirements).map_err(|source| unusable(&requirements, source))?;
    let home = target().join("sdk");
    fs::create_dir_all(&home).map_err(|source| unusable(&home, source))?;
    let lock = File::create(home.join("lock")).map_err(|source| unusable(&home, source))?;
    // Released when the file is closed, at the end of this function.
    lock.lock().map_err(|source| unusable(&home, source))?;

    let venv = home.join("venv");
    let python = venv.join("bin/python");
    let installed = home.join("installed.txt");
    if python.exists() && fs::read_to_string(&installed).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv).output();
    let made = made.map_err(|error| SdkError::NoPython(error.to_string()))?;
    if !made.status.success() {
        return Err(SdkError::NoPython(last_words(&made)));
    }
    let refused = |detail| SdkError::NoPackages { requirements: requirements.display().to_string(), detail };
    let pip = Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements)
        .output()
        .map_err(|error| refused(error.to_string()))?;
    if !pip.status.success() {
        return Err(refused(last_words(&pip)));
    }
    fs::write(&installed, wanted).map_err(|source| unusable(&installed, source))?;
    Ok(python)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk")
}

/// The target folder: the running program lies somewhere below it.
fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    marked.map_or_else(std::env::temp_dir, Path::to_path_buf)
}

fn unusable(path: &Path, source: std::io::Error) -> SdkError {
    SdkError::Folder { path: path.display().to_string(), source }
}

/// The end of what a program said: the line that matters is the last one.
fn last_words(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.get(lines.len().saturating_sub(4)..).unwrap_or_default().join(" | ")
}
