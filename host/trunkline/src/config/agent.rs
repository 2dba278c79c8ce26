//! The first agent, as the operator wants it: what stands here replaces what ships.

use super::file::AgentDefaultsFile;
use super::layers::{Layers, Setting};
use crate::first_run::agents;
use serde_json::{Map, Value};
use toml::Spanned;

const MAX_NAME: usize = 100;
const MAX_GREETING: usize = 2_000;
const MAX_INSTRUCTIONS: usize = 100_000;

/// What replaces the words of the first agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AgentConfig {
    pub(crate) name: Option<String>,
    pub(crate) greeting: Option<String>,
    pub(crate) instructions: Option<String>,
    /// Data for its templates and answers, all of it.
    pub(crate) context: Option<Map<String, Value>>,
}

impl AgentConfig {
    /// Nothing is replaced.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

pub(super) fn agent(layers: &mut Layers<'_>, file: AgentDefaultsFile) -> AgentConfig {
    let config = AgentConfig {
        name: text(layers, "agent.name", file.name, MAX_NAME),
        greeting: text(layers, "agent.greeting", file.greeting, MAX_GREETING),
        instructions: text(layers, "agent.instructions", file.instructions, MAX_INSTRUCTIONS),
        context: context(layers, file.context),
    };
    // A value that was refused is named already; what others say about the rest would mislead.
    if config.is_empty() || layers.has_faults() {
        return config;
    }
    for fault in agents::faults(&config) {
        let key = match fault.pointer.as_str() {
            "/name" => "agent.name",
            "/prompt/greeting" => "agent.greeting",
            "/prompt/instructions" => "agent.instructions",
            _ => "agent.context",
        };
        layers.fault_of(key, &fault.message);
    }
    config
}

fn text(layers: &mut Layers<'_>, key: &str, file: Option<Spanned<String>>, most: usize) -> Option<String> {
    let allowed = format!("1 to {most} characters");
    layers.optional(&Setting::new(key), file, &allowed, |text| {
        (!text.trim().is_empty() && text.chars().count() <= most).then(|| text.to_owned())
    })
}

/// JSON in the environment, a table in the file.
fn context(layers: &mut Layers<'_>, file: Option<Spanned<toml::Table>>) -> Option<Map<String, Value>> {
    let file = file.map(|table| {
        let span = table.span();
        Spanned::new(span, json(toml::Value::Table(table.into_inner())).to_string())
    });
    layers.parsed(&Setting::new("agent.context"), file, |text| match serde_json::from_str(text) {
        Ok(Value::Object(context)) => Ok(context),
        Ok(_) => Err("is JSON but no object, allowed is one such as {\"company\": \"Acme\"}".to_owned()),
        Err(error) => Err(format!("is no JSON ({error}), allowed is an object such as {{\"company\": \"Acme\"}}")),
    })
}

/// The same value as JSON; a time becomes its text.
pub(super) fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(value) => value.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, json(value))).collect())
        }
    }
}
