//! Who asks.

use crate::Problem;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use std::sync::Arc;
use trunkline_store::{Role, TenantStore};

/// Somebody who is known, acting for one tenant. Whoever is none of these is stopped before a handler runs; a handler
/// that takes one on a route without a role gets none, and refuses.
#[derive(Clone)]
pub(crate) struct Principal {
    /// What versions and the audit log call them.
    pub(crate) name: Arc<str>,
    /// How they are known.
    pub(crate) kind: Kind,
    pub(crate) role: Role,
    pub(crate) tenant: TenantStore,
    /// What the tenant may ask at most; none: as every tenant.
    pub(crate) requests_per_minute: Option<u32>,
}

/// How somebody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An operator's token, by its name.
    Token(String),
    /// A browser that is logged in.
    Session {
        /// What its cookie shows.
        secret: String,
        /// Name of the operator's token that opened it; none: the machine's own console did.
        token_name: Option<String>,
    },
}

impl Kind {
    /// Names whoever it is among all principals; limits and repeated requests are counted by it.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Token(name) | Self::Session { token_name: Some(name), .. } => format!("token:{name}"),
            Self::Session { token_name: None, .. } => "console".to_owned(),
        }
    }

    /// The operator's token by its name, of whoever has one.
    pub(crate) fn token_name(&self) -> Option<&str> {
        match self {
            Self::Token(name) => Some(name),
            Self::Session { token_name, .. } => token_name.as_deref(),
        }
    }

    /// The secret of a browser's session.
    pub(crate) fn session(&self) -> Option<&str> {
        match self {
            Self::Session { secret, .. } => Some(secret),
            Self::Token(_) => None,
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
