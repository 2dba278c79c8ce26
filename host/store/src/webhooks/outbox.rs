//! What is due to be sent: claimed by one worker at a time, tried again at growing distances, and then given up.

use super::{NewWebhook, context, insert, secret, status};
use crate::Result;
use crate::bind::{json, params};
use crate::store::Store;
use crate::vault::Vault;
use crate::writer::Tx;
use serde_json::Value;
use trunkline_contract::agent::{Webhook as InContract, WebhookEvent};
use trunkline_contract::{AgentId, CallId, DeliveryId, TenantId, WebhookId};
use uuid::Uuid;

/// After each failed try it is waited so long for the next, s.
const RETRIES_S: [u64; 7] = [5, 30, 120, 900, 3_600, 14_400, 43_200];
/// Whoever claims a delivery has so long to tell its outcome, ms.
const CLAIM_MS: u64 = 60_000;

/// An event to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Emit {
    /// What.
    pub event: WebhookEvent,
    /// Its data.
    pub data: Value,
    /// Webhooks of the agent's contract.
    pub in_contract: Vec<InContract>,
    /// Unix ms.
    pub now_ms: u64,
}

/// A delivery that somebody has claimed.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// The delivery.
    pub id: DeliveryId,
    /// Whose it is.
    pub tenant: TenantId,
    /// To whom.
    pub webhook: WebhookId,
    /// Where.
    pub url: String,
    /// The same for each try.
    pub event_id: String,
    /// The body.
    pub payload: String,
    /// Tries before this one.
    pub attempts: u32,
    /// When the claim ends, unix ms; whoever claims it after that has another.
    pub claimed_until_ms: u64,
}

/// How a try went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken, with this status.
    Delivered(u16),
    /// It was not: the status, if there was one, and why.
    Failed(Option<u16>, String),
}

/// Writes an event to everybody who is told of it, within the transaction of what it tells of.
pub(crate) fn enqueue(
    tx: &Tx<'_>,
    vault: Option<&Vault>,
    tenant: TenantId,
    agent: AgentId,
    call: CallId,
    emit: &Emit,
) -> Result<()> {
    const WHO: &str = "SELECT id FROM webhooks WHERE tenant_id = ?1 AND status = 'active' AND of_contract = 0 \
        AND (agent_id IS NULL OR agent_id = ?2) AND EXISTS (SELECT 1 FROM json_each(events) WHERE value = ?3)";
    const URLS: &str = "SELECT url FROM webhooks WHERE tenant_id = ?1 AND status = 'active' AND of_contract = 0 \
        AND (agent_id IS NULL OR agent_id = ?2) AND EXISTS (SELECT 1 FROM json_each(events) WHERE value = ?3)";
    const SQL: &str = "INSERT INTO deliveries (id, tenant_id, webhook_id, event_id, event, call_id, payload, state, \
        next_at_ms, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'pending', ?8, ?8)";
    let name = emit.event.name();
    let mut told = tx.all(WHO, params![tenant, agent, name], |row| Ok(WebhookId(row.uuid(0)?)))?;
    let known = tx.all(URLS, params![tenant, agent, name], |row| row.text(0))?;
    // Whoever is told already is not told twice.
    let new = emit.in_contract.iter().filter(|endpoint| !known.contains(&endpoint.url));
    for endpoint in new.filter(|endpoint| endpoint.events.contains(&emit.event)) {
        told.extend(of_contract(tx, vault, tenant, agent, endpoint, emit.now_ms)?);
    }
    if told.is_empty() {
        return Ok(());
    }
    let event_id = format!("evt_{}", Uuid::now_v7().simple());
    let payload = json(&serde_json::json!({
        "type": name, "id": event_id, "timestamp_ms": emit.now_ms, "tenant_id": tenant, "data": emit.data,
    }))?;
    for webhook in told {
        let id = DeliveryId(Uuid::now_v7());
        tx.execute(SQL, params![id, tenant, webhook, event_id.as_str(), name, call, payload.as_str(), emit.now_ms])?;
    }
    Ok(())
}

