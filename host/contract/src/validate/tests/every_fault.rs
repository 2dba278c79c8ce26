//! No fault hides another, and what is wrong somewhere does not make the rest look wrong.

use super::*;
use proptest::prelude::*;

fn found(document: &Value) -> Vec<(String, String)> {
    let faults = check(document).err().unwrap_or_default();
    let errors = faults.into_iter().filter(|fault| fault.severity == Severity::Error);
    let mut found: Vec<(String, String)> = errors.map(|fault| (fault.pointer, fault.code)).collect();
    found.sort();
    found
}

/// What breaks one thing, and the pointers of what is then told.
fn breaks() -> Vec<(&'static str, Value, Vec<&'static str>)> {
    vec![
        ("a name of another type", json!({"name": 3}), vec!["/name"]),
        ("no name", json!({"name": null}), vec!["/name"]),
        ("a section that is none", json!({"prompt": "Hi"}), vec!["/prompt"]),
        ("no prompt", json!({"prompt": null}), vec!["/prompt"]),
        ("a provider that is none", json!({"stt": {"provider": "shout"}}), vec!["/stt/provider"]),
        ("no provider", json!({"stt": {"provider": null}}), vec!["/stt/provider"]),
        ("speech that is no section", json!({"tts": 5}), vec!["/tts"]),
        ("a model that is no section", json!({"llm": []}), vec!["/llm"]),
        ("a model of another provider", json!({"llm": {"provider": "x", "model": null}}), vec!["/llm/provider"]),
        ("a type that is none", json!({"type": "phone", "stt": null, "tts": null}), vec!["/type"]),
        ("a component that cannot be", json!({"behaviour": {"component": "No Such"}}), vec!["/behaviour/component"]),
        ("behaviour that is none", json!({"behaviour": "x", "llm": null}), vec!["/behaviour"]),
        ("realtime without a model", json!({"realtime": {"provider": "openai"}}), vec!["/realtime/model"]),
        ("a webhook without an address", json!({"webhooks": [{}]}), vec!["/webhooks/0/url"]),
        ("webhooks that are no list", json!({"webhooks": {}}), vec!["/webhooks"]),
        ("an unknown field", json!({"colour": 1}), vec!["/colour"]),
        ("turn rules that are none", json!({"turn": {"endpointing": 4}}), vec!["/turn/endpointing"]),
        ("limits that are none", json!({"limits": [1]}), vec!["/limits"]),
        ("a number with a fraction", json!({"memory": {"k": 6.0}}), vec!["/memory/k"]),
    ]
}

/// Faults that no schema can find, each in its own place.
fn semantic() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (json!({"tools": ["end_call", "fly"]}), "/tools/1", "unknown-tool"),
        (json!({"identity": {"mission": "For {{ firm }}"}}), "/identity/mission", "template"),
        (
            json!({"output_schema": {"fields": [
                {"name": "a", "type": "str", "use_in_tts": true}, {"name": "a", "type": "int"}]}}),
            "/output_schema/fields/1/name",
            "duplicate",
        ),
    ]
}

#[test]
fn a_broken_part_is_told_and_nothing_beside_it() {
    for (what, patch, pointers) in breaks() {
        let mut document = valid();
        json_patch::merge(&mut document, &patch);
        let told: Vec<String> = found(&document).into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(told, pointers, "{what}");
    }
}

#[test]
fn a_broken_part_does_not_hide_what_no_schema_can_say() {
    for (what, patch, _) in breaks() {
        for (more, pointer, code) in semantic() {
            let mut document = valid();
            json_patch::merge(&mut document, &patch);
            json_patch::merge(&mut document, &more);
            let told = found(&document);
            assert!(told.contains(&(pointer.to_owned(), code.to_owned())), "{what} hides {pointer}: {told:?}");
        }
    }
}

#[test]
fn a_broken_context_makes_no_variable_unknown_but_braces_still_have_to_close() {
    let mut document = valid();
    document["context"] = json!("Acme");
    document["prompt"]["goodbye"] = json!("Bye {{ company");
    assert_eq!(
        found(&document),
        [("/context".to_owned(), "type".to_owned()), ("/prompt/goodbye".to_owned(), "template".to_owned())]
    );
}

