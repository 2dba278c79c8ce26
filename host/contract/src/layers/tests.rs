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

#[test]
fn a_whole_stack_says_where_everything_comes_from() {
    let tenant =
        json!({"locale": "de-DE", "limits": {"max_duration_s": 600, "max_cost_usd": 2}, "tts": {"provider": "local"}});
    let agent =
        json!({"name": "Ada", "extends": "desk", "limits": {"max_duration_s": null}, "prompt": {"goodbye": "Ciao."}});
    let session = json!({"limits": {"max_cost_usd": null}, "traits": {"humor": 90}, "prompt": {"greeting": null}});
    let chain = templates(&agent, library).unwrap();
    let layers = std::iter::once((Layer::Tenant, &tenant))
        .chain(chain.iter().map(|(name, document)| (Layer::Template(name.clone()), document)))
        .chain([(Layer::Agent, &agent), (Layer::Session, &session)]);
    let merged = merge(layers);
    let read: Agent = serde_json::from_value(merged.document.clone()).unwrap();
    let effective = merged.with_defaults(&read);
    for (pointer, value, layer) in [
        ("/name", json!("Ada"), "agent"),
        ("/extends", json!("desk"), "agent"),
        ("/locale", json!("de-DE"), "tenant"),
        ("/tts/provider", json!("local"), "tenant"),
        ("/tts/stall_ms", json!(5_000), "default"),
        // Taken away by the agent, so that the contract's own default counts.
        ("/limits/max_duration_s", json!(1_800), "default"),
        ("/prompt/goodbye", json!("Ciao."), "agent"),
        ("/traits/humor", json!(90), "session"),
        ("/traits/safety", json!(80), "default"),
        ("/webhooks", json!([]), "default"),
        ("/context", json!({}), "default"),
    ] {
        assert_eq!(effective.document.pointer(pointer), Some(&value), "{pointer}");
        assert_eq!(effective.origin.get(pointer).cloned().map(String::from).as_deref(), Some(layer), "{pointer}");
    }
    for gone in ["/limits/max_cost_usd", "/prompt/greeting", "/llm", "/realtime"] {
        assert_eq!((effective.document.pointer(gone), effective.origin.get(gone)), (None, None), "{gone}");
    }
    let written = serde_json::to_value(&effective).unwrap();
    assert_eq!(written["origin"]["/prompt/goodbye"], "agent");
    assert_eq!(written["document"]["name"], "Ada");
}

#[test]
fn a_list_is_replaced_as_a_whole() {
    let (low, high) = (json!({"tools": ["a", "b"], "context": {"list": [1, {"a": null}]}}), json!({"tools": ["c"]}));
    let effective = merge([(Layer::Tenant, &low), (Layer::Agent, &high)]);
    assert_eq!(effective.document, json!({"tools": ["c"], "context": {"list": [1, {"a": null}]}}));
}

#[test]
fn fields_keep_their_order() {
    let low = json!({"name": "A", "tts": {"provider": "local"}, "llm": {"provider": "builtin"}, "tools": []});
    let high = json!({"name": null, "context": {}, "llm": {"timeout_ms": 2_000}});
    let effective = merge([(Layer::Tenant, &low), (Layer::Agent, &high)]);
    let names: Vec<&String> = effective.document.as_object().unwrap().keys().collect();
    assert_eq!(names, ["tts", "llm", "tools", "context"]);
}

#[test]
fn what_extends_is_not_a_name_extends_nothing() {
    for document in [json!({"extends": 7}), json!({"extends": null}), json!([]), json!("desk"), json!(null)] {
        assert_eq!(templates(&document, library), Ok(Vec::new()), "{document}");
    }
    let eight = |name: &str| {
        let n: u32 = name.strip_prefix("t")?.parse().ok()?;
        Some(if n < 8 { json!({"extends": format!("t{}", n + 1)}) } else { json!({}) })
    };
    assert_eq!(templates(&json!({"extends": "t1"}), eight).unwrap().len(), MAX_TEMPLATES);
    assert_eq!(templates(&json!({"extends": "t0"}), eight).unwrap_err().code, "too-deep");
    let own = |_: &str| Some(json!({"extends": "a"}));
    assert!(templates(&json!({"extends": "a"}), own).unwrap_err().message.ends_with("a -> a"));
}

proptest! {
    #[test]
    fn a_layer_that_says_nothing_or_the_same_again_changes_nothing(one in documents(), two in documents()) {
        let nothing = json!({});
        let plain = merge([(Layer::Tenant, &one), (Layer::Agent, &two)]);
        if two.is_object() {
            let more = merge([(Layer::Tenant, &one), (Layer::Agent, &two), (Layer::Session, &nothing)]);
            prop_assert_eq!(&more.document, &plain.document);
        }
        let again = merge([(Layer::Tenant, &one), (Layer::Agent, &two), (Layer::Agent, &two)]);
        prop_assert_eq!(again.document, plain.document);
    }

    /// A value says a layer of which the document really has that value at that place.
    #[test]
    fn what_a_layer_is_said_to_give_it_gives(one in documents(), two in documents(), three in documents()) {
        let effective = merge([(Layer::Tenant, &one), (Layer::Agent, &two), (Layer::Session, &three)]);
        for (pointer, layer) in &effective.origin {
            let said = match layer { Layer::Tenant => &one, Layer::Agent => &two, _ => &three };
            let value = effective.document.pointer(pointer).unwrap();
            // An object that lost all its members came from whoever took the last.
            prop_assert!(value == &json!({}) || said.pointer(pointer) == Some(value), "{} {:?}", pointer, layer);
        }
    }

    #[test]
    fn any_documents_have_templates_or_a_fault(documents in proptest::collection::hash_map("[ab]", documents(), 0..3), extends in "[abc]") {
        let mut documents = documents;
        for document in documents.values_mut() {
            if let Some(members) = document.as_object_mut() {
                let next = members.get("a").and_then(Value::as_str).unwrap_or("b").to_owned();
                members.insert("extends".to_owned(), next.into());
            }
        }
        let found = templates(&json!({ "extends": extends }), |name| documents.get(name).cloned());
        if let Ok(found) = found {
            prop_assert!(found.len() <= MAX_TEMPLATES);
        }
    }
}
