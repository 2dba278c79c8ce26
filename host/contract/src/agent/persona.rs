//! Who the agent is and what it is like: the sections `identity` and `traits`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who the agent is, in its own and its makers' words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// One line for lists; not part of the instructions.
    #[schemars(length(max = 200))]
    pub short_description: String,
    /// For those who look after it; not part of the instructions.
    #[schemars(length(max = 5_000))]
    pub full_description: String,
    /// Completes "You are": "Ada, the receptionist of Acme".
    #[schemars(length(max = 500))]
    pub character_role: String,
    /// What it is there for.
    #[schemars(length(max = 1_000))]
    pub mission: String,
    /// How it deals with people.
    #[schemars(length(max = 1_000))]
    pub interaction_style: String,
}

/// What the agent is like, each 0-100. Only what differs from the default is said to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Traits {
    /// 0: keeps to what is established; 100: full of original ideas.
    #[schemars(range(max = 100))]
    pub creativity: u8,
    /// 0: keeps to facts; 100: how people feel comes first.
    #[schemars(range(max = 100))]
    pub empathy: u8,
    /// 0: follows; 100: leads firmly.
    #[schemars(range(max = 100))]
    pub assertiveness: u8,
    /// 0: serious; 100: witty.
    #[schemars(range(max = 100))]
    pub humor: u8,
    /// 0: as among friends; 100: very formal.
    #[schemars(range(max = 100))]
    pub formality: u8,
    /// 0: one short sentence; 100: at length.
    #[schemars(range(max = 100))]
    pub verbosity: u8,
    /// 0: says how unsure it is; 100: speaks with full confidence.
    #[schemars(range(max = 100))]
    pub confidence: u8,
    /// 0: everyday words; 100: an expert among experts.
    #[schemars(range(max = 100))]
    pub technicality: u8,
    /// 0: frank on delicate matters; 100: takes no risks.
    #[schemars(range(max = 100))]
    pub safety: u8,
}

impl Default for Traits {
    fn default() -> Self {
        Self {
            creativity: 50,
            empathy: 50,
            assertiveness: 50,
            humor: 30,
            formality: 50,
            verbosity: 50,
            confidence: 70,
            technicality: 50,
            safety: 80,
        }
    }
}
