//! Templates of a tenant: parts of contracts that agents extend. Those that ship with the host are not here.

use crate::audit::{Deed, record};
use crate::bind::{Columns, json, params};
use crate::sqlite::Db;
use crate::store::TenantStore;
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use trunkline_contract::TenantId;

/// A template.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Template {
    /// What agents extend it by; unique in the tenant.
    pub name: String,
    /// For people.
    pub description: String,
    /// A part of a contract.
    pub document: Value,
    /// Counts its changes, from 1.
    pub version: u32,
    /// Unix ms.
    pub created_at_ms: u64,
    /// Unix ms.
    pub updated_at_ms: u64,
}

/// A template to be made or changed.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTemplate {
    /// What agents extend it by.
    pub name: String,
    /// For people.
    pub description: String,
    /// A validated part of a contract.
    pub document: Value,
    /// Unix ms.
    pub now_ms: u64,
}

/// The templates of one tenant.
pub struct Templates<'a>(pub(crate) &'a TenantStore);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT name, description, document, version, created_at_ms, updated_at_ms FROM templates ",
            "WHERE tenant_id = ?1",
            $rest
        )
    };
}

fn template(row: &Columns<'_>) -> Result<Template> {
    Ok(Template {
        name: row.text(0)?,
        description: row.text(1)?,
        document: row.json(2)?,
        version: row.u32(3)?,
        created_at_ms: row.u64(4)?,
        updated_at_ms: row.u64(5)?,
    })
}

fn get(db: &Db, tenant: TenantId, name: &str) -> Result<Option<Template>> {
    const SQL: &str = select!(" AND name = ?2");
    Ok(db.first(SQL, params![tenant, name], template)?)
}

impl Templates<'_> {
    /// Makes a template.
    ///
    /// # Errors
    /// `Taken`: there is one of this name. `NotFound`: no such tenant.
    pub async fn create(&self, new: NewTemplate) -> Result<Template> {
        const SQL: &str = "INSERT INTO templates (tenant_id, name, description, document, version, created_at_ms, \
            updated_at_ms) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5)";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                let NewTemplate { name, description, document, now_ms } = new;
                tx.execute(SQL, params![tenant, name.as_str(), description, json(&document)?, now_ms])
                    .map_err(|error| error.or_taken("a template of this name exists"))?;
                record(tx, Some(tenant), &actor, now_ms, Deed::new("template.create", &name).after(&document))?;
                get(tx, tenant, &name)?.ok_or(StoreError::NotFound("template"))
            })
            .await
    }

    /// Changes a template. With `expected`, only if that is still its version.
    ///
    /// # Errors
    /// `NotFound`; `Changed`.
    pub async fn update(&self, expected: Option<u32>, new: NewTemplate) -> Result<Template> {
        const SQL: &str = "UPDATE templates SET description = ?3, document = ?4, version = version + 1, \
            updated_at_ms = ?5 WHERE tenant_id = ?1 AND name = ?2";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                let NewTemplate { name, description, document, now_ms } = new;
                let before = get(tx, tenant, &name)?.ok_or(StoreError::NotFound("template"))?;
                if expected.is_some_and(|expected| expected != before.version) {
                    return Err(StoreError::Changed { what: "template", latest: before.version });
                }
                tx.execute(SQL, params![tenant, name.as_str(), description, json(&document)?, now_ms])?;
                let deed = Deed::new("template.update", &name).before(&before.document).after(&document);
                record(tx, Some(tenant), &actor, now_ms, deed)?;
                get(tx, tenant, &name)?.ok_or(StoreError::NotFound("template"))
            })
            .await
    }

    /// Deletes a template.
    ///
    /// # Errors
    /// `NotFound`; `InUse`: agents or other templates extend it.
    pub async fn delete(&self, name: impl Into<String>, now_ms: u64) -> Result<()> {
        const AGENT: &str =
            "SELECT name FROM agents WHERE tenant_id = ?1 AND extends = ?2 AND status <> 'archived' LIMIT 1";
        const OTHER: &str = "SELECT name FROM templates WHERE tenant_id = ?1 AND document ->> '$.extends' = ?2 LIMIT 1";
        const SQL: &str = "DELETE FROM templates WHERE tenant_id = ?1 AND name = ?2";
        let (tenant, actor, name) = (self.0.id, self.0.actor.clone(), name.into());
        self.0
            .store
            .write(move |tx| {
                let before = get(tx, tenant, &name)?.ok_or(StoreError::NotFound("template"))?;
                for (sql, what) in [(AGENT, "agent"), (OTHER, "template")] {
                    if let Some(user) = tx.first(sql, params![tenant, name.as_str()], |row| row.text(0))? {
                        return Err(StoreError::InUse(format!("the {what} `{user}` extends it")));
                    }
                }
                tx.execute(SQL, params![tenant, name.as_str()])?;
                let deed = Deed::new("template.delete", &name).before(&before.document);
                record(tx, Some(tenant), &actor, now_ms, deed)
            })
            .await
    }

    /// One template.
    pub async fn get(&self, name: impl Into<String>) -> Result<Option<Template>> {
        let (tenant, name) = (self.0.id, name.into());
        self.0.store.read(move |db| get(db, tenant, &name)).await
    }

    /// All templates, by name.
    pub async fn list(&self) -> Result<Vec<Template>> {
        const SQL: &str = select!(" ORDER BY name");
        let tenant = self.0.id;
        self.0.store.read(move |db| Ok(db.all(SQL, params![tenant], template)?)).await
    }
}

impl TenantStore {
    /// Templates that agents extend.
    pub fn templates(&self) -> Templates<'_> {
        Templates(self)
    }
}
