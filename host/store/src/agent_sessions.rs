//! Sessions with agents: somebody's conversations with an agent that was set up for them.

use crate::audit::{Deed, HOST, record};
use crate::bind::{Columns, json, params};
use crate::page::{Cursor, Page, fetch, page};
use crate::sqlite::Db;
use crate::store::{Store, TenantStore};
use crate::writer::Tx;
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use trunkline_contract::{AgentId, SessionId, TenantId};
use uuid::Uuid;

/// Somebody's conversations with an agent that was set up for them.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AgentSession {
    /// Its id.
    pub id: SessionId,
    /// The agent.
    pub agent_id: AgentId,
    /// The version that answers to the end.
    pub agent_version: u32,
    /// Whose it is, in the tenant's own words.
    pub user: Option<String>,
    /// A part of a contract: what differs for this session.
    pub overrides: Value,
    /// Put over the agent's context data.
    pub context: Map<String, Value>,
    /// Whether it goes on.
    pub active: bool,
    /// Unix ms.
    pub created_at_ms: u64,
    /// When it was last used, unix ms.
    pub active_at_ms: u64,
    /// Unix ms.
    pub ended_at_ms: Option<u64>,
    /// `ended`, `idle`.
    pub end_reason: Option<String>,
}

/// A session to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSession {
    /// The agent.
    pub agent_id: AgentId,
    /// The version that answers.
    pub agent_version: u32,
    /// Whose it is.
    pub user: Option<String>,
    /// A validated part of a contract.
    pub overrides: Value,
    /// Put over the agent's context data.
    pub context: Map<String, Value>,
    /// Sessions at a time.
    pub most: u64,
    /// Unix ms.
    pub now_ms: u64,
}

/// The sessions of one tenant.
pub struct AgentSessions<'a>(pub(crate) &'a TenantStore);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, agent_id, agent_version, user, overrides, context, state = 'active', created_at_ms, ",
            "active_at_ms, ended_at_ms, end_reason FROM agent_sessions WHERE tenant_id = ?1 AND ",
            $rest
        )
    };
}

fn session(row: &Columns<'_>) -> Result<AgentSession> {
    Ok(AgentSession {
        id: SessionId(row.uuid(0)?),
        agent_id: AgentId(row.uuid(1)?),
        agent_version: row.u32(2)?,
        user: row.opt_text(3)?,
        overrides: row.json(4)?,
        context: row.json(5)?,
        active: row.bool(6)?,
        created_at_ms: row.u64(7)?,
        active_at_ms: row.u64(8)?,
        ended_at_ms: row.opt_u64(9)?,
        end_reason: row.opt_text(10)?,
    })
}

fn get(db: &Db, tenant: TenantId, id: SessionId) -> Result<Option<AgentSession>> {
    const SQL: &str = select!("id = ?2");
    Ok(db.first(SQL, params![tenant, id], session)?)
}

