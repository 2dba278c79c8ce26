use super::*;
use crate::diff::tests::documents;
use proptest::prelude::*;
use serde_json::json;

fn origins(effective: &Effective) -> Vec<(&str, String)> {
    effective.origin.iter().map(|(pointer, layer)| (pointer.as_str(), String::from(layer.clone()))).collect()
}

#[test]
fn each_value_says_which_layer_it_came_from() {
    let tenant = json!({"llm": {"provider": "openai", "model": "small"}, "tts": {"provider": "local"}});
    let template = json!({"prompt": {"greeting": "Hi", "instructions": "Help."}, "tools": ["end_call"]});
    let agent = json!({"name": "Ada", "prompt": {"greeting": "Hello"}, "tts": null, "context": {}});
    let session = json!({"llm": {"temperature": 0.9}});
    let layers = [
        (Layer::Tenant, &tenant),
        (Layer::Template("desk".to_owned()), &template),
        (Layer::Agent, &agent),
        (Layer::Session, &session),
    ];
    let effective = merge(layers);
    assert_eq!(
        effective.document,
        json!({"name": "Ada", "llm": {"provider": "openai", "model": "small", "temperature": 0.9}, "context": {},
            "prompt": {"greeting": "Hello", "instructions": "Help."}, "tools": ["end_call"]})
    );
    let expected = [
        ("/context", "agent"),
        ("/llm/model", "tenant"),
        ("/llm/provider", "tenant"),
        ("/llm/temperature", "session"),
        ("/name", "agent"),
        ("/prompt/greeting", "agent"),
        ("/prompt/instructions", "template:desk"),
        ("/tools", "template:desk"),
    ];
    assert_eq!(origins(&effective), expected.map(|(pointer, layer)| (pointer, layer.to_owned())));
}

#[test]
fn what_nobody_says_is_a_default() {
    let document = json!({"name": "Ada", "prompt": {}, "limits": {}});
    let agent: Agent = serde_json::from_value(document.clone()).unwrap();
    let effective = merge([(Layer::Agent, &document)]).with_defaults(&agent);
    assert_eq!(effective.document["limits"]["max_duration_s"], 1_800);
    assert_eq!(effective.origin["/limits/max_duration_s"], Layer::Default);
    assert_eq!(effective.origin["/name"], Layer::Agent);
    assert!(!effective.origin.contains_key("/limits") && !effective.origin.contains_key("/prompt"));
}

fn library(name: &str) -> Option<Value> {
    match name {
        "base" => Some(json!({"prompt": {"goodbye": "Bye."}})),
        "desk" => Some(json!({"extends": "base", "prompt": {"greeting": "Hi"}})),
        "a" => Some(json!({"extends": "b"})),
        "b" => Some(json!({"extends": "a"})),
        "orphan" => Some(json!({"extends": "nobody"})),
        deep if deep.starts_with("deep-") => {
            let n: u32 = deep.strip_prefix("deep-")?.parse().ok()?;
            Some(json!({"extends": format!("deep-{}", n + 1)}))
        }
        _ => None,
    }
}

#[test]
fn templates_come_with_the_farthest_first() {
    let found = templates(&json!({"extends": "desk"}), library).unwrap();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["base", "desk"]);
    assert!(found.iter().all(|(_, document)| document.get("extends").is_none()));
    assert_eq!(templates(&json!({}), library), Ok(Vec::new()));
}

#[test]
fn cycles_missing_parents_and_towers_are_faults() {
    for (extends, code, says) in [
        ("a", "cycle", "a -> b -> a"),
        ("nobody", "unknown-template", "`nobody`"),
        ("orphan", "unknown-template", "`nobody`, which `orphan` extends"),
        ("deep-1", "too-deep", "more than 8"),
    ] {
        let fault = templates(&json!({"extends": extends}), library).unwrap_err();
        assert_eq!((fault.pointer.as_str(), fault.code.as_str()), ("/extends", code));
        assert!(fault.message.contains(says), "{}", fault.message);
    }
}

/// The leaves of a document, by pointer.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, value)| leaves(value, &child(at, name), found));
        }
        _ => found.push(at.to_owned()),
    }
}

proptest! {
    #[test]
    fn merging_is_merge_patch_and_every_leaf_has_one_origin(one in documents(), two in documents(), three in documents()) {
        let mut expected = json!({});
        for layer in [&one, &two, &three] {
            json_patch::merge(&mut expected, layer);
        }
        let effective = merge([(Layer::Tenant, &one), (Layer::Agent, &two), (Layer::Session, &three)]);
        prop_assert_eq!(&effective.document, &expected);
        let mut pointers = Vec::new();
        leaves(&expected, "", &mut pointers);
        // An empty document came from nobody.
        pointers.retain(|pointer| !pointer.is_empty() || effective.origin.contains_key(""));
        pointers.sort();
        let known: Vec<String> = effective.origin.keys().cloned().collect();
        prop_assert_eq!(known, pointers);
    }
}
