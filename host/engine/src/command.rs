//! What a call wants done. Commands are carried out in their order.

use serde_json::Value;
use trunkline_audio::playout;
use trunkline_contract::chat;
use trunkline_contract::log::Row;
use trunkline_contract::{EffectId, Event, Ms};

/// What the carrier should do once the media socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndOfMedia {
    /// Hang up.
    HangUp,
}

/// What a call wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Append a row to the log.
    Append {
        /// The row.
        row: Row,
        /// The behaviour's state as of this row; committed with it.
        state: Option<Vec<u8>>,
        /// Commit now and answer with `Committed`; otherwise within 50 ms.
        urgent: bool,
    },
    /// Run the behaviour; answer with `Decided`.
    Decide {
        /// The event's row.
        event_seq: u64,
        /// The row's time on the call's clock: what the behaviour takes for now, so that a replay shows it the same.
        at_ms: Ms,
        /// Index into the configured components.
        component: usize,
        /// The event.
        event: Box<Event>,
        /// The state to start from.
        state: Vec<u8>,
        /// Chance.
        seed: u64,
    },
    /// Another agent leads from here on: what follows is for its model, its voice and its recogniser.
    Switched,
    /// To the carrier.
    Carrier(playout::Out),
    /// The caller paused: ask the recogniser for its last word.
    FinalizeStt,
    /// The recogniser stalled: open a new stream.
    ReconnectStt,
    /// Words to expect from now on.
    SttHints(Vec<String>),
    /// Ask the model.
    Generate {
        /// Names the stream.
        generation: u64,
        /// What to ask.
        request: Box<chat::Request>,
    },
    /// Stop asking.
    CancelGenerate {
        /// As in `Generate`.
        generation: u64,
    },
    /// Synthesise more text.
    Speak {
        /// Names the passage.
        context: u32,
        /// Ends with a space.
        text: String,
    },
    /// Show more of what the agent writes; only in the text channel.
    Write {
        /// Place of the message in the history.
        index: u32,
        /// More of its text.
        text: String,
    },
    /// No more text will come.
    FinishSpeech {
        /// The passage.
        context: u32,
    },
    /// Its audio is not wanted any more.
    CancelSpeech {
        /// The passage.
        context: u32,
    },
    /// Run a tool; answer with `ToolDone`.
    RunTool {
        /// Names the request.
        request_id: String,
        /// The tool.
        name: String,
        /// Arguments.
        args: Value,
        /// The same if the request is ever made again.
        idempotency_key: String,
        /// Not before this row is durable.
        after_seq: Option<u64>,
        /// The behaviour's action, if one asked.
        effect: Option<EffectId>,
    },
    /// Drop a running tool.
    CancelTool {
        /// As in `RunTool`.
        request_id: String,
    },
    /// Close the media socket.
    CloseMedia(EndOfMedia),
    /// The call is over and everything is logged; nothing follows.
    Finished {
        /// As in `ended`.
        reason: String,
    },
}
