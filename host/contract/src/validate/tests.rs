//! The rules of validation, by example; tables stand in files of their own.

use super::*;
use serde_json::json;

mod every_fault;
mod messages;
mod partial;
mod ranges;
mod rules;
mod served;

fn valid() -> Value {
    json!({
        "name": "Front desk",
        "prompt": {"instructions": "You work for {{ company }}.", "greeting": "Welcome to {{ company }}."},
        "llm": {"provider": "openai", "model": "gpt-4o-mini"},
        "stt": {"provider": "deepgram"},
        "tts": {"provider": "elevenlabs", "voice": "v1"},
        "tools": ["end_call"],
        "context": {"company": "Acme"},
    })
}

fn check(document: &Value) -> Result<Checked, Vec<Fault>> {
    agent(document, &["end_call", "save_data"], &["conversation"])
}

#[test]
fn a_contract_gets_its_defaults() {
    let agent = check(&valid()).unwrap().agent;
    assert_eq!(agent.turn.endpointing.min_ms, 500);
    assert_eq!(agent.stt.unwrap().stall_ms, 5_000);
    assert_eq!(agent.behaviour.component, "conversation");
}

#[test]
fn five_faults_give_five_pointers() {
    let mut document = valid();
    document["llm"]["temperature"] = json!(3);
    document["stt"]["provider"] = json!("shout");
    document["tts"]["voice"] = json!("");
    document["turn"] = json!({"endpointing": {"min_ms": 1}});
    document["colour"] = json!("blue");
    let mut pointers: Vec<String> = check(&document).unwrap_err().into_iter().map(|f| f.pointer).collect();
    pointers.sort();
    assert_eq!(pointers, ["/colour", "/llm/temperature", "/stt/provider", "/tts/voice", "/turn/endpointing/min_ms"]);
}

#[test]
fn what_a_schema_cannot_say_is_checked_too() {
    let mut document = valid();
    document.as_object_mut().unwrap().remove("tts");
    document["prompt"]["greeting"] = json!("Welcome to {{ firm }}");
    document["tools"] = json!(["end_call", "fly"]);
    document["behaviour"] = json!({"component": "nobody"});
    let faults = check(&document).unwrap_err();
    let found: Vec<(&str, &str)> = faults.iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
    assert_eq!(
        found,
        [
            ("/tts", "missing"),
            ("/prompt/greeting", "template"),
            ("/tools/1", "unknown-tool"),
            ("/behaviour/component", "unknown-component"),
        ]
    );
    assert!(faults[2].message.contains("end_call, save_data"));
}

#[test]
fn a_message_says_what_was_found_and_what_is_allowed() {
    let mut document = valid();
    document["stt"]["provider"] = json!("shout");
    let faults = check(&document).unwrap_err();
    assert!(faults[0].message.contains("shout") && faults[0].message.contains("deepgram"), "{}", faults[0].message);
}

#[test]
fn what_the_shape_refuses_does_not_hide_the_rest() {
    let mut document = valid();
    document["llm"]["temperature"] = json!("hot");
    document["prompt"]["greeting"] = json!("Hi from {{ compny }}");
    document["tools"] = json!(["end_cal"]);
    document["output_schema"] = json!({"fields": [{"name": "a", "type": "int", "constraints": {"pattern": "x"}}]});
    document["traits"] = json!({"empathy": 101, "humour": 3});
    document["version"] = json!("1.0.0");
    let faults = check(&document).unwrap_err();
    let mut found: Vec<(&str, &str)> = faults.iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("/llm/temperature", "type"),
            ("/output_schema/fields", "spoken"),
            ("/output_schema/fields/0/constraints/pattern", "constraint"),
            ("/prompt/greeting", "template"),
            ("/tools/0", "unknown-tool"),
            ("/traits/empathy", "maximum"),
            ("/traits/humour", "unknown-field"),
            ("/version", "unknown-field"),
        ]
    );
    let says = |at: &str| faults.iter().find(|fault| fault.pointer == at).unwrap().message.clone();
    assert!(says("/traits/humour").ends_with("did you mean `humor`?"), "{}", says("/traits/humour"));
    assert!(says("/version").contains("?version="), "{}", says("/version"));
    assert!(says("/tools/0").ends_with("did you mean `end_call`?"));
    assert!(says("/prompt/greeting").contains("did you mean `company`?"));
}

