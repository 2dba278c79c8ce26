//! Speech recognition: audio in, transcripts out.

mod batch;
pub(crate) mod deepgram;
pub(crate) mod reconnecting;
mod timeline;
mod watchdog;

use crate::error::ProviderError;
use batch::Batch;
pub(crate) use batch::ms as ms_of_bytes;
use bytes::Bytes;
use tokio::sync::mpsc;
use trunkline_contract::agent;
use trunkline_contract::speech::{AudioFormat, Transcript};

/// What is to be recognised, and how.
#[derive(Clone, Debug)]
pub struct SttRequest {
    /// The provider's name of the model; none: the provider's default.
    pub model: Option<String>,
    /// BCP 47; none: the provider's default.
    pub language: Option<String>,
    /// The audio that will be sent.
    pub format: AudioFormat,
    /// Words to expect.
    pub keyterms: Vec<String>,
    /// Audio sent while an answer is owed, without any, that counts as a stall, ms.
    pub stall_ms: u32,
    /// Audio is collected into messages of this length, ms; longer ones cost less and delay interims.
    pub batch_ms: u32,
    /// Silence after which the provider makes a result final by itself, ms; none: only when asked to.
    pub endpointing_ms: Option<u32>,
    /// Gap between words after which the provider reports the end of an utterance, ms; at least 1,000; none: never.
    pub utterance_end_ms: Option<u32>,
    /// Audio that waits for the socket at most, ms; beyond it the oldest is dropped and reported.
    pub max_queue_ms: u32,
    /// Added to all times: audio that earlier connections of the same stream were sent, ms.
    pub time_offset_ms: u64,
}

impl SttRequest {
    /// As an agent's contract says; the contract's own language, or else `locale`.
    pub fn new(stt: &agent::Stt, locale: &str, format: AudioFormat) -> Self {
        Self {
            model: stt.model.clone(),
            language: Some(stt.language.clone().unwrap_or_else(|| locale.to_owned())),
            format,
            keyterms: stt.keyterms.clone(),
            stall_ms: stt.stall_ms,
            batch_ms: 80,
            endpointing_ms: Some(300),
            utterance_end_ms: Some(1_000),
            max_queue_ms: 10_000,
            time_offset_ms: 0,
        }
    }
}

/// What comes from a recogniser.
#[derive(Clone, Debug, PartialEq)]
pub enum SttEvent {
    /// The connection is open.
    Opened,
    /// Words, or the empty final answer to [`SttStream::finalize`].
    Transcript(Transcript),
    /// No words for a while.
    UtteranceEnd {
        /// End of the last word, ms of audio sent.
        last_word_end_ms: u64,
    },
    /// Audio was dropped because the socket did not take it; times stay those of the audio handed over.
    AudioDropped {
        /// How much.
        ms: u64,
    },
    /// The connection is lost and is being opened again ([`crate::ReconnectingStt`] only).
    Reconnecting {
        /// Why it was lost.
        error: ProviderError,
    },
    /// The connection is open again ([`crate::ReconnectingStt`] only).
    Reconnected {
        /// Audio sent again because no final transcript had covered it, ms.
        replayed_ms: u64,
        /// Audio that was no longer there to be sent again, ms.
        lost_ms: u64,
    },
}

/// A provider of speech recognition.
pub trait Stt: Send + Sync {
    /// Opens a stream. Returns at once: the socket is opened by the stream's own task, and audio may be sent before.
    /// Must be called within a tokio runtime.
    fn connect(&self, request: SttRequest) -> SttStream;
}

/// What a handle tells its task. The channel holds [`COMMANDS`]; the task takes them at once even while its socket is
/// stuck, so it is full only when the task gets no time at all. Audio is then dropped and reported, and a full channel
/// never makes the caller wait.
#[derive(Debug)]
pub(crate) enum Command {
    /// Audio, after so many bytes that were lost.
    Audio { audio: Bytes, lost: u64 },
    /// Recognise now what was sent so far.
    Finalize,
    /// Whether speech is expected.
    Expect(bool),
    /// End in good order.
    Close,
}

const COMMANDS: usize = 512;
const EVENTS: usize = 64;

/// A stream of recognition; dropping it closes its socket.
#[derive(Debug)]
pub struct SttStream {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Result<SttEvent, ProviderError>>,
    batch: Batch,
    format: AudioFormat,
    /// Bytes that could not be handed over; told with the next that can.
    lost: u64,
    unreported: u64,
}

/// The task's ends of a stream's channels.
pub(crate) type Ends = (mpsc::Receiver<Command>, mpsc::Sender<Result<SttEvent, ProviderError>>);

impl SttStream {
    pub(crate) fn new(request: &SttRequest) -> (Self, Ends) {
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let (sender, events) = mpsc::channel(EVENTS);
        let batch = Batch::new(request.format, request.batch_ms);
        let stream = Self { commands, events, batch, format: request.format, lost: 0, unreported: 0 };
        (stream, (receiver, sender))
    }

    /// Sends audio. Never waits: it is collected into messages, and when the connection does not keep up, the oldest
    /// audio is dropped and reported by [`SttEvent::AudioDropped`].
    pub fn send(&mut self, audio: &[u8]) {
        if let Some(batch) = self.batch.push(audio) {
            self.send_batch(batch);
        }
    }

    pub(crate) fn send_batch(&mut self, audio: Bytes) {
        let bytes = audio.len() as u64;
        match self.commands.try_send(Command::Audio { audio, lost: self.lost }) {
            Ok(()) => self.lost = 0,
            Err(_) => {
                self.lost += bytes;
                self.unreported += bytes;
            }
        }
    }

    /// Asks for the final transcript of everything sent so far; the answer has `from_finalize` set.
    pub fn finalize(&mut self) {
        if let Some(batch) = self.batch.take() {
            self.send_batch(batch);
        }
        self.command(Command::Finalize);
    }

    /// Says whether the caller is speaking, so that an answer is owed: only then can the stream stall.
    pub fn expect(&mut self, speech: bool) {
        self.command(Command::Expect(speech));
    }

    /// Ends the stream in good order: what is still unrecognised comes, then `None`.
    pub fn close(&mut self) {
        if let Some(batch) = self.batch.take() {
            self.send_batch(batch);
        }
        self.command(Command::Close);
    }

    /// The next event; `None` after an error or after [`SttStream::close`]. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<SttEvent, ProviderError>> {
        if self.unreported > 0 && !self.events.is_closed() {
            let ms = batch::ms(self.format, std::mem::take(&mut self.unreported));
            return Some(Ok(SttEvent::AudioDropped { ms }));
        }
        self.events.recv().await
    }

    fn command(&self, command: Command) {
        // Full or closed: the stream is broken, which its end or its watchdog reports.
        self.commands.try_send(command).ok();
    }
}
