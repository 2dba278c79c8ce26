//! Documents that agents answer from: kept in chunks, found by their words.

mod search;

pub use search::{Hit, Matches, Query};

use crate::agents::owns;
use crate::audit::{Deed, record};
use crate::bind::{Columns, json, params};
use crate::page::{Cursor, Page, fetch, page};
use crate::store::TenantStore;
use crate::writer::Tx;
use crate::{Result, StoreError, new_document_id};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use trunkline_contract::{AgentId, DocumentId, TenantId};

/// A document.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// As it was given; need not be unique.
    pub name: String,
    /// The only agent that answers from it; none: every agent of the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<AgentId>,
    /// Of its text, in UTF-8.
    pub bytes: u64,
    /// How many pieces it is searched in.
    pub chunks: u32,
    /// Whatever its maker wanted to remember.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// Unix ms.
    pub created_at_ms: u64,
}

/// A piece of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The headings that it stands under.
    pub heading: Option<String>,
    /// A stretch of the document's text; all of them, joined in order, are the text.
    pub text: String,
}

/// A document to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDocument {
    /// Its name; found by its words, too.
    pub name: String,
    /// The only agent that answers from it; none: every agent of the tenant.
    pub agent_id: Option<AgentId>,
    /// Whatever its maker wants to remember.
    pub metadata: Map<String, Value>,
    /// Its text.
    pub chunks: Vec<Chunk>,
    /// Unix ms.
    pub now_ms: u64,
}

/// Documents counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many.
    pub documents: u64,
    /// Chunks of all of them.
    pub chunks: u64,
    /// Bytes of text of all of them.
    pub bytes: u64,
}

/// The documents of one tenant.
pub struct Documents<'a>(pub(crate) &'a TenantStore);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, agent_id, bytes, chunks, metadata, created_at_ms FROM documents WHERE tenant_id = ?1 AND ",
            $rest
        )
    };
}

fn document(row: &Columns<'_>) -> Result<Document> {
    Ok(Document {
        id: DocumentId(row.uuid(0)?),
        name: row.text(1)?,
        agent_id: row.opt_uuid(2)?.map(AgentId),
        bytes: row.u64(3)?,
        chunks: row.u32(4)?,
        metadata: row.json(5)?,
        created_at_ms: row.u64(6)?,
    })
}

impl Documents<'_> {
    /// Makes a document. With it, the tenant has at most `most.documents` documents of `most.bytes` bytes together.
    ///
    /// # Errors
    /// `NotFound`: there is no such tenant, or no such agent of it; `NoRoom`.
    pub async fn create(&self, new: NewDocument, most: Totals) -> Result<Document> {
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                let now_ms = new.now_ms;
                let made = insert(tx, tenant, new, most)?;
                let what = serde_json::json!({"name": made.name, "bytes": made.bytes, "agent_id": made.agent_id});
                record(tx, Some(tenant), &actor, now_ms, Deed::new("document.create", made.id).after(&what))?;
                Ok(made)
            })
            .await
    }

    /// One document.
    pub async fn get(&self, id: DocumentId) -> Result<Option<Document>> {
        const SQL: &str = select!("id = ?2");
        let tenant = self.0.id;
        self.0.store.read(move |db| Ok(db.first(SQL, params![tenant, id], document)?)).await
    }

    /// The text of a document, as it was given.
    pub async fn text(&self, id: DocumentId) -> Result<Option<String>> {
        const SQL: &str = "SELECT text FROM chunks WHERE tenant_id = ?1 AND document_id = ?2 ORDER BY seq";
        let tenant = self.0.id;
        let chunks = self.0.store.read(move |db| Ok(db.all(SQL, params![tenant, id], |row| row.text(0))?)).await?;
        Ok((!chunks.is_empty()).then(|| chunks.concat()))
    }

    /// The documents, newest first; with `agent`, only those that it answers from. `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, agent: Option<AgentId>, cursor: Option<&str>, limit: usize) -> Result<Page<Document>> {
        const SQL: &str = select!(
            "(created_at_ms, id) < (?2, ?3) AND (?4 IS NULL OR agent_id IS NULL OR agent_id = ?4) \
             ORDER BY created_at_ms DESC, id DESC LIMIT ?5"
        );
        let (tenant, after) = (self.0.id, Cursor::parse(cursor)?);
        let values = params![tenant, after.at_ms, after.id, agent, fetch(limit)];
        let items = self.0.store.read(move |db| Ok(db.all(SQL, values, document)?)).await?;
        Ok(page(items, limit, |item| Cursor { at_ms: item.created_at_ms, id: item.id.0 }))
    }

    /// Deletes a document with all that was made of it; says whether there was one.
    pub async fn delete(&self, id: DocumentId, now_ms: u64) -> Result<bool> {
        const SQL: &str = "DELETE FROM documents WHERE tenant_id = ?1 AND id = ?2";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                let there = tx.execute(SQL, params![tenant, id])? > 0;
                if there {
                    record(tx, Some(tenant), &actor, now_ms, Deed::new("document.delete", id))?;
                }
                Ok(there)
            })
            .await
    }

    /// All documents of the tenant, counted.
    pub async fn totals(&self) -> Result<Totals> {
        let tenant = self.0.id;
        self.0.store.read(move |db| totals(db, tenant)).await
    }
}

