//! Requests to a server: its address, the token, and what its refusals say.

use super::super::Faults;
use crate::config::Config;
use crate::sse::{Event, Sse};
use anyhow::{Context, anyhow};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;
use trunkline_contract::{Fault, Severity};
use trunkline_egress::{
    Egress, EgressError, HttpClient, HttpLimits, Policy, Response, Url, WebSocket, WebSocketLimits,
};

/// Pages of logs are larger than other answers.
const MAX_BODY: usize = 64 << 20;
/// A model may think for long before it answers, and a program may take long to speak.
const PATIENCE: Duration = Duration::from_secs(120);
/// A stream that says nothing at all for so long, not even that it is alive, is dead.
const SILENCE: Duration = Duration::from_secs(300);
/// Longest stream: calls last hours, not days.
const STREAM: Duration = Duration::from_secs(24 * 3_600);

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const MERGE_PATCH: HeaderValue = HeaderValue::from_static("application/merge-patch+json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");

/// A server that can be asked.
#[derive(Clone)]
pub(crate) struct Client {
    http: HttpClient,
    egress: Egress,
    base: Url,
    authorization: HeaderValue,
    tenant: Option<HeaderValue>,
    /// Where the token came from, for when it is refused.
    token_from: String,
}

/// A request that a server refused.
#[derive(Debug, thiserror::Error)]
#[error("the server refuses with {}: {detail}", status.as_u16())]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    /// Last part of the problem's type: `ended`, `busy`.
    pub(crate) kind: String,
    pub(crate) detail: String,
}

/// What a server says when it refuses (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    detail: String,
    errors: Vec<ProblemError>,
}

#[derive(Debug, Deserialize)]
struct ProblemError {
    #[serde(default)]
    pointer: String,
    #[serde(default)]
    code: String,
    message: String,
    severity: Option<Severity>,
}

