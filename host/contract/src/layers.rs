//! The layers that an agent's contract is made of, and what each of them contributes.
//!
//! From low to high: the tenant's defaults, the templates that the agent extends (the farthest first), the agent itself, a
//! session's overrides. Each is merged over what lies below by JSON Merge Patch (RFC 7396): objects member by member,
//! anything else as a whole, null removes. What nobody says keeps the default of the contract.

use crate::agent::Agent;
use crate::diff::child;
use crate::validate::Fault;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Templates that may stand above one another.
pub const MAX_TEMPLATES: usize = 8;

/// What a session may not override: what the agent is.
pub const FIXED: &[&str] = &["name", "type", "extends", "metadata", "webhooks"];

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(into = "String")]
pub enum Layer {
    /// Nobody said anything: the contract's own default.
    Default,
    /// The tenant's defaults.
    Tenant,
    /// A template, by its name.
    Template(String),
    /// The agent's own document.
    Agent,
    /// The overrides of one session.
    Session,
}

impl From<Layer> for String {
    fn from(layer: Layer) -> Self {
        match layer {
            Layer::Default => "default".to_owned(),
            Layer::Tenant => "tenant".to_owned(),
            Layer::Template(name) => format!("template:{name}"),
            Layer::Agent => "agent".to_owned(),
            Layer::Session => "session".to_owned(),
        }
    }
}

/// A document of several layers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Effective {
    /// What is in force.
    pub document: Value,
    /// The layer of each value that is no object, or is an empty one, by JSON pointer.
    pub origin: BTreeMap<String, Layer>,
}

/// Merges layers, lowest first.
pub fn merge<'a>(layers: impl IntoIterator<Item = (Layer, &'a Value)>) -> Effective {
    let mut effective = Effective { document: Value::Object(Map::new()), origin: BTreeMap::new() };
    for (layer, document) in layers {
        put(&mut effective.document, document, "", &layer, &mut effective.origin);
    }
    effective
}

fn put(target: &mut Value, patch: &Value, at: &str, layer: &Layer, origin: &mut BTreeMap<String, Layer>) {
    let Value::Object(members) = patch else {
        forget(origin, at);
        origin.insert(at.to_owned(), layer.clone());
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        forget(origin, at);
        *target = Value::Object(Map::new());
        origin.insert(at.to_owned(), layer.clone());
    }
    let Value::Object(fields) = target else { return };
    for (name, value) in members {
        let pointer = child(at, name);
        if value.is_null() {
            fields.shift_remove(name);
            forget(origin, &pointer);
        } else {
            origin.remove(at);
            put(fields.entry(name).or_insert(Value::Null), value, &pointer, layer, origin);
        }
    }
    if fields.is_empty() {
        origin.insert(at.to_owned(), layer.clone());
    }
}

/// Nothing at or below the pointer counts any more.
fn forget(origin: &mut BTreeMap<String, Layer>, at: &str) {
    origin.remove(at);
    let below = format!("{at}/");
    let gone = origin.range(below.clone()..).map(|(pointer, _)| pointer).take_while(|p| p.starts_with(&below));
    for pointer in gone.cloned().collect::<Vec<_>>() {
        origin.remove(&pointer);
    }
}

impl Effective {
    /// Names what the contract's defaults fill in; `agent` is what was read of the document.
    #[must_use]
    pub fn with_defaults(mut self, agent: &Agent) -> Self {
        if let Ok(whole) = serde_json::to_value(agent) {
            fill(&whole, "", &mut self.document, &mut self.origin);
        }
        self
    }
}

fn fill(whole: &Value, at: &str, document: &mut Value, origin: &mut BTreeMap<String, Layer>) {
    let (Value::Object(whole), Value::Object(fields)) = (whole, document) else { return };
    for (name, value) in whole {
        let pointer = child(at, name);
        match fields.get_mut(name) {
            Some(known) => {
                if known.as_object().is_some_and(Map::is_empty) && value.as_object().is_some_and(|v| !v.is_empty()) {
                    origin.remove(&pointer);
                }
                fill(value, &pointer, known, origin);
            }
            None => {
                fields.insert(name.clone(), value.clone());
                mark(value, &pointer, origin);
            }
        }
    }
}

fn mark(value: &Value, at: &str, origin: &mut BTreeMap<String, Layer>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, value)| mark(value, &child(at, name), origin));
        }
        _ => drop(origin.insert(at.to_owned(), Layer::Default)),
    }
}

/// The templates that a document extends, the farthest first; `find` gives a template's document by its name.
///
/// # Errors
/// A template that does not exist, that extends itself by way of others, or too many of them.
pub fn templates(document: &Value, find: impl Fn(&str) -> Option<Value>) -> Result<Vec<(String, Value)>, Fault> {
    let parent = |document: &Value| document.get("extends").and_then(Value::as_str).map(str::to_owned);
    let mut found: Vec<(String, Value)> = Vec::new();
    let mut next = parent(document);
    while let Some(name) = next {
        if found.iter().any(|(known, _)| *known == name) {
            let round = found.iter().skip_while(|(known, _)| *known != name).map(|(known, _)| known.as_str());
            let round = round.chain([name.as_str()]).collect::<Vec<_>>().join(" -> ");
            return Err(Fault::error("/extends", "cycle", format!("templates extend each other: {round}")));
        }
        if found.len() == MAX_TEMPLATES {
            let message = format!("more than {MAX_TEMPLATES} templates above one another");
            return Err(Fault::error("/extends", "too-deep", message));
        }
        let Some(template) = find(&name) else {
            let by = found.last().map(|(by, _)| format!(", which `{by}` extends")).unwrap_or_default();
            return Err(Fault::error("/extends", "unknown-template", format!("there is no template `{name}`{by}")));
        };
        next = parent(&template);
        found.push((name, template));
    }
    found.reverse();
    // What a template extends is its own matter.
    for (_, template) in &mut found {
        template.as_object_mut().map(|fields| fields.shift_remove("extends"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
