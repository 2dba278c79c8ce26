//! The agent that answers where none is named, and the agents that a tenant begins with.

use super::{AgentVersion, Agents, NewVersion, latest, make, version};
use crate::audit::{Deed, record};
use crate::bind::params;
use crate::sqlite::Db;
use crate::writer::Tx;
use crate::{Result, StoreError};
use serde_json::json;
use trunkline_contract::{AgentId, TenantId};

/// The environment of hosts that name none.
pub const PRODUCTION: &str = "production";

impl Agents<'_> {
    /// The latest version of the agent that answers where none is named. An environment without one of its own has that
    /// of [`PRODUCTION`].
    pub async fn current(&self, environment: &str) -> Result<Option<AgentVersion>> {
        let (tenant, environment) = (self.0.id, environment.to_owned());
        self.0.store.read(move |db| current(db, tenant, &environment)).await
    }

    /// Lets an agent answer where none is named, in one environment.
    ///
    /// # Errors
    /// `NotFound`; `InUse`: it is archived.
    pub async fn set_default(&self, id: AgentId, environment: &str, now_ms: u64) -> Result<AgentVersion> {
        let (tenant, actor, environment) = (self.0.id, self.0.actor.clone(), environment.to_owned());
        self.0
            .store
            .write(move |tx| {
                let agent = latest(tx, tenant, id)?.ok_or(StoreError::NotFound("agent"))?;
                if agent.document.pointer("/metadata/status").is_some_and(|status| status == "archived") {
                    return Err(StoreError::Invalid("the agent is archived: restore it first"));
                }
                set(tx, tenant, id, &environment, now_ms)?;
                let what = json!({"environment": environment});
                record(tx, Some(tenant), &actor, now_ms, Deed::new("agent.set-default", id).after(&what))?;
                current(tx, tenant, &environment)?.ok_or(StoreError::NotFound("agent"))
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
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                let seeded = tx.execute(ONCE, params![tenant, now_ms])? == 0;
                if seeded || tx.first(ANY, params![tenant], |_| Ok(()))?.is_some() {
                    return Ok(Vec::new());
                }
                let mut made =
                    first.into_iter().map(|new| make(tx, tenant, &actor, new)).collect::<Result<Vec<_>>>()?;
                if let Some(first) = made.first_mut() {
                    set(tx, tenant, first.agent_id, PRODUCTION, now_ms)?;
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

fn current(db: &Db, tenant: TenantId, environment: &str) -> Result<Option<AgentVersion>> {
    const SQL: &str = select!(
        "v.version = a.latest_version AND a.id = (SELECT agent_id FROM default_agents WHERE tenant_id = ?1 \
         AND environment IN (?2, ?3) ORDER BY environment = ?2 DESC LIMIT 1)"
    );
    Ok(db.first(SQL, params![tenant, environment, PRODUCTION], version)?)
}

fn set(tx: &Tx<'_>, tenant: TenantId, id: AgentId, environment: &str, now_ms: u64) -> Result<()> {
    const SQL: &str = "INSERT INTO default_agents (tenant_id, environment, agent_id, set_at_ms) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (tenant_id, environment) DO UPDATE SET agent_id = excluded.agent_id, set_at_ms = excluded.set_at_ms";
    tx.execute(SQL, params![tenant, environment, id, now_ms])?;
    Ok(())
}
