//! What differs between two versions of a document.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Op {
    Add,
    Remove,
    Replace,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Where: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// How.
    pub op: Op,
    /// What was there; absent when it was added.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// What is there; absent when it was removed.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// Null is a value like any other: what is there is not absent.
fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// The differences, in the order of the new document; what was removed comes last in its object. Lists differ as a whole.
pub fn diff(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(String::new(), old, new, &mut changes);
    changes
}

fn compare(pointer: String, old: &Value, new: &Value, changes: &mut Vec<Change>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => objects(&pointer, old, new, changes),
        (old, new) if old == new => {}
        (old, new) => {
            changes.push(Change { pointer, op: Op::Replace, from: Some(old.clone()), to: Some(new.clone()) });
        }
    }
}

fn objects(pointer: &str, old: &Map<String, Value>, new: &Map<String, Value>, changes: &mut Vec<Change>) {
    for (name, value) in new {
        let pointer = child(pointer, name);
        match old.get(name) {
            Some(before) => compare(pointer, before, value, changes),
            None => changes.push(Change { pointer, op: Op::Add, from: None, to: Some(value.clone()) }),
        }
    }
    for (name, value) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
        let pointer = child(pointer, name);
        changes.push(Change { pointer, op: Op::Remove, from: Some(value.clone()), to: None });
    }
}

/// The pointer of a member.
pub(crate) fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Makes the new document of the old one.
pub fn apply(mut document: Value, changes: &[Change]) -> Value {
    for change in changes {
        let Some((parent, name)) = change.pointer.rsplit_once('/') else {
            document = change.to.clone().unwrap_or(Value::Null);
            continue;
        };
        let name = name.replace("~1", "/").replace("~0", "~");
        if let Some(Value::Object(parent)) = document.pointer_mut(parent) {
            match &change.to {
                Some(value) => drop(parent.insert(name, value.clone())),
                None => drop(parent.shift_remove(&name)),
            }
        }
    }
    document
}

#[cfg(test)]
pub(crate) mod tests;
