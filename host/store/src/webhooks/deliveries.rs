//! What was sent, or is to be sent, to one webhook.

use crate::audit::{Deed, record};
use crate::bind::{Columns, params};
use crate::page::{Cursor, Page, fetch, page};
use crate::store::TenantStore;
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use trunkline_contract::{CallId, DeliveryId, WebhookId};

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It is tried, or waits for its next try.
    Pending,
    /// It was taken.
    Delivered,
    /// It was given up.
    Failed,
}

/// One event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// To whom.
    pub webhook_id: WebhookId,
    /// The same for every webhook that is told, and for every try.
    pub event_id: String,
    /// `call.ended` and so on.
    pub event: String,
    /// The call that it is about.
    pub call_id: Option<CallId>,
    /// The body.
    pub payload: Value,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, unix ms; none: not by itself.
    pub next_at_ms: Option<u64>,
    /// HTTP status of the last try.
    pub last_status: Option<u32>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// Unix ms.
    pub created_at_ms: u64,
    /// Unix ms.
    pub finished_at_ms: Option<u64>,
}

/// The deliveries of one tenant.
pub struct Deliveries<'a>(pub(crate) &'a TenantStore);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, webhook_id, event_id, event, call_id, payload, state, attempts, next_at_ms, last_status, ",
            "last_error, created_at_ms, finished_at_ms FROM deliveries WHERE tenant_id = ?1 AND ",
            $rest
        )
    };
}

fn delivery(row: &Columns<'_>) -> Result<Delivery> {
    let state = match row.text(6)?.as_str() {
        "pending" => DeliveryState::Pending,
        "delivered" => DeliveryState::Delivered,
        _ => DeliveryState::Failed,
    };
    let next = row.u64(8)?;
    Ok(Delivery {
        id: DeliveryId(row.uuid(0)?),
        webhook_id: WebhookId(row.uuid(1)?),
        event_id: row.text(2)?,
        event: row.text(3)?,
        call_id: row.opt_uuid(4)?.map(CallId),
        payload: row.json(5)?,
        state,
        attempts: row.u32(7)?,
        next_at_ms: (state == DeliveryState::Pending).then_some(next),
        last_status: row.opt_u32(9)?,
        last_error: row.opt_text(10)?,
        created_at_ms: row.u64(11)?,
        finished_at_ms: row.opt_u64(12)?,
    })
}

impl Deliveries<'_> {
    /// Deliveries to a webhook, newest first; `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, webhook: WebhookId, cursor: Option<&str>, limit: usize) -> Result<Page<Delivery>> {
        const SQL: &str =
            select!("webhook_id = ?2 AND (created_at_ms, id) < (?3, ?4) ORDER BY created_at_ms DESC, id DESC LIMIT ?5");
        let (tenant, after) = (self.0.id, Cursor::parse(cursor)?);
        let fetched = self.0.store.read(move |db| {
            Ok(db.all(SQL, params![tenant, webhook, after.at_ms, after.id, fetch(limit)], delivery)?)
        });
        Ok(page(fetched.await?, limit, |delivery| Cursor { at_ms: delivery.created_at_ms, id: delivery.id.0 }))
    }

    /// Sends an event once more, whatever became of it: its tries begin anew.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn redeliver(&self, webhook: WebhookId, id: DeliveryId, now_ms: u64) -> Result<Delivery> {
        const SQL: &str = "UPDATE deliveries SET state = 'pending', attempts = 0, next_at_ms = ?4, finished_at_ms = NULL \
            WHERE tenant_id = ?1 AND webhook_id = ?2 AND id = ?3";
        const GET: &str = select!("id = ?2");
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                if tx.execute(SQL, params![tenant, webhook, id, now_ms])? == 0 {
                    return Err(StoreError::NotFound("delivery"));
                }
                record(tx, Some(tenant), &actor, now_ms, Deed::new("webhook.redeliver", id))?;
                tx.first(GET, params![tenant, id], delivery)?.ok_or(StoreError::NotFound("delivery"))
            })
            .await
    }
}

impl TenantStore {
    /// What was sent to webhooks, or is to be sent.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries(self)
    }
}
