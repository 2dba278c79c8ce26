//! Conversations of the built-in engine over documents in a real file.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;
use trunkline_contract::chat::{Delta, Message, Request};
use trunkline_contract::{AgentId, TenantId};
use trunkline_knowledge::{Knowledge, Limits, Source};
use trunkline_providers::{Builtin, Llm, LlmRequest};
use trunkline_store::{NewVersion, Store, StoreConfig};

const UNKNOWN: &str = "I do not know that.";
const NOT_SURE: &str = "I am not sure, but this may help:";

struct Fixture {
    _dir: TempDir,
    store: Store,
    knowledge: Knowledge,
    tenant: TenantId,
    agent: AgentId,
}

impl Fixture {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(StoreConfig::new(dir.path())).await.unwrap();
        let knowledge = Knowledge::new(store.clone(), Limits::default());
        let (tenant, agent) = tenant(&store, "acme").await;
        Self { _dir: dir, store, knowledge, tenant, agent }
    }

    async fn dental() -> Self {
        let fixture = Self::new().await;
        fixture.ingest("faq.md", include_str!("answers/faq.md")).await;
        fixture.ingest("visit.txt", include_str!("answers/visit.txt")).await;
        fixture
    }

    async fn ingest(&self, name: &str, text: &str) {
        let source = Source { name: name.into(), text: text.into(), ..Source::default() };
        self.knowledge.ingest(self.tenant, source, 5).await.unwrap();
    }

    async fn ask(&self, context: &Value, words: &str) -> String {
        ask(&self.knowledge, self.tenant, self.agent, context, words).await
    }
}

async fn tenant(store: &Store, name: &str) -> (TenantId, AgentId) {
    let tenant = store.tenants().create(name, 1).await.unwrap().id;
    let version = NewVersion {
        document: json!({"name": "desk"}),
        author: None,
        summary: None,
        now_ms: 1,
        ..NewVersion::default()
    };
    (tenant, store.tenant(tenant).agents().create(version).await.unwrap().agent_id)
}

async fn ask(knowledge: &Knowledge, tenant: TenantId, agent: AgentId, context: &Value, words: &str) -> String {
    let messages = vec![Message::User { text: words.to_owned() }];
    let (instructions, context) = (String::new(), context.clone());
    let chat = Request { instructions, messages, tools: Vec::new(), output_schema: None, context };
    let (idle, total) = (Duration::from_secs(8), Duration::from_secs(120));
    let request = LlmRequest { chat, model: None, temperature: None, max_tokens: 500, idle, total };
    let mut stream = Builtin::new(Some(knowledge.of_agent(tenant, agent))).generate(&request);
    let mut said = String::new();
    while let Some(delta) = stream.next().await {
        if let Delta::Text(text) = delta.unwrap() {
            said.push_str(&text);
        }
    }
    said
}

fn context() -> Value {
    json!({
        "company": "Harbour Dental",
        "business_hours": "Monday to Friday, 9 am to 5 pm",
        "address": "12 Harbour Street, Boston",
        "support_email": "support@harbourdental.com",
        "services": ["cleaning", "whitening", "fillings"],
    })
}

#[tokio::test]
async fn documents_answer_with_their_best_sentences() {
    let fixture = Fixture::dental().await;
    let table = [
        ("do you accept insurance", "Yes, we accept Delta Dental, Aetna and Cigna. Please bring your card."),
        ("do you take cigna", "Yes, we accept Delta Dental, Aetna and Cigna."),
        ("can I pay in instalments", "Yes, for treatments above 300 dollars we offer a plan of up to twelve months"),
        ("do you accept credit cards", "We take: cash, credit cards, bank transfers."),
        ("do you see children", "We see children from the age of three."),
        ("I have severe pain what should I do", "call the emergency line at 555 0199."),
        ("is there an emergency number", "call the emergency line at 555 0199."),
        ("where can I park", "There are 20 free parking spaces behind the building"),
        ("is there parking near by", "There are 20 free parking spaces behind the building"),
        ("which bus line stops there", "Bus line 4 stops in front of the house, at Harbour Square."),
        ("can I bring my dog", "Guide dogs are welcome. Other animals have to wait outside."),
        ("how do I cancel my appointment", "Please cancel at least 24 hours before your appointment."),
        ("is the parking for wheelchair users free", "Two of them are reserved for wheelchair users."),
        ("what are your business hours", "We are open Monday to Friday, 9 am to 5 pm."),
        ("what are your business card", "our business hours: we are open Monday to Friday"),
        ("do you do whitening", "Yes, we offer whitening."),
    ];
    for (words, expected) in table {
        let said = fixture.ask(&context(), words).await;
        assert!(said.contains(expected) && said.chars().count() <= 310, "{words}: {said}");
        assert!(!said.contains(NOT_SURE), "{words}: {said}");
    }
}

