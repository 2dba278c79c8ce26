//! Secrets of a tenant: written and replaced, but never read back by people.

use crate::audit::{Deed, record};
use crate::bind::{Columns, params};
use crate::sqlite::Db;
use crate::store::TenantStore;
use crate::vault::Secret;
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use trunkline_contract::TenantId;

/// A secret, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SecretInfo {
    /// What it is referred to by.
    pub name: String,
    /// Counts its values, from 1.
    pub version: u32,
    /// Unix ms.
    pub created_at_ms: u64,
    /// Unix ms.
    pub updated_at_ms: u64,
}

/// The secrets of one tenant.
pub struct Secrets<'a>(pub(crate) &'a TenantStore);

fn info(row: &Columns<'_>) -> Result<SecretInfo> {
    Ok(SecretInfo { name: row.text(0)?, version: row.u32(1)?, created_at_ms: row.u64(2)?, updated_at_ms: row.u64(3)? })
}

fn get(db: &Db, tenant: TenantId, name: &str) -> Result<Option<SecretInfo>> {
    const SQL: &str =
        "SELECT name, version, created_at_ms, updated_at_ms FROM secrets WHERE tenant_id = ?1 AND name = ?2";
    Ok(db.first(SQL, params![tenant, name], info)?)
}

/// What a secret is sealed for.
pub(crate) fn context(tenant: TenantId, name: &str) -> Vec<u8> {
    [b"secret", tenant.0.as_bytes().as_slice(), name.as_bytes()].concat()
}

impl Secrets<'_> {
    /// Sets a secret; true: it is new.
    ///
    /// # Errors
    /// `NotFound`: no such tenant. `Invalid`: the name is not 1-64 of `a-z A-Z 0-9 _ -`, beginning with a letter.
    pub async fn set(&self, name: impl Into<String>, value: Secret, now_ms: u64) -> Result<(SecretInfo, bool)> {
        const SQL: &str = "INSERT INTO secrets (tenant_id, name, sealed, version, created_at_ms, updated_at_ms) \
            VALUES (?1, ?2, ?3, 1, ?4, ?4) ON CONFLICT (tenant_id, name) DO UPDATE SET sealed = excluded.sealed, \
            version = version + 1, updated_at_ms = excluded.updated_at_ms";
        let (tenant, actor, name) = (self.0.id, self.0.actor.clone(), name.into());
        if !is_name(&name) {
            return Err(StoreError::Invalid(
                "the name of a secret is 1-64 letters, digits, `_` and `-`, a letter first",
            ));
        }
        let sealed = self.0.store.vault().seal(value.expose().as_bytes(), &context(tenant, &name))?;
        self.0
            .store
            .write(move |tx| {
                let new = get(tx, tenant, &name)?.is_none();
                tx.execute(SQL, params![tenant, name.as_str(), sealed, now_ms])?;
                // Not even a hash of the value: it may be short enough to guess.
                let action = if new { "secret.create" } else { "secret.update" };
                record(tx, Some(tenant), &actor, now_ms, Deed::new(action, &name))?;
                Ok((get(tx, tenant, &name)?.ok_or(StoreError::NotFound("secret"))?, new))
            })
            .await
    }

    /// Deletes a secret.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete(&self, name: impl Into<String>, now_ms: u64) -> Result<()> {
        const SQL: &str = "DELETE FROM secrets WHERE tenant_id = ?1 AND name = ?2";
        let (tenant, actor, name) = (self.0.id, self.0.actor.clone(), name.into());
        self.0
            .store
            .write(move |tx| match tx.execute(SQL, params![tenant, name.as_str()])? {
                0 => Err(StoreError::NotFound("secret")),
                _ => record(tx, Some(tenant), &actor, now_ms, Deed::new("secret.delete", &name)),
            })
            .await
    }

    /// One secret, without its value.
    pub async fn info(&self, name: impl Into<String>) -> Result<Option<SecretInfo>> {
        let (tenant, name) = (self.0.id, name.into());
        self.0.store.read(move |db| get(db, tenant, &name)).await
    }

    /// All secrets, by name, without their values.
    pub async fn list(&self) -> Result<Vec<SecretInfo>> {
        const SQL: &str =
            "SELECT name, version, created_at_ms, updated_at_ms FROM secrets WHERE tenant_id = ?1 ORDER BY name";
        let tenant = self.0.id;
        self.0.store.read(move |db| Ok(db.all(SQL, params![tenant], info)?)).await
    }

    /// The value, for the host's own use.
    ///
    /// # Errors
    /// `Sealed`: its key is not known here, or it was tampered with.
    pub async fn value(&self, name: impl Into<String>) -> Result<Option<Secret>> {
        const SQL: &str = "SELECT sealed FROM secrets WHERE tenant_id = ?1 AND name = ?2";
        let (tenant, name) = (self.0.id, name.into());
        let place = context(tenant, &name);
        let sealed = self.0.store.read(move |db| Ok(db.first(SQL, params![tenant, name], |row| row.blob(0))?)).await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let value = self.0.store.vault().open(&sealed, &place)?;
        String::from_utf8(value).map(|value| Some(Secret::new(value))).map_err(|_| StoreError::Sealed("it is no text"))
    }
}

/// 1-64 of `a-z A-Z 0-9 _ -`, a letter first.
fn is_name(name: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(rest)
}

impl TenantStore {
    /// Secrets.
    pub fn secrets(&self) -> Secrets<'_> {
        Secrets(self)
    }
}
