//! What a document or a search is refused for.

use crate::{Limits, MAX_METADATA, MAX_NAME, MAX_QUERY, Result, Source};
use trunkline_store::StoreError;

/// Why something was refused. Nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum KnowledgeError {
    #[error("the name has {0} characters: 1-{MAX_NAME} are allowed")]
    Name(usize),
    #[error("the name has a control character at character {0}: leave it out")]
    NameCharacter(usize),
    #[error("the text is blank: there would be nothing to find")]
    Blank,
    #[error("the text has {bytes} bytes, {most} are allowed: split it into several documents")]
    TooLarge { bytes: usize, most: usize },
    #[error("the text has a control character at byte {0}: only tab and line breaks are allowed")]
    TextCharacter(usize),
    #[error("the metadata has {0} bytes as JSON: {MAX_METADATA} are allowed")]
    Metadata(usize),
    #[error("the query has {0} characters: 1-{MAX_QUERY} are allowed, not all of them blank")]
    Query(usize),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KnowledgeError {
    /// The field of the request that it is about, as a JSON pointer, and a word for it; none: it is not about one field.
    pub fn field(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Name(0) => Some(("/name", "too-short")),
            Self::Name(_) => Some(("/name", "too-long")),
            Self::NameCharacter(_) => Some(("/name", "control-character")),
            Self::Blank => Some(("/text", "blank")),
            Self::TooLarge { .. } => Some(("/text", "too-long")),
            Self::TextCharacter(_) => Some(("/text", "control-character")),
            Self::Metadata(_) => Some(("/metadata", "too-long")),
            Self::Query(_) => Some(("/query", "length")),
            Self::Store(StoreError::NotFound("agent")) => Some(("/agent", "not-found")),
            Self::Store(_) => None,
        }
    }
}

pub(crate) fn check(source: &Source, limits: &Limits) -> Result<()> {
    let name = source.name.chars().count();
    if name > MAX_NAME || source.name.trim().is_empty() {
        return Err(KnowledgeError::Name(if name > MAX_NAME { name } else { 0 }));
    }
    if let Some(at) = source.name.chars().position(char::is_control) {
        return Err(KnowledgeError::NameCharacter(at));
    }
    if source.text.len() > limits.document_bytes {
        return Err(KnowledgeError::TooLarge { bytes: source.text.len(), most: limits.document_bytes });
    }
    if source.text.trim().is_empty() {
        return Err(KnowledgeError::Blank);
    }
    let control = |(_, c): &(usize, char)| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if let Some((at, _)) = source.text.char_indices().find(control) {
        return Err(KnowledgeError::TextCharacter(at));
    }
    let metadata = serde_json::to_string(&source.metadata).map_or(0, |json| json.len());
    if metadata > MAX_METADATA {
        return Err(KnowledgeError::Metadata(metadata));
    }
    Ok(())
}

pub(crate) fn check_query(query: &str) -> Result<()> {
    let length = query.chars().count();
    if length > MAX_QUERY || query.trim().is_empty() {
        return Err(KnowledgeError::Query(length));
    }
    Ok(())
}
