//! What a fault says: what was found, what is allowed, and what was probably meant.

use super::*;

fn told(patch: &Value) -> Vec<Fault> {
    let mut document = valid();
    json_patch::merge(&mut document, patch);
    check(&document).unwrap_err()
}

#[test]
fn an_unknown_field_is_named_with_the_nearest_known_one() {
    for (patch, pointer, near) in [
        (json!({"promt": {}}), "/promt", "prompt"),
        (json!({"llms": {}}), "/llms", "llm"),
        (json!({"llm": {"temprature": 1}}), "/llm/temprature", "temperature"),
        (json!({"identity": {"chracter_role": "x"}}), "/identity/chracter_role", "character_role"),
        (json!({"turn": {"endpointing": {"min": 1}}}), "/turn/endpointing/min", "min_ms"),
        (json!({"limits": {"max_cost": 1}}), "/limits/max_cost", "max_cost_usd"),
        (json!({"webhooks": [{"url": "https://x", "event": []}]}), "/webhooks/0/event", "events"),
        (
            json!({"output_schema": {"fields": [{"name": "a", "type": "str", "use_in_tts": true, "defualt": "x"}]}}),
            "/output_schema/fields/0/defualt",
            "default",
        ),
        (
            json!({"output_schema": {"fields": [
                {"name": "a", "type": "str", "use_in_tts": true, "constraints": {"max_length": 3}}]}}),
            "/output_schema/fields/0/constraints/max_length",
            "max_len",
        ),
        (json!({"a/b~c": 1}), "/a~1b~0c", ""),
    ] {
        let faults = told(&patch);
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        assert_eq!((fault.pointer.as_str(), fault.code.as_str()), (pointer, "unknown-field"));
        let hint = format!("did you mean `{near}`?");
        assert!(near.is_empty() || fault.message.ends_with(&hint), "{}", fault.message);
    }
}

#[test]
fn a_name_that_is_like_no_other_gets_the_list() {
    let faults = told(&json!({"memory": {"qqq": 1}}));
    assert!(faults[0].message.ends_with("(allowed: enabled, k, thread_window)"), "{}", faults[0].message);
}

#[test]
fn a_version_is_not_part_of_the_document_but_only_at_its_top() {
    let faults = told(&json!({"version": "1.2.3", "llm": {"version": 1}}));
    let says = |at: &str| faults.iter().find(|fault| fault.pointer == at).unwrap().message.clone();
    assert!(says("/version").contains("`?version=`"), "{}", says("/version"));
    assert!(!says("/llm/version").contains("?version="), "{}", says("/llm/version"));
}

#[test]
fn a_number_out_of_bounds_is_told_with_the_bound() {
    let message = told(&json!({"traits": {"empathy": 101}})).remove(0).message;
    assert!(message.contains("101") && message.contains("100"), "{message}");
    let message = told(&json!({"memory": {"k": 6.0}})).remove(0).message;
    assert!(message.contains("6.0") && message.contains("`6`"), "{message}");
}

#[test]
fn a_long_value_is_not_repeated_in_the_message() {
    let long = "x".repeat(200_000);
    for patch in [
        json!({"name": long}),
        json!({"prompt": {"instructions": long}}),
        json!({"stt": {"provider": long}}),
        json!({"locale": long}),
        json!({"llm": {"max_tokens": long}}),
        json!({"tools": [long]}),
        json!({"behaviour": {"component": long}}),
        json!({"context": {}, "prompt": {"greeting": format!("{{{{ {} }}}}", "y".repeat(1_900))}}),
        json!({"output_schema": {"fields": [{"name": "a", "type": long, "use_in_tts": true}]}}),
        json!({ "k".repeat(100_000): 1 }),
    ] {
        for fault in told(&patch) {
            assert!(fault.message.chars().count() < 500, "{}: {}", fault.pointer, fault.message.len());
        }
    }
}

#[test]
fn codes_are_written_in_kebab_case() {
    let faults = told(&json!({"name": "", "tools": [1], "memory": {"k": 99, "x": 1}, "locale": "?", "type": "x",
        "webhooks": vec![json!({"url": "https://x"}); 11], "metadata": {"tags": [""]}}));
    assert!(faults.len() >= 8, "{faults:?}");
    for fault in faults {
        assert!(fault.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", fault.code);
    }
}

#[test]
fn the_nearest_name_is_one_that_is_like_it() {
    let known = ["company", "hours.open", "hours.close", "address"];
    for (name, near) in [
        ("compny", Some("company")),
        ("Company", Some("company")),
        ("hours.opne", Some("hours.open")),
        ("adress", Some("address")),
        ("zzz", None),
        ("", None),
    ] {
        assert_eq!(nearest(name, known), near, "{name}");
    }
    assert_eq!(nearest("company", []), None);
}

#[test]
fn any_value_can_be_checked_against_any_schema() {
    let schema = json!({"type": "object", "properties": {"label": {"type": "string"}}, "additionalProperties": false});
    let faults = against_schema(&json!({"lable": "x", "version": 1}), &schema);
    let texts: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(
        texts,
        ["`lable` is not a known field; did you mean `label`?", "`version` is not a known field (allowed: label)"]
    );
    assert_eq!(against_schema(&json!(1), &json!({"type": "no such"}))[0].code, "invalid-schema");
}
