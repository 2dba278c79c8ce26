//! One process: started without a shell, with little environment and bounded resources, killed with whoever holds it.

use super::error;
use crate::error::{ErrorKind, ProviderError};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, prlimit, setpriority_process};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What is passed on of the environment: never a key.
const ENVIRONMENT: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH"];
/// Processor time of one process, s.
const CPU_S: u64 = 120;
/// Address space of one process, bytes.
const MEMORY: u64 = 4 << 30;
/// Files that it writes, bytes.
const FILE: u64 = 64 << 20;
/// Speech yields to the media path.
const NICE: i32 = 5;
/// What is kept of standard error, bytes.
const STDERR: usize = 2_048;
/// How long the rest of it may take when the process has ended.
const AFTER_END: Duration = Duration::from_millis(200);

/// A process and its ends.
pub(super) struct Process {
    child: Child,
    group: Option<Pid>,
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: Option<ChildStdout>,
    /// The beginning of what it says there, once it has ended.
    stderr: JoinHandle<Vec<u8>>,
}

impl Process {
    pub(super) fn start(program: &Path, args: &[String]) -> Result<Self, ProviderError> {
        let mut command = Command::new(program);
        command.args(args).env_clear().kill_on_drop(true).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(ENVIRONMENT.iter().filter_map(|name| std::env::var_os(name).map(|value| (*name, value))));
        let mut child = command.spawn().map_err(|cause| {
            let message = format!("`{}` cannot be started: {cause}", program.display());
            error(ErrorKind::Unavailable, message)
        })?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        bound(group);
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let stderr = tokio::spawn(overhear(child.stderr.take()));
        Ok(Self { child, group, stdin, stdout, stderr })
    }

    /// Once: the number of a group that is gone may be given to another.
    fn kill_group(&mut self) {
        if let Some(group) = self.group.take() {
            kill_process_group(group, Signal::KILL).ok();
        }
    }

    /// It has not ended yet.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the end; anything but success is an error that quotes what it said.
    pub(super) async fn end(&mut self, name: &str) -> Result<(), ProviderError> {
        let ended = self.child.wait().await;
        self.kill_group();
        // What it started may keep the pipe open after it.
        let said = timeout(AFTER_END, &mut self.stderr).await.ok().and_then(Result::ok).unwrap_or_default();
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                let said = String::from_utf8_lossy(&said);
                let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
                Err(error(ErrorKind::Unavailable, format!("`{name}` failed ({status}): {}", said.trim())))
            }
            Err(cause) => Err(error(ErrorKind::Unavailable, format!("`{name}` was lost: {cause}"))),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Also what it started itself, which may live on after it.
        self.kill_group();
    }
}

/// Reads everything, so that a program that says much does not wait, and keeps the beginning.
async fn overhear(stderr: Option<ChildStderr>) -> Vec<u8> {
    let (mut kept, mut buffer) = (Vec::new(), [0; 1_024]);
    let Some(mut stderr) = stderr else { return kept };
    while let Ok(len) = stderr.read(&mut buffer).await
        && len > 0
    {
        let room = STDERR.saturating_sub(kept.len());
        kept.extend(buffer.iter().take(len.min(room)));
    }
    kept
}

/// Limits are set from outside, just after the start: a process that is quicker than that has not used much.
fn bound(process: Option<Pid>) {
    let limits = [(Resource::Cpu, CPU_S), (Resource::As, MEMORY), (Resource::Fsize, FILE), (Resource::Core, 0)];
    for (resource, most) in limits {
        prlimit(process, resource, Rlimit { current: Some(most), maximum: Some(most) }).ok();
    }
    setpriority_process(process, NICE).ok();
}
