//! The contract's JSON Schemas, generated from its types.

use crate::agent::Agent;
use serde_json::Value;
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

/// What may be left out is not null: takes the generator's "or null" out of a schema.
pub fn not_null(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = fields.get("type")
        && let [kind, null] = types.as_slice()
        && null == "null"
    {
        let kind = kind.clone();
        fields.insert("type".to_owned(), kind);
    }
    if let Some(Value::Array(options)) = fields.get("anyOf")
        && let [Value::Object(only), null] = options.as_slice()
        && null["type"] == "null"
    {
        let only = only.clone();
        fields.remove("anyOf");
        fields.extend(only);
    }
}

/// Folds the generator's alternatives into plain types and enumerations, so that a fault points at the field itself and
/// not at a list of alternatives: an optional field may be left out but not be null, and documented names are one list.
fn simplify(schema: &mut Value) {
    not_null(schema);
    match schema {
        Value::Object(fields) => {
            if let Some(names) = fields.get("oneOf").and_then(Value::as_array).and_then(|options| names(options)) {
                fields.remove("oneOf");
                fields.insert("enum".to_owned(), Value::Array(names));
            }
            fields.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
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
