//! The tenants themselves.

use crate::bind::{Columns, params};
use crate::store::Store;
use crate::{Result, new_tenant_id};
use schemars::JsonSchema;
use serde::Serialize;
use trunkline_contract::TenantId;

/// A customer of the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Unique.
    pub name: String,
    /// Unix ms.
    pub created_at_ms: u64,
}

/// All tenants.
pub struct Tenants<'a>(pub(crate) &'a Store);

fn tenant(row: &Columns<'_>) -> Result<Tenant> {
    Ok(Tenant { id: TenantId(row.uuid(0)?), name: row.text(1)?, created_at_ms: row.u64(2)? })
}

impl Tenants<'_> {
    /// Makes a tenant.
    ///
    /// # Errors
    /// `Taken`: there is one of this name.
    pub async fn create(&self, name: impl Into<String>, now_ms: u64) -> Result<Tenant> {
        let made = Tenant { id: new_tenant_id(), name: name.into(), created_at_ms: now_ms };
        self.0
            .write(move |tx| {
                let values = params![made.id, made.name.as_str(), made.created_at_ms];
                tx.execute("INSERT INTO tenants (id, name, created_at_ms) VALUES (?1, ?2, ?3)", values)
                    .map_err(|error| error.or_taken("a tenant of this name exists"))?;
                Ok(made)
            })
            .await
    }

    /// One tenant.
    pub async fn get(&self, id: TenantId) -> Result<Option<Tenant>> {
        const SQL: &str = "SELECT id, name, created_at_ms FROM tenants WHERE id = ?1";
        self.0.read(move |db| Ok(db.first(SQL, params![id], tenant)?)).await
    }

    /// One tenant.
    pub async fn by_name(&self, name: impl Into<String>) -> Result<Option<Tenant>> {
        const SQL: &str = "SELECT id, name, created_at_ms FROM tenants WHERE name = ?1";
        let name = name.into();
        self.0.read(move |db| Ok(db.first(SQL, params![name], tenant)?)).await
    }

    /// All tenants, oldest first.
    pub async fn list(&self) -> Result<Vec<Tenant>> {
        const SQL: &str = "SELECT id, name, created_at_ms FROM tenants ORDER BY created_at_ms, id";
        self.0.read(|db| Ok(db.all(SQL, params![], tenant)?)).await
    }
}
