//! `up`: everything from a fresh clone to the running product.
//!
//! The product replaces this process, so that Ctrl-C, SIGTERM and the exit status are its own and nothing stands between
//! it and whoever supervises it.

use anyhow::Result;

use crate::build::{Profile, binary, build, components_dir};
use crate::run::{command, replace, say};

/// Builds in release and becomes `trunkline serve ARGS`.
pub(crate) fn up(args: &[&str]) -> Result<()> {
    build(Profile::Release)?;
    say(&format!(
        "starting `trunkline serve{}`; Ctrl-C ends it",
        args.iter().map(|arg| format!(" {arg}")).collect::<String>()
    ));
    let mut serve = command(binary("trunkline", Profile::Release)?);
    serve.arg("serve").args(args).env("TRUNKLINE_COMPONENTS", components_dir());
    replace(&mut serve)
}
