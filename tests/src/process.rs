//! Programs that scenarios and benchmarks start: what they say is read, how much they use is measured, and none outlives
//! the test that started it.

pub mod usage;

use std::collections::{HashMap, VecDeque};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

pub use usage::Usage;

/// Lines of output that are kept to explain a failure.
const KEPT_LINES: usize = 200;

/// A running program. Dropping it kills the program.
pub struct Process {
    name: String,
    child: Child,
    pid: u32,
    output: Output,
    announced: watch::Receiver<HashMap<&'static str, String>>,
}

/// The newest lines of output, of both streams.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<VecDeque<String>>>);

impl Output {
    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("\n  | {line}")).collect()
    }
}

impl Process {
    /// Starts a program. Lines of its standard output that contain one of `announcements` can be waited for.
    pub fn start(name: &str, mut command: Command, announcements: &'static [&'static str]) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let shown = command.as_std().get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().with_context(|| format!("cannot start {name} ({shown})"))?;
        let pid = child.id().ok_or_else(|| anyhow!("{name} ended at once"))?;
        let output = Output::default();
        let (found, announced) = watch::channel(HashMap::new());
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(read(stdout, output.clone(), Some((announcements, found))));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(read(stderr, output.clone(), None));
        }
        Ok(Self { name: name.to_owned(), child, pid, output, announced })
    }

    /// What followed `announcement` in the line that contained it, once the program has written such a line.
    pub async fn announced(&self, announcement: &str, patience: Duration) -> Result<String> {
        let mut announced = self.announced.clone();
        let line = timeout(patience, announced.wait_for(|found| found.contains_key(announcement))).await;
        match line {
            Ok(Ok(found)) => Ok(found.get(announcement).cloned().unwrap_or_default()),
            Ok(Err(_)) => bail!("{} ended without saying `{announcement}`:{}", self.name, self.output()),
            Err(_) => bail!("{} did not say `{announcement}` in {patience:?}:{}", self.name, self.output()),
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The newest lines of its output.
    pub fn output(&self) -> String {
        self.output.text()
    }

    /// What it has used so far.
    pub fn usage(&self) -> Result<Usage> {
        usage::of(self.pid).with_context(|| format!("{} cannot be measured:{}", self.name, self.output()))
    }

    /// Fails with its output when it has ended.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status}):{}", self.name, self.output()),
        }
    }

    /// Stops it without a warning (SIGKILL).
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("{} cannot be killed", self.name))
    }

    /// Asks it to end (SIGTERM) and waits; after `patience` it is killed, which is an error.
    pub async fn terminate(&mut self, patience: Duration) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        }
        match timeout(patience, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => {
                self.kill().await?;
                bail!("{} did not end within {patience:?} of SIGTERM:{}", self.name, self.output())
            }
        }
    }
}

type Announcements = (&'static [&'static str], watch::Sender<HashMap<&'static str, String>>);

/// Keeps a pipe empty, so that the program never waits for us.
async fn read(pipe: impl AsyncRead + Unpin, output: Output, announcements: Option<Announcements>) {
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some((wanted, found)) = &announcements {
            for announcement in *wanted {
                if let Some((_, after)) = line.split_once(announcement) {
                    found.send_modify(|found| drop(found.insert(announcement, after.trim().to_owned())));
                }
            }
        }
        output.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn shell(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start("the script", command, &["token:", "address:"]).unwrap()
    }

    #[tokio::test]
    async fn an_announcement_is_waited_for() {
        let mut process = shell("echo hello; echo 'the token: abc '; exec cat /dev/zero >/dev/null");
        assert_eq!(process.announced("token:", PATIENCE).await.unwrap(), "abc");
        process.check().unwrap();
        assert!(process.usage().unwrap().rss_bytes > 0);
        let status = process.terminate(PATIENCE).await.unwrap();
        assert!(!status.success());
        assert!(process.check().is_err());
    }

    #[tokio::test]
    async fn a_program_that_ends_early_is_an_error_with_its_output() {
        let process = shell("echo it is broken >&2; exit 3");
        let error = process.announced("token:", PATIENCE).await.unwrap_err().to_string();
        assert!(error.starts_with("the script ended without saying `token:`"), "{error}");
        let error = Process::start("x", Command::new("/no/such"), &[]).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("cannot start x (/no/such)"));
    }
}
