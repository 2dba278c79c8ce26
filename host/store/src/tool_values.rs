//! What a component's tools keep between their calls; the namespace is that of the tenant and the component.

use crate::bind::params;
use crate::store::TenantStore;
use crate::writer::Tx;
use crate::{Result, StoreError};
use trunkline_contract::{ComponentId, TenantId};

/// Keys of one component.
const MAX_KEYS: u64 = 1_000;
/// Bytes of its keys and values together.
const MAX_BYTES: u64 = 1 << 20;

/// What the tools of one component keep.
pub struct ToolValues<'a> {
    tenant: &'a TenantStore,
    component: ComponentId,
}

/// A statement below the component of this tenant: ?1 the component, ?2 the tenant, ?3 the key.
macro_rules! own {
    ($before:literal, $after:literal) => {
        concat!($before, " component_id = (SELECT id FROM tenant_components WHERE id = ?1 AND tenant_id = ?2)", $after)
    };
}

impl ToolValues<'_> {
    /// A value.
    pub async fn get(&self, key: impl Into<String>) -> Result<Option<Vec<u8>>> {
        const SQL: &str = own!("SELECT value FROM tool_values WHERE", " AND key = ?3");
        let (tenant, component, key) = (self.tenant.id, self.component, key.into());
        self.tenant.store.read(move |db| Ok(db.first(SQL, params![component, tenant, key], |row| row.blob(0))?)).await
    }

    /// Keeps a value.
    ///
    /// # Errors
    /// `Limit`: 1,000 keys, 1 MiB. `NotFound`: no such component.
    pub async fn set(&self, key: impl Into<String>, value: Vec<u8>) -> Result<()> {
        let (tenant, component, key) = (self.tenant.id, self.component, key.into());
        self.tenant.store.write(move |tx| put(tx, tenant, component, &key, value)).await
    }

    /// Removes a value; one that is not there is gone already.
    pub async fn delete(&self, key: impl Into<String>) -> Result<()> {
        const SQL: &str = own!("DELETE FROM tool_values WHERE", " AND key = ?3");
        let (tenant, component, key) = (self.tenant.id, self.component, key.into());
        self.tenant.store.write(move |tx| Ok(tx.execute(SQL, params![component, tenant, key]).map(|_| ())?)).await
    }

    /// Adds to a counter, which is a decimal number and starts at 0; gives its new value, which stays within an `i64`.
    ///
    /// # Errors
    /// As [`ToolValues::set`]; `Invalid`: the value is no number.
    pub async fn increment(&self, key: impl Into<String>, by: i64) -> Result<i64> {
        const SQL: &str = own!("SELECT value FROM tool_values WHERE", " AND key = ?3");
        let (tenant, component, key) = (self.tenant.id, self.component, key.into());
        self.tenant
            .store
            .write(move |tx| {
                let known = tx.first(SQL, params![component, tenant, key.as_str()], |row| row.blob(0))?;
                let number = |value: Vec<u8>| std::str::from_utf8(&value).ok()?.parse::<i64>().ok();
                let before = match known {
                    Some(value) => number(value).ok_or(StoreError::Invalid("the value is no number"))?,
                    None => 0,
                };
                let after = before.saturating_add(by);
                put(tx, tenant, component, &key, after.to_string().into_bytes())?;
                Ok(after)
            })
            .await
    }
}

fn put(tx: &Tx<'_>, tenant: TenantId, component: ComponentId, key: &str, value: Vec<u8>) -> Result<()> {
    const KNOWN: &str = "SELECT 1 FROM tenant_components WHERE id = ?1 AND tenant_id = ?2";
    const OTHERS: &str = "SELECT count(*), coalesce(sum(length(CAST(key AS BLOB)) + length(value)), 0) FROM tool_values \
        WHERE component_id = ?1 AND key <> ?2";
    const SQL: &str = "INSERT INTO tool_values (component_id, key, value) VALUES (?1, ?2, ?3) \
        ON CONFLICT DO UPDATE SET value = excluded.value";
    tx.first(KNOWN, params![component, tenant], |row| row.i64(0))?.ok_or(StoreError::NotFound("component"))?;
    let (keys, bytes) =
        tx.first(OTHERS, params![component, key], |row| Ok((row.u64(0)?, row.u64(1)?)))?.unwrap_or_default();
    if keys >= MAX_KEYS {
        return Err(StoreError::Limit { limit: "keys of a tool", most: MAX_KEYS });
    }
    if bytes + (key.len() + value.len()) as u64 > MAX_BYTES {
        return Err(StoreError::Limit { limit: "bytes of a tool", most: MAX_BYTES });
    }
    tx.execute(SQL, params![component, key, value])?;
    Ok(())
}

impl TenantStore {
    /// What the tools of a component keep.
    pub fn tool_values(&self, component: ComponentId) -> ToolValues<'_> {
        ToolValues { tenant: self, component }
    }
}
