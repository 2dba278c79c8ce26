//! People who may log in: those of a tenant, and operators, who belong to none.

use crate::audit::{Deed, record};
use crate::bind::{Columns, params};
use crate::page::{Cursor, Page, fetch, page};
use crate::roles::Role;
use crate::sqlite::Db;
use crate::store::Store;
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use trunkline_contract::{TenantId, UserId};
use uuid::Uuid;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Whose people they belong to; none: they are an operator.
    pub tenant_id: Option<TenantId>,
    /// Unique on this host, in any case.
    pub email: String,
    /// Shown to others.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they have a password.
    pub has_password: bool,
    /// They may not log in.
    pub disabled: bool,
    /// Counts changes, from 1.
    pub version: u32,
    /// Unix ms.
    pub created_at_ms: u64,
    /// When they last logged in, unix ms.
    pub login_at_ms: Option<u64>,
}

/// A person to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// None: an operator.
    pub tenant: Option<TenantId>,
    /// Unique on this host.
    pub email: String,
    /// Shown to others.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// From [`crate::hash_password`].
    pub password_hash: Option<String>,
    /// Unix ms.
    pub now_ms: u64,
}

/// What changes of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// Shown to others.
    pub name: Option<String>,
    /// What they may do; an operator stays one, and nobody becomes one.
    pub role: Option<Role>,
    /// From [`crate::hash_password`]; ends their sessions.
    pub password_hash: Option<String>,
    /// They may not log in; ends their sessions.
    pub disabled: Option<bool>,
}

/// People: of one tenant, or the operators.
pub struct Users<'a> {
    store: &'a Store,
    tenant: Option<TenantId>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, tenant_id, email, name, role, password IS NOT NULL, disabled, version, created_at_ms, ",
            "login_at_ms FROM users WHERE ",
            $rest
        )
    };
}

fn user(row: &Columns<'_>) -> Result<User> {
    Ok(User {
        id: UserId(row.uuid(0)?),
        tenant_id: row.opt_uuid(1)?.map(TenantId),
        email: row.text(2)?,
        name: row.text(3)?,
        role: row.text(4)?.parse().map_err(|_| StoreError::Corrupt("a role".to_owned()))?,
        has_password: row.bool(5)?,
        disabled: row.bool(6)?,
        version: row.u32(7)?,
        created_at_ms: row.u64(8)?,
        login_at_ms: row.opt_u64(9)?,
    })
}

fn get(db: &Db, tenant: Option<TenantId>, id: UserId) -> Result<Option<User>> {
    const SQL: &str = select!("tenant_id IS ?1 AND id = ?2");
    Ok(db.first(SQL, params![tenant, id], user)?)
}

/// What the audit log hashes.
fn outline(user: &User) -> Value {
    json!({"email": user.email, "name": user.name, "role": user.role, "disabled": user.disabled})
}

const END_SESSIONS: &str = "DELETE FROM browser_sessions WHERE user_id = ?1";
const TAKE_LINKS: &str = "DELETE FROM login_links WHERE user_id = ?1";

