//! The outside of a component's tool: requests through the gate, values that are kept, lines for its author.

use crate::grants::Grants;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use trunkline_egress::{EgressError, HttpClient, HttpLimits, Url};
use trunkline_runtime::{
    FetchError, FetchRequest, FetchResponse, FetchSecret, HostAnswer, KvError, LogLevel, ToolHost,
};

/// Headers that are the connection's and nobody else's.
const OURS: [HeaderName; 9] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
];
/// Bytes of a request's headers.
const MAX_HEADERS: usize = 16 << 10;
/// Bytes of a request's body.
const MAX_BODY: usize = 1 << 20;
/// Lines that are kept for whoever tries a tool.
const LINES: usize = 200;

/// What is kept for a tool between its calls, and the secrets that it may use. The namespace is that of the tenant and the
/// component.
pub trait Keep: Send + Sync {
    /// A value.
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<Vec<u8>>, KvError>>;
    /// Keeps a value.
    fn set(&self, key: String, value: Vec<u8>) -> BoxFuture<'_, Result<(), KvError>>;
    /// Removes a value.
    fn delete(&self, key: String) -> BoxFuture<'_, Result<(), KvError>>;
    /// Adds to a counter that starts at 0; gives its new value.
    fn increment(&self, key: String, by: i64) -> BoxFuture<'_, Result<i64, KvError>>;
    /// The value of a secret of the tenant; none: there is none, or it cannot be opened.
    fn secret(&self, name: String) -> BoxFuture<'_, Option<String>>;
}

/// A line that a tool wrote, or that says what it was denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `debug`, `info`, `warn` or `error`.
    pub level: &'static str,
    /// May quote the call.
    pub message: String,
}

/// What one call of a tool reaches.
pub struct Outside {
    gate: Arc<Gate>,
    /// Where requests are sent from: guests run on threads without sockets.
    host: Handle,
}

/// What a request passes on its way out.
struct Gate {
    /// Names the component in the host's log.
    component: String,
    grants: Grants,
    http: HttpClient,
    keep: Box<dyn Keep>,
    lines: Mutex<Vec<Line>>,
    requests: AtomicU64,
}

impl Outside {
    /// `http` has the host's policy for addresses of tenants. To be made on a runtime that has sockets.
    pub fn new(component: impl Into<String>, grants: Grants, http: HttpClient, keep: Box<dyn Keep>) -> Self {
        let (lines, requests) = (Mutex::default(), AtomicU64::new(0));
        let gate = Gate { component: component.into(), grants, http, keep, lines, requests };
        Self { gate: Arc::new(gate), host: Handle::current() }
    }

    /// What it wrote and was denied, in order; at most 200 lines.
    pub fn lines(&self) -> Vec<Line> {
        self.gate.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Requests that left the host.
    pub fn requests(&self) -> u64 {
        self.gate.requests.load(Relaxed)
    }
}

impl Gate {
    fn write(&self, level: &'static str, message: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < LINES {
            lines.push(Line { level, message });
        }
    }

    /// What was refused by which rule: for the tool, for its author, and in the host's log.
    fn deny(&self, rule: String) -> FetchError {
        tracing::info!(component = self.component, rule, "a request of a tool was denied");
        self.write("warn", format!("denied: {rule}"));
        FetchError::Denied(rule)
    }