#[tokio::test]
async fn what_may_not_be_the_answer_is_said_to_be_unsure() {
    let fixture = Fixture::dental().await;
    let table = [
        ("can I drink coffee after whitening", "Avoid coffee, tea and red wine for two days."),
        ("is the visit free for my five year old", "The first visit is free for children under six."),
    ];
    for (words, expected) in table {
        let said = fixture.ask(&context(), words).await;
        assert!(said.starts_with(NOT_SURE) && said.contains(expected), "{words}: {said}");
    }
}

#[tokio::test]
async fn what_no_document_has_is_not_known() {
    let fixture = Fixture::dental().await;
    let unknown = ["what is the capital of france", "who won the world cup", "tell me a joke about elephants"];
    for words in unknown {
        let said = fixture.ask(&context(), words).await;
        assert!(said.starts_with(UNKNOWN) && said.contains("our business hours"), "{words}: {said}");
        let said = fixture.ask(&json!({}), words).await;
        assert!(said.starts_with(UNKNOWN) && said.contains("visit and faq"), "{words}: {said}");
    }
}

#[tokio::test]
async fn a_new_document_is_known_and_a_deleted_one_forgotten() {
    let fixture = Fixture::new().await;
    let source = Source { name: "Wifi".into(), text: "The wifi is called harbour.".into(), ..Source::default() };
    let made = fixture.knowledge.ingest(fixture.tenant, source, 5).await.unwrap();
    assert_eq!(fixture.ask(&json!({}), "what is the wifi called").await, "The wifi is called harbour.");
    fixture.knowledge.delete(fixture.tenant, made.id, 1).await.unwrap();
    assert!(fixture.ask(&json!({}), "what is the wifi called").await.starts_with(UNKNOWN));
}

#[tokio::test]
async fn syntax_of_the_index_is_only_words_to_a_caller() {
    let fixture = Fixture::dental().await;
    let (other, agent) = tenant(&fixture.store, "other").await;
    let id = fixture.tenant.0.simple();
    let tricks = [
        format!("scope : \"t{id}0\""),
        format!("parking\" OR scope : \"t{id}0\" OR \""),
        format!("\") OR (scope : \"s{id}0"),
        "parking*".to_owned(),
        "NEAR(parking building, 10)".to_owned(),
        "parking' OR 1=1; DROP TABLE chunks; --".to_owned(),
        "{title text} : parking".to_owned(),
        "\u{0}parking".to_owned(),
    ];
    for trick in tricks {
        let said = ask(&fixture.knowledge, other, agent, &json!({}), &trick).await;
        assert!(!said.contains("Dock Road") && !said.contains("dollars"), "{trick}: {said}");
    }
    assert!(fixture.ask(&context(), "parking").await.contains("Dock Road"));
}

/// Stands in every text of the other tenant and nowhere else.
const MARK: &str = "zebrafish";

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "([A-Za-z]{1,9}[ .\\n-]){0,60}x",
        "(\\PC|\\n){0,300}",
        "(# [a-z ]{0,20}\\n|- [a-z]{1,9}\\n|[a-z ]{1,30}[.?:]\\n){0,30}y",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn any_document_is_answered_from_shortly_and_never_anothers(text in text(), asked in "\\PC{0,60}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fixture = Fixture::new().await;
            let (other, _) = tenant(&fixture.store, "other").await;
            let theirs = text.split(' ').map(|word| format!("{word} {MARK}")).collect::<Vec<_>>().join(" ");
            let source = Source { name: format!("{MARK} of theirs"), text: theirs, ..Source::default() };
            // What is refused is not there either.
            let _ = fixture.knowledge.ingest(other, source, 5).await;
            let source = Source { name: "ours".into(), text: text.clone(), ..Source::default() };
            let _ = fixture.knowledge.ingest(fixture.tenant, source, 5).await;
            let own: String = text.chars().rev().take(80).collect::<Vec<_>>().into_iter().rev().collect();
            for words in [asked.as_str(), own.as_str(), MARK, "what can you do"] {
                let said = fixture.ask(&json!({}), words).await;
                assert!(!said.trim().is_empty() && said.chars().count() <= 2_000, "{words:?}: {said:?}");
                assert!(!said.contains(MARK), "{words:?}: {said:?}");
            }
        });
    }
}
