//! What can go wrong on the way out.
//!
//! Messages name hosts but never paths, queries or headers: those may carry keys.

use crate::Forbidden;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::net::IpAddr;

/// The policy does not allow this address. Trying again is pointless.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Denied {
    #[error("the scheme `{0}` cannot be dialled")]
    Scheme(String),
    #[error("`{0}` must be reached by https or wss")]
    Insecure(String),
    #[error("an address must not contain a user name or password")]
    UserInfo,
    #[error("the address has no host")]
    NoHost,
    #[error("`{0}` is a bare IP address that the operator has not allowed")]
    Literal(IpAddr),
    #[error("`{host}` leads to {address} ({reason})")]
    Forbidden { host: String, address: IpAddr, reason: Forbidden },
    #[error("`{0}` does not lead into a network where plain connections are allowed")]
    PlainOutside(String),
}

/// The server answered a WebSocket upgrade with something else.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The beginning of the body.
    pub body: Bytes,
}

/// A connection failed. Only [`EgressError::Denied`] and [`EgressError::Setup`] are pointless to repeat unchanged.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum EgressError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("cannot resolve `{host}`: {message}")]
    Resolve { host: String, message: String },
    #[error("cannot connect to `{host}`: {message}")]
    Connect { host: String, message: String },
    #[error("no secure connection to `{host}`: {message}")]
    Tls { host: String, message: String },
    #[error("`{host}`: {what} took too long")]
    Timeout { host: String, what: &'static str },
    #[error("the server refused the WebSocket with status {}", .0.status)]
    Refused(Box<Refusal>),
    #[error("`{host}`: {what} is larger than {limit} bytes")]
    TooLarge { host: String, what: &'static str, limit: usize },
    #[error("`{host}` broke the protocol: {message}")]
    Protocol { host: String, message: String },
    #[error("`{host}` closed the connection")]
    Closed { host: String },
    #[error("cannot set up outgoing connections: {0}")]
    Setup(String),
}
