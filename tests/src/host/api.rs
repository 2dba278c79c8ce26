//! The host's REST interface as an operator uses it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::interval;

/// Rows asked for at a time.
const PAGE: usize = 500;
/// Between two looks at a call, and how many.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: usize = 400;
/// How long a stream of events may take.
const STREAM_PATIENCE: Duration = Duration::from_secs(60);

/// The REST interface. Cloning gives another handle to the same host.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Api {
    pub(super) fn new(http: reqwest::Client, base: String, token: String) -> Self {
        Self { http, base, token }
    }

    /// The operator's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The same host with another token.
    #[must_use]
    pub fn with_token(&self, token: String) -> Self {
        Self { token, ..self.clone() }
    }

    /// A request that is yet to be sent; `path` begins with a slash.
    pub fn asking(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// Any request; `path` begins with a slash. Gives status and answer, which is null when it is no JSON.
    pub async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let mut request = self.asking(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("{path} gave no answer"))?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.unwrap_or(Value::Null)))
    }

    /// An answer that comes as server-sent events, to its end.
    pub async fn streamed(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Option<&Value>,
    ) -> Result<String> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        request = request.header("accept", "text/event-stream").timeout(STREAM_PATIENCE);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?.error_for_status()?;
        let kind = answer.headers().get("content-type").cloned();
        anyhow::ensure!(kind.as_ref().is_some_and(|kind| kind == "text/event-stream"), "{path} is no stream: {kind:?}");
        Ok(answer.text().await?)
    }

    /// Stores a contract and gives the agent's id.
    pub async fn create_agent(&self, contract: &Value) -> Result<String> {
        let made = self.send(Method::POST, "/agents", Some(contract)).await?;
        let id = made.get("agent_id").and_then(Value::as_str);
        Ok(id.with_context(|| format!("the new agent has no id: {made}"))?.to_owned())
    }

    /// Lets an agent answer a number.
    pub async fn assign(&self, number: &str, agent: &str) -> Result<()> {
        let path = format!("/phone-numbers/{number}/assign");
        self.send(Method::POST, &path, Some(&json!({"agent_id": agent}))).await.map(drop)
    }

    /// Every call.
    pub async fn calls(&self) -> Result<Vec<Value>> {
        let (mut all, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let next = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.get(&format!("/calls?limit={PAGE}{next}")).await?;
            all.extend(items(&page)?);
            cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }

    /// The call with the carrier's identifier.
    pub async fn call_of(&self, carrier_sid: &str) -> Result<Option<Value>> {
        let calls = self.calls().await?;
        Ok(calls.into_iter().find(|call| call.get("carrier_call_sid").is_some_and(|sid| sid == carrier_sid)))
    }

    /// Waits until the host has finished a call, and gives it.
    pub async fn ended(&self, carrier_sid: &str) -> Result<Value> {
        // A timer because the interface has no way to wait; the number of looks is the limit.
        let mut tick = interval(LOOK_EVERY);
        let mut last = Value::Null;
        for _ in 0..LOOKS {
            tick.tick().await;
            last = self.call_of(carrier_sid).await?.unwrap_or_default();
            if last.get("state").is_some_and(|state| state == "ended") {
                return Ok(last);
            }
        }
        bail!("the call {carrier_sid} has not ended: {last}")
    }

    /// What was said in a call.
    pub async fn transcript(&self, call: &str) -> Result<Vec<Value>> {
        items(&self.get(&format!("/calls/{call}/transcript")).await?)
    }

    /// Every row of a call's log.
    pub async fn events(&self, call: &str) -> Result<Vec<Value>> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let from = all.len() + 1;
            let page = items(&self.get(&format!("/calls/{call}/events?from_seq={from}&limit={PAGE}")).await?)?;
            let last = page.len() < PAGE;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, answer) = self.request(method.clone(), path, body).await?;
        if !(200..300).contains(&status) {
            bail!("{method} {path} answered {status}: {answer}");
        }
        Ok(answer)
    }
}

fn items(page: &Value) -> Result<Vec<Value>> {
    let items = page.get("items").and_then(Value::as_array);
    Ok(items.with_context(|| format!("this is no list: {page}"))?.clone())
}
