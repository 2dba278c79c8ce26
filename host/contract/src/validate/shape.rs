//! What a JSON Schema says about a document, in words, each fault with the pointer of the field itself.

use super::Fault;
use crate::diff::child;
use jsonschema::Validator;
use jsonschema::error::{ValidationError, ValidationErrorKind};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Names that are at most this different are offered in place of one that is not known.
const ALIKE: f64 = 0.7;

/// The known name that is most like an unknown one.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored =
        known.into_iter().map(|one| (strsim::jaro_winkler(name, one), one)).filter(|(alike, _)| *alike > ALIKE);
    scored.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, name)| name)
}

/// Checks any value against a JSON Schema; a schema that is none is itself the fault.
pub fn against_schema(value: &Value, schema: &Value) -> Vec<Fault> {
    match jsonschema::draft202012::new(schema) {
        Ok(validator) => faults_of(&validator, value, schema),
        Err(error) => vec![Fault::error("", "invalid-schema", error.to_string())],
    }
}

/// As [`against_schema`], for the contract's own schemas, which are compiled once.
pub(super) fn faults(value: &Value, schema: &'static Value) -> Vec<Fault> {
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
    faults_of(&validator, value, schema)
}

fn faults_of(validator: &Validator, value: &Value, schema: &Value) -> Vec<Fault> {
    let mut faults: Vec<Fault> = validator.iter_errors(value).flat_map(|error| explain(&error, schema)).collect();
    faults.dedup();
    faults
}

fn explain(error: &ValidationError<'_>, schema: &Value) -> Vec<Fault> {
    let base = error.instance_path().as_str().to_owned();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known = properties(schema, error.schema_path().as_str());
            unexpected.iter().map(|name| unknown(&base, name, &known)).collect()
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Fault::error(child(&base, name), "missing", format!("`{name}` is required"))]
        }
        kind => vec![Fault::error(base, kind.keyword().to_owned(), error.to_string())],
    }
}

fn unknown(base: &str, name: &str, known: &[&str]) -> Fault {
    let place = if base.is_empty() { "the contract" } else { base };
    let hint = match nearest(name, known.iter().copied()) {
        _ if base.is_empty() && name == "version" => {
            "; versions are counted by the host, and one of your own is given with `?version=`".to_owned()
        }
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => String::new(),
        None => format!(" (allowed: {})", known.join(", ")),
    };
    Fault::error(child(base, name), "unknown-field", format!("`{name}` is not a field of {place}{hint}"))
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

/// The document without what is wrong in it, and with what it cannot do without.
pub(super) fn without(document: &Value, faults: &[Fault]) -> Value {
    let mut rest = document.clone();
    for fault in faults {
        let Some((parent, name)) = fault.pointer.rsplit_once('/') else { return super::empty() };
        match rest.pointer_mut(parent) {
            Some(Value::Object(fields)) => drop(fields.remove(&name.replace("~1", "/").replace("~0", "~"))),
            // What stands in a list keeps its place for the pointers of the others.
            Some(list @ Value::Array(_)) => *list = Value::Array(Vec::new()),
            _ => {}
        }
    }
    let mut whole = super::empty();
    if let (Value::Object(whole), Value::Object(rest)) = (&mut whole, rest) {
        whole.extend(rest);
    }
    whole
}
