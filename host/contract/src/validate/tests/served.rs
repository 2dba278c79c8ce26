//! The schema as it is served: complete, and saying the same as the types.

use super::*;

/// Every property of a schema with its pointer.
fn properties<'a>(schema: &'a Value, at: &str, found: &mut Vec<(String, &'a Value)>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(own)) = members.get("properties") {
                found.extend(own.iter().map(|(name, property)| (format!("{at}/{name}"), property)));
            }
            members.iter().for_each(|(name, inner)| properties(inner, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => items.iter().for_each(|inner| properties(inner, at, found)),
        _ => {}
    }
}

#[test]
fn every_field_is_described() {
    for schema in [schema(), partial_schema()] {
        let mut found = Vec::new();
        properties(schema, "", &mut found);
        assert!(found.len() > 80);
        for (pointer, property) in found {
            assert!(property["description"].as_str().is_some_and(|text| text.len() > 3), "{pointer}: {property}");
        }
    }
}

/// The defaults that the schema tells are those that the types fill in.
fn same_defaults(root: &Value, schema: &Value, value: &Value, at: &str) {
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(target) => root.pointer(target.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let (at, value) = (format!("{at}/{name}"), value.get(name));
        if let Some(default) = property.get("default").filter(|default| !default.is_object() && !default.is_null()) {
            assert_eq!(Some(default), value, "{at}");
        }
        if let Some(value) = value {
            same_defaults(root, property, value, &at);
        }
    }
}

#[test]
fn the_defaults_of_the_schema_are_those_of_the_types() {
    let agent: Agent = serde_json::from_value(json!({"name": "A", "prompt": {}})).unwrap();
    let document = serde_json::to_value(agent).unwrap();
    same_defaults(schema(), schema(), &document, "");
}

#[test]
fn every_section_of_the_design_is_there_with_its_defaults() {
    let whole: Agent = serde_json::from_value(json!({"name": "A", "prompt": {}})).unwrap();
    let whole = serde_json::to_value(whole).unwrap();
    assert_eq!(
        whole["traits"],
        json!({"creativity": 50, "empathy": 50, "assertiveness": 50, "humor": 30, "formality": 50, "verbosity": 50,
            "confidence": 70, "technicality": 50, "safety": 80})
    );
    assert_eq!(
        whole["identity"],
        json!({"short_description": "", "full_description": "", "character_role": "", "mission": "", "interaction_style": ""})
    );
    assert_eq!(whole["knowledge"], json!({"enabled": true, "top_k": 4}));
    assert_eq!(whole["memory"], json!({"enabled": false, "k": 6, "thread_window": 20}));
    assert_eq!(whole["tracing"], json!({"enabled": false, "provider": "langfuse", "sample_rate": 1.0}));
    assert_eq!(whole["output_schema"], json!({"fields": []}));
    assert_eq!(whole["webhooks"], json!([]));
    assert!(whole.get("extends").is_none() && whole.get("realtime").is_none());
    assert!(whole["limits"].get("max_cost_usd").is_none());
    let mut hooked = valid();
    hooked["webhooks"] = json!([{"url": "https://x"}]);
    let hooked = serde_json::to_value(check(&hooked).unwrap().agent).unwrap();
    assert_eq!(hooked["webhooks"][0]["events"], json!(["call.ended", "call.result"]));
}

#[test]
fn the_schema_alone_can_check_a_contract() {
    let validator = jsonschema::draft202012::new(schema()).unwrap();
    assert!(validator.is_valid(&valid()));
    assert!(!validator.is_valid(&json!({"name": "A"})));
    let part = jsonschema::draft202012::new(partial_schema()).unwrap();
    assert!(part.is_valid(&json!({})) && !part.is_valid(&json!({"colour": 1})));
    assert!(
        jsonschema::draft202012::meta::is_valid(schema()) && jsonschema::draft202012::meta::is_valid(partial_schema())
    );
}
