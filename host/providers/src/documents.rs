//! Where a language engine without a model looks up documents: implemented by whoever keeps them.

use futures::future::BoxFuture;

/// The documents that one agent answers from.
pub trait Documents: Send + Sync {
    /// Looks for passages with any of the terms. Each term is a set of words in lower case of which one is enough.
    fn search(&self, terms: Vec<Vec<String>>, limit: usize) -> BoxFuture<'static, Result<Found, DocumentsError>>;

    /// Names of documents, newest first.
    fn names(&self, limit: usize) -> BoxFuture<'static, Result<Vec<String>, DocumentsError>>;
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Passages that were searched.
    pub total: u64,
    /// How many of them have each term, in the order that was asked for. May be counted up to some bound only.
    pub having: Vec<u64>,
    /// The best ones, best first.
    pub passages: Vec<Passage>,
}

/// A piece of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// The document's name.
    pub document: String,
    /// The headings that it stands under.
    pub heading: Option<String>,
    /// Its text.
    pub text: String,
    /// How well it fits, by BM25 over the documents of this agent; comparable within one search.
    pub score: f64,
}

/// The documents could not be searched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the documents could not be searched: {0}")]
pub struct DocumentsError(pub String);
