use crate::{Fixture, version};
use proptest::prelude::*;
use serde_json::Map;
use trunkline_contract::AgentId;
use trunkline_store::{Chunk, Document, NewDocument, Query, StoreError, TenantStore, Totals, new_document_id};

const MOST: Totals = Totals { documents: 100, chunks: u64::MAX, bytes: 100_000 };

fn new(name: &str, agent_id: Option<AgentId>, texts: &[&str]) -> NewDocument {
    let chunk = |text: &&str| Chunk { heading: None, text: (*text).to_owned() };
    let chunks = texts.iter().map(chunk).collect();
    NewDocument { name: name.into(), agent_id, metadata: Map::new(), chunks, now_ms: 7 }
}

async fn create(tenant: &TenantStore, name: &str, texts: &[&str]) -> Document {
    tenant.documents().create(new(name, None, texts), MOST).await.unwrap()
}

async fn texts(tenant: &TenantStore, agent: Option<AgentId>, words: &[&str]) -> Vec<String> {
    let terms = words.iter().map(|word| vec![(*word).to_owned()]).collect();
    let matches = tenant.documents().search(Query { agent, terms, limit: 50 }).await.unwrap();
    matches.hits.into_iter().map(|hit| hit.text).collect()
}

#[tokio::test]
async fn a_document_is_found_by_forms_of_its_words_and_its_name() {
    let fixture = Fixture::new().await;
    create(&fixture.tenant, "House rules", &["Dogs are allowed in the garden.", "Parking is free."]).await;
    for word in ["dog", "gardens", "allow", "DOGS"] {
        assert_eq!(texts(&fixture.tenant, None, &[word]).await, ["Dogs are allowed in the garden."], "{word}");
    }
    assert_eq!(texts(&fixture.tenant, None, &["rule"]).await.len(), 2, "the name stands for all chunks");
    assert!(texts(&fixture.tenant, None, &["cats"]).await.is_empty());
}

#[tokio::test]
async fn a_tenant_cannot_reach_documents_of_another() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let made = create(&fixture.tenant, "secret plan", &["the secret plan"]).await;
    create(&other, "own", &["their own plan"]).await;

    assert_eq!(other.documents().get(made.id).await, Ok(None));
    assert_eq!(other.documents().text(made.id).await, Ok(None));
    assert_eq!(other.documents().delete(made.id, 9).await, Ok(false));
    assert_eq!(other.documents().list(None, None, 10).await.unwrap().items.len(), 1);
    assert_eq!(other.documents().totals().await.unwrap().documents, 1);
    assert_eq!(texts(&other, None, &["secret", "plan"]).await, ["their own plan"]);
    assert_eq!(texts(&other, Some(fixture.agent), &["secret", "plan"]).await, ["their own plan"]);
    let matches = other.documents().search(Query { agent: None, terms: vec![vec!["secret".into()]], limit: 9 }).await;
    assert_eq!(matches.unwrap().having, [0], "nor is it counted");
    let theirs = other.documents().create(new("x", Some(fixture.agent), &["x"]), MOST).await;
    assert_eq!(theirs.unwrap_err(), StoreError::NotFound("agent"));
    assert_eq!(fixture.tenant.documents().text(made.id).await.unwrap().unwrap(), "the secret plan");
}

#[tokio::test]
async fn syntax_of_the_index_is_only_words() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    create(&fixture.tenant, "secret", &["the secret plan"]).await;
    create(&other, "own", &["their own words"]).await;
    let id = fixture.tenant.id().0.simple().to_string();
    let tricks = [
        format!("t{id}0"),
        format!("s{id}0"),
        format!("scope:\"t{id}0\""),
        format!("x\" OR scope : \"t{id}0"),
        format!("\") OR (scope : \"t{id}0"),
        "secret*".into(),
        "^secret".into(),
        "NEAR(secret plan)".into(),
        "\"secret plan\"".into(),
        "secret AND NOT words".into(),
        "} : secret".into(),
        "-scope : secret".into(),
        "\0secret".into(),
        "'; DROP TABLE chunks; --".into(),
        "\u{903}".into(),
        "\"\"".into(),
    ];
    for trick in tricks {
        for agent in [None, Some(fixture.agent)] {
            let query = Query { agent, terms: vec![vec![trick.clone()]], limit: 50 };
            let found = other.documents().search(query).await.unwrap().hits;
            assert!(found.iter().all(|hit| hit.name == "own"), "{trick}");
        }
    }
    assert_eq!(texts(&fixture.tenant, None, &["secret"]).await.len(), 1);
}

