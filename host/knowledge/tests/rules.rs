//! The rules of documents, over a real file.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Map, json};
use std::collections::BTreeSet;
use tempfile::TempDir;
use trunkline_contract::{AgentId, TenantId};
use trunkline_knowledge::{Knowledge, KnowledgeError, Limits, Source};
use trunkline_providers::language::{stem, words};
use trunkline_store::{NewVersion, Store, StoreConfig, StoreError};

struct Fixture {
    _dir: TempDir,
    knowledge: Knowledge,
    tenant: TenantId,
    agent: AgentId,
    other: TenantId,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(StoreConfig::new(dir.path())).await.unwrap();
        let tenant = store.tenants().create("acme", 1).await.unwrap().id;
        let other = store.tenants().create("other", 1).await.unwrap().id;
        let version = NewVersion {
            document: json!({"name": "desk"}),
            author: None,
            summary: None,
            now_ms: 1,
            ..NewVersion::default()
        };
        let agent = store.tenant(tenant).agents().create(version).await.unwrap().agent_id;
        Self { _dir: dir, knowledge: Knowledge::new(store, limits), tenant, agent, other }
    }

    async fn ingest(&self, name: &str, text: &str) {
        self.knowledge.ingest(self.tenant, source(name, text), 5).await.unwrap();
    }

    async fn names(&self, query: &str) -> Vec<String> {
        let found = self.knowledge.search(self.tenant, query, None, 20).await.unwrap();
        found.into_iter().map(|excerpt| excerpt.name).collect()
    }
}

fn source(name: &str, text: &str) -> Source {
    Source { name: name.into(), text: text.into(), ..Source::default() }
}

#[tokio::test]
async fn the_rarest_words_decide() {
    let fixture = Fixture::new().await;
    for number in 0..20 {
        fixture.ingest(&format!("clinic {number}"), "The clinic is clean. Patients of the clinic are welcome.").await;
    }
    fixture.ingest("parking", "Patients park behind the house.").await;
    assert_eq!(fixture.names("where can patients of the clinic park?").await[0], "parking");
    assert_eq!(fixture.names("parking").await, ["parking"]);
    assert!(fixture.names("helicopters").await.is_empty());
}

#[tokio::test]
async fn words_that_say_nothing_are_looked_for_only_when_there_are_no_others() {
    let fixture = Fixture::new().await;
    fixture.ingest("band", "The Who played here.").await;
    fixture.ingest("parking", "What we have is parking.").await;
    assert_eq!(fixture.names("who has parking").await, ["parking"]);
    assert_eq!(fixture.names("who").await, ["band"]);
}

#[tokio::test]
async fn a_chunk_is_found_by_the_headings_above_it() {
    let fixture = Fixture::new().await;
    fixture.ingest("handbook", "# Visit\n\n## Parking\n\nBehind the house.\n\n## Bus\n\nLine 4.\n").await;
    let found = fixture.knowledge.search(fixture.tenant, "parking", None, 20).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].heading.as_deref(), Some("Visit, Parking"));
    assert!(found[0].score > 0.0);
}

#[tokio::test]
async fn scores_know_nothing_of_other_tenants() {
    let fixture = Fixture::new().await;
    fixture.ingest("parking", "Patients park behind the house.").await;
    let before = fixture.knowledge.search(fixture.tenant, "parking", None, 20).await.unwrap();
    for _ in 0..10 {
        fixture.knowledge.ingest(fixture.other, source("theirs", "parking parking"), 5).await.unwrap();
    }
    assert_eq!(fixture.knowledge.search(fixture.tenant, "parking", None, 20).await.unwrap(), before);
}

#[tokio::test]
async fn bad_sources_are_refused_with_the_field() {
    let fixture = Fixture::with(Limits { document_bytes: 100, documents: 1, tenant_bytes: 1_000 }).await;
    let metadata = |bytes: usize| Map::from_iter([("a".to_owned(), json!("x".repeat(bytes)))]);
    let table = [
        (source("", "x"), "/name"),
        (source(" \t", "x"), "/name"),
        (source(&"n".repeat(201), "x"), "/name"),
        (source("a\nb", "x"), "/name"),
        (source("a", ""), "/text"),
        (source("a", " \n"), "/text"),
        (source("a", &"x".repeat(101)), "/text"),
        (source("a", "x\0y"), "/text"),
        (source("a", "x\u{1b}[0m"), "/text"),
        (Source { metadata: metadata(20_000), ..source("a", "x") }, "/metadata"),
        (Source { agent: Some(AgentId(fixture.tenant.0)), ..source("a", "x") }, "/agent"),
    ];
    for (source, field) in table {
        let error = fixture.knowledge.ingest(fixture.tenant, source, 5).await.unwrap_err();
        assert_eq!(error.field().unwrap().0, field, "{error}");
    }
    fixture.ingest("first", "text").await;
    let error = fixture.knowledge.ingest(fixture.tenant, source("second", "text"), 5).await.unwrap_err();
    assert_eq!(error, KnowledgeError::Store(StoreError::NoRoom { documents: 1, bytes: 4 }));
    for query in ["", "  ", &"q".repeat(1_001)] {
        let error = fixture.knowledge.search(fixture.tenant, query, None, 5).await.unwrap_err();
        assert_eq!(error.field().unwrap().0, "/query");
    }
}

