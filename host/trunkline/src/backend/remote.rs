//! Answers from a running server.

mod client;

pub(crate) use client::{Client, Events, Refused, refusal};

use super::{PageOf, ROWS};
use anyhow::Context;
use serde_json::{Value, json};
use trunkline_contract::log::Row;
use trunkline_contract::{AgentId, CallId, Fault};

/// A server.
#[derive(Clone)]
pub(crate) struct Remote(pub(crate) Client);

impl Remote {
    pub(crate) async fn agents(&self, page: &PageOf) -> anyhow::Result<Value> {
        self.0.get(&["agents"], &page.query()).await
    }

    pub(crate) async fn agent(&self, id: AgentId) -> anyhow::Result<Value> {
        self.0.get(&["agents", &id.to_string()], &[]).await
    }

    pub(crate) async fn default_agent(&self) -> anyhow::Result<Value> {
        self.0.get(&["agents", "current"], &[]).await
    }

    pub(crate) async fn set_default(&self, id: AgentId) -> anyhow::Result<Value> {
        self.0.post(&["agents", &id.to_string(), "set-default"], None).await
    }

    pub(crate) async fn versions(&self, id: AgentId, page: &PageOf) -> anyhow::Result<Value> {
        self.0.get(&["agents", &id.to_string(), "versions"], &page.query()).await
    }

    pub(crate) async fn create_agent(&self, document: &Value) -> anyhow::Result<Value> {
        self.0.post(&["agents"], Some(document)).await
    }

    pub(crate) async fn replace_agent(
        &self,
        id: AgentId,
        version: u64,
        document: &Value,
        why: Option<&str>,
    ) -> anyhow::Result<Value> {
        self.0.put(&["agents", &id.to_string()], &summary(why), version, document).await
    }

    pub(crate) async fn patch_agent(&self, id: AgentId, patch: &Value, why: Option<&str>) -> anyhow::Result<Value> {
        self.0.patch(&["agents", &id.to_string()], &summary(why), patch).await
    }

    pub(crate) async fn roll_back(&self, id: AgentId, version: u32, why: Option<&str>) -> anyhow::Result<Value> {
        let body = json!({"version": version, "summary": why});
        self.0.post(&["agents", &id.to_string(), "rollback"], Some(&body)).await
    }

    pub(crate) async fn validate(&self, document: &Value) -> anyhow::Result<Vec<Fault>> {
        let mut answer = self.0.post(&["agents", "validate"], Some(document)).await?;
        Ok(serde_json::from_value(answer["warnings"].take()).unwrap_or_default())
    }

    pub(crate) async fn numbers(&self) -> anyhow::Result<Value> {
        self.0.get(&["phone-numbers"], &[]).await
    }

    pub(crate) async fn assign(&self, e164: &str, agent: AgentId) -> anyhow::Result<Value> {
        self.0.post(&["phone-numbers", e164, "assign"], Some(&json!({"agent_id": agent}))).await
    }

    pub(crate) async fn unassign(&self, e164: &str) -> anyhow::Result<()> {
        self.0.post(&["phone-numbers", e164, "unassign"], None).await.map(|_| ())
    }

    pub(crate) async fn calls(&self, filter: &super::CallsOf, page: &PageOf) -> anyhow::Result<Value> {
        let mut query = page.query();
        query.extend(filter.state.map(|state| ("state", state.to_owned())));
        query.extend(filter.channel.map(|channel| ("channel", channel.to_owned())));
        query.extend(filter.agent.map(|agent| ("agent", agent.to_string())));
        self.0.get(&["calls"], &query).await
    }

    pub(crate) async fn call(&self, id: CallId) -> anyhow::Result<Value> {
        self.0.get(&["calls", &id.to_string()], &[]).await
    }

    pub(crate) async fn transcript(&self, id: CallId) -> anyhow::Result<Value> {
        self.0.get(&["calls", &id.to_string(), "transcript"], &[]).await
    }

    pub(crate) async fn latency(&self, id: CallId) -> anyhow::Result<Value> {
        self.0.get(&["calls", &id.to_string(), "latency"], &[]).await
    }

    pub(crate) async fn hang_up(&self, id: CallId) -> anyhow::Result<Value> {
        self.0.post(&["calls", &id.to_string(), "hangup"], None).await
    }

    /// A call as it goes on, from a row on.
    pub(crate) async fn live(&self, id: CallId, from_seq: u64) -> anyhow::Result<Events> {
        let query = [("from_seq", from_seq.to_string())];
        self.0.events(&["calls", &id.to_string(), "live"], &query, None).await
    }

    pub(crate) async fn rows(&self, id: CallId, from_seq: u64) -> anyhow::Result<Vec<Row>> {
        let query = [("from_seq", from_seq.to_string()), ("limit", ROWS.to_string())];
        let mut answer = self.0.get(&["calls", &id.to_string(), "events"], &query).await?;
        serde_json::from_value(answer["items"].take()).context("the server's log has rows of another version")
    }
}

fn summary(why: Option<&str>) -> Vec<(&'static str, String)> {
    why.map(|why| ("summary", why.to_owned())).into_iter().collect()
}

impl PageOf {
    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![("limit", self.limit.to_string())];
        query.extend(self.cursor.clone().map(|cursor| ("cursor", cursor)));
        query
    }
}
