//! Speech synthesis: text in, audio with the places of its words out.

mod align;
pub(crate) mod elevenlabs;

use crate::error::{ErrorKind, ProviderError};
use bytes::Bytes;
use std::ops::Range;
use tokio::sync::mpsc;
use trunkline_contract::agent;
use trunkline_contract::speech::{AudioFormat, WordSpan};

/// How a voice speaks; what is not given is the provider's default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TtsSettings {
    /// 0.5-2; providers may allow less.
    pub speed: Option<f64>,
    /// 0-1.
    pub stability: Option<f64>,
    /// 0-1.
    pub similarity_boost: Option<f64>,
}

/// What is to be spoken with, for all contexts of a session.
#[derive(Clone, Debug)]
pub struct TtsRequest {
    /// The provider's id of the voice; none: the provider's default, where it has one.
    pub voice: Option<String>,
    /// The provider's name of the model; none: the provider's default.
    pub model: Option<String>,
    /// The audio that shall come.
    pub format: AudioFormat,
    /// Primary language (ISO 639), for models that want to be told.
    pub language: Option<String>,
    /// How the voice speaks.
    pub settings: TtsSettings,
    /// Silence of the provider, while audio is owed, that counts as a stall, ms.
    pub stall_ms: u32,
}

impl TtsRequest {
    /// As an agent's contract says.
    pub fn new(tts: &agent::Tts, locale: &str, format: AudioFormat) -> Self {
        Self {
            voice: tts.voice.clone(),
            model: tts.model.clone(),
            format,
            language: locale.split('-').next().map(str::to_ascii_lowercase),
            settings: TtsSettings {
                speed: tts.speed,
                stability: tts.stability,
                similarity_boost: tts.similarity_boost,
            },
            stall_ms: tts.stall_ms,
        }
    }
}

/// A passage of speech that is generated, and can be cancelled, on its own. Chosen by the caller, and never used again
/// within a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TtsContext(pub u64);

/// What comes from a synthesiser.
#[derive(Clone, Debug, PartialEq)]
pub enum TtsEvent {
    /// The connection is open.
    Opened,
    /// More audio of a context.
    Audio {
        /// The context.
        context: TtsContext,
        /// In the format asked for; may be empty when only words come.
        audio: Bytes,
        /// Words that are now complete: bytes of the context's text as sent, ms of the context's audio.
        words: Vec<WordSpan>,
    },
    /// Everything of a finished context has come.
    Done {
        /// The context.
        context: TtsContext,
    },
    /// A context failed; the others and the connection live on.
    Failed {
        /// The context.
        context: TtsContext,
        /// Why.
        error: ProviderError,
    },
}

/// A provider of speech synthesis.
pub trait Tts: Send + Sync {
    /// Opens a session. Returns at once: the socket is opened by the session's own task, and text may be handed over
    /// before. Must be called within a tokio runtime.
    fn connect(&self, request: TtsRequest) -> TtsSession;
}

/// What a handle tells its task, which takes commands at once even while its socket is stuck. A full channel means
/// that the task gets no time at all: the session then ends with an error, because a gap in the text cannot be mended.
#[derive(Debug)]
pub(crate) enum Command {
    Speak { context: TtsContext, text: String, flush: bool },
    Finish(TtsContext),
    Cancel(TtsContext),
}

const COMMANDS: usize = 256;
/// When the caller does not read, the task stops reading its socket.
const EVENTS: usize = 32;

/// A session of synthesis over one connection; dropping it closes the connection.
#[derive(Debug)]
pub struct TtsSession {
    provider: &'static str,
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Result<TtsEvent, ProviderError>>,
    /// Text handed over per live context, bytes.
    lengths: Vec<(TtsContext, usize)>,
    overrun: bool,
}

/// The task's ends of a session's channels.
pub(crate) type Ends = (mpsc::Receiver<Command>, mpsc::Sender<Result<TtsEvent, ProviderError>>);

impl TtsSession {
    pub(crate) fn new(provider: &'static str) -> (Self, Ends) {
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let (sender, events) = mpsc::channel(EVENTS);
        (Self { provider, commands, events, lengths: Vec::new(), overrun: false }, (receiver, sender))
    }

    /// Speaks `text` after what the context has been given so far. White space at its end is replaced by one space; a
    /// text of white space only is not sent. `flush`: generate now, do not wait for more.
    ///
    /// Returns where the text lies in the context's text as sent, the space included: word spans refer to that.
    pub fn speak(&mut self, context: TtsContext, text: &str, flush: bool) -> Range<usize> {
        let known = self.lengths.iter().position(|(c, _)| *c == context);
        let start = known.and_then(|at| self.lengths.get(at)).map_or(0, |(_, length)| *length);
        let text = text.trim_end();
        if text.is_empty() {
            return start..start;
        }
        let end = start + text.len() + 1;
        match known.and_then(|at| self.lengths.get_mut(at)) {
            Some((_, length)) => *length = end,
            None => self.lengths.push((context, end)),
        }
        self.command(Command::Speak { context, text: format!("{text} "), flush });
        start..end
    }

    /// No more text will follow: the rest is generated, then [`TtsEvent::Done`] comes; at once, when there was no text.
    pub fn finish(&mut self, context: TtsContext) {
        if !self.is_live(context) {
            self.lengths.push((context, 0));
        }
        self.command(Command::Finish(context));
    }

    /// Stops a context: nothing more of it comes, `Done` included, even if it is on its way.
    pub fn cancel(&mut self, context: TtsContext) {
        self.lengths.retain(|(c, _)| *c != context);
        self.command(Command::Cancel(context));
    }

    /// The next event; `None` after an error. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<TtsEvent, ProviderError>> {
        if self.overrun {
            self.overrun = false;
            self.events.close();
            while self.events.try_recv().is_ok() {}
            let message = "text could not be handed over";
            return Some(Err(ProviderError::new(self.provider, ErrorKind::Stalled, message)));
        }
        loop {
            let event = self.events.recv().await?;
            match &event {
                Ok(TtsEvent::Audio { context, .. }) if !self.is_live(*context) => continue,
                Ok(TtsEvent::Done { context } | TtsEvent::Failed { context, .. }) => {
                    if !self.is_live(*context) {
                        continue;
                    }
                    self.lengths.retain(|(c, _)| c != context);
                }
                _ => {}
            }
            return Some(event);
        }
    }

    fn is_live(&self, context: TtsContext) -> bool {
        self.lengths.iter().any(|(c, _)| *c == context)
    }

    fn command(&mut self, command: Command) {
        // Closed: the session has ended, which its last event says.
        if let Err(mpsc::error::TrySendError::Full(_)) = self.commands.try_send(command) {
            self.overrun = true;
        }
    }
}
