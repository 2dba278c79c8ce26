//! The registry of components: bytes by their digest, and names that point at digests.

use crate::audit::{Deed, HOST, record};
use crate::bind::{Columns, params};
use crate::store::Store;
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A name and what it points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Component {
    /// As an agent's `behaviour.component`.
    pub name: String,
    /// Digest of what new calls get.
    pub live: String,
    /// Digest of what last worked, if any has.
    pub last_good: Option<String>,
    /// Unix ms.
    pub created_at_ms: u64,
    /// Unix ms.
    pub updated_at_ms: u64,
}

/// All components.
pub struct Components<'a>(pub(crate) &'a Store);

fn component(row: &Columns<'_>) -> Result<Component> {
    Ok(Component {
        name: row.text(0)?,
        live: row.text(1)?,
        last_good: row.opt_text(2)?,
        created_at_ms: row.u64(3)?,
        updated_at_ms: row.u64(4)?,
    })
}

/// SHA-256, lower-case hex.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Components<'_> {
    /// Stores bytes and gives their digest (SHA-256, lower-case hex). Storing them again changes nothing.
    pub async fn put_blob(&self, bytes: Vec<u8>, now_ms: u64) -> Result<String> {
        const SQL: &str = "INSERT INTO component_blobs (digest, bytes, created_at_ms) VALUES (?1, ?2, ?3) \
            ON CONFLICT DO UPDATE SET unused_since_ms = NULL";
        self.0
            .write(move |tx| {
                let digest = digest(&bytes);
                tx.execute(SQL, params![digest.as_str(), bytes, now_ms])?;
                Ok(digest)
            })
            .await
    }

    /// The bytes of a digest, checked against it.
    ///
    /// # Errors
    /// `Corrupt`: they are not what was stored.
    pub async fn blob(&self, wanted: impl Into<String>) -> Result<Option<Vec<u8>>> {
        const SQL: &str = "SELECT bytes FROM component_blobs WHERE digest = ?1";
        let wanted = wanted.into();
        self.0
            .read(move |db| match db.first(SQL, params![wanted.as_str()], |row| row.blob(0))? {
                Some(bytes) if digest(&bytes) != wanted => {
                    Err(StoreError::Corrupt(format!("component {wanted} has other bytes")))
                }
                found => Ok(found),
            })
            .await
    }

    /// Whether there are bytes of a digest.
    pub async fn has_blob(&self, digest: impl Into<String>) -> Result<bool> {
        const SQL: &str = "SELECT 1 FROM component_blobs WHERE digest = ?1";
        let digest = digest.into();
        self.0.read(move |db| Ok(db.first(SQL, params![digest], |row| row.i64(0))?.is_some())).await
    }

    /// Points a name at a digest: new calls get it from now on. What was last good stays.
    ///
    /// # Errors
    /// `NotFound`: there is no such blob.
    pub async fn release(&self, name: impl Into<String>, digest: impl Into<String>, now_ms: u64) -> Result<()> {
        const SQL: &str = "INSERT INTO components (name, live, created_at_ms, updated_at_ms) VALUES (?1, ?2, ?3, ?3) \
            ON CONFLICT (name) DO UPDATE SET live = excluded.live, updated_at_ms = excluded.updated_at_ms";
        const LIVE: &str = "SELECT live FROM components WHERE name = ?1";
        let (name, digest) = (name.into(), digest.into());
        self.0
            .write(move |tx| {
                let before = tx.first(LIVE, params![name.as_str()], |row| row.text(0))?;
                tx.execute(SQL, params![name.as_str(), digest.as_str(), now_ms])?;
                if before.as_ref() == Some(&digest) {
                    return Ok(());
                }
                let (before, after) = (before.map(Value::from), Value::from(digest));
                let deed = Deed { before: before.as_ref(), ..Deed::new("component.release", name).after(&after) };
                record(tx, None, HOST, now_ms, deed)
            })
            .await
    }

    /// The digest has worked under this name; what fails later falls back to it.
    ///
    /// # Errors
    /// `NotFound`: there is no such name or blob.
    pub async fn mark_good(&self, name: impl Into<String>, digest: impl Into<String>, now_ms: u64) -> Result<()> {
        const SQL: &str = "UPDATE components SET last_good = ?2, updated_at_ms = ?3 WHERE name = ?1";
        let (name, digest) = (name.into(), digest.into());
        self.0
            .write(move |tx| match tx.execute(SQL, params![name, digest, now_ms])? {
                0 => Err(StoreError::NotFound("component")),
                _ => Ok(()),
            })
            .await
    }

    /// What a name points at.
    pub async fn get(&self, name: impl Into<String>) -> Result<Option<Component>> {
        const SQL: &str = "SELECT name, live, last_good, created_at_ms, updated_at_ms FROM components WHERE name = ?1";
        let name = name.into();
        self.0.read(move |db| Ok(db.first(SQL, params![name], component)?)).await
    }

    /// All names, in order.
    pub async fn list(&self) -> Result<Vec<Component>> {
        const SQL: &str = "SELECT name, live, last_good, created_at_ms, updated_at_ms FROM components ORDER BY name";
        self.0.read(|db| Ok(db.all(SQL, params![], component)?)).await
    }
}
