//! `lint`: formatting, clippy and dependency policy, over the host and the components.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::run::{cargo, command, run, say, succeeds, succeeds_within};
use crate::test::components_cargo;

/// How long the advisory database may take to arrive. It is a few megabytes.
const FETCH: Duration = Duration::from_secs(60);

/// Runs every check and stops at the first that fails.
pub(crate) fn lint() -> Result<()> {
    rust_components()?;
    say("checking the format");
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(components_cargo("fmt")?.args(["--all", "--check"]))?;
    say("clippy over the host");
    clippy(cargo().args(["clippy", "--features", "trunkline/failpoints"]))?;
    say("clippy over the components");
    clippy(&mut components_cargo("clippy")?)?;
    deny()?;
    say("lint passed");
    Ok(())
}

fn clippy(command: &mut Command) -> Result<()> {
    run(command.args(["--workspace", "--all-targets", "--", "--deny", "warnings"]))
}

/// rustfmt and clippy come with the ordinary toolchain; only a minimal one has to fetch them.
fn rust_components() -> Result<()> {
    let there = || succeeds(cargo().args(["fmt", "--version"])) && succeeds(cargo().args(["clippy", "--version"]));
    if there() {
        return Ok(());
    }
    run(command("rustup").args(["component", "add", "rustfmt", "clippy"]))
        .context("rustfmt and clippy are needed; install them with `rustup component add rustfmt clippy`")
}

fn deny() -> Result<()> {
    if !succeeds(cargo().args(["deny", "--version"])) {
        say("cargo-deny is not installed (`cargo install cargo-deny --locked`): dependency policy was not checked");
        return Ok(());
    }
    let advisories = succeeds_within(cargo().args(["deny", "fetch", "db"]), FETCH);
    if !advisories {
        say("the advisory database cannot be reached: advisories were not checked");
    }
    for manifest in ["Cargo.toml", "components/Cargo.toml"] {
        say(&format!("dependency policy of {manifest}"));
        let mut check = cargo();
        check.args(["deny", "--manifest-path", manifest, "--config", "deny.toml", "check", "--hide-inclusion-graph"]);
        check.args(["bans", "licenses", "sources"]);
        if advisories {
            check.arg("advisories");
        }
        run(&mut check)?;
    }
    Ok(())
}
