//! Whole surveys, event by event.

mod endings;
mod failures;
mod flow;
mod keys;
mod requests;
mod schema;

use super::Survey;
use trunkline_sdk::serde_json::{Value, json};
use trunkline_sdk::test::{Harness, spoken};
use trunkline_sdk::{Action, ActionKind};

/// One question of each kind that is asked of everybody.
fn settings() -> Value {
    json!({
        "intro": "This takes two minutes.",
        "questions": [
            {"id": "score", "ask": "How happy are you, from one to five?", "type": "rating"},
            {"id": "again", "ask": "Would you come again?", "type": "yes_no"},
            {"id": "way", "ask": "How did you reach us?", "type": "choice", "choices": ["By phone", "E-mail", "Web site"]},
            {"id": "staff", "ask": "How many people work with you?", "type": "number", "min": 0, "required": false},
            {"id": "wish", "ask": "What should we do better?", "type": "text", "required": false},
        ],
        "outro": "Thanks, bye.",
    })
}

fn call() -> Harness<Survey> {
    with(&settings())
}

fn with(settings: &Value) -> Harness<Survey> {
    Harness::with_settings(&settings.to_string()).greeting("Hello from Acme.")
}

/// A call at the question after these answers.
fn after(answers: &[&str]) -> Harness<Survey> {
    let mut call = call();
    call.start();
    for answer in answers {
        call.user_says(answer);
    }
    call
}

/// All that is said, as one text.
fn said(actions: &[Action]) -> String {
    spoken(actions).join(" ")
}

fn hangs_up(actions: &[Action]) -> bool {
    actions.iter().any(|action| matches!(action.kind, ActionKind::HangUp(_)))
}

/// The `say` among the actions.
fn say_of(actions: &[Action]) -> u32 {
    actions.iter().find(|action| matches!(action.kind, ActionKind::Say(_))).unwrap().effect
}