impl Users<'_> {
    /// Adds a person; `new.tenant` must be whose people these are.
    ///
    /// # Errors
    /// `Taken`: somebody has this email. `Invalid`: the role does not fit. `NotFound`: no such tenant.
    pub async fn create(&self, actor: &str, new: NewUser) -> Result<User> {
        const SQL: &str = "INSERT INTO users (id, tenant_id, email, name, role, password, created_at_ms, updated_at_ms) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
        if (new.role == Role::Operator) != self.tenant.is_none() {
            return Err(StoreError::Invalid("operators belong to no tenant, and others to one"));
        }
        let (tenant, actor, id) = (self.tenant, actor.to_owned(), UserId(Uuid::now_v7()));
        self.store
            .write(move |tx| {
                let NewUser { email, name, role, password_hash, now_ms, .. } = new;
                tx.execute(SQL, params![id, tenant, email, name, role.name(), password_hash, now_ms])
                    .map_err(|error| error.or_taken("somebody has this email"))?;
                let made = get(tx, tenant, id)?.ok_or(StoreError::NotFound("user"))?;
                record(tx, tenant, &actor, now_ms, Deed::new("user.create", id).after(&outline(&made)))?;
                Ok(made)
            })
            .await
    }

    /// Changes a person. With `expected`, only if that is still their version.
    ///
    /// # Errors
    /// `NotFound`; `Changed`; `Invalid`: the role does not fit.
    pub async fn update(
        &self,
        actor: &str,
        id: UserId,
        expected: Option<u32>,
        change: UserChange,
        now_ms: u64,
    ) -> Result<User> {
        const SQL: &str = "UPDATE users SET name = ?3, role = ?4, password = coalesce(?5, password), disabled = ?6, \
            version = version + 1, updated_at_ms = ?7 WHERE tenant_id IS ?1 AND id = ?2";
        if change.role.is_some_and(|role| (role == Role::Operator) != self.tenant.is_none()) {
            return Err(StoreError::Invalid("operators belong to no tenant, and others to one"));
        }
        let (tenant, actor) = (self.tenant, actor.to_owned());
        self.store
            .write(move |tx| {
                let before = get(tx, tenant, id)?.ok_or(StoreError::NotFound("user"))?;
                if expected.is_some_and(|expected| expected != before.version) {
                    return Err(StoreError::Changed { what: "user", latest: before.version });
                }
                let out = change.password_hash.is_some() || change.disabled == Some(true);
                let was = outline(&before);
                let (name, role) = (change.name.unwrap_or(before.name), change.role.unwrap_or(before.role));
                let disabled = change.disabled.unwrap_or(before.disabled);
                tx.execute(SQL, params![tenant, id, name, role.name(), change.password_hash, disabled, now_ms])?;
                if out {
                    tx.execute(END_SESSIONS, params![id])?;
                    tx.execute(TAKE_LINKS, params![id])?;
                }
                let after = get(tx, tenant, id)?.ok_or(StoreError::NotFound("user"))?;
                let deed = Deed::new("user.update", id);
                record(tx, tenant, &actor, now_ms, deed.before(&was).after(&outline(&after)))?;
                Ok(after)
            })
            .await
    }

    /// Removes a person; their sessions end.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete(&self, actor: &str, id: UserId, now_ms: u64) -> Result<()> {
        const SQL: &str = "DELETE FROM users WHERE tenant_id IS ?1 AND id = ?2";
        let (tenant, actor) = (self.tenant, actor.to_owned());
        self.store
            .write(move |tx| {
                let before = get(tx, tenant, id)?.ok_or(StoreError::NotFound("user"))?;
                tx.execute(END_SESSIONS, params![id])?;
                tx.execute(TAKE_LINKS, params![id])?;
                tx.execute(SQL, params![tenant, id])?;
                record(tx, tenant, &actor, now_ms, Deed::new("user.delete", id).before(&outline(&before)))
            })
            .await
    }

    /// One person.
    pub async fn get(&self, id: UserId) -> Result<Option<User>> {
        let tenant = self.tenant;
        self.store.read(move |db| get(db, tenant, id)).await
    }

    /// People, newest first; `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, cursor: Option<&str>, limit: usize) -> Result<Page<User>> {
        const SQL: &str =
            select!("tenant_id IS ?1 AND (created_at_ms, id) < (?2, ?3) ORDER BY created_at_ms DESC, id DESC LIMIT ?4");
        let (tenant, after) = (self.tenant, Cursor::parse(cursor)?);
        let values = move || params![tenant, after.at_ms, after.id, fetch(limit)];
        let fetched = self.store.read(move |db| Ok(db.all(SQL, values(), user)?)).await?;
        Ok(page(fetched, limit, |user| Cursor { at_ms: user.created_at_ms, id: user.id.0 }))
    }
}

impl Store {
    /// The people of a tenant; of none: the operators.
    pub fn users(&self, tenant: Option<TenantId>) -> Users<'_> {
        Users { store: self, tenant }
    }

    /// A person, whoever's they are.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        const SQL: &str = select!("id = ?1");
        self.read(move |db| Ok(db.first(SQL, params![id], user)?)).await
    }

    /// Whoever has an email, and the hash of their password.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<(User, Option<String>)>> {
        const SQL: &str = select!("email = ?1");
        const HASH: &str = "SELECT password FROM users WHERE email = ?1";
        let email = email.to_owned();
        self.read(move |db| {
            let Some(found) = db.first(SQL, params![email.as_str()], user)? else { return Ok(None) };
            let hash = db.first(HASH, params![email], |row| row.opt_text(0))?.flatten();
            Ok(Some((found, hash)))
        })
        .await
    }
}
