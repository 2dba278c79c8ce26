//! `local`: speech through programs on this machine, without any key.
//!
//! A program is a command with places for what changes; two of them speak and one listens without any configuration.
//! No shell is involved, text and voices cannot become options, and what runs belongs to a call: it is limited, and killed
//! with it.

mod child;
mod config;
mod convert;
mod features;
mod listener;
mod pool;
mod program;
mod speaker;
mod wav;

pub use config::{LocalConfig, SttProgram, TtsProgram};
pub use program::ProgramStatus;

use crate::error::{ErrorKind, ProviderError};
use crate::stt::{Stt, SttRequest, SttStream};
use crate::tts::{Tts, TtsRequest, TtsSession};
use pool::Pool;
use program::Programs;
use std::sync::Arc;
use tokio::sync::Semaphore;

pub(crate) const NAME: &str = "local";

/// Speech through programs on this machine. Cloning gives another handle to the same programs.
#[derive(Clone)]
pub struct Local(Arc<Inner>);

struct Inner {
    programs: Programs,
    /// Places for processes that work.
    places: Arc<Semaphore>,
    pool: Pool,
}

impl Local {
    /// Programs as the operator configured them, and those that need no configuration.
    pub fn new(config: &LocalConfig) -> Self {
        Self(Arc::new(Inner {
            programs: Programs::new(config),
            places: Arc::new(Semaphore::new(config.max_processes)),
            pool: Pool::new(config.warm),
        }))
    }

    /// Whether this program, or any at all, can listen now.
    ///
    /// # Errors
    /// It is unknown or not installed; the message says what to do.
    pub fn can_listen(&self, program: Option<&str>) -> Result<(), ProviderError> {
        self.0.programs.listener(program, false).map(drop)
    }

    /// Whether this program, or any at all, can speak now, with this voice.
    ///
    /// # Errors
    /// It is unknown or not installed, or the voice's name is none; the message says what to do.
    pub fn can_speak(&self, program: Option<&str>, voice: Option<&str>, locale: &str) -> Result<(), ProviderError> {
        self.0.programs.speaker(program, locale)?;
        program::check_voice(voice)
    }

    /// The programs that listen, whether or not they are installed.
    pub fn listeners(&self) -> Vec<ProgramStatus> {
        self.0.programs.listeners()
    }

    /// The programs that speak, whether or not they are installed.
    pub fn speakers(&self) -> Vec<ProgramStatus> {
        self.0.programs.speakers()
    }
}

impl Stt for Local {
    fn connect(&self, request: SttRequest) -> SttStream {
        let (stream, ends) = SttStream::new(&request);
        tokio::spawn(listener::run(self.clone(), request, ends));
        stream
    }
}

impl Tts for Local {
    fn connect(&self, request: TtsRequest) -> TtsSession {
        let (session, ends) = TtsSession::new(NAME);
        tokio::spawn(speaker::run(self.clone(), request, ends));
        session
    }
}

fn error(kind: ErrorKind, message: impl Into<String>) -> ProviderError {
    ProviderError::new(NAME, kind, message)
}

/// A name for a file that nobody else uses.
fn scratch_path() -> std::path::PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("trunkline-{}-{number}.wav", std::process::id()))
}

#[cfg(test)]
mod tests;
