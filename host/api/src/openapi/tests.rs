use super::*;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Every reference in a document.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(place)) = fields.get("$ref") {
                found.insert(place);
            }
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_definition_is_used() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for place in &found {
        let pointer = place.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{place}");
    }
    for kind in ["schemas", "responses", "parameters", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let place = format!("#/components/{kind}/{name}");
            assert!(found.contains(place.as_str()), "{place} is not used");
        }
    }
}

#[test]
fn definitions_have_names_of_their_own() {
    // The generator tells two types of one name apart with a number, which says nothing to whoever reads it.
    for name in document()["components"]["schemas"].as_object().unwrap().keys() {
        assert!(!name.ends_with(|c: char| c.is_ascii_digit()), "{name}: give one of the types another name");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{name}");
    }
}

#[test]
fn every_operation_says_who_may_and_how_it_refuses() {
    for (path, operations) in document()["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(operation["summary"].is_string() && operation["operationId"].is_string(), "{place}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with(['1', '2'])), "{place}");
            let public = operation["security"].as_array().unwrap().is_empty();
            assert_ne!(public, operation["x-least-role"].is_string(), "{place}");
            for status in ["401", "403", "429"].iter().filter(|_| !public) {
                assert!(responses.contains_key(*status), "{place} does not say that it refuses with {status}");
            }
        }
    }
}

#[test]
fn every_field_is_explained() {
    let document = document();
    let mut silent = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, about) in schema["properties"].as_object().into_iter().flatten() {
            if about.get("description").is_none() && about.get("$ref").is_none() && about.get("const").is_none() {
                silent.push(format!("{name}.{field}"));
            }
        }
    }
    assert_eq!(silent, [""; 0]);
}

#[test]
fn the_document_is_the_reviewed_one() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let written = format!("{:#}\n", document());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == golden, "{} differs; UPDATE_GOLDEN=1 rewrites it", path.display());
}
