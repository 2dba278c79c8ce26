//! Who asks.

use super::scope::Scope;
use crate::Problem;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use std::sync::Arc;
use trunkline_contract::{KeyId, TenantId, UserId};
use trunkline_store::{Role, TenantStore};

/// Somebody who is known, acting for one tenant. Whoever is not is stopped before a handler runs; a handler that takes one
/// on a route that is for everybody gets none, and refuses.
#[derive(Clone)]
pub(crate) struct Principal {
    /// What versions and the audit log call them.
    pub(crate) name: Arc<str>,
    /// What they may.
    pub(crate) role: Role,
    /// All that is known of them.
    pub(crate) known: Known,
    /// The things of the tenant that they act for.
    pub(crate) tenant: TenantStore,
    /// Its name.
    pub(crate) tenant_name: Arc<str>,
    /// What the tenant may ask at most; none: as every tenant.
    pub(crate) requests_per_minute: Option<u32>,
}

/// Somebody who is known.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// What versions and the audit log call them.
    pub(crate) name: Arc<str>,
    /// How they are known.
    pub(crate) kind: Kind,
    pub(crate) role: Role,
    /// None: an operator, who may act for any.
    pub(crate) tenant: Option<TenantId>,
    /// What they may use of the interface; empty: all of it.
    pub(crate) scopes: Arc<[Scope]>,
}

/// How somebody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An operator's token, by its name.
    Token(String),
    /// A key of a program.
    Key(KeyId),
    /// A token that was made here from something else, by what that is.
    Derived(String),
    /// Somebody of a trusted issuer.
    Stranger {
        /// `iss`.
        issuer: String,
        /// `sub`.
        subject: String,
    },
    /// A browser that is logged in.
    Session {
        /// What its cookie shows.
        secret: String,
        /// Who logged in.
        by: Login,
    },
}

/// Who has logged a browser in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// The machine's own console.
    Console,
    /// An operator's token, by its name.
    Token(String),
    /// A person.
    User(UserId),
}

impl Kind {
    /// Names whoever it is among all; limits and repeated requests are counted by it.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Token(name) | Self::Session { by: Login::Token(name), .. } => format!("token:{name}"),
            Self::Session { by: Login::Console, .. } => "console".to_owned(),
            Self::Session { by: Login::User(user), .. } => format!("user:{user}"),
            Self::Key(key) => format!("key:{key}"),
            // What is made of a key counts for the key.
            Self::Derived(from) => from.clone(),
            Self::Stranger { issuer, subject } => format!("issuer:{issuer}#{subject}"),
        }
    }

    /// What the document and people call it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Token(_) => "operator-token",
            Self::Key(_) => "key",
            Self::Derived(_) | Self::Stranger { .. } => "token",
            Self::Session { .. } => "session",
        }
    }

    /// The secret of a browser's session.
    pub(crate) fn session(&self) -> Option<&str> {
        match self {
            Self::Session { secret, .. } => Some(secret),
            _ => None,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known = parts.extensions.get::<Self>().cloned();
        let known = known.ok_or_else(|| unauthorised("nobody was asked who it is"))?;
        let name = Arc::clone(&known.name);
        Ok(Self { tenant: known.tenant.acting(name), ..known })
    }
}

pub(crate) fn unauthorised(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorised", detail)
}
