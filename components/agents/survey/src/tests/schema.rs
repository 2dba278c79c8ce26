use super::super::{Survey, settings::Settings};
use super::with;
use proptest::prelude::*;
use trunkline_sdk::Behaviour;
use trunkline_sdk::serde_json::{self, Value, json};

fn schema() -> Value {
    serde_json::from_str(&Survey::manifest().settings_schema).unwrap()
}

/// The names of both, and the schema's defaults.
fn assert_same(schema: &Value, defaults: &Value) {
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(properties.keys().collect::<Vec<_>>(), defaults.as_object().unwrap().keys().collect::<Vec<_>>());
    for (name, property) in properties.iter().filter(|(_, property)| property["properties"].is_null()) {
        let default = if *name == "questions" { json!([]) } else { property["default"].clone() };
        assert_eq!(default, defaults[name], "{name}");
    }
}

#[test]
fn the_settings_are_the_schemas() {
    let (schema, defaults) = (schema(), serde_json::to_value(Settings::default()).unwrap());
    assert_same(&schema, &defaults);
    assert_same(&schema["properties"]["lines"], &defaults["lines"]);
}

#[test]
fn a_long_survey_fits_the_state() {
    let text = |length| "x".repeat(length);
    let choice = |n: u32| json!({"label": format!("{n}{}", text(30)), "also": [text(20), text(20)]});
    let question = |n: u32| {
        json!({"id": format!("{}{n}", text(20)), "ask": text(300), "retry": text(200), "type": "choice",
            "choices": (0..9).map(choice).collect::<Vec<_>>()})
    };
    let mut call = with(&json!({"questions": (0..30).map(question).collect::<Vec<_>>()}));
    call.start();
    for _ in 0..30 {
        call.user_says("the second one");
    }
    assert_eq!(call.results["answers_count"], json!(30));
}

#[test]
fn settings_of_another_behaviour_do_not_stop_it() {
    let mut call = with(&json!({"apology": "Sorry.", "questions": [{"id": "q", "ask": "Well?", "type": "text"}]}));
    assert_eq!(super::said(&call.start()), "Hello from Acme. Well?");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_caller_gets_to_an_end(words in proptest::collection::vec(
        "yes|no|four|I meant five|go back|skip|what|the web|.{0,20}|twenty five|hold on|who is this", 80..120,
    )) {
        let mut call = super::after(&[]);
        for (turn, text) in words.iter().enumerate() {
            if turn % 7 == 3 {
                call.user_presses("3#");
            } else {
                call.user_says(text);
            }
        }
        let over = call.user_says("bye");
        prop_assert!(over.is_empty() || super::hangs_up(&over));
        if let Some(score) = call.results.get("score") {
            prop_assert!(score.as_i64().is_some_and(|score| (1..=5).contains(&score)));
        }
    }
}
