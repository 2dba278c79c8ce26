//! Agents of other systems, in and out: the five shapes that are met most, and the contract itself.
//!
//! Reading a shape makes a contract, and says of each value of the source what became of it: it has a place in the
//! contract, is kept as a note (`metadata.notes`), is a secret, or is dropped. Notes are put back when the agent is
//! written in the same shape again.

mod dynamic;
mod env;
mod factory;
mod persona;
mod phone;
mod reading;
mod secrets;
mod writing;

use crate::agent::AgentType;
use crate::layers::Effective;
use crate::validate::{Fault, short};
use crate::version::Semver;
use reading::Reading;
use schemars::JsonSchema;
use secrets::Taken;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use writing::Writing;

/// A shape that an agent is described in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// The contract of this platform.
    #[default]
    Trunkline,
    /// Variables of an environment file, such as `LLM_PROVIDER` and `SYSTEM_PROMPT`: one agent and its keys.
    Env,
    /// A flat telephone agent: `system_prompt`, `voice`, `greeting_message`, `context_data`.
    Phone,
    /// Parts for a factory: `llm_config`, `tts_config`, `stt_config`, `tools`.
    Factory,
    /// `agent_id`, `prompt_config` and a `schema_config` of output fields.
    Dynamic,
    /// `identity`, `traits`, `configuration` and `voice`.
    Persona,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Trunkline, Self::Env, Self::Phone, Self::Factory, Self::Dynamic, Self::Persona];

    /// As in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trunkline => "trunkline",
            Self::Env => "env",
            Self::Phone => "phone",
            Self::Factory => "factory",
            Self::Dynamic => "dynamic",
            Self::Persona => "persona",
        }
    }

    /// The shape of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.name() == name)
    }

    /// What it is known by.
    pub fn says(self) -> &'static str {
        match self {
            Self::Trunkline => "The contract of this platform",
            Self::Env => "Variables of an environment file, such as LLM_PROVIDER and SYSTEM_PROMPT",
            Self::Phone => "system_prompt, voice, greeting_message, context_data",
            Self::Factory => "llm_config, tts_config, stt_config, tools",
            Self::Dynamic => "prompt_config, schema_config",
            Self::Persona => "identity, traits, configuration, voice",
        }
    }

    /// The shape that a document most likely has, by the names that only one shape uses.
    pub fn of(document: &Map<String, Value>) -> Self {
        let has = |names: &[&str]| names.iter().any(|name| document.contains_key(*name));
        if has(&["prompt_config", "schema_config"]) {
            Self::Dynamic
        } else if has(&["configuration"]) || has(&["id"]) && has(&["identity", "traits"]) {
            Self::Persona
        } else if has(&["llm_config", "tts_config", "stt_config"]) {
            if has(&["agent_type"]) { Self::Dynamic } else { Self::Factory }
        } else if has(&["system_prompt", "greeting_message", "context_data", "phone_number"]) {
            Self::Phone
        } else if document.keys().all(|name| env::is_name(name)) && document.values().all(Value::is_string) {
            Self::Env
        } else {
            Self::Trunkline
        }
    }
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It has a place on the other side.
    Mapped,
    /// It has none, and is kept in `metadata.notes`.
    Note,
    /// It is kept as a secret, outside the contract.
    Secret,
    /// It is not kept.
    Dropped,
    /// It was not there, and the agent needs it.
    Added,
}

/// One value, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Where it stood: a JSON pointer (RFC 6901); of variables, the name behind a slash. Empty: nowhere.
    pub from: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Where it stands now: a JSON pointer, or the name of the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Why, when it is not obvious.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// An agent that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The shape that it was read as.
    pub shape: Shape,
    /// The agent's own document; it still has to be validated.
    pub document: Value,
    /// The version that it had.
    pub semver: Option<Semver>,
    /// Secrets by name, in the order of the source; their values belong into the vault and nowhere else.
    pub secrets: Vec<(String, String)>,
    /// What became of each value; none for the shape of the contract itself, which is taken as it is.
    pub entries: Vec<Entry>,
}

/// An agent that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// A JSON object; of variables, a text.
    pub content: Value,
    /// What became of each value that the agent says itself; defaults are not told of when they are dropped.
    pub entries: Vec<Entry>,
}

/// Reads an agent: JSON, or the text of an environment file. `tools` are the names that can be granted.
///
/// # Errors
/// What is neither an object nor readable text, or has more than 100 secrets; its pointer is empty.
pub fn import(source: &Value, shape: Option<Shape>, tools: &[&str]) -> Result<Imported, Fault> {
    let (source, text) = match source {
        Value::String(text) => of_text(text, shape)?,
        other => (other.clone(), false),
    };
    let Value::Object(members) = &source else {
        let message = match source {
            Value::Array(_) => "a list is no agent: give its items one by one",
            _ => "an agent is a JSON object or the text of an environment file",
        };
        return Err(Fault::error("", "type", message));
    };
    let shape = shape.unwrap_or_else(|| if text { Shape::Env } else { Shape::of(members) });
    if shape == Shape::Trunkline {
        return Ok(Imported { shape, document: source, semver: None, secrets: Vec::new(), entries: Vec::new() });
    }
    if shape == Shape::Env {
        env::check(members)?;
    }
    let mut source = if shape == Shape::Env { Value::Object(env::typed(members)) } else { source };
    let taken = Taken::out_of(&mut source)?;
    let mut reading = Reading::new(shape, &source, tools, taken.entries);
    match shape {
        Shape::Trunkline => {}
        Shape::Env => env::read(&mut reading),
        Shape::Phone => phone::read(&mut reading),
        Shape::Factory => factory::read(&mut reading),
        Shape::Dynamic => dynamic::read(&mut reading),
        Shape::Persona => persona::read(&mut reading),
    }
    Ok(Imported { secrets: taken.secrets, ..reading.end() })
}

