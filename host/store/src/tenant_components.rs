//! Components that a tenant uploads: each has numbered releases, of which one is live.
//!
//! A release never changes. What is uploaded is the draft until it is promoted; what was live before is kept, in the order
//! in which it was, for rolling back.

use crate::audit::{Deed, record};
use crate::bind::{Columns, json, params};
use crate::page::{Cursor, Page, fetch, page};
use crate::sqlite::Db;
use crate::store::{Store, TenantStore};
use crate::writer::Tx;
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json as object};
use trunkline_contract::{ComponentId, TenantId};
use uuid::Uuid;

/// What a component is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ComponentKind {
    /// It decides for agents.
    Agent,
    /// It has tools.
    Tool,
}

impl ComponentKind {
    /// As in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Tool => "tool",
        }
    }

    fn of(name: &str) -> Self {
        if name == "tool" { Self::Tool } else { Self::Agent }
    }
}

/// A component of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TenantComponent {
    /// Its id.
    pub id: ComponentId,
    /// Unique in the tenant.
    pub name: String,
    /// What it is for.
    pub kind: ComponentKind,
    /// Number of the release that was uploaded last and was not live yet.
    pub draft: Option<u32>,
    /// Number of the release that is used.
    pub live: Option<u32>,
    /// Number of the release that was live before it: what a roll-back goes to.
    pub previous: Option<u32>,
    /// Number of the release that last worked: what a failing one falls back to.
    pub last_good: Option<u32>,
    /// What its tenant lets it reach.
    pub grants: Value,
    /// Counts its changes, from 1.
    pub version: u32,
    /// Unix ms.
    pub created_at_ms: u64,
    /// Unix ms.
    pub updated_at_ms: u64,
}

/// A release of a component.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Release {
    /// Counts from 1; no number is given twice.
    pub number: u32,
    /// SHA-256 of its bytes, lower-case hex.
    pub digest: String,
    /// Its size.
    pub bytes: u64,
    /// What it says of itself: an agent's manifest, or `tools`.
    pub manifest: Value,
    /// Who uploaded it.
    pub created_by: String,
    /// Unix ms.
    pub created_at_ms: u64,
    /// When it last became the live one, unix ms.
    pub promoted_at_ms: Option<u64>,
}

/// Bytes that were admitted.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRelease {
    /// Name of the component; it is made when there is none.
    pub name: String,
    /// What it is for.
    pub kind: ComponentKind,
    /// The component.
    pub bytes: Vec<u8>,
    /// SHA-256 of it, lower-case hex.
    pub digest: String,
    /// What it says of itself.
    pub manifest: Value,
    /// Makes it the live one at once.
    pub promote: bool,
    /// Components that the tenant may have.
    pub max_components: u32,
    /// Bytes that its releases may have together.
    pub max_bytes: u64,
    /// Unix ms.
    pub now_ms: u64,
}

/// What a name stands for when a call begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// What it is for.
    pub kind: ComponentKind,
    /// Digest of the release that was asked for, or of the live one; none: it has none.
    pub digest: Option<String>,
    /// What that release says of itself.
    pub manifest: Option<Value>,
    /// Digest of the release that last worked.
    pub last_good: Option<String>,
}

/// A component with tools, as calls use it.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveTools {
    /// The component.
    pub id: ComponentId,
    /// Its name.
    pub name: String,
    /// Digest of the live release.
    pub digest: String,
    /// What that release says of itself: `tools`.
    pub manifest: Value,
    /// What its tenant lets it reach.
    pub grants: Value,
}

/// The components of one tenant.
pub struct TenantComponents<'a>(pub(crate) &'a TenantStore);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, kind, draft, live, last_good, version, created_at_ms, updated_at_ms, ",
            "(SELECT before.number FROM component_releases AS now JOIN component_releases AS before ON ",
            "before.component_id = id AND before.number = now.replaced WHERE now.component_id = id AND now.number = live), ",
            "grants FROM tenant_components WHERE tenant_id = ?1 AND ",
            $rest
        )
    };
}