#[test]
fn instructions_may_use_the_answers_so_far_and_a_field_that_is_used_cannot_go() {
    let mut document = valid();
    document["prompt"]["instructions"] = json!("The score so far: {{ output.score }}.");
    document["output_schema"] = json!({"fields": [
        {"name": "reply", "type": "str", "use_in_tts": true}, {"name": "score", "type": "int"}]});
    assert!(check(&document).is_ok());
    document["prompt"]["goodbye"] = json!("You had {{ output.score }}.");
    assert_eq!(check(&document).unwrap_err()[0].pointer, "/prompt/goodbye");
    document["prompt"]["goodbye"] = json!("Bye.");
    document["output_schema"]["fields"].as_array_mut().unwrap().pop();
    let faults = check(&document).unwrap_err();
    assert_eq!((faults.len(), faults[0].pointer.as_str()), (1, "/prompt/instructions"));
    assert!(faults[0].message.contains("`output_schema` has no field `score` (known: reply)"), "{}", faults[0].message);
}

#[test]
fn warnings_do_not_refuse() {
    let mut document = valid();
    document["llm"]["model"] = json!("o1-pro-2025-03-19");
    document["tts"]["model"] = json!("eleven_v3");
    document["memory"] = json!({"enabled": true});
    document["realtime"] = json!({"provider": "openai", "model": "gpt-realtime"});
    let warnings = check(&document).unwrap().warnings;
    let codes: Vec<(&str, &str)> = warnings.iter().map(|w| (w.pointer.as_str(), w.code.as_str())).collect();
    let expected = [
        ("/llm/model", "not-streaming"),
        ("/tts/model", "not-telephone"),
        ("/realtime", "not-active"),
        ("/memory/enabled", "not-active"),
    ];
    assert_eq!(codes, expected);
}

#[test]
fn a_part_needs_nothing_but_must_be_right_in_what_it_says() {
    assert_eq!(partial(&json!({})), Vec::new());
    let part = json!({"llm": {"temperature": 1}, "tts": null, "prompt": {"greeting": null}});
    assert_eq!(partial(&part), Vec::new());
    let wrong = json!({"llm": {"temperature": 3}, "output_schema": {"fields": [{"name": "a"}]}, "grreting": 1});
    let mut pointers: Vec<String> = partial(&wrong).into_iter().map(|fault| fault.pointer).collect();
    pointers.sort();
    assert_eq!(pointers, ["/grreting", "/llm/temperature", "/output_schema/fields/0/type"]);
    let odd = json!({"output_schema": {"fields": [{"name": "a", "type": "string"}]}, "name": 3});
    let mut whole = valid();
    json_patch::merge(&mut whole, &odd);
    let faults = check(&whole).unwrap_err();
    let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/name", "/output_schema/fields/0/type", "/output_schema/fields"]);
    assert!(faults[1].message.contains("allowed are str, int"), "{}", faults[1].message);
    let session = json!({"name": "x", "llm": {"temperature": 0.95}, "behaviour": {"component": "y"}});
    let pointers: Vec<String> = overrides(&session).into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(pointers, ["/name", "/behaviour/component"]);
}

#[test]
fn the_schema_says_what_it_is_and_holds_defaults_and_descriptions() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["$id"], ID);
    assert_eq!(schema["$defs"]["Traits"]["properties"]["safety"]["default"], 80);
    assert!(schema["properties"]["extends"]["description"].is_string());
}

proptest::proptest! {
    #[test]
    fn any_document_is_accepted_or_refused(document in crate::diff::tests::documents(), at in 0usize..8) {
        let mut contract = valid();
        let section = ["llm", "prompt", "traits", "output_schema", "turn", "context", "tools", "webhooks"][at];
        contract[section] = document.clone();
        let _ = check(&contract);
        let _ = (partial(&document), overrides(&document), check(&document));
    }

    #[test]
    fn any_json_is_accepted_or_refused(text in "\\PC*") {
        let _ = check(&Value::String(text.clone()));
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            let _ = check(&value);
        }
    }
}
