//! The HTTP client: one request, one answer, read piece by piece within limits.
//!
//! HTTP/1.1 with a keep-alive pool. Dropping a [`Response`] before its end closes its connection, which is how a
//! streamed answer is cancelled.

use crate::error::{Denied, EgressError};
use crate::policy::Policy;
use crate::resolve::{Lookup, Pinned, Unresolved};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use url::Url;

/// Bounds of one request.
#[derive(Clone, Debug)]
pub struct HttpLimits {
    /// Until the answer's headers are there, connecting included.
    pub headers_within: Duration,
    /// Longest silence between two pieces of the body.
    pub idle: Duration,
    /// The whole answer.
    pub total: Duration,
    /// Size of all headers of the answer, bytes.
    pub max_header_bytes: usize,
    /// Size of the answer's body, bytes.
    pub max_body_bytes: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            headers_within: Duration::from_secs(10),
            idle: Duration::from_secs(10),
            total: Duration::from_secs(60),
            max_header_bytes: 64 * 1024,
            max_body_bytes: 4 * 1024 * 1024,
        }
    }
}

const MAX_HEADERS: usize = 128;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than common servers keep an idle connection, so that a pooled one is rarely found dead.
const POOL_IDLE: Duration = Duration::from_secs(50);

/// An HTTP client under one policy. Cheap to clone; clones share the pool.
#[derive(Clone, Debug)]
pub struct HttpClient {
    policy: Policy,
    /// Plain and secure connections have resolvers of their own, since a policy may tell them apart.
    secure: reqwest::Client,
    plain: reqwest::Client,
}

impl HttpClient {
    pub(crate) fn new(
        policy: Policy,
        tls: &rustls::ClientConfig,
        lookup: &Arc<dyn Lookup>,
    ) -> Result<Self, EgressError> {
        let build = |secure| client(&policy, secure, tls.clone(), Arc::clone(lookup));
        Ok(Self { secure: build(true)?, plain: build(false)?, policy })
    }

    /// Sends `request` (its URI absolute) and waits for the answer's headers. Any status is an answer.
    ///
    /// # Errors
    /// What the policy objects to, and what goes wrong on the way.
    pub async fn send(&self, request: Request<Bytes>, limits: &HttpLimits) -> Result<Response, EgressError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| Denied::NoHost)?;
        let target = self.policy.check(&url)?;
        let client = if target.secure { &self.secure } else { &self.plain };
        let deadline = Instant::now() + limits.total;
        let started = client.request(parts.method, url).headers(parts.headers).body(body).send();
        let host = target.host;
        let answer = match timeout_at(deadline.min(Instant::now() + limits.headers_within), started).await {
            Err(_) => return Err(EgressError::Timeout { host, what: "the answer" }),
            Ok(Err(e)) => return Err(explain(host, &e)),
            Ok(Ok(answer)) => answer,
        };
        let header_bytes: usize = answer.headers().iter().map(|(k, v)| k.as_str().len() + v.len()).sum();
        if header_bytes > limits.max_header_bytes {
            return Err(EgressError::TooLarge { host, what: "the header", limit: limits.max_header_bytes });
        }
        Ok(Response {
            answer,
            host,
            deadline,
            idle: limits.idle,
            limit: limits.max_body_bytes,
            left: limits.max_body_bytes,
        })
    }
}

#[allow(clippy::disallowed_methods, reason = "this crate is where clients are made")]
fn client(
    policy: &Policy,
    secure: bool,
    tls: rustls::ClientConfig,
    lookup: Arc<dyn Lookup>,
) -> Result<reqwest::Client, EgressError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .https_only(secure)
        .http1_only()
        .http1_max_headers(MAX_HEADERS)
        .tcp_nodelay(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE)
        .dns_resolver(Pinned { policy: policy.clone(), secure, lookup })
        .build()
        .map_err(|e| EgressError::Setup(e.to_string()))
}

/// An answer whose body is still on its way.
#[derive(Debug)]
pub struct Response {
    answer: reqwest::Response,
    host: String,
    deadline: Instant,
    idle: Duration,
    limit: usize,
    left: usize,
}

impl Response {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.answer.status()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.answer.headers()
    }

    /// The next piece of the body; `None` at its end. Dropping the future loses nothing.
    ///
    /// # Errors
    /// A limit was reached or the connection broke: nothing more will come.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, EgressError> {
        let until = self.deadline.min(Instant::now() + self.idle);
        let chunk = match timeout_at(until, self.answer.chunk()).await {
            Err(_) => return Err(EgressError::Timeout { host: self.host.clone(), what: "the body" }),
            Ok(Err(e)) => return Err(explain(self.host.clone(), &e)),
            Ok(Ok(None)) => return Ok(None),
            Ok(Ok(Some(chunk))) => chunk,
        };
        self.left = self.left.checked_sub(chunk.len()).ok_or_else(|| EgressError::TooLarge {
            host: self.host.clone(),
            what: "the body",
            limit: self.limit,
        })?;
        Ok(Some(chunk))
    }

    /// The whole body.
    ///
    /// # Errors
    /// As [`Response::chunk`].
    pub async fn bytes(mut self) -> Result<Bytes, EgressError> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.into())
    }
}

/// Finds the cause in the client's chain of errors, whose own message would show the whole address.
fn explain(host: String, error: &reqwest::Error) -> EgressError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut last = String::new();
    while let Some(this) = cause {
        if let Some(denied) = this.downcast_ref::<Denied>() {
            return EgressError::Denied(denied.clone());
        }
        if let Some(Unresolved(message)) = this.downcast_ref::<Unresolved>() {
            return EgressError::Resolve { host, message: message.clone() };
        }
        if let Some(tls) = this.downcast_ref::<rustls::Error>() {
            return EgressError::Tls { host, message: tls.to_string() };
        }
        // An I/O error may wrap another error that its `source` skips.
        let inside = this.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        last = this.to_string();
        cause = inside.map(|e| e as &(dyn Error + 'static)).or_else(|| this.source());
    }
    match error {
        e if e.is_timeout() => EgressError::Timeout { host, what: "connecting" },
        e if e.is_connect() => EgressError::Connect { host, message: last },
        e if e.is_body() || e.is_decode() || e.is_request() => EgressError::Closed { host },
        _ => EgressError::Protocol { host, message: last },
    }
}
