//! Everything that is sealed, wherever it stands, sealed anew with the newest key.
//!
//! A value that cannot be opened is left as it is and named: one damaged row must not keep the others under an old key.

use crate::audit::{Deed, record};
use crate::bind::params;
use crate::store::Store;
use crate::vault::Vault;
use crate::writer::Tx;
use crate::{Result, StoreError};
use serde::Serialize;
use serde_json::json;
use trunkline_contract::{TenantId, WebhookId};

/// Values sealed anew at a time: the writer serves calls in between.
const BATCH: u64 = 100;

/// What was sealed anew, and what could not be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Resealed {
    /// How many values were sealed with the newest key.
    pub sealed: u64,
    /// Values that no key of the vault opens; they stay as they are.
    pub unreadable: Vec<Unreadable>,
}

/// A sealed value that cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// What it is: `secret`, `webhook` or `signing-key`.
    pub kind: &'static str,
    /// Whose; none: the host's.
    pub tenant: Option<TenantId>,
    /// The secret's name, the webhook's id, the signing key's `kid`.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A sealed value and how it is put back.
struct Row {
    kind: &'static str,
    tenant: Option<TenantId>,
    name: String,
    sealed: Vec<u8>,
    /// What it is sealed for.
    context: Vec<u8>,
}

impl Store {
    /// Seals with the newest key of `vault` whatever is sealed with another one, and writes one line into the host's audit
    /// log when that is done. What `vault` cannot open is named in the answer. When it is stopped in between, what is left
    /// is done the next time.
    ///
    /// # Errors
    /// `Io`, `DiskFull`, `Closed`: the database cannot be written.
    pub async fn reseal(&self, vault: Vault, actor: &str, now_ms: u64) -> Result<Resealed> {
        let mut sealed = 0;
        loop {
            let (vault, actor) = (vault.clone(), actor.to_owned());
            let before = sealed;
            let (count, unreadable) = self
                .write(move |tx| {
                    let (count, unreadable) = batch(tx, &vault)?;
                    if count == 0 {
                        let key = vault.ids().into_iter().next().unwrap_or_default();
                        let what = json!({"sealed": before, "unreadable": unreadable});
                        record(tx, None, &actor, now_ms, Deed::new("secret.rotate", key).after(&what))?;
                    }
                    Ok((count, unreadable))
                })
                .await?;
            sealed += count;
            if count == 0 {
                return Ok(Resealed { sealed, unreadable });
            }
        }
    }
}

/// Seals up to [`BATCH`] values anew; gives how many there were, and those before them that cannot be opened.
fn batch(tx: &Tx<'_>, vault: &Vault) -> Result<(u64, Vec<Unreadable>)> {
    let (mut done, mut unreadable) = (0, Vec::new());
    let rows = [secrets(tx)?, webhooks(tx)?, signing_keys(tx)?].into_iter().flatten();
    for row in rows.filter(|row| !vault.is_current(&row.sealed)) {
        if done == BATCH {
            break;
        }
        match vault.open(&row.sealed, &row.context) {
            Ok(value) => done += put(tx, &row, vault.seal(&value, &row.context)?)?,
            Err(StoreError::Sealed(reason)) => {
                let Row { kind, tenant, name, .. } = row;
                unreadable.push(Unreadable { kind, tenant, name, reason: reason.to_owned() });
            }
            Err(other) => return Err(other),
        }
    }
    Ok((done, unreadable))
}

fn put(tx: &Tx<'_>, row: &Row, sealed: Vec<u8>) -> Result<u64> {
    const SECRET: &str = "UPDATE secrets SET sealed = ?3 WHERE tenant_id = ?1 AND name = ?2";
    const WEBHOOK: &str = "UPDATE webhooks SET sealed = ?2 WHERE id = ?1";
    const SIGNING_KEY: &str = "UPDATE signing_keys SET sealed = ?2 WHERE kid = ?1";
    Ok(match row.kind {
        "secret" => tx.execute(SECRET, params![row.tenant, row.name.as_str(), sealed])?,
        "webhook" => {
            let id: WebhookId = row.name.parse().map_err(|_| StoreError::NotFound("webhook"))?;
            tx.execute(WEBHOOK, params![id, sealed])?
        }
        _ => tx.execute(SIGNING_KEY, params![row.name.as_str(), sealed])?,
    })
}

fn secrets(tx: &Tx<'_>) -> Result<Vec<Row>> {
    const SQL: &str = "SELECT tenant_id, name, sealed FROM secrets ORDER BY tenant_id, name";
    Ok(tx.all(SQL, params![], |row| {
        let (tenant, name) = (TenantId(row.uuid(0)?), row.text(1)?);
        let context = crate::secrets::context(tenant, &name);
        Ok(Row { kind: "secret", tenant: Some(tenant), name, sealed: row.blob(2)?, context })
    })?)
}

fn webhooks(tx: &Tx<'_>) -> Result<Vec<Row>> {
    const SQL: &str = "SELECT tenant_id, id, sealed FROM webhooks ORDER BY tenant_id, id";
    Ok(tx.all(SQL, params![], |row| {
        let (tenant, id) = (TenantId(row.uuid(0)?), WebhookId(row.uuid(1)?));
        let context = crate::webhooks::context(id);
        Ok(Row { kind: "webhook", tenant: Some(tenant), name: id.to_string(), sealed: row.blob(2)?, context })
    })?)
}

fn signing_keys(tx: &Tx<'_>) -> Result<Vec<Row>> {
    const SQL: &str = "SELECT kid, sealed FROM signing_keys ORDER BY kid";
    Ok(tx.all(SQL, params![], |row| {
        let kid = row.text(0)?;
        let context = crate::signing::context(&kid);
        Ok(Row { kind: "signing-key", tenant: None, name: kid, sealed: row.blob(1)?, context })
    })?)
}
