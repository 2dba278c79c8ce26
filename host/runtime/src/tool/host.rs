//! What a tool can reach, and the caps on it that hold whoever provides it.

use crate::config::Budget;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// What a [`ToolHost`] gives back.
pub type HostAnswer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The outside of a tool. The provider checks grants and policy; sizes and numbers are capped here.
pub trait ToolHost: Send + Sync {
    /// One request to a host that was granted.
    fn fetch(&self, request: FetchRequest) -> HostAnswer<'_, Result<FetchResponse, FetchError>>;
    /// A stored value.
    fn get(&self, key: String) -> HostAnswer<'_, Result<Option<Vec<u8>>, KvError>>;
    /// Stores a value.
    fn set(&self, key: String, value: Vec<u8>) -> HostAnswer<'_, Result<(), KvError>>;
    /// Removes a value.
    fn delete(&self, key: String) -> HostAnswer<'_, Result<(), KvError>>;
    /// Adds to a counter that starts at 0; gives its new value.
    fn increment(&self, key: String, by: i64) -> HostAnswer<'_, Result<i64, KvError>>;
    /// A line for the tool's log. Must not block.
    fn log(&self, level: LogLevel, message: String, fields: Vec<(String, String)>);
}

/// A request of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRequest {
    /// For example `GET`; not checked.
    pub method: String,
    /// Absolute; not checked.
    pub url: String,
    /// Not checked.
    pub headers: Vec<(String, String)>,
    /// Secrets to put in.
    pub secrets: Vec<FetchSecret>,
    /// At most what fits through the boundary, 4 MiB.
    pub body: Option<Vec<u8>>,
    /// At most 10 s.
    pub timeout: Duration,
}

/// A secret by name, and where its value goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchSecret {
    /// Its name.
    pub name: String,
    /// A header name.
    pub header: String,
    /// `{}` stands for the value.
    pub template: String,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The rule that denied it.
    Denied(String),
    /// The request makes no sense.
    InvalidRequest(String),
    /// No answer in time.
    Timeout,
    /// The answer is larger than allowed.
    TooLarge,
    /// Could not connect, or the connection broke.
    Unavailable(String),
}

/// Why a value could not be read or stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvError {
    /// Not 1-256 bytes.
    InvalidKey(String),
    /// More than 64 KiB.
    TooLarge,
    /// The namespace has no room.
    Full,
    /// The store does not answer.
    Unavailable(String),
}

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the usual four")]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// A tool's host with what is left of the caps.
pub(crate) struct Host {
    pub(super) outside: Arc<dyn ToolHost>,
    pub(super) requests: u32,
    pub(super) response: usize,
    pub(super) headers: usize,
    pub(super) log: usize,
}

/// Bytes of one log line and of all lines of a call.
pub(super) const LINE: usize = 1 << 10;
const LOG: usize = 16 << 10;
/// Bytes of a key and of a value.
pub(super) const KEY: usize = 256;
pub(super) const VALUE: usize = 64 << 10;

impl Host {
    pub(super) fn new(outside: Arc<dyn ToolHost>, budget: &Budget) -> Self {
        Host { outside, requests: budget.requests, response: budget.response, headers: budget.headers, log: LOG }
    }

    /// Whether one more request may be sent.
    pub(super) fn may_request(&mut self) -> Result<(), FetchError> {
        match self.requests.checked_sub(1) {
            Some(left) => self.requests = left,
            None => return Err(FetchError::Denied("too many requests in one call".to_owned())),
        }
        Ok(())
    }

    pub(super) fn within(&self, response: FetchResponse) -> Result<FetchResponse, FetchError> {
        let headers: usize = response.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if response.body.len() > self.response || headers > self.headers {
            return Err(FetchError::TooLarge);
        }
        Ok(response)
    }

    /// Cuts a line to its cap and what is left for the call; `None` when nothing is.
    pub(super) fn line(&mut self, mut message: String) -> Option<String> {
        message.truncate(message.floor_char_boundary(LINE.min(self.log)));
        self.log = self.log.saturating_sub(message.len().max(1));
        (self.log > 0).then_some(message)
    }
}

pub(super) fn key(key: &str) -> Result<(), KvError> {
    if (1..=KEY).contains(&key.len()) {
        return Ok(());
    }
    Err(KvError::InvalidKey(format!("a key has 1-{KEY} bytes, this has {}", key.len())))
}

/// The outside of a tool that was granted nothing.
pub(super) struct Nothing;

impl ToolHost for Nothing {
    fn fetch(&self, _: FetchRequest) -> HostAnswer<'_, Result<FetchResponse, FetchError>> {
        Box::pin(async { Err(FetchError::Denied("nothing was granted".to_owned())) })
    }
    fn get(&self, _: String) -> HostAnswer<'_, Result<Option<Vec<u8>>, KvError>> {
        Box::pin(async { Err(unavailable()) })
    }
    fn set(&self, _: String, _: Vec<u8>) -> HostAnswer<'_, Result<(), KvError>> {
        Box::pin(async { Err(unavailable()) })
    }
    fn delete(&self, _: String) -> HostAnswer<'_, Result<(), KvError>> {
        Box::pin(async { Err(unavailable()) })
    }
    fn increment(&self, _: String, _: i64) -> HostAnswer<'_, Result<i64, KvError>> {
        Box::pin(async { Err(unavailable()) })
    }
    fn log(&self, _: LogLevel, _: String, _: Vec<(String, String)>) {}
}

fn unavailable() -> KvError {
    KvError::Unavailable("nothing was granted".to_owned())
}
