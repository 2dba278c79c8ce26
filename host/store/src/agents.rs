//! Agents: every write is a new, immutable version.

use crate::audit::{Deed, record};
use crate::bind::{Columns, json, params};
use crate::sqlite::Db;
use crate::store::TenantStore;
use crate::writer::Tx;
use crate::{Result, StoreError, new_agent_id};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use trunkline_contract::version::{Semver, bump};
use trunkline_contract::{AgentId, TenantId};

/// One version of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AgentVersion {
    /// The agent.
    pub agent_id: AgentId,
    /// Counts from 1.
    pub version: u32,
    /// How much it differs from the one before, for people.
    pub semver: Semver,
    /// The contract as it was given; the store does not validate it.
    pub document: Value,
    /// Unix ms.
    pub created_at_ms: u64,
    /// Who made it.
    pub author: Option<String>,
    /// What changed.
    pub summary: Option<String>,
    /// The agent answers where none is named, in some environment.
    pub default: bool,
}

/// A version to be made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewVersion {
    /// A validated contract; its `name` is what the agent is found by.
    pub document: Value,
    /// Who makes it; none: whoever acts.
    pub author: Option<String>,
    /// What changes.
    pub summary: Option<String>,
    /// Greater than the latest; none: by the kind of change.
    pub semver: Option<Semver>,
    /// Unix ms.
    pub now_ms: u64,
}

/// The agents of one tenant.
pub struct Agents<'a>(pub(crate) &'a TenantStore);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT v.agent_id, v.version, v.document, v.created_at_ms, v.author, v.summary, a.created_at_ms, ",
            "EXISTS (SELECT 1 FROM default_agents d WHERE d.tenant_id = a.tenant_id AND d.agent_id = a.id), ",
            "v.semver, a.updated_at_ms, a.name ",
            "FROM agents a JOIN agent_versions v ON v.agent_id = a.id WHERE a.tenant_id = ?1 AND ",
            $rest
        )
    };
}

mod default;
mod list;
mod serving;
mod status;
mod versions;

pub use default::PRODUCTION;
pub use list::{AgentFilter, AgentSort};
pub use serving::{Calling, Rollout, Serving, Sticky};

fn version(row: &Columns<'_>) -> Result<AgentVersion> {
    Ok(AgentVersion {
        agent_id: AgentId(row.uuid(0)?),
        version: row.u32(1)?,
        document: row.json(2)?,
        created_at_ms: row.u64(3)?,
        author: row.opt_text(4)?,
        summary: row.opt_text(5)?,
        default: row.bool(7)?,
        semver: row.text(8)?.parse().map_err(|_| StoreError::Corrupt("a version's number".to_owned()))?,
    })
}

impl Agents<'_> {
    /// Makes an agent; its first version is 1.
    ///
    /// # Errors
    /// `NotFound`: there is no such tenant. `Taken`: another agent of it has the name.
    pub async fn create(&self, new: NewVersion) -> Result<AgentVersion> {
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0.store.write(move |tx| make(tx, tenant, &actor, new)).await
    }

    /// Makes the next version of an agent. With `expected`, only if that is still the latest.
    ///
    /// # Errors
    /// `NotFound`; `StaleVersion` when `expected` is not the latest; `Taken`: another agent has the name; `OldVersion`.
    pub async fn update(&self, id: AgentId, expected: Option<u32>, new: NewVersion) -> Result<AgentVersion> {
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0.store.write(move |tx| change(tx, tenant, &actor, id, expected, "agent.update", |_| Ok(new))).await
    }

    /// The latest version.
    pub async fn latest(&self, id: AgentId) -> Result<Option<AgentVersion>> {
        let tenant = self.0.id;
        self.0.store.read(move |db| latest(db, tenant, id)).await
    }

    /// One version.
    pub async fn get(&self, id: AgentId, number: u32) -> Result<Option<AgentVersion>> {
        let tenant = self.0.id;
        self.0.store.read(move |db| get(db, tenant, id, number)).await
    }

    /// The latest version of the agent of this name; archived ones have none.
    pub async fn by_name(&self, name: impl Into<String>) -> Result<Option<AgentVersion>> {
        const SQL: &str = select!("a.name = ?2 AND a.status <> 'archived' AND v.version = a.latest_version");
        let (tenant, name) = (self.0.id, name.into());
        self.0.store.read(move |db| Ok(db.first(SQL, params![tenant, name], version)?)).await
    }

    /// All versions of an agent, newest first; none when there is no such agent.
    pub async fn versions(&self, id: AgentId) -> Result<Vec<AgentVersion>> {
        const SQL: &str = select!("a.id = ?2 ORDER BY v.version DESC");
        let tenant = self.0.id;
        self.0.store.read(move |db| Ok(db.all(SQL, params![tenant, id], version)?)).await
    }
}

fn latest(db: &Db, tenant: TenantId, id: AgentId) -> Result<Option<AgentVersion>> {
    const SQL: &str = select!("a.id = ?2 AND v.version = a.latest_version");
    Ok(db.first(SQL, params![tenant, id], version)?)
}

