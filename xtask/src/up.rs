//! `up`: everything from a fresh clone to the running product.
//!
//! The product replaces this process, so that Ctrl-C, SIGTERM and the exit status are its own and nothing stands between
//! it and whoever supervises it.

use anyhow::Result;

use crate::build::{Profile, binary, components_dir, package};
use crate::run::{command, replace, say};
use crate::{components, setup};

/// Sets up, builds in release and becomes `trunkline serve ARGS`.
pub(crate) fn up(args: &[&str]) -> Result<()> {
    say("1 of 4: what this machine needs");
    setup::c_compiler()?;
    setup::offer(&setup::SPEECH, "without speech programs agents can be written to but not spoken with");
    say("2 of 4: the components that decide what agents do");
    components::build(None)?;
    say("3 of 4: the host; the first time this takes minutes");
    package("trunkline", Profile::Release)?;
    let program = binary("trunkline", Profile::Release)?;
    let arguments: String = args.iter().map(|arg| format!(" {arg}")).collect();
    say(&format!("4 of 4: starting `trunkline serve{arguments}`; Ctrl-C ends it"));
    say(&format!("in another terminal, in this folder: {} chat", program.display()));
    let mut serve = command(program);
    serve.arg("serve").args(args).env("TRUNKLINE_COMPONENTS", components_dir());
    replace(&mut serve)
}
