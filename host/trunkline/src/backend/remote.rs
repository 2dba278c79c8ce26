//! Answers from a running server.

use super::{Faults, PageOf, ROWS};
use crate::config::{Config, Environment};
use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use trunkline_contract::log::Row;
use trunkline_contract::{AgentId, CallId, Fault, Severity};
use trunkline_egress::{HttpClient, HttpLimits, Policy, Url};

/// Pages of logs are larger than other answers.
const MAX_BODY: usize = 64 << 20;

/// A server.
pub(crate) struct Remote {
    client: HttpClient,
    base: Url,
    authorization: HeaderValue,
    tenant: Option<HeaderValue>,
}

/// What a server says when it refuses (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
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

impl Remote {
    pub(crate) fn new(
        server: &str,
        tenant: Option<String>,
        env: &Environment,
        config: &Config,
    ) -> anyhow::Result<Self> {
        let base = Url::parse(server).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let base = base.with_context(|| {
            format!("`{server}` is no server: give an address such as http://127.0.0.1:8080 with --server")
        })?;
        let Some(token) = env.get("TRUNKLINE_TOKEN").filter(|token| !token.is_empty()) else {
            bail!("the server wants a token: set TRUNKLINE_TOKEN (`trunkline token issue` makes one)");
        };
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| anyhow!("TRUNKLINE_TOKEN is no token"))?;
        authorization.set_sensitive(true);
        let tenant = tenant.map(HeaderValue::try_from).transpose().context("the tenant's name cannot be sent")?;
        let client = crate::outgoing::egress(config)?.http(Policy::trusted())?;
        Ok(Self { client, base, authorization, tenant })
    }

    pub(crate) async fn agents(&self, page: &PageOf) -> anyhow::Result<Value> {
        self.get(&["agents"], &page.query()).await
    }

    pub(crate) async fn agent(&self, id: AgentId) -> anyhow::Result<Value> {
        self.get(&["agents", &id.to_string()], &[]).await
    }

    pub(crate) async fn create_agent(&self, document: &Value) -> anyhow::Result<Value> {
        self.post(&["agents"], Some(document)).await
    }

    pub(crate) async fn validate(&self, document: &Value) -> anyhow::Result<Vec<Fault>> {
        let mut answer = self.post(&["agents", "validate"], Some(document)).await?;
        Ok(serde_json::from_value(answer["warnings"].take()).unwrap_or_default())
    }

    pub(crate) async fn numbers(&self) -> anyhow::Result<Value> {
        self.get(&["phone-numbers"], &[]).await
    }

    pub(crate) async fn assign(&self, e164: &str, agent: AgentId) -> anyhow::Result<Value> {
        self.post(&["phone-numbers", e164, "assign"], Some(&json!({"agent_id": agent}))).await
    }

    pub(crate) async fn unassign(&self, e164: &str) -> anyhow::Result<()> {
        self.post(&["phone-numbers", e164, "unassign"], None).await.map(|_| ())
    }

    pub(crate) async fn calls(&self, state: Option<&str>, page: &PageOf) -> anyhow::Result<Value> {
        let mut query = page.query();
        query.extend(state.map(|state| ("state", state.to_owned())));
        self.get(&["calls"], &query).await
    }

    pub(crate) async fn call(&self, id: CallId) -> anyhow::Result<Value> {
        self.get(&["calls", &id.to_string()], &[]).await
    }

    pub(crate) async fn transcript(&self, id: CallId) -> anyhow::Result<Value> {
        self.get(&["calls", &id.to_string(), "transcript"], &[]).await
    }

    pub(crate) async fn rows(&self, id: CallId, from_seq: u64) -> anyhow::Result<Vec<Row>> {
        let query = [("from_seq", from_seq.to_string()), ("limit", ROWS.to_string())];
        let mut answer = self.get(&["calls", &id.to_string(), "events"], &query).await?;
        serde_json::from_value(answer["items"].take()).context("the server's log has rows of another version")
    }

    async fn get(&self, path: &[&str], query: &[(&str, String)]) -> anyhow::Result<Value> {
        self.send(Method::GET, path, query, Bytes::new()).await
    }

    async fn post(&self, path: &[&str], body: Option<&Value>) -> anyhow::Result<Value> {
        let body = body.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        self.send(Method::POST, path, &[], body.into()).await
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Bytes,
    ) -> anyhow::Result<Value> {
        let url = self.address(path, query)?;
        let mut request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/json");
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(tenant) = &self.tenant {
            request = request.header("x-tenant", tenant.clone());
        }
        let limits = HttpLimits { max_body_bytes: MAX_BODY, ..HttpLimits::default() };
        let unreachable = || format!("the server {} cannot be reached", self.base);
        let answer = self.client.send(request.body(body)?, &limits).await.with_context(unreachable)?;
        let status = answer.status();
        let body = answer.bytes().await.with_context(unreachable)?;
        match status {
            StatusCode::NO_CONTENT => Ok(Value::Null),
            status if status.is_success() => serde_json::from_slice(&body)
                .with_context(|| format!("{} does not answer like a Trunkline server", self.base)),
            status => Err(refusal(status, &body)),
        }
    }

    fn address(&self, path: &[&str], query: &[(&str, String)]) -> anyhow::Result<Url> {
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

impl PageOf {
    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![("limit", self.limit.to_string())];
        query.extend(self.cursor.clone().map(|cursor| ("cursor", cursor)));
        query
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> anyhow::Error {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let said = [problem.detail, problem.title].into_iter().find(|text| !text.is_empty());
    let said = said.unwrap_or_else(|| "it gives no reason".to_owned());
    if problem.errors.is_empty() {
        let token = if status == StatusCode::UNAUTHORIZED { " (the token is that of TRUNKLINE_TOKEN)" } else { "" };
        return anyhow!("the server refuses with {}: {said}{token}", status.as_u16());
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
            assert!(!refusal(StatusCode::from_u16(status).unwrap(), &body).to_string().is_empty());
        }
    }

    #[test]
    fn a_problem_with_errors_becomes_faults() {
        let body = br#"{"status": 422, "detail": "two faults", "errors": [{"pointer": "/a", "code": "missing", "message": "m"}]}"#;
        let error = refusal(StatusCode::UNPROCESSABLE_ENTITY, body);
        let faults = error.downcast_ref::<Faults>().unwrap();
        assert_eq!((faults.detail.as_str(), faults.faults[0].pointer.as_str()), ("two faults", "/a"));
    }
}