fn totals(db: &crate::sqlite::Db, tenant: TenantId) -> Result<Totals> {
    const SQL: &str = "SELECT coalesce(sum(documents), 0), coalesce(sum(chunks), 0), coalesce(sum(bytes), 0) \
        FROM document_totals WHERE tenant_id = ?1";
    let read = |row: &Columns<'_>| Ok(Totals { documents: row.u64(0)?, chunks: row.u64(1)?, bytes: row.u64(2)? });
    Ok(db.first(SQL, params![tenant], read)?.unwrap_or_default())
}

fn insert(tx: &Tx<'_>, tenant: TenantId, new: NewDocument, most: Totals) -> Result<Document> {
    const SQL: &str = "INSERT INTO documents (id, tenant_id, agent_id, name, metadata, bytes, chunks, created_at_ms) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    const CHUNK: &str =
        "INSERT INTO chunks (tenant_id, document_id, seq, heading, text) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id";
    const INDEX: &str = "INSERT INTO chunk_index (rowid, scope, title, text) VALUES (?1, ?2, ?3, ?4)";
    if let Some(agent) = new.agent_id {
        owns(tx, tenant, agent)?;
    }
    let made = Document {
        id: new_document_id(),
        name: new.name,
        agent_id: new.agent_id,
        bytes: new.chunks.iter().map(|chunk| chunk.text.len() as u64).sum(),
        chunks: u32::try_from(new.chunks.len()).unwrap_or(u32::MAX),
        metadata: new.metadata,
        created_at_ms: new.now_ms,
    };
    let kept = totals(tx, tenant)?;
    if kept.documents >= most.documents || kept.bytes.saturating_add(made.bytes) > most.bytes {
        return Err(StoreError::NoRoom { documents: kept.documents, bytes: kept.bytes });
    }
    let (name, metadata) = (made.name.as_str(), json(&made.metadata)?);
    tx.execute(
        SQL,
        params![made.id, tenant, made.agent_id, name, metadata, made.bytes, made.chunks, made.created_at_ms],
    )?;
    let scope = search::scope_of(tenant, made.agent_id);
    for (seq, chunk) in new.chunks.into_iter().enumerate() {
        let title = [Some(name), chunk.heading.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let values = params![tenant, made.id, seq, chunk.heading, chunk.text.as_str()];
        let row = tx.first(CHUNK, values, |row| row.i64(0))?;
        let row = row.ok_or_else(|| StoreError::Internal("a chunk got no number".to_owned()))?;
        tx.execute(INDEX, params![row, scope.as_str(), title, chunk.text])?;
    }
    Ok(made)
}
