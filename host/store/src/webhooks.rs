//! Who is told of events, and the outbox: deliveries are written in the transaction that ends a call, and sent afterwards.

use crate::audit::{Deed, record};
use crate::bind::{Columns, json, params};
use crate::page::{Cursor, Page, fetch, page};
use crate::sqlite::Db;
use crate::store::{Store, TenantStore};
use crate::vault::Secret;
use crate::writer::Tx;
use crate::{Result, StoreError, tokens};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json as object};
use trunkline_contract::agent::WebhookEvent;
use trunkline_contract::{AgentId, TenantId, WebhookId};
use uuid::Uuid;

mod deliveries;
mod outbox;

pub use deliveries::{Deliveries, Delivery, DeliveryState};
pub(crate) use outbox::enqueue;
pub use outbox::{Due, Emit, Outcome};

/// Random bytes of a signing secret.
const SECRET: usize = 24;

/// Somebody who is told of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Only of this agent's calls; none: of all.
    pub agent_id: Option<AgentId>,
    /// Where events are sent.
    pub url: String,
    /// Which events.
    pub events: Vec<WebhookEvent>,
    /// Nothing is sent while it is not.
    pub active: bool,
    /// It stands in the agent's contract and follows it.
    pub of_contract: bool,
    /// Counts its changes, from 1.
    pub version: u32,
    /// Unix ms.
    pub created_at_ms: u64,
}

/// A webhook to be made, or what it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWebhook {
    /// Only of this agent's calls; none: of all.
    pub agent_id: Option<AgentId>,
    /// `http` or `https`.
    pub url: String,
    /// Which events.
    pub events: Vec<WebhookEvent>,
    /// Whether events are sent.
    pub active: bool,
    /// Unix ms.
    pub now_ms: u64,
}

/// The webhooks of one tenant.
pub struct Webhooks<'a>(pub(crate) &'a TenantStore);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, agent_id, url, events, status = 'active', of_contract, version, created_at_ms FROM webhooks ",
            "WHERE tenant_id = ?1 AND ",
            $rest
        )
    };
}

/// What a secret is sealed for.
pub(crate) fn context(id: WebhookId) -> Vec<u8> {
    [b"webhook", id.0.as_bytes().as_slice()].concat()
}

fn webhook(row: &Columns<'_>) -> Result<Webhook> {
    Ok(Webhook {
        id: WebhookId(row.uuid(0)?),
        agent_id: row.opt_uuid(1)?.map(AgentId),
        url: row.text(2)?,
        events: row.json(3)?,
        active: row.bool(4)?,
        of_contract: row.bool(5)?,
        version: row.u32(6)?,
        created_at_ms: row.u64(7)?,
    })
}

fn get(db: &Db, tenant: TenantId, id: WebhookId) -> Result<Option<Webhook>> {
    const SQL: &str = select!("id = ?2");
    Ok(db.first(SQL, params![tenant, id], webhook)?)
}

/// What deliveries are signed with: `whsec_` and 24 random bytes in base64, as Standard Webhooks has it.
pub(crate) fn secret() -> Result<String> {
    Ok(format!("whsec_{}", STANDARD.encode(tokens::random::<SECRET>()?)))
}

fn outline(webhook: &Webhook) -> Value {
    object!({"url": webhook.url, "events": webhook.events, "active": webhook.active, "agent_id": webhook.agent_id})
}

fn status(active: bool) -> &'static str {
    if active { "active" } else { "disabled" }
}

fn insert(
    tx: &Tx<'_>,
    tenant: TenantId,
    id: WebhookId,
    sealed: Vec<u8>,
    new: &NewWebhook,
    of_contract: bool,
) -> Result<()> {
    const SQL: &str = "INSERT INTO webhooks (id, tenant_id, agent_id, url, events, sealed, status, of_contract, \
        created_at_ms, updated_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)";
    let (events, state) = (json(&new.events)?, status(new.active));
    tx.execute(
        SQL,
        params![id, tenant, new.agent_id, new.url.as_str(), events, sealed, state, of_contract, new.now_ms],
    )?;
    Ok(())
}

