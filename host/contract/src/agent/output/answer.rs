//! The JSON Schema that a model is given, and what its answer becomes.

use super::{Field, FieldType, OutputSchema};
use crate::validate::{Fault, against_schema};
use serde_json::{Map, Value, json};

impl OutputSchema {
    /// Whether answers are plain text.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The field that is spoken while it streams.
    pub fn spoken(&self) -> Option<&str> {
        self.fields.iter().find(|field| field.use_in_tts).map(|field| field.name.as_str())
    }

    /// The fields that are for the behaviour and the log only.
    pub fn hidden(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|field| field.hidden).map(|field| field.name.as_str())
    }

    /// Whether a field of the result is for the behaviour and the log only.
    pub fn is_hidden(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.hidden && field.name == name)
    }

    /// The schema of an answer (draft 2020-12), as strict structured output wants it: every property is required, those
    /// that may be left out can be null, and nothing else is allowed. The spoken field comes first, so that it is written
    /// first; the others keep their order.
    pub fn json_schema(&self) -> Value {
        let (spoken, rest): (Vec<&Field>, Vec<&Field>) = self.fields.iter().partition(|field| field.use_in_tts);
        let ordered: Vec<&Field> = spoken.into_iter().chain(rest).collect();
        let properties: Map<String, Value> =
            ordered.iter().map(|field| (field.name.clone(), field.json_schema())).collect();
        let required: Vec<&str> = ordered.iter().map(|field| field.name.as_str()).collect();
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    }

    /// What is wrong with an answer.
    pub fn check(&self, answer: &Value) -> Vec<Fault> {
        against_schema(answer, &self.json_schema())
    }

    /// The answer with its defaults; fields that it does not have are left out.
    pub fn complete(&self, answer: &Map<String, Value>) -> Map<String, Value> {
        let value = |field: &Field| match answer.get(&field.name) {
            None | Some(Value::Null) => Some(field.default.clone()).filter(|default| !default.is_null()),
            Some(value) => Some(value.clone()),
        };
        self.fields.iter().filter_map(|field| Some((field.name.clone(), value(field)?))).collect()
    }
}

impl Field {
    /// The schema of its values.
    pub fn json_schema(&self) -> Value {
        let mut schema = self.value_schema();
        let limits = &self.constraints;
        let lengths = if matches!(self.field_type, FieldType::List(_)) {
            ("minItems", "maxItems")
        } else {
            ("minLength", "maxLength")
        };
        let bounds = [
            ("minimum", limits.ge.map(Value::from)),
            ("maximum", limits.le.map(Value::from)),
            (lengths.0, limits.min_len.map(Value::from)),
            (lengths.1, limits.max_len.map(Value::from)),
            ("pattern", limits.pattern.clone().map(Value::from)),
        ];
        schema.extend(bounds.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        if !self.description.is_empty() {
            schema.insert("description".to_owned(), self.description.clone().into());
        }
        if !self.required {
            let kind = schema.get("type").cloned().unwrap_or_default();
            schema.insert("type".to_owned(), json!([kind, "null"]));
            if let Some(Value::Array(texts)) = schema.get_mut("enum") {
                texts.push(Value::Null);
            }
        }
        Value::Object(schema)
    }

    fn value_schema(&self) -> Map<String, Value> {
        let schema = match &self.field_type {
            FieldType::One(item) => json!({"type": item.json_type()}),
            FieldType::List(item) => json!({"type": "array", "items": {"type": item.json_type()}}),
            FieldType::Literal(texts) => json!({"type": "string", "enum": texts}),
        };
        schema.as_object().cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
