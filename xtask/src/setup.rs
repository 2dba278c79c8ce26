//! What the machine must have: installs it with apt where that is allowed, else says in one sentence how to get it.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{command, run, say, succeeds};

/// A program, the Debian package that brings it, and a command that succeeds when it is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// Name of the Debian package.
    pub(crate) package: &'static str,
    /// Program and arguments.
    pub(crate) probe: &'static [&'static str],
}

impl Need {
    fn is_there(&self) -> bool {
        self.probe.split_first().is_some_and(|(program, args)| succeeds(command(program).args(args)))
    }
}

/// Makes sure that everything named is there, installing what is missing when run as root on a Debian machine.
///
/// # Errors
/// When something is missing and may not, or cannot, be installed.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    if !may_install() {
        let packages = missing.join(" ");
        bail!("missing: {packages}; install with {}, then run this again", by_hand(&missing));
    }
    install(needs, &missing)
}

/// As [`ensure`], for what can be done without: `without` says what cannot be done then.
pub(crate) fn offer(needs: &[Need], without: &str) {
    let missing = missing(needs);
    if missing.is_empty() {
        return;
    }
    if may_install() {
        match install(needs, &missing) {
            Ok(()) => return,
            Err(error) => say(&format!("{error:#}")),
        }
    }
    say(&format!("{without}; to change that, install with {} and start again", by_hand(&missing)));
}

fn by_hand(packages: &[&str]) -> String {
    format!("`sudo apt-get install -y {}` (or your system's way)", packages.join(" "))
}

fn install(needs: &[Need], missing: &[&str]) -> Result<()> {
    say(&format!("installing {}", missing.join(" ")));
    // A failed refresh is not the end: the lists that are there may do, and the installation says so if they do not.
    if run(apt().args(["-qq", "update"])).is_err() {
        say("the package lists could not be refreshed; going on with the ones that are there");
    }
    run(apt().args(["-qq", "install", "-y", "--no-install-recommends"]).args(missing))?;
    let still = self::missing(needs);
    if !still.is_empty() {
        bail!("{} installed, but the program does not start; is another one before it on PATH?", still.join(" "));
    }
    Ok(())
}

/// The one thing besides Rust that is not ours to bring.
pub(crate) fn c_compiler() -> Result<()> {
    let named = std::env::var_os("CC");
    let found = succeeds(command(named.unwrap_or_else(|| "cc".into())).arg("--version"));
    if found {
        return Ok(());
    }
    ensure(&[Need { package: "build-essential", probe: &["cc", "--version"] }]).context("a C compiler is needed")
}

/// Whether this runs where nobody watches: what is missing is then installed or fails, and no test is left out.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

fn missing(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().filter(|need| !need.is_there()).map(|need| need.package).collect()
}

fn may_install() -> bool {
    let root = command("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    root && succeeds(command("apt-get").arg("--version"))
}

fn apt() -> Command {
    let mut apt = command("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    // Another installation on the same machine is waited for, but not for ever.
    apt.args(["-o", "DPkg::Lock::Timeout=300"]);
    apt
}

/// What a conversation by voice needs on this machine when no provider's key is set: two synthesisers, a recogniser and
/// its model.
pub(crate) const SPEECH: [Need; 4] = [
    Need { package: "espeak-ng", probe: &["espeak-ng", "--version"] },
    Need { package: "flite", probe: &["flite", "-lv"] },
    // The program has another name from version 5 on.
    Need {
        package: "pocketsphinx",
        probe: &["sh", "-c", "command -v pocketsphinx_continuous || command -v pocketsphinx"],
    },
    // Data has nothing that could be run.
    Need { package: "pocketsphinx-en-us", probe: &["sh", "-c", "ls /usr/share/pocketsphinx/model/en-us/*.lm.bin"] },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_named() {
        let needs = [
            Need { package: "here", probe: &["true"] },
            Need { package: "broken", probe: &["false"] },
            Need { package: "absent", probe: &["no-such-program"] },
        ];
        assert_eq!(missing(&needs), ["broken", "absent"]);
    }

    #[test]
    fn a_command_to_type_names_everything_that_is_missing() {
        assert_eq!(by_hand(&["flite", "sox"]), "`sudo apt-get install -y flite sox` (or your system's way)");
    }
}
