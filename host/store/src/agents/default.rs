//! The agent that answers where none is named, and the agents that a tenant begins with.

use super::{AgentVersion, Agents, NewVersion, make, owns, version};
use crate::bind::params;
use crate::sqlite::Db;
use crate::writer::Tx;
use crate::{Result, StoreError};
use trunkline_contract::{AgentId, TenantId};

impl Agents<'_> {
    /// The latest version of the agent that answers where none is named.
    pub async fn current(&self) -> Result<Option<AgentVersion>> {
        let tenant = self.0.id;
        self.0.store.read(move |db| current(db, tenant)).await
    }

    /// Lets an agent answer where none is named.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn set_default(&self, id: AgentId, now_ms: u64) -> Result<AgentVersion> {
        let tenant = self.0.id;
        self.0
            .store
            .write(move |tx| {
                owns(tx, tenant, id)?;
                set(tx, tenant, id, now_ms)?;
                current(tx, tenant)?.ok_or(StoreError::NotFound("agent"))
            })
            .await
    }

    /// Makes the agents that a tenant begins with, once: a tenant that has agents, or was given its first ones before,
    /// gets none. The first of them becomes the default. Gives what was made.
    ///
    /// # Errors
    /// `NotFound`: there is no such tenant.
    pub async fn seed(&self, first: Vec<NewVersion>, now_ms: u64) -> Result<Vec<AgentVersion>> {
        const ONCE: &str =
            "INSERT INTO seeded_tenants (tenant_id, seeded_at_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        const ANY: &str = "SELECT 1 FROM agents WHERE tenant_id = ?1 LIMIT 1";
        let tenant = self.0.id;
        self.0
            .store
            .write(move |tx| {
                let seeded = tx.execute(ONCE, params![tenant, now_ms])? == 0;
                if seeded || tx.first(ANY, params![tenant], |_| Ok(()))?.is_some() {
                    return Ok(Vec::new());
                }
                let mut made = first.into_iter().map(|new| make(tx, tenant, new)).collect::<Result<Vec<_>>>()?;
                if let Some(first) = made.first_mut() {
                    set(tx, tenant, first.agent_id, now_ms)?;
                    first.default = true;
                }
                Ok(made)
            })
            .await
    }

    /// Whether the tenant was given its first agents, or needed none.
    pub async fn seeded(&self) -> Result<bool> {
        const SQL: &str = "SELECT 1 FROM seeded_tenants WHERE tenant_id = ?1";
        let tenant = self.0.id;
        self.0.store.read(move |db| Ok(db.first(SQL, params![tenant], |_| Ok(()))?.is_some())).await
    }
}

fn current(db: &Db, tenant: TenantId) -> Result<Option<AgentVersion>> {
    const SQL: &str =
        select!("v.version = a.latest_version AND a.id = (SELECT agent_id FROM default_agents WHERE tenant_id = ?1)");
    Ok(db.first(SQL, params![tenant], version)?)
}

fn set(tx: &Tx<'_>, tenant: TenantId, id: AgentId, now_ms: u64) -> Result<()> {
    const SQL: &str = "INSERT INTO default_agents (tenant_id, agent_id, set_at_ms) VALUES (?1, ?2, ?3) \
        ON CONFLICT (tenant_id) DO UPDATE SET agent_id = excluded.agent_id, set_at_ms = excluded.set_at_ms";
    tx.execute(SQL, params![tenant, id, now_ms])?;
    Ok(())
}