#[tokio::test]
async fn an_agent_sees_its_own_documents_and_those_of_all() {
    let fixture = Fixture::new().await;
    let second = fixture.tenant.agents().create(version("second")).await.unwrap().agent_id;
    let documents = fixture.tenant.documents();
    create(&fixture.tenant, "all", &["a plan for all"]).await;
    documents.create(new("first", Some(fixture.agent), &["a plan for one"]), MOST).await.unwrap();
    for (agent, seen) in [(None, 2), (Some(fixture.agent), 2), (Some(second), 1)] {
        assert_eq!(texts(&fixture.tenant, agent, &["plan"]).await.len(), seen, "{agent:?}");
        assert_eq!(documents.list(agent, None, 10).await.unwrap().items.len(), seen, "{agent:?}");
        let query = Query { agent, terms: vec![vec!["plan".into()]], limit: 9 };
        let matches = documents.search(query).await.unwrap();
        assert_eq!((matches.chunks, matches.having), (seen as u64, vec![seen as u64]));
    }
}

#[tokio::test]
async fn what_is_deleted_is_found_no_more() {
    let fixture = Fixture::new().await;
    let documents = fixture.tenant.documents();
    let made = create(&fixture.tenant, "plan", &["one plan", "two plans"]).await;
    let kept = create(&fixture.tenant, "kept", &["a kept plan"]).await;
    assert_eq!(documents.totals().await, Ok(Totals { documents: 2, chunks: 3, bytes: 28 }));
    assert_eq!(documents.delete(made.id, 9).await, Ok(true));
    assert_eq!(documents.delete(made.id, 9).await, Ok(false));
    assert_eq!(texts(&fixture.tenant, None, &["plan"]).await, ["a kept plan"]);
    assert_eq!(documents.totals().await, Ok(Totals { documents: 1, chunks: 1, bytes: 11 }));
    assert_eq!(documents.get(new_document_id()).await, Ok(None));
    let fixture = fixture.reopened().await;
    assert_eq!(texts(&fixture.tenant, None, &["plan"]).await, ["a kept plan"]);
    assert_eq!(fixture.tenant.documents().get(kept.id).await.unwrap(), Some(kept));
}

#[tokio::test]
async fn a_document_that_has_no_room_is_refused_whole() {
    let fixture = Fixture::new().await;
    let documents = fixture.tenant.documents();
    create(&fixture.tenant, "plan", &["12345678"]).await;
    let refused = StoreError::NoRoom { documents: 1, bytes: 8 };
    for most in [Totals { documents: 1, ..MOST }, Totals { bytes: 9, ..MOST }] {
        assert_eq!(documents.create(new("more", None, &["ab"]), most).await.unwrap_err(), refused);
    }
    assert!(texts(&fixture.tenant, None, &["ab"]).await.is_empty());
    assert!(documents.create(new("more", None, &["a"]), Totals { bytes: 9, ..MOST }).await.is_ok());
}

#[tokio::test]
async fn the_text_comes_back_as_it_was() {
    let fixture = Fixture::new().await;
    let made = create(&fixture.tenant, "plan", &["one \n\n", "zwei – 口\t", "'; \" three"]).await;
    let text = fixture.tenant.documents().text(made.id).await.unwrap().unwrap();
    assert_eq!(text, "one \n\nzwei – 口\t'; \" three");
    assert_eq!(made.bytes, text.len() as u64);
}

#[tokio::test]
async fn a_word_in_every_chunk_does_not_hide_a_rare_one() {
    let fixture = Fixture::new().await;
    let texts_of: Vec<String> = (0..1_500).map(|n| format!("clinic line {n}")).collect();
    let many: Vec<&str> = texts_of.iter().map(String::as_str).collect();
    create(&fixture.tenant, "many", &many).await;
    create(&fixture.tenant, "one", &["the clinic has a parrot"]).await;
    assert_eq!(texts(&fixture.tenant, None, &["clinic", "parrot"]).await, ["the clinic has a parrot"]);
    assert_eq!(texts(&fixture.tenant, None, &["clinic"]).await.len(), 50);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn any_words_find_only_what_is_the_tenants_own(
        terms in proptest::collection::vec(proptest::collection::vec("\\PC{0,20}|[\"*^:(){}a-z ]{0,20}", 0..4), 1..20),
        text in "\\PC{1,60}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fixture = Fixture::new().await;
            let other = fixture.other().await;
            create(&fixture.tenant, "mine", &[&text]).await;
            create(&other, "theirs", &[&text]).await;
            let own = text.split_whitespace().map(str::to_owned).collect();
            for term in terms.into_iter().chain([own]) {
                let query = Query { agent: None, terms: vec![term], limit: 50 };
                let found = other.documents().search(query).await.unwrap();
                assert!(found.hits.iter().all(|hit| hit.name == "theirs"));
            }
        });
    }
}
