//! Phone numbers: which agent answers. A number answers for one agent, whoever the tenant.

use crate::audit::{Deed, record};
use crate::bind::{Columns, params};
use crate::store::{Store, TenantStore};
use crate::{Result, StoreError, agents};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use trunkline_contract::{AgentId, TenantId};

/// A number and who answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Number {
    /// E.164.
    pub e164: String,
    /// Who answers.
    pub agent_id: AgentId,
    /// Unix ms.
    pub assigned_at_ms: u64,
}

/// Who answers a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberOwner {
    /// Whose number it is.
    pub tenant: TenantId,
    /// Who answers.
    pub agent: AgentId,
}

/// The numbers of one tenant.
pub struct Numbers<'a>(pub(crate) &'a TenantStore);

fn number(row: &Columns<'_>) -> Result<Number> {
    Ok(Number { e164: row.text(0)?, agent_id: AgentId(row.uuid(1)?), assigned_at_ms: row.u64(2)? })
}

impl Store {
    /// Who answers a number; for webhooks, which name only the number.
    pub async fn number_owner(&self, e164: impl Into<String>) -> Result<Option<NumberOwner>> {
        const SQL: &str = "SELECT tenant_id, agent_id FROM numbers WHERE e164 = ?1";
        let e164 = e164.into();
        self.read(move |db| {
            Ok(db.first(SQL, params![e164], |row| {
                Ok(NumberOwner { tenant: TenantId(row.uuid(0)?), agent: AgentId(row.uuid(1)?) })
            })?)
        })
        .await
    }
}

impl Numbers<'_> {
    /// Lets an agent answer a number, in place of the tenant's agent that did so far.
    ///
    /// # Errors
    /// `NumberTaken`: it answers for another tenant. `NotFound`: the agent is not this tenant's.
    pub async fn assign(&self, e164: impl Into<String>, agent: AgentId, now_ms: u64) -> Result<Number> {
        const SQL: &str = "INSERT INTO numbers (e164, tenant_id, agent_id, assigned_at_ms) VALUES (?1, ?2, ?3, ?4) \
            ON CONFLICT (e164) DO UPDATE SET agent_id = excluded.agent_id, assigned_at_ms = excluded.assigned_at_ms \
            WHERE tenant_id = excluded.tenant_id";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        let made = Number { e164: e164.into(), agent_id: agent, assigned_at_ms: now_ms };
        self.0
            .store
            .write(move |tx| {
                agents::owns(tx, tenant, agent)?;
                match tx.execute(SQL, params![made.e164.as_str(), tenant, agent, now_ms])? {
                    0 => Err(StoreError::NumberTaken),
                    _ => {
                        let what = json!({"agent_id": agent});
                        let deed = Deed::new("number.assign", &made.e164).after(&what);
                        record(tx, Some(tenant), &actor, now_ms, deed)?;
                        Ok(made)
                    }
                }
            })
            .await
    }

    /// Nobody answers the number any more; false when nobody of this tenant did.
    pub async fn unassign(&self, e164: impl Into<String>, now_ms: u64) -> Result<bool> {
        const SQL: &str = "DELETE FROM numbers WHERE e164 = ?1 AND tenant_id = ?2";
        let (tenant, actor, e164) = (self.0.id, self.0.actor.clone(), e164.into());
        self.0
            .store
            .write(move |tx| {
                let there = tx.execute(SQL, params![e164.as_str(), tenant])? > 0;
                if there {
                    record(tx, Some(tenant), &actor, now_ms, Deed::new("number.unassign", &e164))?;
                }
                Ok(there)
            })
            .await
    }

    /// The tenant's numbers, in order.
    pub async fn list(&self) -> Result<Vec<Number>> {
        const SQL: &str = "SELECT e164, agent_id, assigned_at_ms FROM numbers WHERE tenant_id = ?1 ORDER BY e164";
        let tenant = self.0.id;
        self.0.store.read(move |db| Ok(db.all(SQL, params![tenant], number)?)).await
    }
}