impl AgentSessions<'_> {
    /// Makes a session.
    ///
    /// # Errors
    /// `Limit`: there are `most` already. `NotFound`: the agent is not this tenant's.
    pub async fn create(&self, new: NewSession) -> Result<AgentSession> {
        const COUNT: &str = "SELECT count(*) FROM agent_sessions WHERE tenant_id = ?1 AND state = 'active'";
        const SQL: &str = "INSERT INTO agent_sessions (id, tenant_id, agent_id, agent_version, user, overrides, context, \
            state, created_at_ms, active_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'active', ?8, ?8)";
        let (tenant, actor, id) = (self.0.id, self.0.actor.clone(), SessionId(Uuid::now_v7()));
        self.0
            .store
            .write(move |tx| {
                let NewSession { agent_id, agent_version, user, overrides, context, most, now_ms } = new;
                let there = tx.first(COUNT, params![tenant], |row| row.u64(0))?.unwrap_or(0);
                if there >= most {
                    return Err(StoreError::Limit { limit: "max_sessions", most });
                }
                let (with, about) = (json(&overrides)?, json(&context)?);
                tx.execute(SQL, params![id, tenant, agent_id, agent_version, user, with, about, now_ms])?;
                record(tx, Some(tenant), &actor, now_ms, Deed::new("session.create", id).after(&overrides))?;
                get(tx, tenant, id)?.ok_or(StoreError::NotFound("session"))
            })
            .await
    }

    /// One session.
    pub async fn get(&self, id: SessionId) -> Result<Option<AgentSession>> {
        let tenant = self.0.id;
        self.0.store.read(move |db| get(db, tenant, id)).await
    }

    /// It is used now; false: it has ended, or is none.
    pub async fn touch(&self, id: SessionId, now_ms: u64) -> Result<bool> {
        const SQL: &str = "UPDATE agent_sessions SET active_at_ms = max(active_at_ms, ?3) \
            WHERE tenant_id = ?1 AND id = ?2 AND state = 'active'";
        let tenant = self.0.id;
        self.0.store.write(move |tx| Ok(tx.execute(SQL, params![tenant, id, now_ms])? > 0)).await
    }

    /// Ends a session; a second time changes nothing.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn end(&self, id: SessionId, now_ms: u64) -> Result<AgentSession> {
        const SQL: &str = "UPDATE agent_sessions SET state = 'ended', ended_at_ms = ?3, end_reason = 'ended' \
            WHERE tenant_id = ?1 AND id = ?2 AND state = 'active'";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                if tx.execute(SQL, params![tenant, id, now_ms])? > 0 {
                    record(tx, Some(tenant), &actor, now_ms, Deed::new("session.end", id))?;
                }
                get(tx, tenant, id)?.ok_or(StoreError::NotFound("session"))
            })
            .await
    }

    /// Sessions, newest first; `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, active: Option<bool>, cursor: Option<&str>, limit: usize) -> Result<Page<AgentSession>> {
        const SQL: &str = select!(
            "(created_at_ms, id) < (?2, ?3) AND (?5 IS NULL OR (state = 'active') = ?5) \
             ORDER BY created_at_ms DESC, id DESC LIMIT ?4"
        );
        let (tenant, after) = (self.0.id, Cursor::parse(cursor)?);
        let fetched = self
            .0
            .store
            .read(move |db| Ok(db.all(SQL, params![tenant, after.at_ms, after.id, fetch(limit), active], session)?));
        Ok(page(fetched.await?, limit, |session| Cursor { at_ms: session.created_at_ms, id: session.id.0 }))
    }
}

impl TenantStore {
    /// Sessions with agents.
    pub fn agent_sessions(&self) -> AgentSessions<'_> {
        AgentSessions(self)
    }
}

/// Sessions that end at a time: the writer serves calls in between.
const BATCH: usize = 100;

impl Store {
    /// Ends the sessions of all tenants that nobody has used since `before_ms`, each with a line in its tenant's audit log;
    /// gives how many.
    pub async fn end_idle_sessions(&self, before_ms: u64, now_ms: u64) -> Result<u64> {
        let mut ended = 0;
        loop {
            let batch = self.write(move |tx| end_idle(tx, before_ms, now_ms)).await?;
            ended += batch as u64;
            if batch < BATCH {
                return Ok(ended);
            }
        }
    }
}

/// Ends up to [`BATCH`] of them; gives how many there were.
fn end_idle(tx: &Tx<'_>, before_ms: u64, now_ms: u64) -> Result<usize> {
    const IDLE: &str = "SELECT tenant_id, id FROM agent_sessions WHERE state = 'active' AND active_at_ms < ?1 LIMIT ?2";
    const END: &str = "UPDATE agent_sessions SET state = 'ended', ended_at_ms = ?2, end_reason = 'idle' WHERE id = ?1";
    let idle = tx.all(IDLE, params![before_ms, BATCH], |row| Ok((TenantId(row.uuid(0)?), SessionId(row.uuid(1)?))))?;
    for (tenant, id) in &idle {
        tx.execute(END, params![*id, now_ms])?;
        record(tx, Some(*tenant), HOST, now_ms, Deed::new("session.end", id))?;
    }
    Ok(idle.len())
}