/// The webhook of an endpoint that stands in a contract; made when it is told for the first time.
fn of_contract(
    tx: &Tx<'_>,
    vault: Option<&Vault>,
    tenant: TenantId,
    agent: AgentId,
    endpoint: &InContract,
    now_ms: u64,
) -> Result<Option<WebhookId>> {
    const KNOWN: &str =
        "SELECT id, status FROM webhooks WHERE tenant_id = ?1 AND agent_id = ?2 AND url = ?3 AND of_contract = 1";
    const EVENTS: &str = "UPDATE webhooks SET events = ?2, updated_at_ms = ?3 WHERE id = ?1 AND events <> ?2";
    let known = tx.first(KNOWN, params![tenant, agent, endpoint.url.as_str()], |row| {
        Ok((WebhookId(row.uuid(0)?), row.text(1)?))
    })?;
    if let Some((id, state)) = known {
        tx.execute(EVENTS, params![id, json(&endpoint.events)?, now_ms])?;
        return Ok((state == status(true)).then_some(id));
    }
    let Some(vault) = vault else { return Ok(None) };
    let id = WebhookId(Uuid::now_v7());
    let sealed = vault.seal(secret()?.as_bytes(), &context(id))?;
    let events = endpoint.events.clone();
    let new = NewWebhook { agent_id: Some(agent), url: endpoint.url.clone(), events, active: true, now_ms };
    insert(tx, tenant, id, sealed, &new, true)?;
    Ok(Some(id))
}

impl Store {
    /// Claims what is due, oldest first; nobody else gets it within a minute.
    pub async fn claim_deliveries(&self, now_ms: u64, most: usize) -> Result<Vec<Due>> {
        const SQL: &str = "SELECT d.id, d.tenant_id, d.webhook_id, w.url, d.event_id, d.payload, d.attempts \
            FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id \
            WHERE d.state = 'pending' AND d.next_at_ms <= ?1 AND w.status = 'active' ORDER BY d.next_at_ms LIMIT ?2";
        const ANY: &str = "SELECT 1 FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id \
            WHERE d.state = 'pending' AND d.next_at_ms <= ?1 AND w.status = 'active' LIMIT 1";
        const CLAIM: &str = "UPDATE deliveries SET next_at_ms = ?2 WHERE id = ?1";
        // Mostly there is nothing, and the writer need not hear of it.
        if self.read(move |db| Ok(db.first(ANY, params![now_ms], |_| Ok(()))?)).await?.is_none() {
            return Ok(Vec::new());
        }
        self.write(move |tx| {
            let claimed_until_ms = now_ms.saturating_add(CLAIM_MS);
            let due = tx.all(SQL, params![now_ms, most], |row| {
                Ok(Due {
                    id: DeliveryId(row.uuid(0)?),
                    tenant: TenantId(row.uuid(1)?),
                    webhook: WebhookId(row.uuid(2)?),
                    url: row.text(3)?,
                    event_id: row.text(4)?,
                    payload: row.text(5)?,
                    attempts: row.u32(6)?,
                    claimed_until_ms,
                })
            })?;
            for one in &due {
                tx.execute(CLAIM, params![one.id, claimed_until_ms])?;
            }
            Ok(due)
        })
        .await
    }

    /// How the try of a claimed delivery went. Of no effect when somebody else has claimed it by now, or it is to be sent once
    /// more.
    pub async fn delivered(&self, due: &Due, outcome: Outcome, now_ms: u64) -> Result<()> {
        const DONE: &str = "UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, last_status = ?2, \
            last_error = NULL, finished_at_ms = ?3 WHERE id = ?1 AND state = 'pending' AND next_at_ms = ?4";
        const AGAIN: &str = "UPDATE deliveries SET attempts = attempts + 1, last_status = ?2, last_error = ?3, \
            next_at_ms = ?4 WHERE id = ?1 AND state = 'pending' AND next_at_ms = ?5";
        const GIVEN_UP: &str = "UPDATE deliveries SET state = 'failed', attempts = attempts + 1, last_status = ?2, \
            last_error = ?3, finished_at_ms = ?4 WHERE id = ?1 AND state = 'pending' AND next_at_ms = ?5";
        let (id, attempts, claim) = (due.id, due.attempts, due.claimed_until_ms);
        self.write(move |tx| {
            match outcome {
                Outcome::Delivered(status) => tx.execute(DONE, params![id, u32::from(status), now_ms, claim])?,
                Outcome::Failed(status, why) => {
                    let status = status.map(u32::from);
                    match RETRIES_S.get(attempts as usize) {
                        Some(wait_s) => {
                            tx.execute(AGAIN, params![id, status, why, now_ms.saturating_add(wait_s * 1_000), claim])?
                        }
                        None => tx.execute(GIVEN_UP, params![id, status, why, now_ms, claim])?,
                    }
                }
            };
            Ok(())
        })
        .await
    }
}
