//! Who thinks, hears and speaks: the sections `llm`, `stt`, `tts` and `realtime`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// A speech-to-speech model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Realtime {
    /// `openai`.
    pub provider: RealtimeProvider,
    /// The provider's name of the model.
    #[schemars(length(min = 1, max = 200))]
    pub model: String,
    /// The provider's name of the voice; none given: the provider's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub voice: Option<String>,
}

/// Providers of speech-to-speech models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "names of providers")]
pub enum RealtimeProvider {
    Openai,
}
