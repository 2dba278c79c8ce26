//! The agent contract: everything that makes an agent, as one JSON document.
//!
//! The types are the single source: their JSON Schema (draft 2020-12) is generated from them, validation runs on that
//! schema, and defaults stand here and nowhere else.

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
    /// Turn-taking.
    #[serde(default)]
    pub turn: TurnRules,
    /// Names of the tools that the agent is granted.
    #[serde(default)]
    #[schemars(length(max = 64), inner(length(min = 1, max = 64)))]
    pub tools: Vec<String>,
    /// Data for templates and tools.
    #[serde(default)]
    pub context: Map<String, Value>,
    /// Bounds of one call.
    #[serde(default)]
    pub limits: Limits,
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

/// The language model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Llm {
    /// `openai`: chat completions of OpenAI or of any compatible server. `builtin`: no model at all; answers from the
    /// agent's context data and documents.
    pub provider: LlmProvider,
    /// The provider's name of the model; `openai` needs one, `builtin` takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub model: Option<String>,
    /// 0-2; none given: the provider's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 2.0))]
    pub temperature: Option<f64>,
    /// Tokens per answer.
    #[serde(default = "Llm::default_max_tokens")]
    #[schemars(range(min = 50, max = 4_000))]
    pub max_tokens: u32,
    /// Another compatible server; passes the egress policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500), regex(pattern = r"^https?://"))]
    pub base_url: Option<String>,
    /// Silence of the provider that ends a request, ms.
    #[serde(default = "Llm::default_timeout")]
    #[schemars(range(min = 1_000, max = 60_000))]
    pub timeout_ms: u32,
}

impl Llm {
    fn default_max_tokens() -> u32 {
        500
    }
    fn default_timeout() -> u32 {
        8_000
    }
}

/// Language model providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "names of providers")]
pub enum LlmProvider {
    Builtin,
    Openai,
}

/// Speech recognition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stt {
    /// `deepgram`, or `local`: a program on the host's machine.
    pub provider: SttProvider,
    /// The provider's name of the model; of `local`, the name of a program. None given: the provider's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub model: Option<String>,
    /// BCP 47; none given: the agent's locale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 35))]
    pub language: Option<String>,
    /// Words to expect.
    #[serde(default)]
    #[schemars(length(max = 100), inner(length(min = 1, max = 100)))]
    pub keyterms: Vec<String>,
    /// Audio sent without an answer that counts as a stalled recogniser, ms.
    #[serde(default = "Stt::default_stall")]
    #[schemars(range(min = 1_000, max = 60_000))]
    pub stall_ms: u32,
}

impl Stt {
    fn default_stall() -> u32 {
        5_000
    }
}

/// Speech recognition providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "names of providers")]
pub enum SttProvider {
    Deepgram,
    Local,
}

/// Speech synthesis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tts {
    /// `elevenlabs`, or `local`: a program on the host's machine.
    pub provider: TtsProvider,
    /// The provider's id of the voice; `elevenlabs` needs one, `local` has a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub voice: Option<String>,
    /// The provider's name of the model; of `local`, the name of a program. None given: the provider's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub model: Option<String>,
    /// 0.5-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.5, max = 2.0))]
    pub speed: Option<f64>,
    /// 0-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub stability: Option<f64>,
    /// 0-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub similarity_boost: Option<f64>,
    /// Silence of the provider, after text was sent, that counts as a failure, ms.
    #[serde(default = "Tts::default_stall")]
    #[schemars(range(min = 1_000, max = 60_000))]
    pub stall_ms: u32,
}

impl Tts {
    fn default_stall() -> u32 {
        5_000
    }
}

/// Speech synthesis providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "names of providers")]
pub enum TtsProvider {
    Elevenlabs,
    Local,
}

/// Turn-taking.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TurnRules {
    /// When a turn of the caller is over.
    pub endpointing: Endpointing,
    /// When the caller's speech stops the agent.
    pub interruption: InterruptionRules,
    /// What to do when nobody speaks.
    pub silence: SilenceRules,
}

/// How the end of a turn is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EndpointingStrategy {
    /// Silence of `min_ms`.
    Vad,
    /// Silence between `min_ms` and `max_ms`, by what was said.
    #[default]
    Adaptive,
}

/// When a turn of the caller is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Endpointing {
    /// Shortest silence, ms.
    #[schemars(range(min = 100, max = 10_000))]
    pub min_ms: u32,
    /// Longest silence, ms.
    #[schemars(range(min = 100, max = 20_000))]
    pub max_ms: u32,
    /// How it is found.
    pub strategy: EndpointingStrategy,
}

impl Default for Endpointing {
    fn default() -> Self {
        Self { min_ms: 500, max_ms: 2_500, strategy: EndpointingStrategy::Adaptive }
    }
}

/// When the caller's speech stops the agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InterruptionRules {
    /// False: never.
    pub enabled: bool,
    /// Speech that makes an interruption suspected, ms.
    #[schemars(range(min = 20, max = 2_000))]
    pub min_speech_ms: u32,
    /// Words that confirm it; 0 counts as 1.
    #[schemars(range(max = 20))]
    pub min_words: u32,
    /// What never interrupts, such as "mm-hm"; compared without case and punctuation.
    #[schemars(length(max = 100), inner(length(min = 1, max = 60)))]
    pub ignore: Vec<String>,
    /// Without words for this long, the agent goes on, ms.
    #[schemars(range(min = 200, max = 10_000))]
    pub resume_after_ms: u32,
    /// At the start of the greeting only clearly louder speech counts, ms.
    #[schemars(range(max = 10_000))]
    pub protect_greeting_ms: u32,
}

impl Default for InterruptionRules {
    fn default() -> Self {
        let ignore = ["mm-hm", "mhm", "uh-huh", "hm", "yeah", "okay", "ok", "right", "I see"];
        Self {
            enabled: true,
            min_speech_ms: 200,
            min_words: 0,
            ignore: ignore.map(str::to_owned).to_vec(),
            resume_after_ms: 1_500,
            protect_greeting_ms: 1_000,
        }
    }
}

/// What to do when nobody speaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SilenceRules {
    /// Silence before each prompt, ms.
    #[schemars(range(min = 1_000, max = 120_000))]
    pub after_ms: u32,
    /// Said one after the other; after the last, the good-bye and the end. Empty: silence never ends the call.
    #[schemars(length(max = 10), inner(length(min = 1, max = 500)))]
    pub prompts: Vec<String>,
}

impl Default for SilenceRules {
    fn default() -> Self {
        Self {
            after_ms: 10_000,
            prompts: vec!["Are you still there?".to_owned(), "I cannot hear you. Are you there?".to_owned()],
        }
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
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_duration_s: 1_800, max_tool_rounds: 8 }
    }
}

/// The component that decides what the agent does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// The name of a component.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[a-z0-9-]+$"))]
    pub component: String,
    /// Its own settings.
    pub settings: Map<String, Value>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { component: "conversation".to_owned(), settings: Map::new() }
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
}