/// A path below the interface's base, with its parameters.
pub(crate) type Query<'a> = &'a [(&'a str, String)];

impl Client {
    pub(crate) fn new(
        server: &str,
        token: &str,
        token_from: &str,
        tenant: Option<&str>,
        config: &Config,
    ) -> anyhow::Result<Self> {
        let base = Url::parse(server).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let base = base.with_context(|| {
            format!("`{server}` is no server: give an address such as http://127.0.0.1:8080 with --server")
        })?;
        let authorization = HeaderValue::try_from(format!("Bearer {token}"));
        let mut authorization = authorization.map_err(|_| anyhow!("{token_from} is no token"))?;
        authorization.set_sensitive(true);
        let tenant = tenant.map(HeaderValue::try_from).transpose().context("the tenant's name cannot be sent")?;
        let egress = crate::outgoing::egress(config)?;
        let http = egress.http(Policy::trusted())?;
        Ok(Self { http, egress, base, authorization, tenant, token_from: token_from.to_owned() })
    }

    pub(crate) async fn get(&self, path: &[&str], query: Query<'_>) -> anyhow::Result<Value> {
        self.json(self.request(Method::GET, path, query)?, Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &[&str], body: Option<&Value>) -> anyhow::Result<Value> {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn put(
        &self,
        path: &[&str],
        query: Query<'_>,
        version: u64,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let request = self.request(Method::PUT, path, query)?.header("if-match", format!("\"{version}\""));
        self.json(request.header(CONTENT_TYPE, JSON), serde_json::to_vec(body)?.into()).await
    }

    /// Anything; a patch is a JSON Merge Patch.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: Query<'_>,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let kind = if method == Method::PATCH { MERGE_PATCH } else { JSON };
        let mut request = self.request(method, path, query)?;
        if body.is_some() {
            request = request.header(CONTENT_TYPE, kind);
        }
        self.json(request, body.map(serde_json::to_vec).transpose()?.unwrap_or_default().into()).await
    }

    /// JSON Merge Patch (RFC 7396).
    pub(crate) async fn patch(&self, path: &[&str], query: Query<'_>, patch: &Value) -> anyhow::Result<Value> {
        let request = self.request(Method::PATCH, path, query)?.header(CONTENT_TYPE, MERGE_PATCH);
        self.json(request, serde_json::to_vec(patch)?.into()).await
    }

    pub(crate) async fn delete(&self, path: &[&str]) -> anyhow::Result<Value> {
        self.send(Method::DELETE, path, None).await
    }

    /// What is not JSON: the bytes and the headers of the answer to a POST.
    pub(crate) async fn post_bytes(
        &self,
        path: &[&str],
        query: Query<'_>,
        kind: &'static str,
        body: Bytes,
    ) -> anyhow::Result<(HeaderMap, Bytes)> {
        let request = self.request(Method::POST, path, query)?.header(CONTENT_TYPE, kind);
        let answer = self.answer(request, body, &limits()).await?;
        let headers = answer.headers().clone();
        Ok((headers, answer.bytes().await.with_context(|| self.unreachable())?))
    }

    /// A stream of events.
    pub(crate) async fn events(&self, path: &[&str], query: Query<'_>, body: Option<&Value>) -> anyhow::Result<Events> {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut request = self.request(method, path, query)?;
        if body.is_some() {
            request = request.header(CONTENT_TYPE, JSON);
        }
        self.stream(request, body.map(serde_json::to_vec).transpose()?.unwrap_or_default().into()).await
    }

    /// The stream of events that answers what is no JSON.
    pub(crate) async fn post_events(
        &self,
        path: &[&str],
        query: Query<'_>,
        kind: &'static str,
        body: Bytes,
    ) -> anyhow::Result<Events> {
        self.stream(self.request(Method::POST, path, query)?.header(CONTENT_TYPE, kind), body).await
    }

    async fn stream(&self, mut request: http::request::Builder, body: Bytes) -> anyhow::Result<Events> {
        if let Some(headers) = request.headers_mut() {
            headers.insert(ACCEPT, EVENTS);
        }
        let limits = HttpLimits { idle: SILENCE, total: STREAM, max_body_bytes: usize::MAX, ..limits() };
        let answer = self.answer(request, body, &limits).await?;
        Ok(Events { answer, sse: Sse::default(), ready: VecDeque::new(), server: self.base.to_string() })
    }

    /// Opens a WebSocket at a path of this server.
    pub(crate) async fn websocket(&self, path: &str) -> Result<WebSocket, EgressError> {
        let mut url = self.base.clone();
        url.set_path(path);
        self.egress.websocket(&Policy::trusted(), &url, HeaderMap::new(), &WebSocketLimits::default()).await
    }

    async fn send(&self, method: Method, path: &[&str], body: Option<&Value>) -> anyhow::Result<Value> {
        let mut request = self.request(method, path, &[])?;
        if body.is_some() {
            request = request.header(CONTENT_TYPE, JSON);
        }
        self.json(request, body.map(serde_json::to_vec).transpose()?.unwrap_or_default().into()).await
    }

    fn request(&self, method: Method, path: &[&str], query: Query<'_>) -> anyhow::Result<http::request::Builder> {
        let url = self.address(path, query)?;
        let mut request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, JSON);
        if let Some(tenant) = &self.tenant {
            request = request.header("x-tenant", tenant.clone());
        }
        Ok(request)
    }

    async fn json(&self, request: http::request::Builder, body: Bytes) -> anyhow::Result<Value> {
        let answer = self.answer(request, body, &limits()).await?;
        let status = answer.status();
        let body = answer.bytes().await.with_context(|| self.unreachable())?;
        if status == StatusCode::NO_CONTENT || body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).with_context(|| format!("{} does not answer like a Trunkline server", self.base))
    }

    /// The answer of a server that does what is asked.
    async fn answer(
        &self,
        request: http::request::Builder,
        body: Bytes,
        limits: &HttpLimits,
    ) -> anyhow::Result<Response> {
        let answer = self.http.send(request.body(body)?, limits).await.with_context(|| self.unreachable())?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body = answer.bytes().await.unwrap_or_default();
        Err(refusal(status, &body, &self.token_from))
    }

    fn unreachable(&self) -> String {
        format!("the server {} cannot be reached", self.base)
    }

    fn address(&self, path: &[&str], query: Query<'_>) -> anyhow::Result<Url> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow!("{} is no server", self.base))?
            .pop_if_empty()
            .extend(["api", "v1"])
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

fn limits() -> HttpLimits {
    HttpLimits {
        headers_within: PATIENCE,
        idle: PATIENCE,
        total: PATIENCE * 2,
        max_body_bytes: MAX_BODY,
        ..HttpLimits::default()
    }
}

/// A stream of events that is being read.
pub(crate) struct Events {
    answer: Response,
    sse: Sse,
    ready: VecDeque<Event>,
    server: String,
}

impl Events {
    /// The next event; `None` when the server has ended the stream. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The connection broke, or what comes are no events.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Event>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let broken = || format!("the stream of the server {} broke", self.server);
            match self.answer.chunk().await.with_context(broken)? {
                Some(bytes) => self.ready.extend(self.sse.push(&bytes)?),
                None => return Ok(None),
            }
        }
    }
}

/// What a problem document says.
pub(crate) fn refusal(status: StatusCode, body: &[u8], token_from: &str) -> anyhow::Error {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let said = [problem.detail, problem.title].into_iter().find(|text| !text.is_empty());
    let said = said.unwrap_or_else(|| "it gives no reason".to_owned());
    if problem.errors.is_empty() {
        let unknown = status == StatusCode::UNAUTHORIZED;
        let detail = if unknown { format!("{said} (the token is that of {token_from})") } else { said };
        let kind = problem.kind.rsplit([':', '/']).next().unwrap_or_default().to_owned();
        return Refused { status, kind, detail }.into();
    }
    let faults = problem.errors.into_iter().map(|error| Fault {
        pointer: error.pointer,
        code: error.code,
        message: error.message,
        severity: error.severity.unwrap_or(Severity::Error),
    });
    Faults { detail: said, faults: faults.collect() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_refusal_becomes_a_sentence(status in 400_u16..600, body: Vec<u8>) {
            let error = refusal(StatusCode::from_u16(status).unwrap(), &body, "X");
            assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn a_problem_with_errors_becomes_faults() {
        let body = br#"{"status": 422, "detail": "two faults", "errors": [{"pointer": "/a", "code": "missing", "message": "m"}]}"#;
        let error = refusal(StatusCode::UNPROCESSABLE_ENTITY, body, "X");
        let faults = error.downcast_ref::<Faults>().unwrap();
        assert_eq!((faults.detail.as_str(), faults.faults[0].pointer.as_str()), ("two faults", "/a"));
    }

    #[test]
    fn the_kind_of_a_problem_is_kept() {
        let body = br#"{"type": "urn:trunkline:problem:busy", "detail": "wait"}"#;
        let error = refusal(StatusCode::CONFLICT, body, "X");
        let refused = error.downcast_ref::<Refused>().unwrap();
        assert_eq!(
            (refused.kind.as_str(), refused.to_string().as_str()),
            ("busy", "the server refuses with 409: wait")
        );
    }
}
