//! What calls have used: counted from their records.

use crate::Result;
use crate::bind::params;
use crate::store::TenantStore;
use schemars::JsonSchema;
use serde::Serialize;
use trunkline_contract::AgentId;

/// What the calls of one agent have used in one month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UsageLine {
    /// `2026-11`, UTC.
    pub month: String,
    /// The agent.
    pub agent_id: AgentId,
    /// Calls that have ended.
    pub calls: u64,
    /// Their length, s.
    pub seconds: u64,
    /// What they have cost by the host's price list, millionths of a US dollar.
    pub cost_micros: u64,
}

impl TenantStore {
    /// What calls that began from `from_ms` until before `to_ms` have used, by month and agent, latest month first.
    pub async fn usage(&self, from_ms: u64, to_ms: u64) -> Result<Vec<UsageLine>> {
        const SQL: &str = "SELECT strftime('%Y-%m', started_at_ms / 1000, 'unixepoch') AS month, agent_id, count(*), \
            sum(max(coalesce(ended_at_ms, 0) - started_at_ms, 0)) / 1000, sum(coalesce(cost_micros, 0)) FROM calls \
            WHERE tenant_id = ?1 AND started_at_ms >= ?2 AND started_at_ms < ?3 AND state = 'ended' \
            GROUP BY month, agent_id ORDER BY month DESC, agent_id";
        let tenant = self.id;
        self.store
            .read(move |db| {
                Ok(db.all(SQL, params![tenant, from_ms, to_ms], |row| {
                    Ok(UsageLine {
                        month: row.text(0)?,
                        agent_id: AgentId(row.uuid(1)?),
                        calls: row.u64(2)?,
                        seconds: row.u64(3)?,
                        cost_micros: row.u64(4)?,
                    })
                })?)
            })
            .await
    }

    /// What the calls of the calendar month (UTC) that `now_ms` lies in have cost, millionths of a US dollar.
    pub async fn spent_this_month(&self, now_ms: u64) -> Result<u64> {
        const SQL: &str = "SELECT coalesce(sum(cost_micros), 0) FROM calls WHERE tenant_id = ?1 AND started_at_ms >= \
            unixepoch(?2 / 1000, 'unixepoch', 'start of month') * 1000";
        let tenant = self.id;
        self.store.read(move |db| Ok(db.first(SQL, params![tenant, now_ms], |row| row.u64(0))?.unwrap_or(0))).await
    }
}