macro_rules! releases {
    ($rest:literal) => {
        concat!(
            "SELECT number, digest, bytes, manifest, created_by, created_at_ms, promoted_at_ms FROM component_releases ",
            "WHERE component_id = ?1 AND ",
            $rest
        )
    };
}

fn component(row: &Columns<'_>) -> Result<TenantComponent> {
    Ok(TenantComponent {
        id: ComponentId(row.uuid(0)?),
        name: row.text(1)?,
        kind: ComponentKind::of(&row.text(2)?),
        draft: row.opt_u32(3)?,
        live: row.opt_u32(4)?,
        last_good: row.opt_u32(5)?,
        version: row.u32(6)?,
        created_at_ms: row.u64(7)?,
        updated_at_ms: row.u64(8)?,
        previous: row.opt_u32(9)?,
        grants: row.json(10)?,
    })
}

fn release(row: &Columns<'_>) -> Result<Release> {
    Ok(Release {
        number: row.u32(0)?,
        digest: row.text(1)?,
        bytes: row.u64(2)?,
        manifest: row.json(3)?,
        created_by: row.text(4)?,
        created_at_ms: row.u64(5)?,
        promoted_at_ms: row.opt_u64(6)?,
    })
}

/// Releases of one component: older ones have to be deleted.
const MAX_RELEASES: u64 = 100;
const MISSING: StoreError = StoreError::NotFound("component");
const NO_RELEASE: StoreError = StoreError::NotFound("release");

fn get(db: &Db, tenant: TenantId, id: ComponentId) -> Result<Option<TenantComponent>> {
    const SQL: &str = select!("id = ?2");
    Ok(db.first(SQL, params![tenant, id], component)?)
}

fn by_name(db: &Db, tenant: TenantId, name: &str) -> Result<Option<TenantComponent>> {
    const SQL: &str = select!("name = ?2");
    Ok(db.first(SQL, params![tenant, name], component)?)
}

fn numbered(db: &Db, id: ComponentId, number: u32) -> Result<Option<Release>> {
    const SQL: &str = releases!("number = ?2");
    Ok(db.first(SQL, params![id, number], release)?)
}

/// What the audit log hashes: which releases a name stands for.
fn outline(component: &TenantComponent) -> Value {
    object!({
        "name": component.name, "draft": component.draft, "live": component.live, "grants": component.grants,
    })
}

fn insert(tx: &Tx<'_>, tenant: TenantId, new: &NewRelease) -> Result<TenantComponent> {
    const COUNT: &str = "SELECT count(*) FROM tenant_components WHERE tenant_id = ?1";
    const SQL: &str = "INSERT INTO tenant_components (id, tenant_id, name, kind, created_at_ms, updated_at_ms) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
    let known = tx.first(COUNT, params![tenant], |row| row.u64(0))?.unwrap_or_default();
    if known >= u64::from(new.max_components) {
        return Err(StoreError::Limit { limit: "max_components", most: new.max_components.into() });
    }
    let id = ComponentId(Uuid::now_v7());
    tx.execute(SQL, params![id, tenant, new.name.as_str(), new.kind.name(), new.now_ms])?;
    get(tx, tenant, id)?.ok_or(MISSING)
}

/// Makes a release the live one.
fn promote(tx: &Tx<'_>, id: ComponentId, number: u32, now_ms: u64) -> Result<()> {
    const TIME: &str = "UPDATE component_releases SET promoted_at_ms = ?3, \
        replaced = (SELECT live FROM tenant_components WHERE id = ?1) WHERE component_id = ?1 AND number = ?2";
    const SQL: &str = "UPDATE tenant_components SET live = ?2, draft = CASE draft WHEN ?2 THEN NULL ELSE draft END, \
        version = version + 1, updated_at_ms = ?3 WHERE id = ?1";
    if tx.execute(TIME, params![id, number, now_ms])? == 0 {
        return Err(NO_RELEASE);
    }
    tx.execute(SQL, params![id, number, now_ms])?;
    Ok(())
}

