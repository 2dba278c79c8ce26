//! What goes wrong with a provider, and whether trying again can help.

use crate::config::Secret;
use http::{HeaderMap, StatusCode};
use std::time::Duration;
use trunkline_egress::EgressError;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The key is missing, wrong, or not allowed to do this.
    Unauthorised,
    /// The account has nothing left to spend.
    QuotaExceeded,
    /// Too many requests at once.
    RateLimited {
        /// When to come back, if the provider said so.
        retry_after: Option<Duration>,
    },
    /// No answer in time.
    Timeout,
    /// The connection is open, but the provider went silent where it owed something.
    Stalled,
    /// The provider cannot be reached or has a fault of its own.
    Unavailable,
    /// The provider does not accept what was asked.
    InvalidRequest,
    /// The egress policy does not allow the address.
    Denied,
    /// The provider sent something that cannot be understood.
    Protocol,
    /// The connection ended before its time.
    Closed,
}

/// A provider failed. The message never contains a key; it may quote the provider, who may quote the conversation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{provider}: {message}")]
pub struct ProviderError {
    /// The provider's name, as in agent contracts.
    pub provider: &'static str,
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// One sentence.
    pub message: String,
}

/// Longest quotation of a provider, characters.
const QUOTE: usize = 300;

impl ProviderError {
    pub(crate) fn new(provider: &'static str, kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { provider, kind, message: message.into() }
    }

    /// Whether the same thing may succeed when tried again.
    pub fn retryable(&self) -> bool {
        match self.kind {
            ErrorKind::RateLimited { .. }
            | ErrorKind::Timeout
            | ErrorKind::Stalled
            | ErrorKind::Unavailable
            | ErrorKind::Protocol
            | ErrorKind::Closed => true,
            ErrorKind::Unauthorised | ErrorKind::QuotaExceeded | ErrorKind::InvalidRequest | ErrorKind::Denied => false,
        }
    }

    /// How long to wait before trying again, if the provider said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            ErrorKind::RateLimited { retry_after } => retry_after,
            _ => None,
        }
    }

    /// An answer with a status that means failure; `said` is the provider's own explanation.
    pub(crate) fn from_status(
        provider: &'static str,
        status: StatusCode,
        headers: &HeaderMap,
        said: &str,
        key: &Secret,
    ) -> Self {
        let kind = match status.as_u16() {
            401 | 403 => ErrorKind::Unauthorised,
            402 => ErrorKind::QuotaExceeded,
            429 => ErrorKind::RateLimited { retry_after: retry_after(headers) },
            408 | 504 => ErrorKind::Timeout,
            400..=499 => ErrorKind::InvalidRequest,
            _ => ErrorKind::Unavailable,
        };
        let message = match kind {
            // Explanations of refused keys quote parts of the key.
            ErrorKind::Unauthorised => {
                format!("the key was refused (status {}): check `providers.{provider}.api_key`", status.as_u16())
            }
            _ if said.is_empty() => format!("status {}", status.as_u16()),
            _ => format!("status {}: {}", status.as_u16(), quote(said, key)),
        };
        Self::new(provider, kind, message)
    }

    pub(crate) fn from_egress(provider: &'static str, error: &EgressError, key: &Secret) -> Self {
        let kind = match error {
            EgressError::Refused(refusal) => {
                let said = String::from_utf8_lossy(&refusal.body);
                return Self::from_status(provider, refusal.status, &refusal.headers, &said, key);
            }
            EgressError::Denied(_) => ErrorKind::Denied,
            EgressError::Timeout { .. } => ErrorKind::Timeout,
            EgressError::Closed { .. } => ErrorKind::Closed,
            EgressError::Protocol { .. } | EgressError::TooLarge { .. } => ErrorKind::Protocol,
            EgressError::Setup(_) => ErrorKind::InvalidRequest,
            EgressError::Resolve { .. } | EgressError::Connect { .. } | EgressError::Tls { .. } => {
                ErrorKind::Unavailable
            }
        };
        Self::new(provider, kind, error.to_string())
    }
}

/// The beginning of what a provider said, on one line, without the key.
pub(crate) fn quote(said: &str, key: &Secret) -> String {
    let said = if key.expose().is_empty() { said.to_owned() } else { said.replace(key.expose(), "[key]") };
    said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(QUOTE).collect()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = number("retry-after-ms").map(|ms| ms / 1_000.0).or_else(|| number("retry-after"))?;
    // A day is long enough for anything; it also keeps out infinities.
    Duration::try_from_secs_f64(seconds.clamp(0.0, 86_400.0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, headers: &[(&'static str, &str)], said: &str) -> ProviderError {
        let headers = headers.iter().map(|(k, v)| (http::HeaderName::from_static(k), v.parse().unwrap())).collect();
        let key = Secret::new("sk-123");
        ProviderError::from_status("openai", StatusCode::from_u16(status).unwrap(), &headers, said, &key)
    }

    #[test]
    fn a_status_says_whether_trying_again_can_help() {
        let table = [
            (401, ErrorKind::Unauthorised, false),
            (402, ErrorKind::QuotaExceeded, false),
            (403, ErrorKind::Unauthorised, false),
            (400, ErrorKind::InvalidRequest, false),
            (404, ErrorKind::InvalidRequest, false),
            (408, ErrorKind::Timeout, true),
            (429, ErrorKind::RateLimited { retry_after: None }, true),
            (500, ErrorKind::Unavailable, true),
            (503, ErrorKind::Unavailable, true),
            (504, ErrorKind::Timeout, true),
        ];
        for (status, kind, retryable) in table {
            let error = of(status, &[], "");
            assert_eq!((error.kind, error.retryable()), (kind, retryable), "{status}");
        }
    }

    #[test]
    fn the_time_to_come_back_is_read_in_seconds_or_milliseconds() {
        let table = [
            (vec![("retry-after", "2")], Some(Duration::from_secs(2))),
            (vec![("retry-after", "0.5")], Some(Duration::from_millis(500))),
            (vec![("retry-after-ms", "120"), ("retry-after", "1")], Some(Duration::from_millis(120))),
            (vec![("retry-after", "-1")], Some(Duration::ZERO)),
            (vec![("retry-after", "NaN")], None),
            (vec![("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")], None),
        ];
        for (headers, expected) in table {
            assert_eq!(of(429, &headers, "").retry_after(), expected, "{headers:?}");
        }
    }

    #[test]
    fn a_message_never_shows_the_key() {
        assert!(!of(400, &[], "bad key sk-123 in request").message.contains("sk-123"));
        assert!(!of(401, &[], "Incorrect API key provided: sk-1*3").message.contains("sk-1"));
        assert_eq!(of(400, &[], &"x\n ".repeat(1_000)).message.chars().count(), "status 400: ".len() + QUOTE);
    }
}