impl Webhooks<'_> {
    /// Makes a webhook; the secret that its deliveries are signed with can be seen now and never again.
    ///
    /// # Errors
    /// `NotFound`: the agent is not this tenant's.
    pub async fn create(&self, new: NewWebhook) -> Result<(Secret, Webhook)> {
        let (tenant, actor, id) = (self.0.id, self.0.actor.clone(), WebhookId(Uuid::now_v7()));
        let secret = Secret::new(secret()?);
        let sealed = self.0.store.vault().seal(secret.expose().as_bytes(), &context(id))?;
        let made = self.0.store.write(move |tx| {
            insert(tx, tenant, id, sealed, &new, false)?;
            let made = get(tx, tenant, id)?.ok_or(StoreError::NotFound("webhook"))?;
            record(tx, Some(tenant), &actor, new.now_ms, Deed::new("webhook.create", id).after(&outline(&made)))?;
            Ok(made)
        });
        Ok((secret, made.await?))
    }

    /// Changes a webhook. With `expected`, only if that is still its version.
    ///
    /// # Errors
    /// `NotFound`; `Changed`; `InUse`: it follows an agent's contract.
    pub async fn update(&self, id: WebhookId, expected: Option<u32>, new: NewWebhook) -> Result<Webhook> {
        const SQL: &str = "UPDATE webhooks SET agent_id = ?3, url = ?4, events = ?5, status = ?6, version = version + 1, \
            updated_at_ms = ?7 WHERE tenant_id = ?1 AND id = ?2";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                let before = get(tx, tenant, id)?.ok_or(StoreError::NotFound("webhook"))?;
                if expected.is_some_and(|expected| expected != before.version) {
                    return Err(StoreError::Changed { what: "webhook", latest: before.version });
                }
                if before.of_contract {
                    return Err(StoreError::InUse("it stands in an agent's contract".to_owned()));
                }
                let (events, state) = (json(&new.events)?, status(new.active));
                tx.execute(SQL, params![tenant, id, new.agent_id, new.url, events, state, new.now_ms])?;
                let after = get(tx, tenant, id)?.ok_or(StoreError::NotFound("webhook"))?;
                let deed = Deed::new("webhook.update", id);
                record(tx, Some(tenant), &actor, new.now_ms, deed.before(&outline(&before)).after(&outline(&after)))?;
                Ok(after)
            })
            .await
    }

    /// Gives a webhook another secret, which can be seen now and never again; what is sent from now on is signed with it.
    /// Those that stand in a contract get theirs in this way.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn replace_secret(&self, id: WebhookId, now_ms: u64) -> Result<(Secret, Webhook)> {
        const SQL: &str = "UPDATE webhooks SET sealed = ?3, version = version + 1, updated_at_ms = ?4 \
            WHERE tenant_id = ?1 AND id = ?2";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        let secret = Secret::new(secret()?);
        let sealed = self.0.store.vault().seal(secret.expose().as_bytes(), &context(id))?;
        let changed = self.0.store.write(move |tx| {
            if tx.execute(SQL, params![tenant, id, sealed, now_ms])? == 0 {
                return Err(StoreError::NotFound("webhook"));
            }
            record(tx, Some(tenant), &actor, now_ms, Deed::new("webhook.replace-secret", id))?;
            get(tx, tenant, id)?.ok_or(StoreError::NotFound("webhook"))
        });
        Ok((secret, changed.await?))
    }

    /// Deletes a webhook and its deliveries.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete(&self, id: WebhookId, now_ms: u64) -> Result<()> {
        const SQL: &str = "DELETE FROM webhooks WHERE tenant_id = ?1 AND id = ?2";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                let before = get(tx, tenant, id)?.ok_or(StoreError::NotFound("webhook"))?;
                tx.execute(SQL, params![tenant, id])?;
                let was = outline(&before);
                record(tx, Some(tenant), &actor, now_ms, Deed::new("webhook.delete", id).before(&was))
            })
            .await
    }

    /// One webhook.
    pub async fn get(&self, id: WebhookId) -> Result<Option<Webhook>> {
        let tenant = self.0.id;
        self.0.store.read(move |db| get(db, tenant, id)).await
    }

    /// Webhooks, newest first; `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, cursor: Option<&str>, limit: usize) -> Result<Page<Webhook>> {
        const SQL: &str = select!("(created_at_ms, id) < (?2, ?3) ORDER BY created_at_ms DESC, id DESC LIMIT ?4");
        let (tenant, after) = (self.0.id, Cursor::parse(cursor)?);
        let fetched = self
            .0
            .store
            .read(move |db| Ok(db.all(SQL, params![tenant, after.at_ms, after.id, fetch(limit)], webhook)?));
        Ok(page(fetched.await?, limit, |webhook| Cursor { at_ms: webhook.created_at_ms, id: webhook.id.0 }))
    }
}

impl TenantStore {
    /// Who is told of events.
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks(self)
    }
}

impl Store {
    /// The secret that a webhook's deliveries are signed with.
    ///
    /// # Errors
    /// `Sealed`.
    pub async fn webhook_secret(&self, id: WebhookId) -> Result<Option<Secret>> {
        const SQL: &str = "SELECT sealed FROM webhooks WHERE id = ?1";
        let sealed = self.read(move |db| Ok(db.first(SQL, params![id], |row| row.blob(0))?)).await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let secret = self.vault().open(&sealed, &context(id))?;
        String::from_utf8(secret).map(|text| Some(Secret::new(text))).map_err(|_| StoreError::Sealed("it is no text"))
    }
}
