//! What operations are about: groups of the document, and what the scopes of a key name.

/// A group of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tag {
    Agents,
    Conversations,
    Calls,
    Numbers,
    Documents,
    Providers,
    Auth,
    Reference,
}

impl Tag {
    /// All groups, as the document shows them.
    pub(crate) const ALL: [Self; 8] = [
        Self::Agents,
        Self::Conversations,
        Self::Calls,
        Self::Numbers,
        Self::Documents,
        Self::Providers,
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
            Self::Providers => "providers",
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
            Self::Providers => "What this host hears, thinks and speaks with, and trying it out.",
            Self::Auth => "Who asks, and how to become somebody who may.",
            Self::Reference => "This document, and the schema of contracts.",
        }
    }
}
