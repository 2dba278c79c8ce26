//! Agents that are put away, taken back, or set back to what they were.

use super::{AgentVersion, Agents, NewVersion, change, get};
use crate::bind::params;
use crate::writer::Tx;
use crate::{Result, StoreError};
use serde_json::{Value, json};
use trunkline_contract::{AgentId, TenantId};

impl Agents<'_> {
    /// Puts an agent away, as a new version: it answers nobody and its name is free.
    ///
    /// # Errors
    /// `NotFound`; `StaleVersion`; `InUse`: it answers where none is named, or a number.
    pub async fn archive(&self, id: AgentId, expected: Option<u32>, now_ms: u64) -> Result<AgentVersion> {
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                unused(tx, tenant, id)?;
                change(tx, tenant, &actor, id, expected, "agent.archive", |before| {
                    Ok(with_status(before, "archived", "Archived", now_ms))
                })
            })
            .await
    }

    /// Takes an archived agent back, as a new version.
    ///
    /// # Errors
    /// `NotFound`; `Taken`: another agent has its name by now.
    pub async fn restore(&self, id: AgentId, now_ms: u64) -> Result<AgentVersion> {
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                change(tx, tenant, &actor, id, None, "agent.restore", |before| {
                    Ok(with_status(before, "active", "Restored", now_ms))
                })
            })
            .await
    }

    /// Makes a new version of an old one's document.
    ///
    /// # Errors
    /// `NotFound`: the agent or the version; `StaleVersion`; `Taken`: another agent has the old name by now.
    pub async fn rollback(
        &self,
        id: AgentId,
        to: u32,
        expected: Option<u32>,
        summary: Option<String>,
        now_ms: u64,
    ) -> Result<AgentVersion> {
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                let old = get(tx, tenant, id, to)?.ok_or(StoreError::NotFound("version"))?;
                let summary = summary.or_else(|| Some(format!("Back to version {to} ({})", old.semver)));
                let document = old.document;
                change(tx, tenant, &actor, id, expected, "agent.rollback", |_| {
                    Ok(NewVersion { document, summary, now_ms, ..NewVersion::default() })
                })
            })
            .await
    }
}

fn with_status(before: &AgentVersion, status: &str, summary: &str, now_ms: u64) -> NewVersion {
    let mut document = before.document.clone();
    if let Value::Object(fields) = &mut document {
        let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
        if let Value::Object(metadata) = metadata {
            metadata.insert("status".to_owned(), status.into());
        }
    }
    NewVersion { document, summary: Some(summary.to_owned()), now_ms, ..NewVersion::default() }
}

/// Nobody would be left without an answer.
fn unused(tx: &Tx<'_>, tenant: TenantId, id: AgentId) -> Result<()> {
    const DEFAULT: &str = "SELECT environment FROM default_agents WHERE tenant_id = ?1 AND agent_id = ?2";
    const NUMBER: &str = "SELECT e164 FROM numbers WHERE tenant_id = ?1 AND agent_id = ?2 LIMIT 1";
    if let Some(environment) = tx.first(DEFAULT, params![tenant, id], |row| row.text(0))? {
        return Err(StoreError::InUse(format!("it is the default agent of {environment}")));
    }
    if let Some(number) = tx.first(NUMBER, params![tenant, id], |row| row.text(0))? {
        return Err(StoreError::InUse(format!("it answers {number}")));
    }
    Ok(())
}