fn get(db: &Db, tenant: TenantId, id: AgentId, number: u32) -> Result<Option<AgentVersion>> {
    const SQL: &str = select!("a.id = ?2 AND v.version = ?3");
    Ok(db.first(SQL, params![tenant, id, number], version)?)
}

/// Whether an agent is this tenant's.
pub(crate) fn owns(tx: &Tx<'_>, tenant: TenantId, agent: AgentId) -> Result<()> {
    const SQL: &str = "SELECT 1 FROM agents WHERE id = ?1 AND tenant_id = ?2";
    tx.first(SQL, params![agent, tenant], |_| Ok(()))?.ok_or(StoreError::NotFound("agent"))
}

/// What of a document lists look at.
struct Outline {
    name: String,
    status: String,
    kind: String,
    extends: Option<String>,
    tags: String,
    about: String,
}

impl Outline {
    fn of(document: &Value) -> Result<Self> {
        let text = |at: &str| document.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let tags = document.pointer("/metadata/tags").filter(|tags| tags.is_array());
        Ok(Self {
            name: text("/name").unwrap_or_default(),
            status: text("/metadata/status").unwrap_or_else(|| "active".to_owned()),
            kind: text("/type").unwrap_or_else(|| "voice".to_owned()),
            extends: text("/extends"),
            tags: tags.map_or_else(|| Ok("[]".to_owned()), json)?,
            about: text("/identity/short_description").unwrap_or_default(),
        })
    }
}

const NAME_TAKEN: &str = "another agent of the tenant has this name";

fn make(tx: &Tx<'_>, tenant: TenantId, actor: &str, new: NewVersion) -> Result<AgentVersion> {
    const SQL: &str = "INSERT INTO agents (id, tenant_id, name, latest_version, created_at_ms, updated_at_ms, status, \
        kind, extends, tags, about) VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5, ?6, ?7, ?8, ?9)";
    let id = new_agent_id();
    let Outline { name, status, kind, extends, tags, about } = Outline::of(&new.document)?;
    let values = params![id, tenant, name, new.now_ms, status, kind, extends, tags, about];
    tx.execute(SQL, values).map_err(|error| error.or_taken(NAME_TAKEN))?;
    record(tx, Some(tenant), actor, new.now_ms, Deed::new("agent.create", id).after(&new.document))?;
    insert(tx, actor, id, 1, new.semver.unwrap_or(Semver::FIRST), new)
}

/// Makes the next version of an agent from the latest one.
fn change(
    tx: &Tx<'_>,
    tenant: TenantId,
    actor: &str,
    id: AgentId,
    expected: Option<u32>,
    action: &'static str,
    new: impl FnOnce(&AgentVersion) -> Result<NewVersion>,
) -> Result<AgentVersion> {
    const SQL: &str = "UPDATE agents SET name = ?3, latest_version = ?4, updated_at_ms = ?5, status = ?6, kind = ?7, \
        extends = ?8, tags = ?9, about = ?10 WHERE tenant_id = ?1 AND id = ?2";
    let before = latest(tx, tenant, id)?.ok_or(StoreError::NotFound("agent"))?;
    if expected.is_some_and(|expected| expected != before.version) {
        return Err(StoreError::StaleVersion { latest: before.version });
    }
    let new = new(&before)?;
    let semver = match new.semver {
        Some(given) if given <= before.semver => {
            return Err(StoreError::OldVersion { given, latest: before.semver });
        }
        Some(given) => given,
        None => before.semver.bumped(bump(&before.document, &new.document)),
    };
    let next = before.version.saturating_add(1);
    let Outline { name, status, kind, extends, tags, about } = Outline::of(&new.document)?;
    let values = params![tenant, id, name, next, new.now_ms, status, kind, extends, tags, about];
    tx.execute(SQL, values).map_err(|error| error.or_taken(NAME_TAKEN))?;
    let deed = Deed::new(action, id).before(&before.document).after(&new.document);
    record(tx, Some(tenant), actor, new.now_ms, deed)?;
    insert(tx, actor, id, next, semver, new)
}

fn insert(
    tx: &Tx<'_>,
    actor: &str,
    agent_id: AgentId,
    version: u32,
    semver: Semver,
    new: NewVersion,
) -> Result<AgentVersion> {
    const SQL: &str = "INSERT INTO agent_versions (agent_id, version, document, created_at_ms, author, summary, semver) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    const DEFAULT: &str = "SELECT 1 FROM default_agents WHERE agent_id = ?1";
    let NewVersion { document, author, summary, now_ms, .. } = new;
    let author = Some(author.unwrap_or_else(|| actor.to_owned()));
    let values =
        params![agent_id, version, json(&document)?, now_ms, author.clone(), summary.clone(), semver.to_string()];
    tx.execute(SQL, values)?;
    let default = tx.first(DEFAULT, params![agent_id], |_| Ok(()))?.is_some();
    Ok(AgentVersion { agent_id, version, semver, document, created_at_ms: now_ms, author, summary, default })
}
