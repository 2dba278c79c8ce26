//! Keys that programs show: kept as hashes, with a role, a scope and an end.

use crate::audit::{Deed, record};
use crate::bind::{Columns, json, params};
use crate::page::{Cursor, Page, fetch, page};
use crate::roles::Role;
use crate::sqlite::Db;
use crate::store::{Store, TenantStore};
use crate::{Result, StoreError, tokens};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json as object};
use trunkline_contract::{KeyId, TenantId};
use uuid::Uuid;

/// What a key begins with, so that people and scanners know it.
pub const KEY_PREFIX: &str = "tl_";
/// Random bytes of a key.
const SECRET: usize = 32;
/// Letters of a key that are kept to be shown.
const SHOWN: usize = 11;
/// Use is noted in steps of this, ms: not every request writes.
const USE_STEP_MS: u64 = 60_000;

/// A key, without the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// For people; unique among the tenant's keys that work.
    pub name: String,
    /// How it begins.
    pub prefix: String,
    /// What it may do.
    pub role: Role,
    /// Tags of the API that it may use; none: all of them.
    pub scopes: Vec<String>,
    /// Who made it.
    pub created_by: String,
    /// Unix ms.
    pub created_at_ms: u64,
    /// Unix ms; none: it does not.
    pub expires_at_ms: Option<u64>,
    /// Unix ms, to the minute.
    pub used_at_ms: Option<u64>,
    /// Unix ms.
    pub revoked_at_ms: Option<u64>,
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// For people.
    pub name: String,
    /// At most `admin`.
    pub role: Role,
    /// Tags of the API; none: all of them.
    pub scopes: Vec<String>,
    /// Unix ms.
    pub expires_at_ms: Option<u64>,
    /// Unix ms.
    pub now_ms: u64,
}

/// The keys of one tenant.
pub struct Keys<'a>(pub(crate) &'a TenantStore);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, prefix, role, scopes, created_by, created_at_ms, expires_at_ms, used_at_ms, ",
            "revoked_at_ms, tenant_id FROM api_keys WHERE ",
            $rest
        )
    };
}

fn key(row: &Columns<'_>) -> Result<ApiKey> {
    Ok(ApiKey {
        id: KeyId(row.uuid(0)?),
        name: row.text(1)?,
        prefix: row.text(2)?,
        role: row.text(3)?.parse().map_err(|_| StoreError::Corrupt("a role".to_owned()))?,
        scopes: row.json(4)?,
        created_by: row.text(5)?,
        created_at_ms: row.u64(6)?,
        expires_at_ms: row.opt_u64(7)?,
        used_at_ms: row.opt_u64(8)?,
        revoked_at_ms: row.opt_u64(9)?,
    })
}

fn get(db: &Db, tenant: TenantId, id: KeyId) -> Result<Option<ApiKey>> {
    const SQL: &str = select!("tenant_id = ?1 AND id = ?2");
    Ok(db.first(SQL, params![tenant, id], key)?)
}

fn outline(key: &ApiKey) -> Value {
    object!({"name": key.name, "role": key.role, "scopes": key.scopes, "expires_at_ms": key.expires_at_ms})
}