#[test]
fn a_broken_item_of_a_list_does_not_hide_the_others() {
    let mut document = valid();
    document["tools"] = json!([5, "fly", "end_call", "", "sing"]);
    let pointers: Vec<String> = found(&document).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/tools/0", "/tools/1", "/tools/3", "/tools/4"]);

    let mut document = valid();
    document["output_schema"] = json!({"fields": [
        {"name": "reply", "type": "string", "use_in_tts": true},
        7,
        {"name": "a", "type": "int", "constraints": {"pattern": "x"}},
        {"type": "str"},
        {"name": "a", "type": "int", "constraints": {"ge": 2, "le": 1}, "colour": 1},
    ]});
    let at = |rest: &str| format!("/output_schema/fields/{rest}");
    let expected = [
        (at("0/type"), "type"),
        (at("1"), "type"),
        (at("2/constraints/pattern"), "constraint"),
        (at("3/name"), "missing"),
        (at("4/colour"), "unknown-field"),
        (at("4/name"), "duplicate"),
    ];
    assert_eq!(found(&document), expected.map(|(pointer, code)| (pointer, code.to_owned())));
}

#[test]
fn every_unknown_variable_of_a_text_is_told() {
    let mut document = valid();
    document["prompt"]["greeting"] = json!("{{ company }}, {{ firm }}: {{ hours }} {{");
    let faults = check(&document).unwrap_err();
    let texts: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts[0].contains("`firm`") && texts[1].contains("`hours`") && texts[2].contains("byte 39"), "{texts:?}");
    assert!(
        faults.iter().all(|fault| (fault.pointer.as_str(), fault.code.as_str()) == ("/prompt/greeting", "template"))
    );
}

#[test]
fn the_same_thing_is_told_once() {
    let mut document = valid();
    document["turn"] = json!({"endpointing": {"min_ms": 30_000}});
    document["llm"] = json!({"provider": "openai", "model": ""});
    document["tts"]["voice"] = json!(1);
    let pointers: Vec<String> = found(&document).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/llm/model", "/tts/voice", "/turn/endpointing/min_ms"]);
}

/// A hostile document costs about as much as it is long.
#[test]
fn a_document_of_nothing_but_faults_is_told_fault_by_fault() {
    const MANY: usize = 5_000;
    let mut document = valid();
    document["tools"] = (0..MANY).map(|n| if n % 2 == 0 { json!("end_call") } else { json!(n) }).collect();
    document["output_schema"] = json!({"fields": vec![json!({"name": "a", "type": "x"}); MANY]});
    document["prompt"]["instructions"] = json!("{{a}}{{b}}".repeat(9_000));
    document["prompt"]["greeting"] = json!((0..150).map(|n| format!("{{{{ v{n} }}}}")).collect::<String>());
    document["context"] =
        Value::Object((0..MANY).map(|n| (format!("name{n}"), json!({"inner": {"deep": n}}))).collect());
    for n in 0..MANY {
        document[format!("colour{n}")] = json!(null);
    }
    let told = found(&document);
    let count = |at: &str| told.iter().filter(|(pointer, _)| pointer.starts_with(at)).count();
    assert_eq!(count("/colour"), MANY);
    assert!(told.contains(&("/tools".to_owned(), "max-items".to_owned())));
    assert!(count("/output_schema/fields/") >= MANY);
    assert_eq!((count("/prompt/instructions"), count("/prompt/greeting")), (2, 150));
    assert!(partial(&document).len() > MANY);
}

proptest! {
    /// Whatever is broken beside it, a tool that does not exist is told.
    #[test]
    fn nothing_hides_an_unknown_tool(document in crate::diff::tests::documents(), section in 0usize..20) {
        let schema = schema()["properties"].as_object().unwrap();
        let section = schema.keys().filter(|name| *name != "tools").nth(section % (schema.len() - 1)).unwrap();
        let mut contract = valid();
        contract["tools"] = json!(["fly"]);
        contract[section] = document;
        let told = found(&contract);
        prop_assert!(told.contains(&("/tools/0".to_owned(), "unknown-tool".to_owned())), "{told:?}");
    }

    /// What is accepted can be read as a contract again, as it stands and as it was completed.
    #[test]
    fn what_is_accepted_can_be_read(document in crate::diff::tests::documents(), section in 0usize..20) {
        let schema = schema()["properties"].as_object().unwrap();
        let section = schema.keys().nth(section % schema.len()).unwrap();
        let mut contract = valid();
        contract[section] = document;
        if let Ok(Checked { agent, .. }) = check(&contract) {
            prop_assert_eq!(&serde_json::from_value::<Agent>(contract).unwrap(), &agent);
            let whole = serde_json::to_value(&agent).unwrap();
            prop_assert_eq!(check(&whole).unwrap().agent, agent);
        }
    }
}
