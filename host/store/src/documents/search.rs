//! Finding chunks by their words: FTS5 offers candidates, and counts how rare each word is among the tenant's own.
//!
//! Every row of the index carries words that stand for its tenant and for who may see it, and every query begins with
//! them, so a search reads the rows of one tenant only; what it finds is checked once more against the tenant of its
//! document. A query is built from words of letters and digits, each in quotes: nobody's text is ever read as FTS5 syntax.
//! FTS5's own BM25 counts words over all tenants, so it only decides which candidates are offered. It is computed for
//! every row that matches, so words that very many chunks have do not take part where there are rarer ones.

use super::Documents;
use crate::Result;
use crate::bind::{Columns, params};
use crate::sqlite::Db;
use std::fmt::Write;
use trunkline_contract::{AgentId, DocumentId, TenantId};

/// Most terms of a query; further ones are left out.
const MAX_TERMS: usize = 24;
/// Most words of a term.
const MAX_WORDS: usize = 12;
/// Longest word that is looked for, bytes.
const MAX_WORD: usize = 64;
/// Chunks are counted up to here; a word that more have is as common as can be.
const COUNTED: u64 = 600;
/// Most rows that BM25 is computed for.
const WEIGHED: u64 = 600;

/// What to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Only what this agent answers from; none: everything of the tenant.
    pub agent: Option<AgentId>,
    /// Each term is a set of words of which one is enough. Anything that is not a letter or digit separates words.
    pub terms: Vec<Vec<String>>,
    /// Most candidates.
    pub limit: usize,
}

/// A chunk that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its document.
    pub document: DocumentId,
    /// The document's name.
    pub name: String,
    /// Its place in the document, from 0.
    pub seq: u32,
    /// The headings that it stands under.
    pub heading: Option<String>,
    /// Its text.
    pub text: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matches {
    /// Chunks that were searched.
    pub chunks: u64,
    /// How many of them have each term, in the order of the query; counted up to 600.
    pub having: Vec<u64>,
    /// Those with most and rarest terms, best first.
    pub hits: Vec<Hit>,
}

impl Documents<'_> {
    /// Looks for chunks with any of the terms.
    pub async fn search(&self, query: Query) -> Result<Matches> {
        let tenant = self.0.id;
        self.0.store.read(move |db| search(db, tenant, &query)).await
    }
}

fn search(db: &Db, tenant: TenantId, query: &Query) -> Result<Matches> {
    let scope = visible(tenant, query.agent);
    let chunks = chunks(db, tenant, query.agent)?;
    if chunks == 0 {
        return Ok(Matches { having: vec![0; query.terms.len()], ..Matches::default() });
    }
    let mut having = Vec::new();
    let mut found = Vec::new();
    for (at, term) in query.terms.iter().enumerate() {
        let any = any_of(term).filter(|_| at < MAX_TERMS);
        let count = any.as_ref().map_or(Ok(0), |any| count(db, &format!("{scope} AND ({any})")))?;
        having.push(count);
        found.extend(any.filter(|_| count > 0).map(|any| (count, any)));
    }
    let mut hits = Vec::new();
    for any in candidates(found) {
        hits = self::hits(db, tenant, query, &format!("{scope} AND ({any})"))?;
        if !hits.is_empty() {
            break;
        }
    }
    Ok(Matches { chunks, having, hits })
}

/// What to look for, and what to look for if that is nowhere: the rarer terms, as long as BM25 of their rows is affordable.
/// When it is not even for the rarest, chunks that have the next one as well.
fn candidates(mut terms: Vec<(u64, String)>) -> Vec<String> {
    terms.sort();
    let mut rows = 0;
    let affordable = |(count, _): &&(u64, String)| {
        rows += count;
        rows < WEIGHED
    };
    let taken: Vec<String> = terms.iter().take_while(affordable).map(|(_, any)| any.clone()).collect();
    match terms.as_slice() {
        [] => Vec::new(),
        _ if !taken.is_empty() => vec![taken.join(" OR ")],
        [(_, only)] => vec![only.clone()],
        [(_, first), (_, second), ..] => vec![format!("({first}) AND ({second})"), first.clone()],
    }
}

fn chunks(db: &Db, tenant: TenantId, agent: Option<AgentId>) -> Result<u64> {
    const SQL: &str = "SELECT coalesce(sum(chunks), 0) FROM document_totals \
        WHERE tenant_id = ?1 AND (?2 IS NULL OR agent_id IN (x'', ?2))";
    Ok(db.first(SQL, params![tenant, agent], |row| row.u64(0))?.unwrap_or(0))
}

