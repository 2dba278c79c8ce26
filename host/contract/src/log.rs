//! Rows of a call's event log: the one truth that transcripts, replay and recovery read.

use crate::Ms;
use crate::action::Action;
use crate::event::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What one row records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Entry {
    /// An event handed to the behaviour, with all that `handle` needs beside the state.
    Event {
        /// The event.
        event: Event,
        /// The seed it was given.
        seed: u64,
    },
    /// What the behaviour answered to the event of row `event_seq`. Its state is committed with this row.
    Actions {
        /// Row of the event.
        event_seq: u64,
        /// Actions in order.
        actions: Vec<Action>,
    },
    /// The event of row `event_seq` was dropped by a trap, a time-out or a limit; replay skips it.
    Dropped {
        /// Row of the event.
        event_seq: u64,
        /// Why.
        reason: String,
    },
    /// The call goes on with another component, whose state starts empty.
    Component {
        /// SHA-256, lower-case hex.
        digest: String,
        /// Why: `start`, `last-good`, `stock`, `swap`.
        reason: String,
    },
    /// Another agent leads the call from here on. What the former one had begun is over; a `component` row follows.
    Agent {
        /// The agent.
        agent_id: String,
        /// Its version.
        agent_version: String,
    },
    /// A message of the model's history, as heard. A later row with the same index replaces it: what was heard is often
    /// known only after the message was needed. An assistant message without text and calls counts as absent.
    Message {
        /// Position in the history, from 0.
        index: u32,
        /// The message.
        message: crate::chat::Message,
        /// What followed it and was never heard, because the caller interrupted or the voice failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_heard: Option<String>,
    },
    /// An external effect is about to happen.
    EffectIntent {
        /// Call + effect; unique.
        idempotency_key: String,
        /// `tool`, `dial`, `transfer`, `webhook`.
        what: String,
        /// Name of the tool, number and so on.
        detail: Value,
    },
    /// How it went.
    EffectOutcome {
        /// As in the intent.
        idempotency_key: String,
        /// As in `tool-finished`.
        status: String,
        /// Result or error.
        value: Value,
    },
    /// One field of the call's result.
    Result {
        /// Field.
        name: String,
        /// Value.
        value: Value,
    },
    /// The context after a change.
    Context {
        /// A JSON object.
        context: Value,
    },
    /// A line for people.
    Note {
        /// `debug`, `info`, `warn`, `error`.
        level: String,
        /// The line.
        text: String,
    },
    /// An event for webhooks and live feeds.
    Emitted {
        /// Names it.
        name: String,
        /// Details.
        payload: Value,
    },
    /// The media socket opened.
    MediaStarted {
        /// The carrier's id of the stream.
        stream_id: String,
    },
    /// The media socket closed.
    MediaStopped {
        /// `stop`, `closed`, `lost`, `shutdown`.
        reason: String,
    },
    /// How long one turn's answer took; ms on the call's clock, absent when the stage did not happen.
    Latency(TurnLatency),
    /// Caller's speech while the agent spoke.
    BargeIn {
        /// When the speech began (audio time on the call's clock).
        speech_ms: Ms,
        /// When `clear` was sent.
        clear_ms: Ms,
        /// `confirmed` or `false`.
        outcome: String,
    },
    /// A provider failed or was reconnected.
    Provider {
        /// `stt`, `llm`, `tts`.
        part: String,
        /// What happened.
        what: String,
        /// Details.
        message: String,
    },
    /// The end; nothing follows.
    Ended {
        /// As in the event.
        reason: String,
        /// How long the call lasted.
        duration_ms: Ms,
    },
}

/// Stages of one turn, each the call clock when it was reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TurnLatency {
    /// The caller's turn.
    pub turn: u32,
    /// The caller stopped speaking (audio time).
    pub speech_end_ms: Ms,
    /// Silence was long enough.
    pub endpoint_ms: Option<Ms>,
    /// The last words were final.
    pub transcript_ms: Option<Ms>,
    /// The behaviour had decided.
    pub decision_ms: Option<Ms>,
    /// The model's first token.
    pub first_token_ms: Option<Ms>,
    /// The first text went to the synthesiser.
    pub first_segment_ms: Option<Ms>,
    /// Its first audio.
    pub first_audio_ms: Option<Ms>,
    /// The first frame was sent.
    pub first_frame_ms: Option<Ms>,
    /// Sum of the host's own gaps.
    pub host_added_ms: Option<Ms>,
}

/// A row as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// Dense from 1.
    pub seq: u64,
    /// Call clock.
    pub at_ms: Ms,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
    /// The component that the call ran at that time.
    pub component: Option<String>,
}

impl Entry {
    /// A message all of which was said or heard.
    pub fn message(index: u32, message: crate::chat::Message) -> Self {
        Entry::Message { index, message, not_heard: None }
    }

    /// The stored kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Entry::Event { .. } => "event",
            Entry::Actions { .. } => "actions",
            Entry::Dropped { .. } => "dropped",
            Entry::Component { .. } => "component",
            Entry::Agent { .. } => "agent",
            Entry::Message { .. } => "message",
            Entry::EffectIntent { .. } => "effect-intent",
            Entry::EffectOutcome { .. } => "effect-outcome",
            Entry::Result { .. } => "result",
            Entry::Context { .. } => "context",
            Entry::Note { .. } => "note",
            Entry::Emitted { .. } => "emitted",
            Entry::MediaStarted { .. } => "media-started",
            Entry::MediaStopped { .. } => "media-stopped",
            Entry::Latency(_) => "latency",
            Entry::BargeIn { .. } => "barge-in",
            Entry::Provider { .. } => "provider",
            Entry::Ended { .. } => "ended",
        }
    }
}
