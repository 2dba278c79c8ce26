//! Errors as problem documents (RFC 9457). What the outside reads and what went wrong inside are different things: a
//! cause is logged, never sent.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use trunkline_contract::Fault;
use trunkline_session::{Broken, SessionError};
use trunkline_store::StoreError;

pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error for the outside (RFC 9457).
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Problem {
    /// Names the kind of problem: `urn:trunkline:problem:` and a name that stays the same.
    #[serde(rename = "type")]
    kind: Box<str>,
    /// The status in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// What went wrong, for people.
    detail: Box<str>,
    /// Names this occurrence, as the answer's `X-Request-Id` and the host's log do.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<Box<str>>,
    /// What is wrong with the body, each with its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// Agents that are valid and would not be after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    broken: Option<Box<Broken>>,
    /// Sent as `Retry-After`, seconds.
    #[serde(skip)]
    retry_after_s: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, kind: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:trunkline:problem:{kind}").into_boxed_str(),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into().into_boxed_str(),
            instance: None,
            errors: Vec::new(),
            broken: None,
            retry_after_s: None,
        }
    }

    /// When it is worth to try again, seconds from now.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("there is no such {what}"))
    }

    pub(crate) fn invalid(detail: impl Into<String>, errors: Vec<Fault>) -> Self {
        Self::refused("invalid", detail, errors)
    }

    /// What was sent cannot be used.
    pub(crate) fn refused(kind: &str, detail: impl Into<String>, errors: Vec<Fault>) -> Self {
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, detail) }
    }

    /// It would make agents invalid; none: it would not.
    pub(crate) fn breaking(kind: &str, broken: Broken) -> Option<Self> {
        let first = broken.agents.first()?;
        let named = broken.agents.iter().map(|agent| {
            let at = agent.errors.first().map_or("", |fault| fault.pointer.as_str());
            format!("`{}` ({at})", agent.name)
        });
        let mut names = named.collect::<Vec<_>>().join(", ");
        match broken.total - broken.agents.len() {
            0 => {}
            more => names.push_str(&format!(" and {more} more")),
        }
        let why = first.errors.first().map_or("", |fault| fault.message.as_str());
        let detail = format!("{} agent(s) would be invalid: {names}; of the first: {why}", broken.total);
        Some(Self { broken: Some(Box::new(broken)), ..Self::new(StatusCode::CONFLICT, kind, detail) })
    }

    /// What is wrong with the body.
    #[cfg(test)]
    pub(crate) fn faults(&self) -> &[Fault] {
        &self.errors
    }

    /// Names the occurrence.
    pub(crate) fn occurred(self, instance: String) -> Self {
        Self { instance: Some(instance.into_boxed_str()), ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // Whoever sends the answer knows which request it is of.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (status, kind) = match &error {
            StoreError::NotFound(_) => (StatusCode::NOT_FOUND, "not-found"),
            StoreError::Taken(_) | StoreError::NumberTaken => (StatusCode::CONFLICT, "conflict"),
            StoreError::InUse(_) => (StatusCode::CONFLICT, "in-use"),
            StoreError::Limit { .. } => (StatusCode::CONFLICT, "limit"),
            StoreError::OldVersion { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "old-version"),
            StoreError::StaleVersion { .. } | StoreError::Changed { .. } => {
                (StatusCode::PRECONDITION_FAILED, "stale-version")
            }
            StoreError::InvalidCursor | StoreError::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid"),
            StoreError::NoRoom { .. } => (StatusCode::INSUFFICIENT_STORAGE, "no-room"),
            StoreError::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, "disk-full"),
            _ => {
                tracing::error!(%error, "the store failed");
                let detail = "the store failed; the host's log says why";
                return Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail);
            }
        };
        Self::new(status, kind, error.to_string())
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Store(error) => error.into(),
            SessionError::Missing(what) => Self::missing(what),
            SessionError::Over => Self::new(StatusCode::CONFLICT, "ended", error.to_string()),
            SessionError::Elsewhere => Self::new(StatusCode::CONFLICT, "not-live", error.to_string()),
            SessionError::Suspended => Self::new(StatusCode::FORBIDDEN, "suspended", error.to_string()),
            SessionError::Busy => Self::new(StatusCode::CONFLICT, "busy", error.to_string()),
            SessionError::NoRoom(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "no-room", error.to_string()),
            SessionError::Agent(_) => {
                tracing::warn!(%error, "a call could not be taken");
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "agent", error.to_string())
            }
            SessionError::Library(_) | SessionError::Token(_) => {
                tracing::error!(%error, "a call could not be handled");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the call could not be handled")
            }
        }
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        let large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        Self::new(rejection.status(), if large { "too-large" } else { "invalid-body" }, rejection.body_text())
    }
}

pub(crate) async fn not_found(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found", format!("there is nothing at {}", uri.path()))
}

pub(crate) async fn method_not_allowed(uri: Uri) -> Problem {
    let detail = format!("{} does not take this method", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}
