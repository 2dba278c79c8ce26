//! What the host tells a behaviour: the host's own shape of the `event` variant in `wit/agent`.
//!
//! Kept apart from the generated bindings so that several frozen versions of the contract can be converted to one shape,
//! and serialisable because the log stores exactly this.

use crate::{EffectId, Ms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A tool that the agent may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolInfo {
    /// Unique among the agent's tools.
    pub name: String,
    /// What the language model reads.
    pub description: String,
    /// JSON Schema of the arguments.
    pub input_schema: Value,
}

/// Who is talking to whom, and how the agent is set up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallInfo {
    /// The call's id.
    pub call_id: String,
    /// `phone-inbound`, `phone-outbound`, `web-voice`, `chat`, `sms`; open.
    pub channel: String,
    /// E.164, absent when withheld.
    pub caller: Option<String>,
    /// E.164.
    pub callee: Option<String>,
    /// BCP 47.
    pub locale: String,
    /// Minutes east of UTC.
    pub utc_offset_minutes: i32,
    /// `pipeline`, `realtime`, `text`; open.
    pub speech_mode: String,
    /// The agent's id.
    pub agent_id: String,
    /// The agent's version.
    pub agent_version: String,
    /// The rendered greeting.
    pub greeting: Option<String>,
    /// The behaviour's own settings.
    pub settings: Value,
    /// Changes whenever the settings change.
    pub settings_version: String,
    /// The call's context data.
    pub context: Value,
    /// What a previous agent left.
    pub handoff: Option<Value>,
    /// The tools that were granted.
    pub tools: Vec<ToolInfo>,
}

/// A call goes on after a loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resumption {
    /// `host-restart`, `media-lost`, `component-changed`; open.
    pub reason: String,
    /// The values of now.
    pub call: CallInfo,
}

/// The caller said something and finished.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Turn {
    /// Counts from 1.
    pub number: u32,
    /// What was said.
    pub text: String,
    /// 0-1.
    pub confidence: Option<f32>,
    /// BCP 47.
    pub language: Option<String>,
    /// `speech`, `text`; open.
    pub source: String,
    /// When the caller began.
    pub start_ms: Ms,
    /// When the caller stopped.
    pub end_ms: Ms,
}

/// Keys of the telephone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Digits {
    /// One or more of `0-9 * # A-D`.
    pub digits: String,
    /// `key`, `length`, `terminator`, `timeout`; open.
    pub reason: String,
}

/// Nobody has said anything for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Silence {
    /// Counts from 1 since somebody spoke.
    pub count: u32,
    /// For how long.
    pub silent_ms: Ms,
}

/// A `say` was played to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Said {
    /// The `say`.
    pub effect: EffectId,
    /// Its text.
    pub heard: String,
}

/// Speech was stopped before its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interruption {
    /// The action that spoke.
    pub effect: EffectId,
    /// What was really heard.
    pub heard: String,
}

/// Tokens of one generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u32,
    /// Tokens written.
    pub output_tokens: u32,
    /// Tokens read from the provider's cache.
    pub cached_tokens: u32,
}

/// A generation ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Generation {
    /// Made by the host.
    pub generation_id: String,
    /// The `generate`.
    pub effect: EffectId,
    /// All of the text.
    pub text: String,
    /// The part that was heard.
    pub heard: String,
    /// Structured output.
    pub output: Option<Value>,
    /// Tokens.
    pub usage: Usage,
    /// Millionths of the account's currency.
    pub cost_micros: Option<u64>,
    /// `stop`, `length`, `content-filter`, `cancelled`; open.
    pub finish_reason: String,
}

/// The model asks for a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolRequest {
    /// Made by the host or the provider.
    pub request_id: String,
    /// The generation that asks.
    pub generation_id: String,
    /// `behaviour`, `provider`; open.
    pub origin: String,
    /// The tool.
    pub name: String,
    /// Arguments.
    pub args: Value,
}

