//! The folder of components that come with the host.

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};

/// The behaviour that every agent has unless it names another.
pub(crate) const STOCK: &str = "conversation";

/// Names and files, in order; none when there is no such folder.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn list(folder: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("the components in {} cannot be read", folder.display()));
        }
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("the components in {} cannot be read", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "wasm")
            && let Some(name) = path.file_stem().and_then(|stem| stem.to_str())
        {
            found.push((name.to_owned(), path));
        }
    }
    found.sort();
    Ok(found)
}

/// The file of the stock behaviour.
///
/// # Errors
/// It is not there.
pub(crate) fn stock(folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join(format!("{STOCK}.wasm"));
    if !path.is_file() {
        bail!("{}: {BUILD}", missing(folder));
    }
    Ok(path)
}

/// That there are components at all.
///
/// # Errors
/// There are none.
pub(crate) fn any(folder: &Path) -> anyhow::Result<()> {
    if list(folder)?.is_empty() {
        bail!("{}: {BUILD}", missing(folder));
    }
    Ok(())
}

/// What to do when components are not there.
pub(crate) const BUILD: &str = "run `cargo xtask components`, or set `components` (TRUNKLINE_COMPONENTS)";

/// What is not there.
pub(crate) fn missing(folder: &Path) -> String {
    format!("there is no {STOCK}.wasm in {}", folder.display())
}
