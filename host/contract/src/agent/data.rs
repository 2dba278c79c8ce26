//! What the agent looks up, keeps and tells others: the sections `knowledge`, `memory`, `tracing` and `webhooks`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the agent may look up in the tenant's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Knowledge {
    /// False: it answers from its context data alone.
    pub enabled: bool,
    /// Passages that are looked at for one answer.
    #[schemars(range(min = 1, max = 20))]
    pub top_k: u32,
}

impl Default for Knowledge {
    fn default() -> Self {
        Self { enabled: true, top_k: 4 }
    }
}

/// What the agent keeps of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Memory {
    /// Whether it remembers from one conversation to the next.
    pub enabled: bool,
    /// Memories that are looked at for one answer.
    #[schemars(range(min = 1, max = 20))]
    pub k: u32,
    /// Messages of a conversation that the model is shown, newest first.
    #[schemars(range(min = 5, max = 50))]
    pub thread_window: u32,
}

impl Default for Memory {
    fn default() -> Self {
        Self { enabled: false, k: 6, thread_window: 20 }
    }
}

/// Traces of the agent's calls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tracing {
    /// Whether its calls are traced.
    pub enabled: bool,
    /// Where traces go.
    pub provider: TracingProvider,
    /// Share of calls that is traced.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub sample_rate: f64,
}

impl Default for Tracing {
    fn default() -> Self {
        Self { enabled: false, provider: TracingProvider::Langfuse, sample_rate: 1.0 }
    }
}

/// Where traces go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "names of services")]
pub enum TracingProvider {
    Langfuse,
}

/// Who is told of the agent's calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where events are sent; passes the egress policy.
    #[schemars(length(max = 500), regex(pattern = r"^https?://[^\s]+$"))]
    pub url: String,
    /// Which events.
    #[serde(default = "WebhookEvent::all")]
    #[schemars(length(min = 1, max = 2))]
    pub events: Vec<WebhookEvent>,
}

/// What webhooks tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum WebhookEvent {
    /// A call has ended.
    #[serde(rename = "call.ended")]
    CallEnded,
    /// A call has ended with a result.
    #[serde(rename = "call.result")]
    CallResult,
}

impl WebhookEvent {
    /// Every event.
    pub fn all() -> Vec<Self> {
        vec![Self::CallEnded, Self::CallResult]
    }

    /// As in the contract and in what is sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::CallEnded => "call.ended",
            Self::CallResult => "call.result",
        }
    }
}
