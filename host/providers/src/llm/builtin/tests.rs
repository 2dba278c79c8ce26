//! Conversations: what was said before, what was heard, and what the answer must and must not have.

mod any;
mod dialogue;
mod documents;
mod questions;
mod tools;

use super::Builtin;
use crate::documents::Documents;
use crate::error::ProviderError;
use crate::llm::{Llm, LlmRequest};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use trunkline_contract::chat::{Delta, Message, Request};

const WELCOME: &str = "Welcome to Harbour Dental. How can I help you?";

/// What a newcomer writes.
fn plain() -> Value {
    json!({
        "company": "Harbour Dental",
        "business_hours": "Monday to Friday, 9 am to 5 pm",
        "address": "12 Harbour Street, Boston",
        "support_email": "support@harbourdental.com",
        "services": ["cleaning", "whitening", "fillings"],
    })
}

/// What somebody writes who has much to say.
fn rich() -> Value {
    json!({
        "company": {"name": "Harbour Dental", "founded": 1990, "website": "https://www.harbourdental.com/"},
        "agent_name": "Ava",
        "businessHours": {
            "monday": "9 to 5", "tuesday": "9 to 5", "wednesday": "9 to 5", "thursday": {"open": "9", "close": "5"},
            "friday": "9am-3pm", "saturday": "closed",
        },
        "address": {"street": "12 Harbour Street", "city": "Boston", "zip": "02110"},
        "contact": {"phone": "+1 555 010 0100", "email": "hello@harbourdental.com"},
        "services": ["cleaning", "teeth whitening", "fillings", "root canals"],
        "prices": {"cleaning": "80 dollars", "whitening": 200, "consultation": "free"},
        "parking": "Free parking behind the building",
        "insurance": ["Delta Dental", "Aetna", "Cigna"],
        "doctors": [
            {"name": "Dr. Ann Lee", "specialty": "root canals", "languages": ["English", "Korean"]},
            {"name": "Dr. Bob Ray", "specialty": "children"},
        ],
        "wheelchair_accessible": true,
        "cancellation_policy": "Please cancel at least 24 hours before. Later cancellations cost 30 dollars.",
        "customer": {"name": "Ada", "next_visit": "Tuesday at 10"},
        "_crm": {"key": "hidden"},
    })
}

fn user(text: &str) -> Message {
    Message::User { text: text.to_owned() }
}

fn assistant(text: &str) -> Message {
    Message::Assistant { text: text.to_owned(), tool_calls: Vec::new() }
}

fn request(context: &Value, messages: Vec<Message>) -> Request {
    let (instructions, context) = (String::new(), context.clone());
    Request { instructions, messages, tools: Vec::new(), output_schema: None, context }
}

async fn deltas(request: Request, documents: Option<Arc<dyn Documents>>) -> Vec<Result<Delta, ProviderError>> {
    let (idle, total) = (Duration::from_secs(8), Duration::from_secs(120));
    let request = LlmRequest { chat: request, model: None, temperature: None, max_tokens: 500, idle, total };
    let mut stream = Builtin::new(documents).generate(&request);
    let mut deltas = Vec::new();
    while let Some(delta) = stream.next().await {
        deltas.push(delta);
    }
    deltas
}

fn text(deltas: &[Result<Delta, ProviderError>]) -> String {
    let text = |delta: &Result<Delta, ProviderError>| match delta {
        Ok(Delta::Text(text)) => Some(text.clone()),
        _ => None,
    };
    deltas.iter().filter_map(text).collect()
}

async fn answer(context: &Value, messages: Vec<Message>) -> String {
    text(&deltas(request(context, messages), None).await)
}

/// The answer to one question after the greeting.
async fn heard(context: &Value, words: &str) -> String {
    answer(context, vec![assistant(WELCOME), user(words)]).await
}
