//! What operations are about: groups of the document, and what the scopes of a key name.

/// A group of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tag {
    Agents,
    Templates,
    Sessions,
    Conversations,
    Calls,
    Numbers,
    Documents,
    Components,
    Tools,
    Providers,
    Tenants,
    Users,
    Keys,
    Secrets,
    Webhooks,
    Insight,
    Auth,
    Reference,
}

impl Tag {
    /// All groups, as the document shows them.
    pub(crate) const ALL: [Self; 18] = [
        Self::Agents,
        Self::Templates,
        Self::Sessions,
        Self::Conversations,
        Self::Calls,
        Self::Numbers,
        Self::Documents,
        Self::Components,
        Self::Tools,
        Self::Providers,
        Self::Tenants,
        Self::Users,
        Self::Keys,
        Self::Secrets,
        Self::Webhooks,
        Self::Insight,
        Self::Auth,
        Self::Reference,
    ];

    /// Its name in the document and in scopes.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Conversations => "conversations",
            Self::Calls => "calls",
            Self::Numbers => "numbers",
            Self::Documents => "documents",
            Self::Components => "components",
            Self::Tools => "tools",
            Self::Providers => "providers",
            Self::Templates => "templates",
            Self::Sessions => "sessions",
            Self::Tenants => "tenants",
            Self::Users => "users",
            Self::Keys => "keys",
            Self::Secrets => "secrets",
            Self::Webhooks => "webhooks",
            Self::Insight => "insight",
            Self::Auth => "auth",
            Self::Reference => "reference",
        }
    }

    /// What it is about, for people.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Agents => "Contracts of agents. Every change is a new version that never changes.",
            Self::Conversations => "Conversations in writing, and calls from a browser.",
            Self::Calls => "What was and is said: transcripts, logs, live feeds.",
            Self::Numbers => "Which agent answers which telephone number.",
            Self::Documents => "Texts that agents answer from.",
            Self::Components => "Code that tenants ship: what decides for agents, and tools.",
            Self::Tools => "What agents can be granted.",
            Self::Providers => "What this host hears, thinks and speaks with, and trying it out.",
            Self::Templates => "Parts of contracts that agents extend.",
            Self::Sessions => "Somebody's conversations with an agent that was set up for them.",
            Self::Tenants => "Whom the host serves, and what they may use.",
            Self::Users => "People, and what they may do.",
            Self::Keys => "What programs show.",
            Self::Secrets => "Values that can be used, but not read.",
            Self::Webhooks => "Who is told of events, and what became of it.",
            Self::Insight => "What was used, who did what, and what is to be forgotten.",
            Self::Auth => "Who asks, and how to become somebody who may.",
            Self::Reference => "This document, and the schema of contracts.",
        }
    }
}
