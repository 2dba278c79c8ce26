//! Turn-taking: the section `turn`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