/// A tool ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolResult {
    /// As in the request.
    pub request_id: String,
    /// The `call-tool` that asked.
    pub effect: Option<EffectId>,
    /// The tool.
    pub name: String,
    /// `ok`, `failed`, `cancelled`, `denied`, `unknown`; open.
    pub status: String,
    /// Result or error.
    pub value: Value,
}

/// The end of an action without an event of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EffectResult {
    /// The action.
    pub effect: EffectId,
    /// `ok`, `failed`, `cancelled`; open.
    pub status: String,
    /// Result or error.
    pub value: Value,
}

/// Who or what answered an outbound call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Voicemail {
    /// `human`, `machine-start`, `machine-end`, `fax`, `unknown`; open.
    pub outcome: String,
}

/// How a transfer ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TransferResult {
    /// The `transfer`.
    pub effect: EffectId,
    /// `completed`, `busy`, `no-answer`, `failed`; open.
    pub status: String,
}

/// Somebody steers the live call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// `takeover`, `released`, `inject`; open.
    pub kind: String,
    /// Details.
    pub payload: Value,
}

/// Something outside of the behaviour failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The action that failed, if it was one.
    pub effect: Option<EffectId>,
    /// `llm`, `tts`, `stt`, `tool`, `behaviour`, `carrier`; open.
    pub part: String,
    /// `rate-limited`, `timeout`, `unauthorised`, `unavailable`; open.
    pub code: String,
    /// For people.
    pub message: String,
    /// The same action may work if asked for again.
    pub retryable: bool,
}

/// The host did not carry out an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Denial {
    /// The action.
    pub effect: EffectId,
    /// Its case name.
    pub action: String,
    /// `unsupported`, `duplicate-effect`, `invalid`, `not-granted`, `limit`, `ended`; open.
    pub rule: String,
    /// For people.
    pub message: String,
}

/// An event or action outside of the contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Custom {
    /// Names it.
    pub name: String,
    /// Details.
    pub payload: Value,
}

/// Why and when the call ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// `agent-hangup`, `caller-hangup`, `max-duration`, `silence`, `media-lost`, `drained`, `failed`; open.
    pub reason: String,
    /// How long it lasted.
    pub duration_ms: Ms,
}

/// What the host tells a behaviour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", content = "data", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each case is documented by its payload and in wit/agent")]
pub enum Event {
    Started(Box<CallInfo>),
    Resumed(Box<Resumption>),
    Configured(Box<CallInfo>),
    UserTurn(Turn),
    Digits(Digits),
    Silence(Silence),
    Said(Said),
    Interrupted(Interruption),
    Generated(Generation),
    ToolRequested(ToolRequest),
    ToolFinished(ToolResult),
    EffectDone(EffectResult),
    Timer { effect: EffectId },
    ContextChanged(Value),
    Voicemail(Voicemail),
    Transferred(TransferResult),
    Control(Control),
    Failed(Failure),
    Denied(Denial),
    Swapped { from: String },
    Custom(Custom),
    Ended(Ended),
}

impl Event {
    /// The case name as in `wit/agent`.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Started(_) => "started",
            Event::Resumed(_) => "resumed",
            Event::Configured(_) => "configured",
            Event::UserTurn(_) => "user-turn",
            Event::Digits(_) => "digits",
            Event::Silence(_) => "silence",
            Event::Said(_) => "said",
            Event::Interrupted(_) => "interrupted",
            Event::Generated(_) => "generated",
            Event::ToolRequested(_) => "tool-requested",
            Event::ToolFinished(_) => "tool-finished",
            Event::EffectDone(_) => "effect-done",
            Event::Timer { .. } => "timer",
            Event::ContextChanged(_) => "context-changed",
            Event::Voicemail(_) => "voicemail",
            Event::Transferred(_) => "transferred",
            Event::Control(_) => "control",
            Event::Failed(_) => "failed",
            Event::Denied(_) => "denied",
            Event::Swapped { .. } => "swapped",
            Event::Custom(_) => "custom",
            Event::Ended(_) => "ended",
        }
    }
}