    async fn send(&self, request: FetchRequest) -> Result<FetchResponse, FetchError> {
        let invalid = |what: String| FetchError::InvalidRequest(what);
        let url = Url::parse(&request.url).map_err(|error| invalid(format!("the address: {error}")))?;
        if self.grants.host_of(&url).is_none() {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(self.deny(format!("the host `{host}` is not granted")));
        }
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| invalid("the method".to_owned()))?;
        if matches!(method, Method::CONNECT | Method::TRACE) {
            return Err(self.deny(format!("the method {method} is not offered")));
        }
        let body = request.body.unwrap_or_default();
        if body.len() > MAX_BODY {
            return Err(invalid(format!("the body has {} bytes, {MAX_BODY} are allowed", body.len())));
        }
        let mut headers = headers(&request.headers)?;
        for secret in &request.secrets {
            self.lend(secret, &url, &mut headers).await?;
        }
        let mut sent = Request::new(Bytes::from(body));
        *sent.method_mut() = method;
        *sent.uri_mut() = url.as_str().parse().map_err(|_| invalid("the address".to_owned()))?;
        *sent.headers_mut() = headers;
        let limits = HttpLimits {
            headers_within: request.timeout,
            idle: request.timeout,
            total: request.timeout,
            max_header_bytes: MAX_HEADERS,
            max_body_bytes: MAX_BODY,
        };
        self.requests.fetch_add(1, Relaxed);
        let failed = |error: EgressError| match error {
            EgressError::Denied(denied) => self.deny(denied.to_string()),
            EgressError::Timeout { .. } => FetchError::Timeout,
            EgressError::TooLarge { .. } => FetchError::TooLarge,
            // It names the host, never the path, the query or a header.
            error => FetchError::Unavailable(error.to_string()),
        };
        let answer = self.http.send(sent, &limits).await.map_err(failed)?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let headers = headers.collect();
        let body = answer.bytes().await.map_err(failed)?.to_vec();
        Ok(FetchResponse { status, headers, body })
    }

    /// Puts a secret where it is asked for.
    async fn lend(&self, secret: &FetchSecret, url: &Url, headers: &mut HeaderMap) -> Result<(), FetchError> {
        let FetchSecret { name, header, template } = secret;
        if !self.grants.lends(name, url) {
            let host = url.host_str().unwrap_or_default();
            return Err(self.deny(format!("the secret `{name}` is not granted for `{host}`")));
        }
        if url.scheme() != "https"
            && !url.host().is_some_and(|host| matches!(host, url::Host::Ipv4(_) | url::Host::Ipv6(_)))
        {
            return Err(self.deny(format!("the secret `{name}` travels by https only")));
        }
        let name_of = HeaderName::from_bytes(header.as_bytes()).ok().filter(|name| !OURS.contains(name));
        let Some(name_of) = name_of else {
            return Err(FetchError::InvalidRequest(format!("`{header}` is no header that a tool may set")));
        };
        let Some(value) = self.keep.secret(name.clone()).await else {
            return Err(self.deny(format!("there is no secret `{name}`")));
        };
        let text = if template.is_empty() { value } else { template.replacen("{}", &value, 1) };
        // The library's own message would not quote it either; ours says which secret it was.
        let broken = |_| FetchError::InvalidRequest(format!("the secret `{name}` cannot stand in a header"));
        let mut value = HeaderValue::from_str(&text).map_err(broken)?;
        value.set_sensitive(true);
        headers.insert(name_of, value);
        Ok(())
    }
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap, FetchError> {
    let mut headers = HeaderMap::new();
    let size: usize = given.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > MAX_HEADERS {
        return Err(FetchError::InvalidRequest(format!("the headers have {size} bytes, {MAX_HEADERS} are allowed")));
    }
    for (name, value) in given {
        let wrong =
            || FetchError::InvalidRequest(format!("the header `{}`", name.chars().take(60).collect::<String>()));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        if OURS.contains(&name) {
            return Err(wrong());
        }
        headers.append(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    Ok(headers)
}

/// A request on its way; dropping it gives it up.
struct Sending(JoinHandle<Result<FetchResponse, FetchError>>);

impl Sending {
    async fn end(mut self) -> Result<FetchResponse, FetchError> {
        (&mut self.0).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a request of a tool was lost");
            Err(FetchError::Unavailable("the host failed".to_owned()))
        })
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl ToolHost for Outside {
    fn fetch(&self, request: FetchRequest) -> HostAnswer<'_, Result<FetchResponse, FetchError>> {
        let gate = Arc::clone(&self.gate);
        let sending = Sending(self.host.spawn(async move { gate.send(request).await }));
        Box::pin(sending.end())
    }

    fn get(&self, key: String) -> HostAnswer<'_, Result<Option<Vec<u8>>, KvError>> {
        self.gate.keep.get(key)
    }

    fn set(&self, key: String, value: Vec<u8>) -> HostAnswer<'_, Result<(), KvError>> {
        self.gate.keep.set(key, value)
    }

    fn delete(&self, key: String) -> HostAnswer<'_, Result<(), KvError>> {
        self.gate.keep.delete(key)
    }

    fn increment(&self, key: String, by: i64) -> HostAnswer<'_, Result<i64, KvError>> {
        self.gate.keep.increment(key, by)
    }

    fn log(&self, level: LogLevel, message: String, fields: Vec<(String, String)>) {
        let level = match level {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        };
        let fields = fields.iter().map(|(name, value)| format!(" {name}={value}")).collect::<String>();
        self.gate.write(level, message + &fields);
    }
}
