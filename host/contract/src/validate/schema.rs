//! The contract's JSON Schemas, generated from its types.

use crate::agent::Agent;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Names the schema; also where a host serves it.
pub const ID: &str = "/api/v1/contract/schema";

/// The contract's JSON Schema, draft 2020-12.
pub fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        let mut schema = schemars::schema_for!(Agent).to_value();
        simplify(&mut schema);
        if let Some(fields) = schema.as_object_mut() {
            fields.insert("$id".to_owned(), ID.into());
            fields.insert("title".to_owned(), "Agent contract".into());
        }
        schema
    });
    &SCHEMA
}

/// The schema of a part of a contract: the same types and ranges, but nothing has to be there.
pub fn partial_schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        let mut schema = schema().clone();
        if let Some(fields) = schema.as_object_mut() {
            fields.remove("required");
            fields.insert("$id".to_owned(), format!("{ID}?partial=true").into());
            fields.insert("title".to_owned(), "Part of an agent contract".into());
        }
        let definitions = schema.get_mut("$defs").and_then(Value::as_object_mut).into_iter().flatten();
        // A list is merged as a whole, so its items have to be whole too.
        for (_, definition) in definitions.filter(|(name, _)| !["Field", "Webhook"].contains(&name.as_str())) {
            definition.as_object_mut().map(|fields| fields.remove("required"));
        }
        schema
    });
    &SCHEMA
}

/// Folds the generator's alternatives into plain types and enumerations, so that a fault points at the field itself and
/// not at a list of alternatives: an optional field may be left out but not be null, and documented names are one list.
fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            not_null(fields);
            enumerated(fields);
            fields.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}

/// Takes "or null" away from a schema: what is optional may be left out, and is not null.
pub fn not_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get("type")
        && let [kind, null] = types.as_slice()
        && null == "null"
    {
        let kind = kind.clone();
        schema.insert("type".to_owned(), kind);
    }
    only(schema);
}

/// Takes the choice of a schema or null away, so that a fault is found in what there is and not in the choice.
pub fn only(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(options)) = schema.get("anyOf")
        && let [Value::Object(only), null] = options.as_slice()
        && null["type"] == "null"
    {
        let only = only.clone();
        schema.remove("anyOf");
        schema.extend(only);
    }
}

/// Makes one list of names that are explained one by one.
pub fn enumerated(schema: &mut Map<String, Value>) {
    if let Some(names) = schema.get("oneOf").and_then(Value::as_array).and_then(|options| names(options)) {
        schema.remove("oneOf");
        schema.insert("enum".to_owned(), Value::Array(names));
    }
}

/// The names that alternatives stand for, when each stands for some.
fn names(options: &[Value]) -> Option<Vec<Value>> {
    let names =
        options.iter().map(|option| match (option.get("const"), option.get("enum").and_then(Value::as_array)) {
            (Some(name), _) => Some(vec![name.clone()]),
            (None, names) => names.cloned(),
        });
    names.collect::<Option<Vec<_>>>().map(|names| names.concat())
}
