//! Measures answers of the built-in language engine over documents in a real file: from the request to its last piece.

use crate::{Knowledge, KnowledgeError, Limits, Source};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use trunkline_contract::chat::{Delta, Message, Request};
use trunkline_providers::{Builtin, Llm, LlmRequest};
use trunkline_store::{NewVersion, Store, StoreConfig, StoreError};

/// Words of the made language; the n-th is n times as rare as the first.
const VOCABULARY: u64 = 5_000;
/// Words of one document: about 2,000 bytes.
const WORDS: u64 = 300;
/// Asked before the measurement begins.
const WARM_UP: usize = 200;

/// Questions with places for words: `{r}` is a rare one, `{c}` a common one.
const QUESTIONS: &[&str] = &[
    "what are your business hours",
    "where can I find {r}",
    "how much does {r} {c} cost",
    "do you have {c} {c} and {r}",
    "um I was wondering whether you could tell me something about {r} {r} {c} please",
    "is there parking near by",
    "can I bring my {c} to the {r} appointment",
    "what are your business {r}",
    "{c} {c} {c} {c}",
    "thank you",
];

/// What answers cost on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Documents in the file.
    pub documents: usize,
    /// Their chunks.
    pub chunks: u64,
    /// Answers that were measured.
    pub answers: usize,
    /// Half of the answers took at most this, microseconds.
    pub p50_us: f64,
    /// 99 of 100 did.
    pub p99_us: f64,
    /// The slowest.
    pub max_us: f64,
    /// Taking in one document of about 2,000 bytes, its commit included, microseconds.
    pub ingest_us: f64,
    /// Taking in one document of 1 MB, milliseconds.
    pub ingest_largest_ms: f64,
}

/// Fills a new database in `dir` with documents and asks.
///
/// # Errors
/// The store fails.
pub async fn answers(dir: &Path, documents: usize, answers: usize) -> Result<Report, KnowledgeError> {
    let store = Store::open(StoreConfig::new(dir)).await?;
    let tenant = store.tenants().create("bench", 1).await?.id;
    let new = NewVersion {
        document: json!({ "name": "bench" }),
        author: None,
        summary: None,
        now_ms: 1,
        ..NewVersion::default()
    };
    let agent = store.tenant(tenant).agents().create(new).await?.agent_id;
    let knowledge = Knowledge::new(store.clone(), Limits::default());
    let mut made = Made(7);
    let began = Instant::now();
    for number in 0..documents {
        let source = Source { name: format!("Document {number}"), text: made.text(WORDS), ..Source::default() };
        knowledge.ingest(tenant, source, 1).await?;
    }
    let ingest_us = began.elapsed().as_secs_f64() * 1e6 / documents.max(1) as f64;
    let engine = Builtin::new(Some(knowledge.of_agent(tenant, agent)));
    let mut times = Vec::with_capacity(answers);
    for number in 0..answers + WARM_UP {
        let request = request(made.question(number));
        let began = Instant::now();
        say(&engine, &request).await?;
        if number >= WARM_UP {
            times.push(began.elapsed().as_secs_f64() * 1e6);
        }
    }
    times.sort_by(f64::total_cmp);
    let chunks = knowledge.totals(tenant).await?.chunks;
    let mut text = made.text(Limits::default().document_bytes as u64 / 6);
    text.truncate(Limits::default().document_bytes);
    let began = Instant::now();
    knowledge.ingest(tenant, Source { name: "Largest".to_owned(), text, ..Source::default() }, 1).await?;
    let ingest_largest_ms = began.elapsed().as_secs_f64() * 1e3;
    store.close().await;
    let (p50_us, p99_us, max_us) = (rank(&times, 0.5), rank(&times, 0.99), rank(&times, 1.0));
    Ok(Report { documents, chunks, answers: times.len(), p50_us, p99_us, max_us, ingest_us, ingest_largest_ms })
}

async fn say(engine: &Builtin, request: &LlmRequest) -> Result<(), KnowledgeError> {
    let mut stream = engine.generate(request);
    while let Some(delta) = stream.next().await {
        match delta {
            Ok(Delta::Text(_) | Delta::ToolCall(_) | Delta::Done { .. }) => {}
            Err(error) => return Err(StoreError::Internal(error.to_string()).into()),
        }
    }
    Ok(())
}

fn request(asked: String) -> LlmRequest {
    let greeting = "Welcome to Harbour Dental. How can I help you?".to_owned();
    let messages = vec![Message::Assistant { text: greeting, tool_calls: Vec::new() }, Message::User { text: asked }];
    let chat =
        Request { instructions: String::new(), messages, tools: Vec::new(), output_schema: None, context: context() };
    let (idle, total) = (Duration::from_secs(8), Duration::from_secs(120));
    LlmRequest { chat, model: None, temperature: None, max_tokens: 500, idle, total }
}

fn context() -> Value {
    json!({
        "company": "Harbour Dental",
        "business_hours": {"monday": "9 to 5", "tuesday": "9 to 5", "wednesday": "9 to 5", "friday": "9 to 3"},
        "address": "12 Harbour Street, Boston",
        "support_email": "support@harbourdental.com",
        "services": ["cleaning", "whitening", "fillings"],
        "prices": {"cleaning": "80 dollars", "whitening": "200 dollars"},
    })
}

/// A made language; the same on every run.
struct Made(u64);

impl Made {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// The number of a word: low numbers are common, as in real texts.
    fn number(&mut self) -> u64 {
        let part = self.next() as f64 / (1u64 << 31) as f64;
        (VOCABULARY as f64).powf(part) as u64
    }

    fn text(&mut self, words: u64) -> String {
        let mut text = String::new();
        for at in 1..=words {
            let mark = match at {
                at if at % 96 == 0 => ".\n\n",
                at if at % 12 == 0 => ". ",
                _ => " ",
            };
            text.push_str(&word(self.number()));
            text.push_str(mark);
        }
        text
    }

    fn question(&mut self, number: usize) -> String {
        let mut question = String::new();
        let pattern = QUESTIONS.get(number % QUESTIONS.len()).copied().unwrap_or_default();
        for part in pattern.split(' ') {
            let word = match part {
                "{r}" => word(VOCABULARY / 2 + self.next() % (VOCABULARY / 2)),
                "{c}" => word(1 + self.next() % 40),
                other => other.to_owned(),
            };
            // Writing to a string cannot fail.
            let _ = write!(question, "{word} ");
        }
        question
    }
}

/// A word of two to four syllables.
fn word(number: u64) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "co", "di", "fu", "ge", "ha", "jo", "ki", "lu", "me", "na", "po", "ri", "su", "te", "vo"];
    let mut word = String::new();
    let mut rest = number + 16;
    while rest > 0 {
        word.push_str(SYLLABLES.get((rest % 16) as usize).copied().unwrap_or("ba"));
        rest /= 16;
    }
    word
}

fn rank(sorted: &[f64], part: f64) -> f64 {
    let at = ((sorted.len() as f64 * part).ceil() as usize).saturating_sub(1);
    sorted.get(at).or(sorted.last()).copied().unwrap_or_default()
}