fn count(db: &Db, expression: &str) -> Result<u64> {
    const SQL: &str = "SELECT count(*) FROM (SELECT 1 FROM chunk_index WHERE chunk_index MATCH ?1 LIMIT ?2)";
    Ok(db.first(SQL, params![expression, COUNTED], |row| row.u64(0))?.unwrap_or(0))
}

fn hits(db: &Db, tenant: TenantId, query: &Query, expression: &str) -> Result<Vec<Hit>> {
    const SQL: &str = "SELECT c.document_id, d.name, c.seq, c.heading, c.text FROM ( \
            SELECT row, weight FROM ( \
                SELECT rowid AS row, bm25(chunk_index, 0.0, 2.0, 1.0) AS weight FROM chunk_index \
                WHERE chunk_index MATCH ?1 LIMIT ?2 \
            ) ORDER BY weight, row LIMIT ?3 \
        ) JOIN chunks c ON c.id = row JOIN documents d ON d.id = c.document_id AND d.tenant_id = c.tenant_id \
        WHERE c.tenant_id = ?4 AND (?5 IS NULL OR d.agent_id IS NULL OR d.agent_id = ?5) ORDER BY weight, row";
    let hit = |row: &Columns<'_>| {
        Ok(Hit {
            document: DocumentId(row.uuid(0)?),
            name: row.text(1)?,
            seq: row.u32(2)?,
            heading: row.opt_text(3)?,
            text: row.text(4)?,
        })
    };
    let values = params![expression, WEIGHED, query.limit, tenant, query.agent];
    Ok(db.all(SQL, values, hit)?)
}

/// The words that a chunk is filed under: its tenant's, and that of who may see it. They end in a digit, which the stemmer
/// leaves alone.
pub(super) fn scope_of(tenant: TenantId, agent: Option<AgentId>) -> String {
    let seen = agent.map_or_else(|| shared(tenant), own);
    format!("t{}0 {seen}", tenant.0.simple())
}

fn shared(tenant: TenantId) -> String {
    format!("s{}0", tenant.0.simple())
}

fn own(agent: AgentId) -> String {
    format!("a{}0", agent.0.simple())
}

fn visible(tenant: TenantId, agent: Option<AgentId>) -> String {
    match agent {
        Some(agent) => format!("scope : (\"{}\" OR \"{}\")", shared(tenant), own(agent)),
        None => format!("scope : \"t{}0\"", tenant.0.simple()),
    }
}

/// One term as an expression; none when it has no words.
fn any_of(words: &[String]) -> Option<String> {
    let mut expression = String::new();
    let parts = words.iter().flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
    for word in parts.filter(|word| !word.is_empty() && word.len() <= MAX_WORD).take(MAX_WORDS) {
        let or = if expression.is_empty() { "{title text} : (" } else { " OR " };
        // Writing to a string cannot fail.
        let _ = write!(expression, "{or}\"{word}\"");
    }
    (!expression.is_empty()).then(|| expression + ")")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_and_nothing_else_is_left_of_them() {
        let any = |words: &[&str]| any_of(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(any(&["price", "cost"]).unwrap(), r#"{title text} : ("price" OR "cost")"#);
        assert_eq!(any(&[r#"a" OR scope:"b"#]).unwrap(), r#"{title text} : ("a" OR "OR" OR "scope" OR "b")"#);
        assert_eq!(any(&["NEAR(x,\0y) -z*^"]).unwrap(), r#"{title text} : ("NEAR" OR "x" OR "y" OR "z")"#);
        assert_eq!(any(&["", "\" ' *"]), None);
    }

    #[test]
    fn common_terms_take_part_only_where_there_is_room() {
        let terms = |counts: &[u64]| candidates(counts.iter().map(|count| (*count, format!("w{count}"))).collect());
        assert_eq!(terms(&[500, 3, 50]), ["w3 OR w50 OR w500"]);
        assert_eq!(terms(&[600, 3]), ["w3"]);
        assert_eq!(terms(&[600]), ["w600"]);
        assert_eq!(terms(&[600, 601, 602]), ["(w600) AND (w601)", "w600"]);
        assert!(terms(&[]).is_empty());
    }
}
