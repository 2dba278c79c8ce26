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
    /// How far it strays from the obvious.
    #[schemars(range(max = 100))]
    pub creativity: u8,
    /// How much it shows that it understands feelings.
    #[schemars(range(max = 100))]
    pub empathy: u8,
    /// How firmly it leads.
    #[schemars(range(max = 100))]
    pub assertiveness: u8,
    /// How often it jokes.
    #[schemars(range(max = 100))]
    pub humor: u8,
    /// How formally it speaks.
    #[schemars(range(max = 100))]
    pub formality: u8,
    /// How much it says.
    #[schemars(range(max = 100))]
    pub verbosity: u8,
    /// How sure of itself it sounds.
    #[schemars(range(max = 100))]
    pub confidence: u8,
    /// How technical its words are.
    #[schemars(range(max = 100))]
    pub technicality: u8,
    /// How careful it is with risky topics.
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
