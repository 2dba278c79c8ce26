//! The agent contract: everything that makes an agent, as one JSON document.
//!
//! The types are the single source: their JSON Schema (draft 2020-12) is generated from them, validation runs on that
//! schema, and defaults stand here and nowhere else.

mod data;
mod output;
mod persona;
mod providers;
mod turn;

pub use data::{Knowledge, Memory, Tracing, TracingProvider, Webhook, WebhookEvent};
pub(crate) use output::together;
pub use output::{Constraints, Field, FieldType, Item, OutputSchema, UnknownFieldType};
pub use persona::{Identity, Traits};
pub use providers::{Llm, LlmProvider, Realtime, RealtimeProvider, Stt, SttProvider, Tts, TtsProvider};
pub use turn::{Endpointing, EndpointingStrategy, InterruptionRules, SilenceRules, TurnRules};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

fn default_locale() -> String {
    "en-US".to_owned()
}

/// What kind of agent it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AgentType {
    /// Text.
    Conversational,
    /// Speech; must have `stt` and `tts`.
    #[default]
    Voice,
    /// A fixed course of steps.
    Workflow,
    /// Acts by itself.
    Autonomous,
}

/// An agent contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Shown to people.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// What kind of agent it is.
    #[serde(default, rename = "type")]
    pub agent_type: AgentType,
    /// Language and region, BCP 47.
    #[serde(default = "default_locale")]
    #[schemars(regex(pattern = r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$"))]
    pub locale: String,
    /// Minutes east of UTC, for the agent's sense of time.
    #[serde(default)]
    #[schemars(range(min = -720, max = 840))]
    pub utc_offset_minutes: i32,
    /// The template that it is made of; what stands here goes before what stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub extends: Option<String>,
    /// Who it is; put before the instructions.
    #[serde(default)]
    pub identity: Identity,
    /// What it is like; put before the instructions.
    #[serde(default)]
    pub traits: Traits,
    /// What it says and how it is instructed.
    pub prompt: Prompt,
    /// The language model; an agent whose behaviour never generates needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub llm: Option<Llm>,
    /// Speech recognition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stt: Option<Stt>,
    /// Speech synthesis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tts: Option<Tts>,
    /// A model that hears and speaks by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realtime: Option<Realtime>,
    /// Turn-taking.
    #[serde(default)]
    pub turn: TurnRules,
    /// Names of the tools that the agent is granted: those that are built in, and those of components, such as
    /// `weather.forecast`.
    #[serde(default)]
    #[schemars(length(max = 64), inner(length(min = 1, max = 130)))]
    pub tools: Vec<String>,
    /// Data for templates and tools.
    #[serde(default)]
    pub context: Map<String, Value>,
    /// What it may look up.
    #[serde(default)]
    pub knowledge: Knowledge,
    /// What it keeps of conversations.
    #[serde(default)]
    pub memory: Memory,
    /// What the model's answers are made of; without fields they are plain text.
    #[serde(default)]
    pub output_schema: OutputSchema,
    /// Traces of its calls.
    #[serde(default)]
    pub tracing: Tracing,
    /// Bounds of one call.
    #[serde(default)]
    pub limits: Limits,
    /// Who is told of its calls, beside the tenant's own webhooks.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub webhooks: Vec<Webhook>,
    /// The component that decides what the agent does.
    #[serde(default)]
    pub behaviour: Behaviour,
    /// Labels.
    #[serde(default)]
    pub metadata: Metadata,
}

/// What the agent says and how it is instructed. Texts are templates: `{{ name }}` stands for context data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// The model's instructions.
    #[serde(default)]
    #[schemars(length(max = 100_000))]
    pub instructions: String,
    /// The first words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2_000))]
    pub greeting: Option<String>,
    /// Said when the agent's own code fails.
    #[serde(default = "Prompt::default_fallback")]
    #[schemars(length(min = 1, max = 500))]
    pub fallback: String,
    /// Said to callers for whom there is no room.
    #[serde(default = "Prompt::default_busy")]
    #[schemars(length(min = 1, max = 500))]
    pub busy: String,
    /// Said before the call ends for want of an answer or of time.
    #[serde(default = "Prompt::default_goodbye")]
    #[schemars(length(min = 1, max = 500))]
    pub goodbye: String,
}

impl Prompt {
    fn default_fallback() -> String {
        "Sorry, something went wrong on my side. One moment, please.".to_owned()
    }
    fn default_busy() -> String {
        "All our lines are busy. Please call again later.".to_owned()
    }
    fn default_goodbye() -> String {
        "Good-bye.".to_owned()
    }
}

/// Bounds of one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The call ends after this long, s.
    #[schemars(range(min = 10, max = 14_400))]
    pub max_duration_s: u32,
    /// Model requests in one answer, tools included.
    #[schemars(range(min = 1, max = 32))]
    pub max_tool_rounds: u32,
    /// The call ends when what it has cost by the host's price list passes this, US dollars; none given: no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 1_000.0))]
    pub max_cost_usd: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_duration_s: 1_800, max_tool_rounds: 8, max_cost_usd: None }
    }
}

/// The component that decides what the agent does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// The name of a component.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[a-z0-9-]+$"))]
    pub component: String,
    /// Number of a release of a component of one's own; none: the live one, whichever that is when a call begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub release: Option<u32>,
    /// Its own settings.
    pub settings: Map<String, Value>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { component: "conversation".to_owned(), release: None, settings: Map::new() }
    }
}

/// Whether an agent answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Status {
    #[default]
    Active,
    Inactive,
    Archived,
}

/// Labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Metadata {
    /// For people who search.
    #[schemars(length(max = 50), inner(length(min = 1, max = 50)))]
    pub tags: Vec<String>,
    /// Who looks after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub owner: Option<String>,
    /// Whether it answers.
    pub status: Status,
    /// What other systems said of the agent and the contract has no place for, by the name of their shape; nothing reads
    /// it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub notes: Map<String, Value>,
}
