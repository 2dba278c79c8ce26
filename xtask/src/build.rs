//! Builds the product, and knows where the results lie.
//!
//! Components come first: the binary ships the stock behaviours.

use std::path::PathBuf;

use anyhow::Result;

use crate::run::{cargo, root, run, say, target_dir};
use crate::{components, setup};

/// How the host is compiled. Components are always built in release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build; what tests run.
    Dev,
    /// What ships; what benchmarks measure.
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// Builds the components and the `trunkline` binary.
pub(crate) fn build(profile: Profile) -> Result<()> {
    setup::c_compiler()?;
    components::build(None)?;
    package("trunkline", profile)?;
    say(&format!("built {}", binary("trunkline", profile)?.display()));
    Ok(())
}

/// Builds one package of the host.
///
/// Packages are built one at a time: built together, they would share features, and the binary measured would not be
/// the binary that ships.
pub(crate) fn package(name: &str, profile: Profile) -> Result<()> {
    say(&format!("building {name} ({})", profile.folder()));
    let mut command = cargo();
    command.args(["build", "--package", name]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    run(&mut command)
}

/// Where a binary of the workspace lies once it is built.
pub(crate) fn binary(name: &str, profile: Profile) -> Result<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    Ok(target_dir()?.join(profile.folder()).join(file))
}

/// The folder of the built components.
pub(crate) fn components_dir() -> PathBuf {
    root().join("components").join("dist")
}
