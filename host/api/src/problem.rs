//! Errors as problem documents (RFC 9457). What the outside reads and what went wrong inside are different things: a
//! cause is logged, never sent.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use trunkline_contract::Fault;
use trunkline_session::SessionError;
use trunkline_store::StoreError;

/// The framework's own words for an error, bytes; they are short.
const MAX_WORDS: usize = 1_024;
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error for the outside.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// Sent as `Retry-After`, seconds.
    #[serde(skip)]
    retry_after_s: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, kind: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:trunkline:problem:{kind}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
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
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail) }
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
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (status, kind) = match &error {
            StoreError::NotFound(_) => (StatusCode::NOT_FOUND, "not-found"),
            StoreError::Taken(_) | StoreError::NumberTaken => (StatusCode::CONFLICT, "conflict"),
            StoreError::StaleVersion { .. } => (StatusCode::PRECONDITION_FAILED, "stale-version"),
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

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), "invalid-json", rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), "invalid-query", rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), "invalid-path", rejection.body_text())
    }
}

pub(crate) async fn not_found(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found", format!("there is nothing at {}", uri.path()))
}

pub(crate) async fn method_not_allowed(uri: Uri) -> Problem {
    let detail = format!("{} does not take this method", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}

/// What the framework refuses by itself (a body too large, a path that is no text, a request that is no upgrade) leaves
/// as a problem document too.
pub(crate) async fn uniform(response: Response) -> Response {
    let status = response.status();
    let error = status.is_client_error() || status.is_server_error();
    if !error || response.headers().get(header::CONTENT_TYPE) == Some(&CONTENT_TYPE) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let words = to_bytes(body, MAX_WORDS).await.unwrap_or_default();
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
        StatusCode::NOT_FOUND => "not-found",
        _ => "refused",
    };
    let problem = Problem::new(status, kind, String::from_utf8_lossy(&words)).into_response();
    // Whatever else the answer says stays: which methods are allowed, which protocol to upgrade to.
    parts.headers.remove(header::CONTENT_LENGTH);
    let (own, body) = problem.into_parts();
    parts.headers.extend(own.headers);
    Response::from_parts(parts, body)
}

/// Answers are about one operator's things at one time: nobody keeps them, and nobody guesses what they are.
pub(crate) async fn not_kept(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
