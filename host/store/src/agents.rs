//! Agents: every write is a new, immutable version.

use crate::bind::{Columns, json, params};
use crate::page::{Cursor, Page, fetch, page};
use crate::store::TenantStore;
use crate::writer::Tx;
use crate::{Result, StoreError, new_agent_id};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use trunkline_contract::{AgentId, TenantId};

/// One version of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AgentVersion {
    /// The agent.
    pub agent_id: AgentId,
    /// Counts from 1.
    pub version: u32,
    /// The contract as it was given; the store does not validate it.
    pub document: Value,
    /// Unix ms.
    pub created_at_ms: u64,
    /// Who made it.
    pub author: Option<String>,
    /// What changed.
    pub summary: Option<String>,
    /// The agent answers where none is named.
    pub default: bool,
}

/// A version to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewVersion {
    /// A validated contract; its `name` is what the agent is found by.
    pub document: Value,
    /// Who makes it.
    pub author: Option<String>,
    /// What changes.
    pub summary: Option<String>,
    /// Unix ms.
    pub now_ms: u64,
}

/// The agents of one tenant.
pub struct Agents<'a>(pub(crate) &'a TenantStore);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT v.agent_id, v.version, v.document, v.created_at_ms, v.author, v.summary, a.created_at_ms, ",
            "EXISTS (SELECT 1 FROM default_agents d WHERE d.tenant_id = a.tenant_id AND d.agent_id = a.id) ",
            "FROM agents a JOIN agent_versions v ON v.agent_id = a.id WHERE a.tenant_id = ?1 AND ",
            $rest
        )
    };
}

mod default;
mod versions;

fn version(row: &Columns<'_>) -> Result<AgentVersion> {
    Ok(AgentVersion {
        agent_id: AgentId(row.uuid(0)?),
        version: row.u32(1)?,
        document: row.json(2)?,
        created_at_ms: row.u64(3)?,
        author: row.opt_text(4)?,
        summary: row.opt_text(5)?,
        default: row.u64(7)? != 0,
    })
}

fn name(document: &Value) -> String {
    document.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Agents<'_> {
    /// Makes an agent; its first version is 1.
    ///
    /// # Errors
    /// `NotFound`: there is no such tenant.
    pub async fn create(&self, new: NewVersion) -> Result<AgentVersion> {
        let tenant = self.0.id;
        self.0.store.write(move |tx| make(tx, tenant, new)).await
    }

    /// Makes the next version of an agent. With `expected`, only if that is still the latest.
    ///
    /// # Errors
    /// `NotFound`; `StaleVersion` when `expected` is not the latest.
    pub async fn update(&self, id: AgentId, expected: Option<u32>, new: NewVersion) -> Result<AgentVersion> {
        const LATEST: &str = "SELECT latest_version FROM agents WHERE tenant_id = ?1 AND id = ?2";
        const SQL: &str = "UPDATE agents SET name = ?3, latest_version = ?4, updated_at_ms = ?5 \
            WHERE tenant_id = ?1 AND id = ?2";
        let tenant = self.0.id;
        self.0
            .store
            .write(move |tx| {
                let latest = tx.first(LATEST, params![tenant, id], |row| row.u32(0))?;
                let latest = latest.ok_or(StoreError::NotFound("agent"))?;
                if expected.is_some_and(|expected| expected != latest) {
                    return Err(StoreError::StaleVersion { latest });
                }
                let next = latest.saturating_add(1);
                tx.execute(SQL, params![tenant, id, name(&new.document), next, new.now_ms])?;
                insert(tx, id, next, new)
            })
            .await
    }

    /// The latest version.
    pub async fn latest(&self, id: AgentId) -> Result<Option<AgentVersion>> {
        const SQL: &str = select!("a.id = ?2 AND v.version = a.latest_version");
        let tenant = self.0.id;
        self.0.store.read(move |db| Ok(db.first(SQL, params![tenant, id], version)?)).await
    }

    /// One version.
    pub async fn get(&self, id: AgentId, number: u32) -> Result<Option<AgentVersion>> {
        const SQL: &str = select!("a.id = ?2 AND v.version = ?3");
        let tenant = self.0.id;
        self.0.store.read(move |db| Ok(db.first(SQL, params![tenant, id, number], version)?)).await
    }

    /// The latest version of the oldest agent of this name.
    pub async fn by_name(&self, name: impl Into<String>) -> Result<Option<AgentVersion>> {
        const SQL: &str =
            select!("a.name = ?2 AND v.version = a.latest_version ORDER BY a.created_at_ms, a.id LIMIT 1");
        let (tenant, name) = (self.0.id, name.into());
        self.0.store.read(move |db| Ok(db.first(SQL, params![tenant, name], version)?)).await
    }

    /// All versions of an agent, newest first; none when there is no such agent.
    pub async fn versions(&self, id: AgentId) -> Result<Vec<AgentVersion>> {
        const SQL: &str = select!("a.id = ?2 ORDER BY v.version DESC");
        let tenant = self.0.id;
        self.0.store.read(move |db| Ok(db.all(SQL, params![tenant, id], version)?)).await
    }

    /// The latest version of each agent, newest agent first; `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, cursor: Option<&str>, limit: usize) -> Result<Page<AgentVersion>> {
        const SQL: &str = select!(
            "v.version = a.latest_version AND (a.created_at_ms, a.id) < (?2, ?3) \
             ORDER BY a.created_at_ms DESC, a.id DESC LIMIT ?4"
        );
        let (tenant, after) = (self.0.id, Cursor::parse(cursor)?);
        let fetched = self.0.store.read(move |db| {
            let values = params![tenant, after.at_ms, after.id, fetch(limit)];
            Ok(db.all(SQL, values, |row| Ok((row.u64(6)?, version(row)?)))?)
        });
        let page = page(fetched.await?, limit, |(at_ms, item)| Cursor { at_ms: *at_ms, id: item.agent_id.0 });
        let items = page.items.into_iter().map(|(_, item)| item).collect();
        Ok(Page { items, next_cursor: page.next_cursor })
    }
}

/// Whether an agent is this tenant's.
pub(crate) fn owns(tx: &Tx<'_>, tenant: TenantId, agent: AgentId) -> Result<()> {
    const SQL: &str = "SELECT 1 FROM agents WHERE id = ?1 AND tenant_id = ?2";
    tx.first(SQL, params![agent, tenant], |_| Ok(()))?.ok_or(StoreError::NotFound("agent"))
}

fn make(tx: &Tx<'_>, tenant: TenantId, new: NewVersion) -> Result<AgentVersion> {
    const SQL: &str = "INSERT INTO agents (id, tenant_id, name, latest_version, created_at_ms, updated_at_ms) \
        VALUES (?1, ?2, ?3, 1, ?4, ?4)";
    let id = new_agent_id();
    tx.execute(SQL, params![id, tenant, name(&new.document), new.now_ms])?;
    insert(tx, id, 1, new)
}

fn insert(tx: &Tx<'_>, agent_id: AgentId, version: u32, new: NewVersion) -> Result<AgentVersion> {
    const SQL: &str = "INSERT INTO agent_versions (agent_id, version, document, created_at_ms, author, summary) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    const DEFAULT: &str = "SELECT 1 FROM default_agents WHERE agent_id = ?1";
    let NewVersion { document, author, summary, now_ms } = new;
    tx.execute(SQL, params![agent_id, version, json(&document)?, now_ms, author.clone(), summary.clone()])?;
    let default = tx.first(DEFAULT, params![agent_id], |_| Ok(()))?.is_some();
    Ok(AgentVersion { agent_id, version, document, created_at_ms: now_ms, author, summary, default })
}