impl Keys<'_> {
    /// Makes a key. This is the only time that it can be seen.
    ///
    /// # Errors
    /// `Taken`: one that works has this name. `Invalid`: the role is that of an operator, or it has expired already.
    pub async fn create(&self, new: NewKey) -> Result<(String, ApiKey)> {
        const SQL: &str = "INSERT INTO api_keys (id, tenant_id, name, prefix, hash, role, scopes, created_by, \
            created_at_ms, expires_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        if new.role == Role::Operator {
            return Err(StoreError::Invalid("a key belongs to a tenant: its role is at most admin"));
        }
        if new.expires_at_ms.is_some_and(|at| at <= new.now_ms) {
            return Err(StoreError::Invalid("`expires_at_ms` is in the past"));
        }
        let secret = format!("{KEY_PREFIX}{}", tokens::random_hex::<SECRET>()?);
        let (hash, prefix) = (tokens::hash(&secret), secret.chars().take(SHOWN).collect::<String>());
        let (tenant, actor, id) = (self.0.id, self.0.actor.clone(), KeyId(Uuid::now_v7()));
        let made = self.0.store.write(move |tx| {
            let NewKey { name, role, scopes, expires_at_ms, now_ms } = new;
            let scopes = json(&scopes)?;
            let by = actor.as_ref();
            tx.execute(SQL, params![id, tenant, name, prefix, hash, role.name(), scopes, by, now_ms, expires_at_ms])
                .map_err(|error| error.or_taken("a key of this name exists"))?;
            let made = get(tx, tenant, id)?.ok_or(StoreError::NotFound("key"))?;
            record(tx, Some(tenant), &actor, now_ms, Deed::new("key.create", id).after(&outline(&made)))?;
            Ok(made)
        });
        Ok((secret, made.await?))
    }

    /// The key opens nothing any more; a second time changes nothing.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn revoke(&self, id: KeyId, now_ms: u64) -> Result<ApiKey> {
        const SQL: &str = "UPDATE api_keys SET revoked_at_ms = ?3 WHERE tenant_id = ?1 AND id = ?2";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                let before = get(tx, tenant, id)?.ok_or(StoreError::NotFound("key"))?;
                if before.revoked_at_ms.is_some() {
                    return Ok(before);
                }
                tx.execute(SQL, params![tenant, id, now_ms])?;
                record(tx, Some(tenant), &actor, now_ms, Deed::new("key.revoke", id).before(&outline(&before)))?;
                get(tx, tenant, id)?.ok_or(StoreError::NotFound("key"))
            })
            .await
    }

    /// One key.
    pub async fn get(&self, id: KeyId) -> Result<Option<ApiKey>> {
        let tenant = self.0.id;
        self.0.store.read(move |db| get(db, tenant, id)).await
    }

    /// Keys, newest first, revoked ones too; `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, cursor: Option<&str>, limit: usize) -> Result<Page<ApiKey>> {
        const SQL: &str =
            select!("tenant_id = ?1 AND (created_at_ms, id) < (?2, ?3) ORDER BY created_at_ms DESC, id DESC LIMIT ?4");
        let (tenant, after) = (self.0.id, Cursor::parse(cursor)?);
        let fetched =
            self.0.store.read(move |db| Ok(db.all(SQL, params![tenant, after.at_ms, after.id, fetch(limit)], key)?));
        Ok(page(fetched.await?, limit, |key| Cursor { at_ms: key.created_at_ms, id: key.id.0 }))
    }
}

impl TenantStore {
    /// Keys that programs show.
    pub fn keys(&self) -> Keys<'_> {
        Keys(self)
    }
}

impl Store {
    /// Whose key this is, and which; none: it opens nothing, or not any more. Notes that it was used.
    pub async fn key(&self, secret: &str, now_ms: u64) -> Result<Option<(TenantId, ApiKey)>> {
        const SQL: &str =
            select!("hash = ?1 AND revoked_at_ms IS NULL AND (expires_at_ms IS NULL OR expires_at_ms > ?2)");
        const USED: &str = "UPDATE api_keys SET used_at_ms = ?2 WHERE id = ?1";
        if !secret.starts_with(KEY_PREFIX) {
            return Ok(None);
        }
        let hash = tokens::hash(secret);
        let found = self
            .read(move |db| Ok(db.first(SQL, params![hash, now_ms], |row| Ok((TenantId(row.uuid(10)?), key(row)?)))?));
        let Some((tenant, key)) = found.await? else { return Ok(None) };
        if key.used_at_ms.is_none_or(|used| now_ms >= used.saturating_add(USE_STEP_MS)) {
            let id = key.id;
            self.write(move |tx| Ok(tx.execute(USED, params![id, now_ms])?)).await?;
        }
        Ok(Some((tenant, key)))
    }
}
