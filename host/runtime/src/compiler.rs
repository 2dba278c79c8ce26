//! Compiles what tenants upload in a process of its own, which has neither files nor a network and ends when it takes too
//! long.
//!
//! A compiler is a large program that reads hostile input. Here it can use up no more than it was given, and what it finds
//! a way to do it does to a process that knows nothing. What it returns is code all the same: it is signed and kept by
//! whoever started it, and nobody else's is ever loaded.

mod child;
mod jail;

pub use child::{Job, compile_here};

use crate::component::LoadError;
use crate::engine::Allocation;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// Code is a few times as large as what it is made of; more than this is not taken over, bytes.
const MAX_CODE: u64 = 256 << 20;

/// What compiling one component may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// CPU of all threads together; at least a second, whole seconds.
    pub cpu: Duration,
    /// From the start to the code.
    pub wall: Duration,
    /// Address space, bytes.
    pub memory: u64,
    /// Threads.
    pub threads: usize,
}

impl Default for CompileLimits {
    fn default() -> Self {
        // One core stays free for calls where there is more than one.
        let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1));
        Self { cpu: Duration::from_secs(60), wall: Duration::from_secs(180), memory: 4 << 30, threads }
    }
}

/// How the process is started that compiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler {
    /// The program.
    pub program: PathBuf,
    /// What it is told before the arguments of [`Job`]; it must end in [`compile_here`].
    pub arguments: Vec<OsString>,
    /// What it may use.
    pub limits: CompileLimits,
}

impl Compiler {
    /// Compiles bytes that were admitted.
    ///
    /// # Errors
    /// [`LoadError::Compile`]: they do not compile, or not within the limits.
    pub(crate) async fn compile(&self, bytes: &[u8], allocation: Allocation) -> Result<Vec<u8>, LoadError> {
        let compiled = tokio::time::timeout(self.limits.wall, self.run(bytes, allocation)).await;
        let took_long = || LoadError::Compile(format!("it took more than {} s", self.limits.wall.as_secs()));
        compiled.map_err(|_| took_long())?
    }

    async fn run(&self, bytes: &[u8], allocation: Allocation) -> Result<Vec<u8>, LoadError> {
        let failed = |what: &str, error: std::io::Error| {
            tracing::error!(%error, program = %self.program.display(), what, "the compiler");
            LoadError::Compiler(format!("{what}: {error}"))
        };
        let job = Job {
            cpu_s: self.limits.cpu.as_secs().max(1),
            memory: self.limits.memory,
            on_demand: allocation == Allocation::OnDemand,
        };
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .args(job.arguments())
            .env_clear()
            // Read by the library that spreads the work.
            .env("RAYON_NUM_THREADS", self.limits.threads.max(1).to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed("it does not start", error))?;
        let (mut stdin, stdout) = (child.stdin.take(), child.stdout.take());
        // A child that ends early closes the pipe; why it ended is told by the rest.
        if let Some(stdin) = &mut stdin {
            let _ = stdin.write_all(bytes).await;
        }
        drop(stdin);
        let (mut kind, mut answer) = ([child::NOTHING], Vec::new());
        if let Some(mut stdout) = stdout {
            // One that ends without an answer is told by its status.
            if stdout.read_exact(&mut kind).await.is_ok() {
                let read = stdout.take(MAX_CODE + 1).read_to_end(&mut answer).await;
                read.map_err(|error| failed("its answer cannot be read", error))?;
            }
        }
        if answer.len() as u64 > MAX_CODE {
            return Err(LoadError::Compile(format!("the code has more than {MAX_CODE} bytes")));
        }
        let status = child.wait().await.map_err(|error| failed("it cannot be waited for", error))?;
        if !status.success() {
            return Err(self.died(status));
        }
        child::answer(kind, answer)
    }

    /// Why it ended without an answer.
    fn died(&self, status: ExitStatus) -> LoadError {
        use std::os::unix::process::ExitStatusExt;
        let message = match status.signal() {
            Some(libc::SIGXCPU | libc::SIGKILL) => {
                format!("it takes more than {} s of CPU", self.limits.cpu.as_secs().max(1))
            }
            Some(libc::SIGABRT | libc::SIGSEGV | libc::SIGBUS) => {
                format!("it takes more than {} MiB of memory, or the compiler fails on it", self.limits.memory >> 20)
            }
            _ => format!("the compiler ended with {status}"),
        };
        LoadError::Compile(message)
    }
}
