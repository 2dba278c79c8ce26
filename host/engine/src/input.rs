//! What can happen to a call.

use crate::CallConfig;
use bytes::Bytes;
use serde_json::{Map, Value};
use trunkline_audio::vad::Edge;
use trunkline_contract::agent::OutputSchema;
use trunkline_contract::chat::Delta;
use trunkline_contract::speech::{Transcript, WordSpan};
use trunkline_contract::{Action, EffectId};

/// A provider failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderFault {
    /// `rate-limited`, `timeout`, `unauthorised`, `unavailable`, `protocol`; open.
    pub code: String,
    /// For people; never a key.
    pub message: String,
    /// The same request may work if it is made again.
    pub retryable: bool,
}

/// An action that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidAction {
    /// Its id.
    pub effect: EffectId,
    /// Its case name.
    pub action: String,
    /// What is wrong.
    pub message: String,
}

/// What a behaviour answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Its new state.
    pub state: Vec<u8>,
    /// What it wants, in order.
    pub actions: Vec<Action>,
    /// What it wanted in a way that could not be read.
    pub invalid: Vec<InvalidAction>,
    /// What it wrote to its standard output and error.
    pub notes: Vec<String>,
}

/// How an external tool ended.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolOutcome {
    /// `ok`, `failed`, `denied`, `unknown`.
    pub status: String,
    /// Result or error.
    pub value: Value,
}

/// How the media socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaEnd {
    /// The carrier said that the stream or the call is over.
    Stopped,
    /// It closed without a word: the carrier may come back.
    Lost,
}

/// Somebody steers the call.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// End it now, with this reason.
    HangUp {
        /// As in `ended`.
        reason: String,
    },
    /// JSON Merge Patch of the context.
    PatchContext(Map<String, Value>),
    /// An event for the behaviour.
    Inject(Value),
    /// What the model's answers are made of, from the next one on.
    Output(OutputSchema),
    /// End it with the good-bye of the contract.
    Close {
        /// As in `ended`.
        reason: String,
    },
    /// Another agent takes the call over, between two events. The line, the playout and the seed stay as they are.
    Switch(Box<CallConfig>),
}

/// What can happen to a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The call exists; sent once, before anything else. Any other first input implies it.
    Begin,
    /// Everything up to this row of the log is durable.
    Committed {
        /// The row.
        seq: u64,
    },
    /// The media socket opened.
    MediaStarted {
        /// The carrier's id of the stream.
        stream_id: String,
    },
    /// The media socket closed.
    MediaStopped {
        /// How.
        end: MediaEnd,
    },
    /// Audio of the caller was heard up to `stream_ms`.
    Audio {
        /// The stream's clock, ms from its start.
        stream_ms: u64,
        /// What the detector found in it.
        edges: Vec<Edge>,
    },
    /// A key of the telephone.
    Digit(char),
    /// The carrier played everything before this mark, or flushed it.
    Mark {
        /// The mark's name.
        name: String,
    },
    /// The recogniser heard something. Its times are those of the current media stream, as in `Audio`: after the carrier
    /// has come back they start again.
    Transcript(Transcript),
    /// The recogniser failed; the driver reconnects it when `retryable`.
    SttFailed(ProviderFault),
    /// A piece of a generation.
    Llm {
        /// As in the command.
        generation: u64,
        /// The piece.
        delta: Result<Delta, ProviderFault>,
    },
    /// Audio of a passage.
    Speech {
        /// The passage.
        context: u32,
        /// In the call's format.
        audio: Bytes,
        /// Words that begin in it; offsets are those of the whole context.
        words: Vec<WordSpan>,
    },
    /// All audio of a passage has come.
    SpeechDone {
        /// The passage.
        context: u32,
    },
    /// The synthesiser failed, for one passage or for all.
    SpeechFailed {
        /// The passage.
        context: Option<u32>,
        /// How.
        fault: ProviderFault,
    },
    /// A behaviour decided.
    Decided {
        /// As in the command.
        event_seq: u64,
        /// What, or why it could not.
        outcome: Result<Decision, String>,
    },
    /// An external tool ended.
    ToolDone {
        /// As in the command.
        request_id: String,
        /// How.
        outcome: ToolOutcome,
    },
    /// The caller wrote; only in the text channel.
    Text(String),
    /// Somebody steers.
    Control(Control),
    /// The deadline passed.
    Tick,
}
