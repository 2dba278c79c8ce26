//! Schemas of what is sent and answered: generated from the types themselves, shared under `#/components/schemas`.

use crate::operations::SchemaOf;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use trunkline_contract::validate;

const PLACE: &str = "#/components/schemas/";

/// Makes schemas whose definitions are shared.
pub(super) fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}

/// All definitions that were asked for.
pub(super) fn finish(generator: &mut SchemaGenerator) -> Value {
    generator.take_definitions(true).into_iter().collect::<Map<_, _>>().into()
}

/// A schema itself, where others refer to it.
pub(super) fn inlined(schema: SchemaOf, generator: &mut SchemaGenerator) -> Value {
    let schema = schema(generator).to_value();
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix(PLACE));
    match name.map(str::to_owned) {
        Some(name) => generator.definitions_mut().remove(&name).unwrap_or_default(),
        None => schema,
    }
}

/// A parameter that is not there is left out; none is null.
pub(super) fn not_null(schema: &mut Value) {
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

/// The contract of an agent, with the schema that contracts are checked by.
pub(crate) struct Contract;

impl JsonSchema for Contract {
    fn schema_name() -> Cow<'static, str> {
        "Contract".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = validate::schema().clone();
        moved(&mut schema);
        let definitions = schema.as_object_mut().and_then(|schema| {
            schema.remove("$schema");
            schema.insert("title".to_owned(), json!("Contract"));
            schema.remove("$defs")
        });
        if let Some(Value::Object(definitions)) = definitions {
            generator.definitions_mut().extend(definitions);
        }
        Schema::try_from(schema).unwrap_or_default()
    }
}

/// Lets references point to where the document keeps its definitions.
fn moved(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(place)) = fields.get_mut("$ref")
                && let Some(name) = place.strip_prefix("#/$defs/")
            {
                *place = format!("{PLACE}{name}");
            }
            fields.values_mut().for_each(moved);
        }
        Value::Array(items) => items.iter_mut().for_each(moved),
        _ => {}
    }
}
