//! The tenants themselves: whether they are served, what they may use, and what their agents begin with.

use crate::audit::{Deed, record};
use crate::bind::{Columns, json, params};
use crate::sqlite::Db;
use crate::store::Store;
use crate::{Result, StoreError, new_tenant_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trunkline_contract::TenantId;

/// Whether a tenant is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TenantStatus {
    /// It is.
    #[default]
    Active,
    /// Its people and programs are refused, its numbers do not answer; its data is kept.
    Suspended,
}

impl TenantStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// What a tenant may use; nothing given: what the host allows each tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TenantLimits {
    /// Calls at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_calls: Option<u32>,
    /// Agent sessions at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_sessions: Option<u32>,
    /// Requests to the API in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Components of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_components: Option<u32>,
    /// Bytes of all releases of its components.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_component_bytes: Option<u64>,
    /// Bytes of documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_storage_bytes: Option<u64>,
    /// US dollars in a calendar month (UTC), by the host's price list; when they are spent, new calls are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spend_cap_usd: Option<f64>,
}

/// A customer of the platform.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Unique.
    pub name: String,
    /// Whether it is served.
    pub status: TenantStatus,
    /// What it may use.
    pub limits: TenantLimits,
    /// A part of a contract: what its agents begin with.
    pub defaults: Value,
    /// Counts its changes, from 1.
    pub version: u32,
    /// Unix ms.
    pub created_at_ms: u64,
}

/// What changes of a tenant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TenantChange {
    /// Its name.
    pub name: Option<String>,
    /// Whether it is served.
    pub status: Option<TenantStatus>,
    /// What it may use, as a whole.
    pub limits: Option<TenantLimits>,
    /// What its agents begin with, as a whole; validated.
    pub defaults: Option<Value>,
}

/// All tenants.
pub struct Tenants<'a>(pub(crate) &'a Store);

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, status, limits, defaults, version, created_at_ms FROM tenants ", $rest)
    };
}

const NAME_TAKEN: &str = "a tenant of this name exists";

fn tenant(row: &Columns<'_>) -> Result<Tenant> {
    let status = if row.text(2)? == "suspended" { TenantStatus::Suspended } else { TenantStatus::Active };
    Ok(Tenant {
        id: TenantId(row.uuid(0)?),
        name: row.text(1)?,
        status,
        limits: row.json(3)?,
        defaults: row.json(4)?,
        version: row.u32(5)?,
        created_at_ms: row.u64(6)?,
    })
}

fn get(db: &Db, id: TenantId) -> Result<Option<Tenant>> {
    const SQL: &str = select!("WHERE id = ?1");
    Ok(db.first(SQL, params![id], tenant)?)
}

impl Tenants<'_> {
    /// Makes a tenant.
    ///
    /// # Errors
    /// `Taken`: there is one of this name.
    pub async fn create(&self, name: impl Into<String>, now_ms: u64) -> Result<Tenant> {
        self.create_by(crate::audit::HOST, name, now_ms).await
    }

    /// As [`Tenants::create`], by somebody.
    ///
    /// # Errors
    /// `Taken`: there is one of this name.
    pub async fn create_by(&self, actor: &str, name: impl Into<String>, now_ms: u64) -> Result<Tenant> {
        const SQL: &str = "INSERT INTO tenants (id, name, created_at_ms, updated_at_ms) VALUES (?1, ?2, ?3, ?3)";
        let (id, name, actor) = (new_tenant_id(), name.into(), actor.to_owned());
        self.0
            .write(move |tx| {
                tx.execute(SQL, params![id, name, now_ms]).map_err(|error| error.or_taken(NAME_TAKEN))?;
                record(tx, None, &actor, now_ms, Deed::new("tenant.create", id))?;
                get(tx, id)?.ok_or(StoreError::NotFound("tenant"))
            })
            .await
    }

    /// Changes a tenant. With `expected`, only if that is still its version.
    ///
    /// # Errors
    /// `NotFound`; `Changed`; `Taken`: another one has the name.
    pub async fn update(
        &self,
        actor: &str,
        id: TenantId,
        expected: Option<u32>,
        change: TenantChange,
        now_ms: u64,
    ) -> Result<Tenant> {
        const SQL: &str = "UPDATE tenants SET name = ?2, status = ?3, limits = ?4, defaults = ?5, version = version + 1, \
            updated_at_ms = ?6 WHERE id = ?1";
        let actor = actor.to_owned();
        self.0
            .write(move |tx| {
                let before = get(tx, id)?.ok_or(StoreError::NotFound("tenant"))?;
                if expected.is_some_and(|expected| expected != before.version) {
                    return Err(StoreError::Changed { what: "tenant", latest: before.version });
                }
                let was = settings(&before);
                let name = change.name.unwrap_or(before.name);
                let status = change.status.unwrap_or(before.status).name();
                let limits = json(&change.limits.unwrap_or(before.limits))?;
                let defaults = json(&change.defaults.unwrap_or(before.defaults))?;
                tx.execute(SQL, params![id, name, status, limits, defaults, now_ms])
                    .map_err(|error| error.or_taken(NAME_TAKEN))?;
                let after = get(tx, id)?.ok_or(StoreError::NotFound("tenant"))?;
                let is = settings(&after);
                record(tx, Some(id), &actor, now_ms, Deed::new("tenant.update", id).before(&was).after(&is))?;
                Ok(after)
            })
            .await
    }

    /// One tenant.
    pub async fn get(&self, id: TenantId) -> Result<Option<Tenant>> {
        self.0.read(move |db| get(db, id)).await
    }

    /// One tenant.
    pub async fn by_name(&self, name: impl Into<String>) -> Result<Option<Tenant>> {
        const SQL: &str = select!("WHERE name = ?1");
        let name = name.into();
        self.0.read(move |db| Ok(db.first(SQL, params![name], tenant)?)).await
    }

    /// All tenants, oldest first.
    pub async fn list(&self) -> Result<Vec<Tenant>> {
        const SQL: &str = select!("ORDER BY created_at_ms, id");
        self.0.read(|db| Ok(db.all(SQL, params![], tenant)?)).await
    }
}

fn settings(tenant: &Tenant) -> Value {
    let mut fields = match serde_json::to_value(tenant) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    fields.remove("version");
    Value::Object(fields)
}
