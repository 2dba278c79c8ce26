//! `test` and `golden`: all set-up, then every test there is.
//!
//! The product's binary is built with the crash points the recovery tests need, and everything in one selection of
//! packages and features, so that building the binary and building the tests share their work. Components come first:
//! they are quick, and the runner's summary of the host is then the last thing printed.

use std::process::Command;

use anyhow::{Result, bail};

use crate::build::{Profile, binary, components_dir};
use crate::run::{cargo, root, run, say, succeeds, target_dir};
use crate::{components, setup};

/// The host's whole workspace without its examples, with the places where a test can stop the process between two
/// commits.
const HOST: [&str; 6] = ["--workspace", "--lib", "--bins", "--tests", "--features", "trunkline/failpoints"];

/// Programs that bring callers' voices to a telephone, check emulators against the official SDKs and open the page.
const NEEDED: [setup::Need; 4] = [
    setup::Need { package: "sox", probe: &["sox", "--version"] },
    setup::Need { package: "python3-venv", probe: &["python3", "-c", "import ensurepip, venv"] },
    setup::Need { package: "chromium", probe: &["chromium", "--version"] },
    setup::Need { package: "chromium-driver", probe: &["chromedriver", "--version"] },
];

/// Runs every test, or those whose name contains `filter`.
pub(crate) fn test(filter: Option<&str>) -> Result<()> {
    prepare()?;
    guests(filter)?;
    host(filter, false)
}

/// Runs the host's tests, with `--update` letting them rewrite the golden files they compare with.
pub(crate) fn golden(args: &[&str]) -> Result<()> {
    let (update, filter) = match args {
        [] => (false, None),
        ["--update"] => (true, None),
        ["--update", filter] | [filter, "--update"] => (true, Some(*filter)),
        [filter] if !filter.starts_with('-') => (false, Some(*filter)),
        _ => bail!("usage: cargo xtask golden [--update] [FILTER]"),
    };
    prepare()?;
    host(filter, update)?;
    if update {
        say("golden files rewritten; `git diff` shows what changed");
    }
    Ok(())
}

/// Freezes a version of the contract: from now on a test holds its files to what they are.
pub(crate) fn freeze(folder: &str) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "-p", "trunkline-runtime", "--test", "all", "frozen_contracts"]).env("FREEZE", folder);
    run(&mut command)?;
    say(&format!("{folder} is frozen; `git diff wit` shows it"));
    Ok(())
}

fn prepare() -> Result<()> {
    setup::c_compiler()?;
    // Together: one installation is quicker than two.
    setup::ensure(&[setup::SPEECH, NEEDED].concat())?;
    components::build_for_tests()?;
    say("building the host and its tests");
    run(cargo().arg("build").args(HOST))
}

/// The components' own tests, natively: a behaviour is a pure function and needs no sandbox to be tested.
fn guests(filter: Option<&str>) -> Result<()> {
    say("testing the components");
    run(components_cargo("test")?.args(["--workspace", "--no-fail-fast"]).args(filter))
}

fn host(filter: Option<&str>, update_golden: bool) -> Result<()> {
    say("testing the host");
    let mut command = cargo();
    if succeeds(cargo().args(["nextest", "--version"])) {
        let profile = if setup::in_ci() { "ci" } else { "default" };
        command.args(["nextest", "run", "--profile", profile]).args(HOST);
        if filter.is_some() {
            // The name may be that of a component's test.
            command.arg("--no-tests=pass");
        }
    } else {
        command.arg("test").args(HOST).arg("--no-fail-fast");
    }
    command.args(filter);
    if update_golden {
        command.env("UPDATE_GOLDEN", "1");
    }
    command
        .env("TRUNKLINE_BIN", binary("trunkline", Profile::Dev)?)
        .env("TRUNKLINE_EMULATORS", binary("trunkline-emulators", Profile::Dev)?)
        .env("TRUNKLINE_COMPONENTS", components_dir());
    run(&mut command)
}

/// A cargo command on the components' workspace with the host's toolchain.
///
/// Its target folder is its own: the compiler that makes components may be another version.
pub(crate) fn components_cargo(subcommand: &str) -> Result<Command> {
    let native = match std::env::var_os("CARGO_TARGET_DIR") {
        Some(_) => target_dir()?.join("components-native"),
        None => root().join("components").join("target").join("native"),
    };
    let mut command = cargo();
    command.arg(subcommand).args(["--manifest-path", "components/Cargo.toml"]).env("CARGO_TARGET_DIR", native);
    Ok(command)
}