fn unchanged(expected: Option<u32>, component: &TenantComponent) -> Result<()> {
    match expected {
        Some(expected) if expected != component.version => {
            Err(StoreError::Changed { what: "component", latest: component.version })
        }
        _ => Ok(()),
    }
}

impl TenantComponents<'_> {
    /// Keeps an admitted component as the next release of its name. Bytes that the latest release has already make no
    /// other one; false: they did.
    ///
    /// # Errors
    /// `Limit`; `InUse`: the name stands for something of another kind.
    pub async fn upload(&self, new: NewRelease) -> Result<(TenantComponent, Release, bool)> {
        const BLOB: &str = "INSERT INTO component_blobs (digest, bytes, created_at_ms) VALUES (?1, ?2, ?3) \
            ON CONFLICT DO UPDATE SET unused_since_ms = NULL";
        const STORED: &str = "SELECT coalesce(sum(bytes), 0) FROM component_releases WHERE component_id IN \
            (SELECT id FROM tenant_components WHERE tenant_id = ?1)";
        const LATEST: &str = releases!("number > 0 ORDER BY number DESC LIMIT 1");
        const SQL: &str = "INSERT INTO component_releases (component_id, number, digest, bytes, manifest, created_by, \
            created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        const DRAFT: &str = "UPDATE tenant_components SET draft = ?2, numbered = max(numbered, ?2), version = version + 1, \
            updated_at_ms = ?3 WHERE id = ?1";
        const COUNT: &str = "SELECT count(*) FROM component_releases WHERE component_id = ?1";
        const NUMBERED: &str = "SELECT numbered FROM tenant_components WHERE id = ?1";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        let uploaded = self.0.store.write(move |tx| {
            let digest = new.digest.clone();
            let before = by_name(tx, tenant, &new.name)?;
            let known = match &before {
                Some(known) if known.kind != new.kind => {
                    return Err(StoreError::InUse(format!("`{}` is a component of another kind", new.name)));
                }
                Some(known) => known.clone(),
                None => insert(tx, tenant, &new)?,
            };
            let latest = tx.first(LATEST, params![known.id], release)?.filter(|latest| latest.digest == digest);
            let fresh = latest.is_none();
            let number = match latest {
                Some(latest) => {
                    // It is wanted again.
                    if known.live != Some(latest.number) && known.draft != Some(latest.number) {
                        tx.execute(DRAFT, params![known.id, latest.number, new.now_ms])?;
                    }
                    latest.number
                }
                None => {
                    let releases = tx.first(COUNT, params![known.id], |row| row.u64(0))?.unwrap_or_default();
                    if releases >= MAX_RELEASES {
                        return Err(StoreError::Limit { limit: "releases of a component", most: MAX_RELEASES });
                    }
                    let size = new.bytes.len() as u64;
                    let stored = tx.first(STORED, params![tenant], |row| row.u64(0))?.unwrap_or_default();
                    if stored.saturating_add(size) > new.max_bytes {
                        return Err(StoreError::Limit { limit: "max_component_bytes", most: new.max_bytes });
                    }
                    tx.execute(BLOB, params![digest.as_str(), new.bytes, new.now_ms])?;
                    let number = tx.first(NUMBERED, params![known.id], |row| row.u32(0))?.unwrap_or_default() + 1;
                    let manifest = json(&new.manifest)?;
                    tx.execute(SQL, params![known.id, number, digest, size, manifest, &*actor, new.now_ms])?;
                    tx.execute(DRAFT, params![known.id, number, new.now_ms])?;
                    number
                }
            };
            if new.promote && known.live != Some(number) {
                promote(tx, known.id, number, new.now_ms)?;
            }
            let after = get(tx, tenant, known.id)?.ok_or(MISSING)?;
            let (was, is) = (before.as_ref().map(outline), outline(&after));
            if was.as_ref() != Some(&is) {
                let deed = Deed { before: was.as_ref(), ..Deed::new("component.upload", known.id).after(&is) };
                record(tx, Some(tenant), &actor, new.now_ms, deed)?;
            }
            Ok((after, numbered(tx, known.id, number)?.ok_or(NO_RELEASE)?, fresh))
        });
        uploaded.await
    }

    /// Makes a release the live one: the draft when none is named. With `expected`, only if that is still the component's
    /// version.
    ///
    /// # Errors
    /// `NotFound`; `Changed`; `Invalid`: there is no draft.
    pub async fn promote(
        &self,
        id: ComponentId,
        number: Option<u32>,
        expected: Option<u32>,
        now_ms: u64,
    ) -> Result<TenantComponent> {
        self.change(id, expected, "component.promote", now_ms, move |tx, component| {
            let number = number.or(component.draft).ok_or(StoreError::Invalid("there is no draft to promote"))?;
            if component.live == Some(number) { Ok(()) } else { promote(tx, id, number, now_ms) }
        })
        .await
    }

    /// Makes an earlier release the live one again: the one that was live before when none is named. What was live is
    /// promoted like any other if it is wanted again.
    ///
    /// # Errors
    /// `NotFound`; `Changed`; `Invalid`: none was live before, or the named one never was.
    pub async fn roll_back(
        &self,
        id: ComponentId,
        number: Option<u32>,
        expected: Option<u32>,
        now_ms: u64,
    ) -> Result<TenantComponent> {
        // What was rolled back from is nothing to fall back to.
        const SQL: &str = "UPDATE tenant_components SET last_good = CASE last_good WHEN live THEN ?2 ELSE last_good END, \
            live = ?2, version = version + 1, updated_at_ms = ?3 WHERE id = ?1";
        self.change(id, expected, "component.rollback", now_ms, move |tx, component| {
            let none = StoreError::Invalid("no release was live before this one");
            let number = number.or(component.previous).ok_or(none)?;
            let release = numbered(tx, id, number)?.ok_or(NO_RELEASE)?;
            if release.promoted_at_ms.is_none() {
                return Err(StoreError::Invalid("that release was never live: promote it"));
            }
            tx.execute(SQL, params![id, number, now_ms])?;
            Ok(())
        })
        .await
    }

    /// Sets what a component may reach.
    ///
    /// # Errors
    /// `NotFound`; `Changed`.
    pub async fn set_grants(
        &self,
        id: ComponentId,
        grants: Value,
        expected: Option<u32>,
        now_ms: u64,
    ) -> Result<TenantComponent> {
        const SQL: &str =
            "UPDATE tenant_components SET grants = ?2, version = version + 1, updated_at_ms = ?3 WHERE id = ?1";
        self.change(id, expected, "component.grant", now_ms, move |tx, _| {
            tx.execute(SQL, params![id, json(&grants)?, now_ms])?;
            Ok(())
        })
        .await
    }

    /// The live releases of components with tools, by name.
    pub async fn live_tools(&self) -> Result<Vec<LiveTools>> {
        const SQL: &str = "SELECT c.id, c.name, r.digest, r.manifest, c.grants FROM tenant_components AS c JOIN \
            component_releases AS r ON r.component_id = c.id AND r.number = c.live WHERE c.tenant_id = ?1 \
            AND c.kind = 'tool' ORDER BY c.name";
        let tenant = self.0.id;
        let row = |row: &Columns<'_>| {
            Ok(LiveTools {
                id: ComponentId(row.uuid(0)?),
                name: row.text(1)?,
                digest: row.text(2)?,
                manifest: row.json(3)?,
                grants: row.json(4)?,
            })
        };
        self.0.store.read(move |db| Ok(db.all(SQL, params![tenant], row)?)).await
    }

    /// Deletes a component with its releases. Its bytes go later, when no call can need them any more.
    ///
    /// # Errors
    /// `NotFound`; `Changed`.
    pub async fn delete(&self, id: ComponentId, expected: Option<u32>, now_ms: u64) -> Result<()> {
        const SQL: &str = "DELETE FROM tenant_components WHERE tenant_id = ?1 AND id = ?2";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        let deleted = self.0.store.write(move |tx| {
            let before = get(tx, tenant, id)?.ok_or(MISSING)?;
            unchanged(expected, &before)?;
            tx.execute(SQL, params![tenant, id])?;
            record(tx, Some(tenant), &actor, now_ms, Deed::new("component.delete", id).before(&outline(&before)))
        });
        deleted.await
    }

    /// Deletes a release.
    ///
    /// # Errors
    /// `NotFound`; `InUse`: it is the live one, or what that falls back to.
    pub async fn delete_release(&self, id: ComponentId, number: u32, now_ms: u64) -> Result<()> {
        const SQL: &str = "DELETE FROM component_releases WHERE component_id = ?1 AND number = ?2";
        const DRAFT: &str = "UPDATE tenant_components SET draft = NULL WHERE id = ?1 AND draft = ?2";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        let deleted = self.0.store.write(move |tx| {
            let component = get(tx, tenant, id)?.ok_or(MISSING)?;
            let release = numbered(tx, id, number)?.ok_or(NO_RELEASE)?;
            if component.live == Some(number) || component.last_good == Some(number) {
                return Err(StoreError::InUse(format!("release {number} is the live one, or last worked")));
            }
            tx.execute(DRAFT, params![id, number])?;
            tx.execute(SQL, params![id, number])?;
            let before = object!({"number": number, "digest": release.digest});
            let deed = Deed::new("component.delete-release", id).before(&before);
            record(tx, Some(tenant), &actor, now_ms, deed)
        });
        deleted.await
    }

    /// A component by its id.
    pub async fn get(&self, id: ComponentId) -> Result<Option<TenantComponent>> {
        let tenant = self.0.id;
        self.0.store.read(move |db| get(db, tenant, id)).await
    }

    /// A component by its name.
    pub async fn by_name(&self, name: impl Into<String>) -> Result<Option<TenantComponent>> {
        let (tenant, name) = (self.0.id, name.into());
        self.0.store.read(move |db| by_name(db, tenant, &name)).await
    }

    /// Components, newest first; `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, cursor: Option<&str>, limit: usize) -> Result<Page<TenantComponent>> {
        const SQL: &str = select!("(created_at_ms, id) < (?2, ?3) ORDER BY created_at_ms DESC, id DESC LIMIT ?4");
        let (tenant, after) = (self.0.id, Cursor::parse(cursor)?);
        let fetched = self
            .0
            .store
            .read(move |db| Ok(db.all(SQL, params![tenant, after.at_ms, after.id, fetch(limit)], component)?));
        Ok(page(fetched.await?, limit, |component| Cursor { at_ms: component.created_at_ms, id: component.id.0 }))
    }

    /// The names of those of a kind.
    pub async fn names(&self, kind: ComponentKind) -> Result<Vec<String>> {
        const SQL: &str = "SELECT name FROM tenant_components WHERE tenant_id = ?1 AND kind = ?2 ORDER BY name";
        let tenant = self.0.id;
        self.0.store.read(move |db| Ok(db.all(SQL, params![tenant, kind.name()], |row| row.text(0))?)).await
    }

    /// The releases of a component, newest first.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn releases(&self, id: ComponentId) -> Result<Vec<Release>> {
        const SQL: &str = releases!("number > 0 ORDER BY number DESC");
        let tenant = self.0.id;
        self.0
            .store
            .read(move |db| {
                get(db, tenant, id)?.ok_or(MISSING)?;
                Ok(db.all(SQL, params![id], release)?)
            })
            .await
    }

    /// One release of a component.
    pub async fn release(&self, id: ComponentId, number: u32) -> Result<Option<Release>> {
        let tenant = self.0.id;
        self.0
            .store
            .read(move |db| match get(db, tenant, id)? {
                Some(_) => numbered(db, id, number),
                None => Ok(None),
            })
            .await
    }

    /// What a name stands for: the release of this number, or the live one.
    pub async fn named(&self, name: impl Into<String>, number: Option<u32>) -> Result<Option<Named>> {
        let (tenant, name) = (self.0.id, name.into());
        self.0
            .store
            .read(move |db| {
                let Some(known) = by_name(db, tenant, &name)? else { return Ok(None) };
                let release = |number: Option<u32>| -> Result<Option<Release>> {
                    Ok(number.map(|number| numbered(db, known.id, number)).transpose()?.flatten())
                };
                let (wanted, good) = (release(number.or(known.live))?, release(known.last_good)?);
                let (digest, manifest) = wanted.map(|release| (release.digest, release.manifest)).unzip();
                let last_good = good.map(|release| release.digest);
                Ok(Some(Named { kind: known.kind, digest, manifest, last_good }))
            })
            .await
    }

    /// A release has worked: what fails later falls back to it. False: it is not live.
    pub async fn mark_good(&self, digest: impl Into<String>) -> Result<bool> {
        const SQL: &str = "UPDATE tenant_components SET last_good = live WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM component_releases WHERE component_id = id AND number = live AND digest = ?2)";
        let (tenant, digest) = (self.0.id, digest.into());
        self.0.store.write(move |tx| Ok(tx.execute(SQL, params![tenant, digest])? > 0)).await
    }

    async fn change(
        &self,
        id: ComponentId,
        expected: Option<u32>,
        action: &'static str,
        now_ms: u64,
        work: impl FnOnce(&Tx<'_>, &TenantComponent) -> Result<()> + Send + 'static,
    ) -> Result<TenantComponent> {
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        let changed = self.0.store.write(move |tx| {
            let before = get(tx, tenant, id)?.ok_or(MISSING)?;
            unchanged(expected, &before)?;
            work(tx, &before)?;
            let after = get(tx, tenant, id)?.ok_or(MISSING)?;
            if after.version != before.version {
                let (was, is) = (outline(&before), outline(&after));
                record(tx, Some(tenant), &actor, now_ms, Deed::new(action, id).before(&was).after(&is))?;
            }
            Ok(after)
        });
        changed.await
    }
}

