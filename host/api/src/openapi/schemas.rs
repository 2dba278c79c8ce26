//! Schemas of what is sent and answered: generated from the types themselves, shared under `#/components/schemas`.

use crate::operations::SchemaOf;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::HashSet;
use trunkline_contract::validate;

/// Where the document keeps its schemas.
const PLACE: &str = "#/components/schemas/";
/// Where those of what is sent stand until it is known which of them are the same.
const SENT: &str = "#/components/sent/";

/// Schemas of what is sent and of what is answered. A type may be both and differ: what may be left out when it is sent
/// stands in every answer.
pub(super) struct Schemas {
    pub(super) sent: SchemaGenerator,
    pub(super) answered: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = |path: &'static str| {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = path.trim_start_matches('#').trim_end_matches('/').into();
                settings.meta_schema = None;
            })
        };
        Self {
            sent: settings(SENT).for_deserialize().into_generator(),
            answered: settings(PLACE).for_serialize().into_generator(),
        }
    }

    /// Puts all definitions that were asked for into the document. One that is sent in another shape than it is answered
    /// is called `…Input`.
    pub(super) fn finish(mut self, document: &mut Value) {
        let (sent, mut all) = (self.sent.take_definitions(false), self.answered.take_definitions(true));
        let other = differing(&sent, &all);
        let name = |name: &str| if other.contains(name) { format!("{name}Input") } else { name.to_owned() };
        for (known, mut schema) in sent {
            rename(&mut schema, SENT, &name);
            all.insert(name(&known), schema);
        }
        rename(document, SENT, &name);
        all.values_mut().for_each(bound);
        bound(document);
        all.sort_keys();
        document["components"]["schemas"] = all.into();
    }
}

/// Names of what is not the same when it is sent and when it is answered, or refers to such.
fn differing(sent: &Map<String, Value>, answered: &Map<String, Value>) -> HashSet<String> {
    let both = || sent.iter().filter_map(|(name, schema)| Some((name, schema, answered.get(name)?)));
    let differs = |schema: &Value, other: &Value| {
        let mut same = schema.clone();
        rename(&mut same, SENT, &str::to_owned);
        same != *other
    };
    let mut found: HashSet<String> =
        both().filter(|(_, schema, other)| differs(schema, other)).map(|(name, ..)| name.clone()).collect();
    loop {
        let refers = |schema: &Value| {
            let text = schema.to_string();
            found.iter().any(|name| text.contains(&format!("\"{SENT}{name}\"")))
        };
        let more: Vec<String> = both()
            .filter(|(name, schema, _)| !found.contains(*name) && refers(schema))
            .map(|(name, ..)| name.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// Lets references to `from` lead to where the document keeps its schemas.
fn rename(schema: &mut Value, from: &str, to: &impl Fn(&str) -> String) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(place)) = fields.get_mut("$ref")
                && let Some(name) = place.strip_prefix(from)
            {
                *place = format!("{PLACE}{}", to(name));
            }
            fields.values_mut().for_each(|field| rename(field, from, to));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        _ => {}
    }
}

/// Says in numbers what the format of an integer says in a word that few programs know.
fn bound(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let most = match fields.get("format").and_then(Value::as_str) {
                Some("uint8") => Some(json!(u8::MAX)),
                Some("uint16") => Some(json!(u16::MAX)),
                Some("uint32") => Some(json!(u32::MAX)),
                _ => None,
            };
            if let Some(most) = most.filter(|_| !fields.contains_key("maximum")) {
                fields.insert("maximum".to_owned(), most);
            }
            fields.values_mut().for_each(bound);
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        _ => {}
    }
}

/// A schema itself, where others refer to it.
pub(super) fn inlined(schema: SchemaOf, generator: &mut SchemaGenerator) -> Value {
    let schema = schema(generator).to_value();
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|place| place.rsplit('/').next());
    match name.map(str::to_owned) {
        Some(name) => generator.definitions_mut().remove(&name).unwrap_or_default(),
        None => schema,
    }
}

/// The contract of an agent, with the schema that contracts are checked by.
pub(crate) struct Contract;

impl JsonSchema for Contract {
    fn schema_name() -> Cow<'static, str> {
        "Contract".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let place = format!("#/{}/", generator.settings().definitions_path.trim_matches('/'));
        let mut schema = validate::schema().clone();
        moved(&mut schema, &place);
        let definitions = schema.as_object_mut().and_then(|schema| {
            schema.remove("$schema");
            schema.remove("$id");
            schema.insert("title".to_owned(), json!("Contract"));
            schema.remove("$defs")
        });
        if let Some(Value::Object(definitions)) = definitions {
            let named = definitions.into_iter().map(|(name, schema)| (section(&name), schema));
            generator.definitions_mut().extend(named);
        }
        Schema::try_from(schema).unwrap_or_default()
    }
}

/// What a part of the contract is called beside everything else in the document.
fn section(name: &str) -> String {
    format!("Contract{name}")
}

/// Lets references lead to where the document keeps its schemas.
fn moved(schema: &mut Value, to: &str) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(place)) = fields.get_mut("$ref")
                && let Some(name) = place.strip_prefix("#/$defs/")
            {
                *place = format!("{to}{}", section(name));
            }
            fields.values_mut().for_each(|field| moved(field, to));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| moved(item, to)),
        _ => {}
    }
}
