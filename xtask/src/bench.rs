//! `bench`: the published figures, measured on release builds.

use anyhow::Result;

use crate::build::{Profile, binary, build, components_dir, package};
use crate::run::{command, replace};

/// Becomes `trunkline bench dispatch --json ARGS`.
pub(crate) fn dispatch(args: &[&str]) -> Result<()> {
    build(Profile::Release)?;
    let mut bench = command(binary("trunkline", Profile::Release)?);
    bench.args(["bench", "dispatch", "--json"]).args(args).env("TRUNKLINE_COMPONENTS", components_dir());
    replace(&mut bench)
}

/// Becomes the driver that starts the host and the emulators, each in a process of its own.
pub(crate) fn calls(args: &[&str]) -> Result<()> {
    build(Profile::Release)?;
    package("trunkline-tests", Profile::Release)?;
    let mut bench = command(binary("trunkline-bench-calls", Profile::Release)?);
    bench
        .args(args)
        .env("TRUNKLINE_BIN", binary("trunkline", Profile::Release)?)
        .env("TRUNKLINE_EMULATORS", binary("trunkline-emulators", Profile::Release)?)
        .env("TRUNKLINE_COMPONENTS", components_dir());
    replace(&mut bench)
}