impl TenantStore {
    /// Components that the tenant uploaded.
    pub fn components(&self) -> TenantComponents<'_> {
        TenantComponents(self)
    }
}

/// A statement about bytes that something refers to, or that nothing does.
macro_rules! used {
    ($before:literal, $not:literal) => {
        concat!(
            $before,
            $not,
            "(digest IN (SELECT digest FROM component_releases) OR digest IN (SELECT live FROM components) OR digest IN ",
            "(SELECT last_good FROM components WHERE last_good IS NOT NULL))"
        )
    };
}

impl Store {
    /// Notes which bytes nothing refers to, and deletes those that nothing has referred to since `before_ms`; gives the
    /// digests of these.
    pub async fn sweep_components(&self, before_ms: u64, now_ms: u64) -> Result<Vec<String>> {
        const USED: &str =
            used!("UPDATE component_blobs SET unused_since_ms = NULL WHERE unused_since_ms > 0 AND ", "");
        const UNUSED: &str =
            used!("UPDATE component_blobs SET unused_since_ms = ?1 WHERE unused_since_ms IS NULL AND ", "NOT ");
        const GONE: &str = "SELECT digest FROM component_blobs WHERE unused_since_ms <= ?1";
        const SQL: &str = "DELETE FROM component_blobs WHERE unused_since_ms <= ?1";
        self.write(move |tx| {
            tx.execute(USED, params![])?;
            tx.execute(UNUSED, params![now_ms])?;
            let gone = tx.all(GONE, params![before_ms], |row| row.text(0))?;
            tx.execute(SQL, params![before_ms])?;
            Ok(gone)
        })
        .await
    }
}