#[tokio::test]
async fn an_agent_of_another_tenant_is_no_agent() {
    let fixture = Fixture::new().await;
    let theirs = Source { agent: Some(fixture.agent), ..source("a", "x") };
    let error = fixture.knowledge.ingest(fixture.other, theirs, 5).await.unwrap_err();
    assert_eq!(error, KnowledgeError::Store(StoreError::NotFound("agent")));
    fixture.ingest("ours", "a plan").await;
    let found = fixture.knowledge.of_agent(fixture.other, fixture.agent);
    assert!(found.search(vec![vec!["plan".into()]], 5).await.unwrap().passages.is_empty());
    assert!(found.names(5).await.unwrap().is_empty());
}

/// Words of the repository's own texts and such that reach every rule of the stemmer.
fn vocabulary() -> BTreeSet<String> {
    const ROOTS: &[&str] = &[
        "abl", "agree", "appoint", "b", "cool", "cr", "define", "digit", "fall", "feed", "fizz", "hop", "lax", "locat",
        "oper", "plast", "predic", "radic", "sens", "tann", "troubl", "vietnam", "y", "yield", "sky", "happ", "café",
    ];
    const SUFFIXES: &[&str] = &[
        "", "s", "es", "ies", "sses", "ss", "eed", "ed", "ing", "ating", "bled", "izing", "y", "ational", "tional",
        "enci", "anci", "izer", "logi", "bli", "alli", "entli", "eli", "ousli", "ization", "ation", "ator", "alism",
        "iveness", "fulness", "ousness", "aliti", "iviti", "biliti", "icate", "ative", "alize", "iciti", "ical", "ful",
        "ness", "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "sion", "tion", "ion",
        "ou", "ism", "ate", "iti", "ous", "ive", "ize", "e", "ll", "le", "el", "w", "x",
    ];
    let made = ROOTS.iter().flat_map(|root| SUFFIXES.iter().map(move |suffix| format!("{root}{suffix}")));
    let read = [include_str!("../../../README.md"), include_str!("../../../ARCHITECTURE.md")];
    made.flat_map(|word| words(&word)).chain(read.into_iter().flat_map(words)).collect()
}

#[tokio::test]
async fn the_engine_and_the_index_have_the_same_stems() {
    let database = libsql::Builder::new_local(":memory:").build().await.unwrap();
    let conn = database.connect().unwrap();
    let made = "CREATE VIRTUAL TABLE t USING fts5(a, tokenize = 'porter unicode61 remove_diacritics 2'); \
        CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')";
    conn.execute_batch(made).await.unwrap();
    for word in vocabulary() {
        conn.execute("DELETE FROM t", ()).await.unwrap();
        conn.execute("INSERT INTO t VALUES (?1)", [word.as_str()]).await.unwrap();
        let mut rows = conn.query("SELECT term FROM v", ()).await.unwrap();
        let indexed: String = rows.next().await.unwrap().unwrap().get(0).unwrap();
        assert_eq!(stem(&word), indexed, "{word}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_text_is_kept_whole_or_refused_and_any_query_is_answered(
        text in "([ -~]|\\PC|\\n){0,400}", query in "\\PC{0,60}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fixture = Fixture::new().await;
            fixture.knowledge.ingest(fixture.other, source("theirs", "their own words"), 5).await.unwrap();
            if let Ok(made) = fixture.knowledge.ingest(fixture.tenant, source("mine", &text), 5).await {
                assert_eq!(fixture.knowledge.text(fixture.tenant, made.id).await.unwrap(), Some(text));
            }
            for query in [query.as_str(), "their own words"] {
                if let Ok(found) = fixture.knowledge.search(fixture.tenant, query, None, 20).await {
                    assert!(found.iter().all(|excerpt| excerpt.name == "mine"));
                }
            }
        });
    }
}
