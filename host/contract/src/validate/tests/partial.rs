//! Parts of contracts: templates, tenants' defaults, overrides of a session.

use super::*;
use proptest::prelude::*;

fn pointers(faults: Vec<Fault>) -> Vec<String> {
    let mut pointers: Vec<String> = faults.into_iter().map(|fault| fault.pointer).collect();
    pointers.sort();
    pointers
}

#[test]
fn a_part_may_say_anything_alone() {
    let whole = serde_json::to_value(check(&valid()).unwrap().agent).unwrap();
    for (name, section) in whole.as_object().unwrap() {
        assert_eq!(partial(&json!({ name: section })), [], "{name}");
        for (inner, value) in section.as_object().into_iter().flatten() {
            assert_eq!(partial(&json!({ name: { inner: value } })), [], "{name}.{inner}");
        }
    }
    assert_eq!(partial(&json!({"realtime": {"voice": "x"}, "extends": "base", "limits": {"max_cost_usd": 1}})), []);
}

#[test]
fn null_takes_away_what_lies_below() {
    let document = json!({"name": null, "llm": {"model": null}, "prompt": null, "limits": {"max_duration_s": null},
        "context": {"a": {"b": null}}, "behaviour": {"settings": {"x": null}}, "output_schema": null});
    assert_eq!(partial(&document), []);
    // A list is said as a whole: in it, null is a value.
    assert_eq!(pointers(partial(&json!({"tools": [null]}))), ["/tools/0"]);
    assert_eq!(pointers(partial(&json!({"colour": null, "llm": {"modle": null}}))), ["/colour", "/llm/modle"]);
}

#[test]
fn what_can_be_seen_without_the_rest_is_checked() {
    let document = json!({
        "name": 7,
        "llm": {"temprature": 1, "provider": "x"},
        "prompt": {"greeting": "Hi {{ whoever }}", "goodbye": "Bye {{ who"},
        "turn": {"endpointing": {"min_ms": 900, "max_ms": 800}},
        "memory": {"k": 3.0},
        "output_schema": {"fields": [
            {"name": "a", "type": "string"},
            {"name": "b", "type": "int", "constraints": {"pattern": "x"}},
            {"name": "b", "type": "int"},
        ]},
        "webhooks": [{"events": ["call.ended"]}],
    });
    let expected = [
        "/llm/provider",
        "/llm/temprature",
        "/memory/k",
        "/name",
        "/output_schema/fields/0/type",
        "/output_schema/fields/1/constraints/pattern",
        "/output_schema/fields/2/name",
        "/prompt/goodbye",
        "/turn/endpointing/min_ms",
        "/webhooks/0/url",
    ];
    assert_eq!(pointers(partial(&document)), expected);
    // The other bound may be said by another layer.
    assert_eq!(partial(&json!({"turn": {"endpointing": {"min_ms": 9_000}}})), []);
    for none in [json!(null), json!([]), json!("x"), json!(1)] {
        assert_eq!(pointers(partial(&none)), [""], "{none}");
    }
}

#[test]
fn a_session_changes_how_an_agent_works_and_not_which_one_it_is() {
    for (document, pointer) in [
        (json!({"name": "x"}), "/name"),
        (json!({"name": null}), "/name"),
        (json!({"type": "voice"}), "/type"),
        (json!({"extends": "other"}), "/extends"),
        (json!({"metadata": {"tags": []}}), "/metadata"),
        (json!({"webhooks": []}), "/webhooks"),
        (json!({"behaviour": {"component": "survey"}}), "/behaviour/component"),
        (json!({"behaviour": {"component": null}}), "/behaviour/component"),
        (json!({"behaviour": null}), "/behaviour"),
    ] {
        let faults = overrides(&document);
        let [fault] = faults.as_slice() else { panic!("{document}: {faults:?}") };
        assert_eq!((fault.pointer.as_str(), fault.code.as_str()), (pointer, "fixed"));
    }
    let allowed = json!({"llm": {"temperature": 0.95}, "prompt": {"greeting": "Hi"}, "context": {"a": 1}, "locale": "de",
        "behaviour": {"settings": {"a": 1}}, "tools": [], "traits": {"humor": 90}, "tts": null,
        "limits": {"max_cost_usd": 0.5}, "output_schema": {"fields": []}, "turn": {}, "identity": {}});
    assert_eq!(overrides(&allowed), []);
    assert_eq!(pointers(overrides(&json!({"llm": {"temperature": 3}}))), ["/llm/temperature"]);
}

proptest! {
    /// What is right in every layer's own eyes has its types right when the layers are merged.
    #[test]
    fn parts_that_pass_make_a_whole_without_faults_of_shape(
        low in crate::diff::tests::documents(), high in crate::diff::tests::documents(), at in 0usize..20, other in 0usize..20,
    ) {
        let schema = schema()["properties"].as_object().unwrap();
        let section = |n: usize| schema.keys().nth(n % schema.len()).unwrap().clone();
        let (low, high) = (json!({ section(at): low }), json!({ section(other): high }));
        if partial(&low).is_empty() && partial(&high).is_empty() {
            let mut whole = valid();
            json_patch::merge(&mut whole, &low);
            json_patch::merge(&mut whole, &high);
            for fault in check(&whole).err().unwrap_or_default() {
                let known = ["missing", "template", "unknown-tool", "unknown-component", "unsupported", "spoken", "range"];
                prop_assert!(fault.severity == Severity::Warning || known.contains(&fault.code.as_str()), "{fault:?}");
            }
        }
    }
}
