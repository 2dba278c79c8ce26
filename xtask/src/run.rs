//! Starting other programs: from the repository's root, with a clean environment, and with failures told in one sentence.
//!
//! `cargo run` describes the xtask package to its child in `CARGO_PKG_*` and the like. Build scripts that watch those
//! variables (ring's does) would run again whenever a build alternates between xtask and plain cargo, so no child
//! inherits them.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// The repository's root.
///
/// Asked of the environment first: one target folder may serve several clones, and the path compiled in is that of
/// the clone that built this binary last.
pub(crate) fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The target folder in use. This binary lies in `<target>/<profile>/`, wherever configuration has put that.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this binary lies")?;
    let target = own.ancestors().nth(2).context("run this through `cargo xtask`")?;
    Ok(target.to_path_buf())
}

/// A program to be run in the repository's root.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO_PRIMARY_PACKAGE" {
            command.env_remove(&name);
        }
    }
    command
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs to the end with output passed through; anything but success is an error that names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status}); its own messages are above");
    }
    Ok(())
}

/// Whether the command can be started and succeeds; its output is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// As [`succeeds`], but a command that has not ended within `limit` is killed and counts as failed.
pub(crate) fn succeeds_within(command: &mut Command, limit: Duration) -> bool {
    let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
        return false;
    };
    let (ended, end) = mpsc::sync_channel(1);
    if let Some(mut stdout) = child.stdout.take() {
        // The pipe closes when the child ends; waiting for that needs no polling.
        std::thread::spawn(move || {
            let _ = stdout.read_to_end(&mut Vec::new());
            let _ = ended.send(());
        });
    }
    if end.recv_timeout(limit).is_err() {
        let _ = child.kill();
        let _ = child.wait();
        return false;
    }
    child.wait().is_ok_and(|status| status.success())
}

/// Becomes the program: signals, the terminal and the exit status are then its own.
#[cfg(unix)]
pub(crate) fn replace(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let line = shown(command);
    Err(command.exec()).with_context(|| format!("cannot start `{line}`"))
}

/// Runs the program and ends with its exit status.
#[cfg(not(unix))]
pub(crate) fn replace(command: &mut Command) -> Result<()> {
    let line = shown(command);
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    std::process::exit(status.code().unwrap_or(1));
}

/// One line of progress.
///
/// Written without `eprintln!`, whose panic on a closed stderr would turn a finished build into a failure.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "xtask: {line}");
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_without_its_folder() {
        let error = run(command("/bin/sh").args(["-c", "exit 3"])).unwrap_err();
        assert!(error.to_string().starts_with("`sh -c exit 3` failed"), "{error}");
    }

    #[test]
    fn a_missing_program_is_an_error_that_names_it() {
        let error = run(&mut command("no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "cannot start `no-such-program`");
    }

    #[test]
    fn a_command_that_does_not_end_counts_as_failed() {
        assert!(!succeeds_within(command("tail").args(["-f", "/dev/null"]), Duration::from_millis(10)));
        assert!(succeeds_within(&mut command("true"), Duration::from_secs(60)));
    }
}
