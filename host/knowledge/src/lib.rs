//! Documents that agents answer from: taken in, kept, found.
//!
//! A document belongs to a tenant, and to one of its agents or to all of them. It is kept as chunks of about 800 bytes that
//! follow its own headings, paragraphs and sentences, and found by its words.

mod agent;
pub mod bench;
mod chunks;
mod error;
mod rank;

pub use error::KnowledgeError;
pub use trunkline_store::{Document, Page, TenantStore, Totals};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use trunkline_contract::{AgentId, DocumentId, TenantId};
use trunkline_providers::{Documents, language};
use trunkline_store::{NewDocument, Query, Store};

/// Result of everything here.
pub type Result<T> = std::result::Result<T, KnowledgeError>;

/// Longest name, characters.
pub const MAX_NAME: usize = 200;
/// Most metadata, bytes of JSON.
pub const MAX_METADATA: usize = 16 * 1024;
/// Longest query of a search, characters.
pub const MAX_QUERY: usize = 1_000;
/// Most excerpts of one search.
pub const MAX_FOUND: usize = 20;

/// How much may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one document's text, bytes.
    pub document_bytes: usize,
    /// Documents of one tenant.
    pub documents: u64,
    /// Text of all documents of one tenant, bytes.
    pub tenant_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { document_bytes: 1024 * 1024, documents: 10_000, tenant_bytes: 256 * 1024 * 1024 }
    }
}

/// A text to be taken in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// 1-200 characters; need not be unique. Its words are found, too.
    pub name: String,
    /// Plain text or Markdown, not blank.
    pub text: String,
    /// The only agent that answers from it; none: every agent of the tenant.
    pub agent: Option<AgentId>,
    /// Whatever its maker wants to remember.
    pub metadata: Map<String, Value>,
}

/// A chunk that was found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Excerpt {
    /// Its document.
    pub document: DocumentId,
    /// The document's name.
    pub name: String,
    /// Its place in the document, from 0.
    pub chunk: u32,
    /// The headings that it stands under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// Its text.
    pub text: String,
    /// BM25 over the tenant's own chunks; comparable within one search. Above 0.
    pub score: f64,
}

/// The documents of all tenants. Clones share the store.
#[derive(Clone)]
pub struct Knowledge {
    store: Store,
    limits: Limits,
    /// Who writes; the audit log's word.
    actor: Option<Arc<str>>,
}

impl Knowledge {
    /// Documents of this store.
    pub fn new(store: Store, limits: Limits) -> Self {
        Self { store, limits, actor: None }
    }

    /// The same documents, written by somebody: what the audit log calls them.
    #[must_use]
    pub fn acting(&self, actor: impl Into<Arc<str>>) -> Self {
        Self { actor: Some(actor.into()), ..self.clone() }
    }

    fn tenant(&self, tenant: TenantId) -> TenantStore {
        let store = self.store.tenant(tenant);
        match &self.actor {
            Some(actor) => store.acting(Arc::clone(actor)),
            None => store,
        }
    }

    /// Takes a text in. It can be found when this returns.
    ///
    /// # Errors
    /// The source is refused (see [`KnowledgeError`], which names the field); nothing was kept.
    pub async fn ingest(&self, tenant: TenantId, source: Source, now_ms: u64) -> Result<Document> {
        error::check(&source, &self.limits)?;
        let new = NewDocument {
            name: source.name,
            agent_id: source.agent,
            metadata: source.metadata,
            chunks: chunks::of(&source.text),
            now_ms,
        };
        let most = Totals { documents: self.limits.documents, chunks: u64::MAX, bytes: self.limits.tenant_bytes };
        Ok(self.tenant(tenant).documents().create(new, most).await?)
    }

    /// The documents, newest first; with `agent`, those that it answers from: its own and those of all agents. `limit`
    /// 1-500.
    ///
    /// # Errors
    /// The cursor is none of ours.
    pub async fn list(
        &self,
        tenant: TenantId,
        agent: Option<AgentId>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Document>> {
        Ok(self.store.tenant(tenant).documents().list(agent, cursor, limit).await?)
    }

    /// One document; none: the tenant has no such document.
    ///
    /// # Errors
    /// The store's.
    pub async fn get(&self, tenant: TenantId, id: DocumentId) -> Result<Option<Document>> {
        Ok(self.store.tenant(tenant).documents().get(id).await?)
    }

    /// The text of a document, as it was taken in; none: the tenant has no such document.
    ///
    /// # Errors
    /// The store's.
    pub async fn text(&self, tenant: TenantId, id: DocumentId) -> Result<Option<String>> {
        Ok(self.store.tenant(tenant).documents().text(id).await?)
    }

    /// Forgets a document; false: the tenant has no such document.
    ///
    /// # Errors
    /// The store's.
    pub async fn delete(&self, tenant: TenantId, id: DocumentId, now_ms: u64) -> Result<bool> {
        Ok(self.tenant(tenant).documents().delete(id, now_ms).await?)
    }

    /// How much the tenant keeps.
    ///
    /// # Errors
    /// The store's.
    pub async fn totals(&self, tenant: TenantId) -> Result<Totals> {
        Ok(self.store.tenant(tenant).documents().totals().await?)
    }

    /// Looks for chunks with words of `query`, best first; with `agent`, only in what it answers from. `limit` 1-20. Words
    /// that say nothing ("what", "the") are left out, unless there are no others.
    ///
    /// # Errors
    /// The query is blank or too long.
    pub async fn search(
        &self,
        tenant: TenantId,
        query: &str,
        agent: Option<AgentId>,
        limit: usize,
    ) -> Result<Vec<Excerpt>> {
        error::check_query(query)?;
        let mut words = language::words(query);
        if words.iter().any(|word| !language::is_common(word)) {
            words.retain(|word| !language::is_common(word));
        }
        words.sort();
        words.dedup();
        let terms = words.into_iter().map(|word| vec![word]).collect();
        Ok(self.find(tenant, Query { agent, terms, limit }).await?.1)
    }

    /// What one agent answers from, for the built-in language engine.
    pub fn of_agent(&self, tenant: TenantId, agent: AgentId) -> Arc<dyn Documents> {
        Arc::new(agent::OfAgent { knowledge: self.clone(), tenant, agent })
    }

    /// What was searched, and the best of it.
    async fn find(&self, tenant: TenantId, query: Query) -> Result<(rank::Searched, Vec<Excerpt>)> {
        let limit = query.limit.clamp(1, MAX_FOUND);
        let terms = query.terms.clone();
        let query = Query { limit: limit.max(rank::CANDIDATES), ..query };
        let matches = self.store.tenant(tenant).documents().search(query).await?;
        let searched = rank::Searched { chunks: matches.chunks, having: matches.having };
        let mut excerpts = rank::rank(&searched, &terms, matches.hits);
        excerpts.truncate(limit);
        Ok((searched, excerpts))
    }
}

impl std::fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Knowledge").field("limits", &self.limits).finish_non_exhaustive()
    }
}