/// The members of a text, and whether it is one of variables.
fn of_text(text: &str, shape: Option<Shape>) -> Result<(Value, bool), Fault> {
    let json = text.trim_start().starts_with(['{', '[']);
    if shape == Some(Shape::Env) || shape.is_none() && !json {
        return env::parse(text).map(|members| (Value::Object(members), true));
    }
    match serde_json::from_str(text) {
        Ok(source) => Ok((source, false)),
        Err(error) => Err(Fault::error("", "json", format!("this is not JSON: {error}"))),
    }
}

/// Who is written.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Its id.
    pub id: &'a str,
    /// The number of its version.
    pub semver: Semver,
    /// Its own document.
    pub own: &'a Value,
    /// What is in force, with its defaults; other systems know no layers.
    pub effective: &'a Effective,
}

/// Writes an agent in a shape. That of the contract itself is its own document, unchanged.
pub fn export(agent: &Written<'_>, shape: Shape) -> Exported {
    if shape == Shape::Trunkline {
        return Exported { content: agent.own.clone(), entries: Vec::new() };
    }
    let mut writing = Writing::new(agent, shape);
    match shape {
        Shape::Trunkline => {}
        Shape::Env => env::write(&mut writing),
        Shape::Phone => phone::write(&mut writing),
        Shape::Factory => factory::write(&mut writing),
        Shape::Dynamic => dynamic::write(&mut writing),
        Shape::Persona => persona::write(&mut writing),
    }
    let mut exported = writing.end();
    if let (Shape::Env, Value::Object(members)) = (shape, &exported.content) {
        exported.content = env::text(members).into();
    }
    exported
}

impl Imported {
    /// Adds what the agent needs and neither says nor gets from the layers below; `whole` is its effective document.
    pub fn complete(&mut self, whole: &Value) {
        let voice = whole.get("type").is_none_or(|kind| *kind == json!(AgentType::Voice));
        let generates = whole.pointer("/behaviour/component").is_none_or(|component| component == "conversation");
        for (needed, section, provider) in
            [(generates, "llm", "builtin"), (voice, "stt", "local"), (voice, "tts", "local")]
        {
            if self.shape != Shape::Trunkline && needed && whole.get(section).is_none() {
                self.document[section] = json!({"provider": provider});
                self.add(
                    &format!("/{section}"),
                    format!("`{provider}` needs no key; choose another when you have one"),
                );
            }
        }
        if self.shape != Shape::Trunkline && whole.get("prompt").is_none() {
            self.document["prompt"] = json!({});
            self.add("/prompt", "the source has none".to_owned());
        }
    }

    /// Says that the agent becomes the next version of one that has this number already: only a greater one counts.
    pub fn after(&mut self, latest: Semver) {
        if self.semver.is_none_or(|semver| semver > latest) {
            return;
        }
        self.semver = None;
        let entries = self.entries.iter_mut().filter(|entry| entry.from == "/version" && entry.to.is_none());
        for entry in entries.filter(|entry| entry.outcome == Outcome::Mapped) {
            entry.outcome = Outcome::Dropped;
            entry.message = Some(format!("the agent is at {latest} already"));
        }
    }

    fn add(&mut self, to: &str, message: String) {
        let entry =
            Entry { from: String::new(), outcome: Outcome::Added, to: Some(to.to_owned()), message: Some(message) };
        self.entries.push(entry);
    }

    /// Where a place of the contract came from in the source; empty when from nowhere.
    pub fn source_of(&self, pointer: &str) -> String {
        if self.shape == Shape::Trunkline {
            return pointer.to_owned();
        }
        let holds = |to: &str| pointer == to || pointer.strip_prefix(to).is_some_and(|rest| rest.starts_with('/'));
        let places = self.entries.iter().filter_map(|entry| Some((entry.to.as_deref()?, entry.from.as_str())));
        let nearest = places.filter(|(to, _)| holds(to)).max_by_key(|(to, _)| to.len());
        nearest.map(|(_, from)| from.to_owned()).unwrap_or_default()
    }
}

/// A provider of this host, written as it writes it.
fn provider(section: &str, name: &Value) -> Result<Value, String> {
    use crate::agent::{LlmProvider, SttProvider, TtsProvider};
    let lower = json!(name.as_str().unwrap_or_default().to_lowercase());
    let (known, allowed) = match section {
        "llm" => (serde_json::from_value::<LlmProvider>(lower.clone()).is_ok(), "builtin, openai"),
        "stt" => (serde_json::from_value::<SttProvider>(lower.clone()).is_ok(), "deepgram, local"),
        _ => (serde_json::from_value::<TtsProvider>(lower.clone()).is_ok(), "elevenlabs, local"),
    };
    if known {
        return Ok(lower);
    }
    Err(format!("{} is no provider of `{section}` here (allowed: {allowed})", short(&name.to_string())))
}

#[cfg(test)]
mod tests;
