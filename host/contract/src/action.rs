//! What a behaviour asks for: the host's own shape of the `action` record in `wit/agent`.

use crate::EffectId;
use crate::event::Custom;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who runs the tools that the model asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ToolMode {
    /// The host runs granted tools and goes on with their answers.
    #[default]
    Auto,
    /// Each request comes to the behaviour.
    Ask,
    /// The model sees no tools.
    None,
}

/// Speak this text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Say {
    /// Plain text, 1-8,000 bytes.
    pub text: String,
    /// Whether the caller's speech stops it.
    pub interruptible: bool,
}

/// Play a stored sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Play {
    /// Its name.
    pub sound: String,
    /// Whether the caller's speech stops it.
    pub interruptible: bool,
}

/// Let the language model answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Generate {
    /// Added after the contract's instructions, this time only.
    pub instructions: Option<String>,
    /// Who runs tools.
    pub tools: ToolMode,
    /// Which of the granted tools the model sees; none given: all.
    pub allowed_tools: Option<Vec<String>>,
    /// Speak the text and keep it in the history.
    pub speak: bool,
    /// Whether the caller's speech stops it.
    pub interruptible: bool,
    /// JSON Schema of the structured output.
    pub output_schema: Option<Value>,
}

/// Answer to a tool request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnswerTool {
    /// As in the request.
    pub request_id: String,
    /// `ok` or `failed`.
    pub status: String,
    /// Result or error.
    pub value: Value,
}

/// Run a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallTool {
    /// The tool.
    pub name: String,
    /// Arguments.
    pub args: Value,
}

/// How to listen from now on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Listen {
    /// Words to expect.
    pub hints: Vec<String>,
    /// Shortest silence that ends a turn, ms.
    pub endpointing_ms: Option<u32>,
}

/// Collect keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CollectDigits {
    /// At most this many.
    pub max: u32,
    /// Ends the collection.
    pub terminator: Option<String>,
    /// Ends it too, ms after the last key.
    pub timeout_ms: u32,
}

/// Hand the caller to somebody else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Transfer {
    /// E.164 or a name of the contract.
    pub target: String,
    /// `cold`, `warm`; open.
    pub mode: String,
    /// What the other side should know.
    pub briefing: Option<String>,
}

/// Hand the call to another agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Handoff {
    /// The other agent.
    pub agent: String,
    /// For its `started`.
    pub context: Value,
    /// For its instructions.
    pub summary: Option<String>,
}

/// End the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HangUp {
    /// For the record.
    pub reason: String,
    /// After what is being said was heard.
    pub after_speech: bool,
}

/// Something to remember beyond the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Remember {
    /// The memory.
    pub text: String,
    /// `caller`, `agent`, `thread`; open.
    pub scope: String,
}

/// Call back later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Callback {
    /// RFC 3339.
    pub at: String,
    /// E.164; none given: the caller's.
    pub number: Option<String>,
    /// For the agent that calls.
    pub note: Option<String>,
}

/// A line for the call's notes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// `debug`, `info`, `warn`, `error`; open.
    pub level: String,
    /// The line.
    pub text: String,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", content = "data", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each case is documented by its payload and in wit/agent")]
pub enum ActionKind {
    Say(Say),
    Play(Play),
    Generate(Generate),
    AnswerTool(AnswerTool),
    CallTool(CallTool),
    Cancel { target: EffectId },
    SetTimer { after_ms: u64 },
    Listen(Listen),
    CollectDigits(CollectDigits),
    SendDigits { digits: String },
    Transfer(Transfer),
    Handoff(Handoff),
    HangUp(HangUp),
    Recording { command: String },
    SetResult { name: String, value: Value },
    Remember(Remember),
    ScheduleCallback(Callback),
    UpdateContext(Value),
    Emit(Custom),
    Note(Note),
    Custom(Custom),
}

impl ActionKind {
    /// The case name as in `wit/agent`.
    pub fn name(&self) -> &'static str {
        match self {
            ActionKind::Say(_) => "say",
            ActionKind::Play(_) => "play",
            ActionKind::Generate(_) => "generate",
            ActionKind::AnswerTool(_) => "answer-tool",
            ActionKind::CallTool(_) => "call-tool",
            ActionKind::Cancel { .. } => "cancel",
            ActionKind::SetTimer { .. } => "set-timer",
            ActionKind::Listen(_) => "listen",
            ActionKind::CollectDigits(_) => "collect-digits",
            ActionKind::SendDigits { .. } => "send-digits",
            ActionKind::Transfer(_) => "transfer",
            ActionKind::Handoff(_) => "handoff",
            ActionKind::HangUp(_) => "hang-up",
            ActionKind::Recording { .. } => "recording",
            ActionKind::SetResult { .. } => "set-result",
            ActionKind::Remember(_) => "remember",
            ActionKind::ScheduleCallback(_) => "schedule-callback",
            ActionKind::UpdateContext(_) => "update-context",
            ActionKind::Emit(_) => "emit",
            ActionKind::Note(_) => "note",
            ActionKind::Custom(_) => "custom",
        }
    }
}

/// One action with the id that names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// Unique in the call.
    pub effect: EffectId,
    /// What to do.
    #[serde(flatten)]
    pub kind: ActionKind,
}
