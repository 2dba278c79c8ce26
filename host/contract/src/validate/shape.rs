//! What a JSON Schema says about a document, in words, each fault with the pointer of the field itself.

use super::{Fault, hint, listed, short};
use crate::agent::FieldType;
use crate::diff::child;
use jsonschema::Validator;
use jsonschema::error::{ValidationError, ValidationErrorKind};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Checks any value against a JSON Schema; a schema that is none is itself the fault.
pub fn against_schema(value: &Value, schema: &Value) -> Vec<Fault> {
    match jsonschema::draft202012::new(schema) {
        Ok(validator) => faults_of(&validator, value, schema, false),
        Err(error) => vec![Fault::error("", "invalid-schema", error.to_string())],
    }
}

/// What is wrong with the shape of a contract; its schemas are compiled once.
pub(super) fn of_contract(value: &Value, schema: &'static Value) -> Vec<Fault> {
    static COMPILED: LazyLock<Mutex<HashMap<usize, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let key = std::ptr::from_ref(schema) as usize;
    let known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    let validator = match known {
        Some(known) => known,
        None => match jsonschema::draft202012::new(schema) {
            Ok(made) => {
                let made = Arc::new(made);
                COMPILED.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&made));
                made
            }
            Err(error) => return vec![Fault::error("", "invalid-schema", error.to_string())],
        },
    };
    let mut faults = faults_of(&validator, value, schema, true);
    whole_numbers(schema, schema, value, "", &mut faults);
    field_types(value, &mut faults);
    faults
}

fn faults_of(validator: &Validator, value: &Value, schema: &Value, contract: bool) -> Vec<Fault> {
    let mut faults: Vec<Fault> =
        validator.iter_errors(value).flat_map(|error| explain(&error, schema, contract)).collect();
    faults.dedup();
    faults
}

fn explain(error: &ValidationError<'_>, schema: &Value, contract: bool) -> Vec<Fault> {
    let base = error.instance_path().as_str().to_owned();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known = properties(schema, error.schema_path().as_str());
            unexpected.iter().map(|name| unknown(&base, name, &known, contract)).collect()
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Fault::error(child(&base, name), "missing", format!("`{name}` is required"))]
        }
        ValidationErrorKind::Enum { options } => {
            let names = options.as_array().into_iter().flatten().map(|name| name.as_str().unwrap_or("null"));
            let found = short(&error.instance().to_string());
            let near = error.instance().as_str().map(|found| hint(found, names.clone())).unwrap_or_default();
            let message = format!("{found} is not allowed here (allowed: {}){near}", listed(names));
            vec![Fault::error(base, "enum", message)]
        }
        kind => {
            let found = error.instance().to_string();
            let shown = short(&found);
            let message = if shown == found { error.to_string() } else { error.masked_with(shown).to_string() };
            vec![Fault::error(base, kebab(kind.keyword()), message)]
        }
    }
}

/// `minLength` becomes `min-length`.
fn kebab(keyword: &str) -> String {
    let letter = |letter: char| match letter {
        'A'..='Z' => vec!['-', letter.to_ascii_lowercase()],
        other => vec![other],
    };
    keyword.chars().flat_map(letter).collect()
}

fn unknown(base: &str, name: &str, known: &[&str], contract: bool) -> Fault {
    let place = match (contract, base.is_empty()) {
        (true, true) => "a field of the contract".to_owned(),
        (true, false) => format!("a field of {base}"),
        (false, _) => "a known field".to_owned(),
    };
    let near = hint(name, known.iter().copied());
    let hint = match near.is_empty() {
        _ if contract && base.is_empty() && name == "version" => {
            "; versions are counted by the host, and one of your own is given with `?version=`".to_owned()
        }
        false => near,
        true if known.is_empty() => String::new(),
        true => format!(" (allowed: {})", listed(known.iter().copied())),
    };
    Fault::error(child(base, name), "unknown-field", format!("`{}` is not {place}{hint}", short(name)))
}

/// The properties beside the keyword that a path through a schema ends with; `$ref` is followed.
fn properties<'a>(schema: &'a Value, path: &str) -> Vec<&'a str> {
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let mut here = schema;
    for step in parent.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let next = match here {
            Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
            other => other.get(&step),
        };
        let target = next.and_then(Value::as_str).filter(|_| step == "$ref");
        let next = target.map_or(next, |target| schema.pointer(target.trim_start_matches('#')));
        let Some(next) = next else { return Vec::new() };
        here = next;
    }
    let names = here.get("properties").and_then(Value::as_object).into_iter().flatten();
    names.map(|(name, _)| name.as_str()).collect()
}

/// The schema itself, where one only refers to it.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str);
    target.and_then(|target| root.pointer(target.trim_start_matches('#'))).unwrap_or(schema)
}

/// Whole numbers that are written with a fraction: a schema takes 5.0 for one, the types do not.
fn whole_numbers(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<Fault>) {
    let schema = resolved(root, schema);
    match value {
        Value::Number(number) if schema["type"] == "integer" => {
            if let Some(whole) = number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0) {
                let message =
                    format!("{number} is written with a fraction: a whole number such as `{whole}` is allowed");
                faults.push(Fault::error(at, "type", message));
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                if let Some(schema) = schema["properties"].get(name) {
                    whole_numbers(root, schema, value, &child(at, name), faults);
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                whole_numbers(root, &schema["items"], value, &format!("{at}/{index}"), faults);
            }
        }
        _ => {}
    }
}

/// Types of output fields that are none: a schema could say so, but not in words that anybody reads.
fn field_types(document: &Value, faults: &mut Vec<Fault>) {
    let known: HashSet<String> = faults.iter().map(|fault| fault.pointer.clone()).collect();
    let fields = document.pointer("/output_schema/fields").and_then(Value::as_array).into_iter().flatten();
    let types = fields.enumerate().filter_map(|(index, field)| Some((index, field.get("type")?.as_str()?)));
    for (index, text) in types {
        let Err(error) = text.parse::<FieldType>() else { continue };
        let at = format!("/output_schema/fields/{index}/type");
        if !known.contains(&at) {
            faults.push(Fault::error(at, "type", format!("{error}{}", hint(text, FieldType::SIMPLE.iter().copied()))));
        }
    }
}

/// The document without the nulls that take away what lies below. Those of unknown names stay, to be told.
pub(super) fn without_nulls(value: &Value, schema: &Value) -> Value {
    fn strip(root: &Value, schema: &Value, value: &Value) -> Value {
        let Value::Object(members) = value else { return value.clone() };
        let schema = resolved(root, schema);
        let closed = schema["additionalProperties"] == false;
        let kept = members.iter().filter_map(|(name, value)| {
            let known = schema["properties"].get(name);
            let takes_away = value.is_null() && (known.is_some() || !closed);
            (!takes_away).then(|| (name.clone(), strip(root, known.unwrap_or(&Value::Null), value)))
        });
        Value::Object(kept.collect::<Map<_, _>>())
    }
    strip(schema, schema, value)
}
