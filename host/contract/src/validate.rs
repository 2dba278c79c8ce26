//! Validation of agent contracts: every fault at once, each with its JSON pointer, what was found and what is allowed.
//!
//! Shape, types and ranges come from the schema that is generated from [`Agent`]; what a schema cannot say (sections that
//! belong together, template variables, granted tools that exist) is checked here.

mod semantics;
mod shape;

pub use shape::{against_schema, nearest};

use crate::agent::{Agent, FieldType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The contract is refused.
    Error,
    /// It is accepted, but somebody should look.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// Where: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What kind, in kebab case; stable.
    pub code: String,
    /// What was found and what is allowed, for people.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
}

impl Fault {
    /// A fault that refuses the contract.
    pub fn error(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), message: message.into(), severity: Severity::Error }
    }

    /// A fault that does not.
    pub fn warning(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(pointer, code, message) }
    }
}

/// A contract that passed, with what somebody should still look at.
#[derive(Debug)]
pub struct Checked {
    /// The contract with its defaults filled in.
    pub agent: Agent,
    /// Warnings.
    pub warnings: Vec<Fault>,
}

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

/// Names the schema; also where a host serves it.
pub const ID: &str = "/api/v1/contract/schema";

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
            if let Some(Value::Array(options)) = fields.get("oneOf") {
                let names: Vec<Value> = options
                    .iter()
                    .flat_map(|option| match (option.get("const"), option.get("enum").and_then(Value::as_array)) {
                        (Some(name), _) => vec![name.clone()],
                        (None, Some(names)) => names.clone(),
                        (None, None) => Vec::new(),
                    })
                    .collect();
                if names.len() >= options.len() {
                    fields.remove("oneOf");
                    fields.insert("enum".to_owned(), Value::Array(names));
                }
            }
            fields.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}

/// Checks a contract: the whole document, with what its layers contribute.
///
/// `tools` are the names that can be granted and `components` those that exist. What the shape alone refuses does not keep
/// the rest from being looked at: every fault is told at once.
///
/// # Errors
/// All faults, warnings included, when at least one refuses the contract.
pub fn agent(document: &Value, tools: &[&str], components: &[&str]) -> Result<Checked, Vec<Fault>> {
    let mut faults = shape::faults(document, schema());
    faults.extend(field_types(document));
    let rest = shape::without(document, &faults);
    if let Ok(agent) = serde_json::from_value::<Agent>(rest) {
        let known: Vec<String> = faults.iter().map(|fault| fault.pointer.clone()).collect();
        // What was taken out because it is wrong is not missing.
        let told = |at: &str| known.iter().any(|pointer| at == pointer || at.starts_with(&format!("{pointer}/")));
        let found = semantics::faults(&agent, tools, components).into_iter().filter(|fault| !told(&fault.pointer));
        faults.extend(found);
        if faults.iter().all(|fault| fault.severity == Severity::Warning) {
            return Ok(Checked { agent, warnings: faults });
        }
    } else if faults.is_empty() {
        faults.push(Fault::error("", "invalid", "this is no contract"));
    }
    Err(faults)
}

/// Checks a part of a contract: a template, a tenant's defaults, a session's overrides. Nothing has to be there, and null
/// stands for "as if it were not said below".
pub fn partial(document: &Value) -> Vec<Fault> {
    let document = without_nulls(document);
    let mut faults = shape::faults(&document, partial_schema());
    faults.extend(field_types(&document));
    if let Some(fields) = document.get("output_schema")
        && let Ok(fields) = serde_json::from_value::<crate::agent::OutputSchema>(fields.clone())
    {
        faults.extend(fields.faults("/output_schema"));
    }
    faults
}

/// Checks what a session overrides; see [`crate::layers::FIXED`].
pub fn overrides(document: &Value) -> Vec<Fault> {
    let mut faults = partial(document);
    let fixed = document.as_object().into_iter().flat_map(Map::keys);
    let fixed = fixed.filter(|name| crate::layers::FIXED.contains(&name.as_str()));
    faults.extend(
        fixed.map(|name| Fault::error(format!("/{name}"), "fixed", format!("a session cannot override `{name}`"))),
    );
    if document.pointer("/behaviour/component").is_some() {
        faults.push(Fault::error("/behaviour/component", "fixed", "a session cannot override the component"));
    }
    faults
}

/// Types of output fields that are none: a schema could say so, but not in words that anybody reads.
fn field_types(document: &Value) -> Vec<Fault> {
    let fields = document.pointer("/output_schema/fields").and_then(Value::as_array).into_iter().flatten();
    let types = fields.enumerate().filter_map(|(index, field)| Some((index, field.get("type")?.as_str()?)));
    let wrong = types.filter_map(|(index, text)| Some((index, text.parse::<FieldType>().err()?)));
    wrong
        .map(|(index, error)| Fault::error(format!("/output_schema/fields/{index}/type"), "type", error.to_string()))
        .collect()
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        other => other.clone(),
    }
}

/// A document that passes with nothing said in it.
fn empty() -> Value {
    json!({"name": "?", "prompt": {}})
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn valid() -> Value {
        json!({
            "name": "Front desk",
            "prompt": {"instructions": "You work for {{ company }}.", "greeting": "Welcome to {{ company }}."},
            "llm": {"provider": "openai", "model": "gpt-4o-mini"},
            "stt": {"provider": "deepgram"},
            "tts": {"provider": "elevenlabs", "voice": "v1"},
            "tools": ["end_call"],
            "context": {"company": "Acme"},
        })
    }

    fn check(document: &Value) -> Result<Checked, Vec<Fault>> {
        agent(document, &["end_call", "save_data"], &["conversation"])
    }

    #[test]
    fn a_contract_gets_its_defaults() {
        let agent = check(&valid()).unwrap().agent;
        assert_eq!(agent.turn.endpointing.min_ms, 500);
        assert_eq!(agent.stt.unwrap().stall_ms, 5_000);
        assert_eq!(agent.behaviour.component, "conversation");
    }

    #[test]
    fn five_faults_give_five_pointers() {
        let mut document = valid();
        document["llm"]["temperature"] = json!(3);
        document["stt"]["provider"] = json!("shout");
        document["tts"]["voice"] = json!("");
        document["turn"] = json!({"endpointing": {"min_ms": 1}});
        document["colour"] = json!("blue");
        let mut pointers: Vec<String> = check(&document).unwrap_err().into_iter().map(|f| f.pointer).collect();
        pointers.sort();
        assert_eq!(
            pointers,
            ["/colour", "/llm/temperature", "/stt/provider", "/tts/voice", "/turn/endpointing/min_ms"]
        );
    }

    #[test]
    fn what_a_schema_cannot_say_is_checked_too() {
        let mut document = valid();
        document.as_object_mut().unwrap().remove("tts");
        document["prompt"]["greeting"] = json!("Welcome to {{ firm }}");
        document["tools"] = json!(["end_call", "fly"]);
        document["behaviour"] = json!({"component": "nobody"});
        let faults = check(&document).unwrap_err();
        let found: Vec<(&str, &str)> = faults.iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
        assert_eq!(
            found,
            [
                ("/tts", "missing"),
                ("/prompt/greeting", "template"),
                ("/tools/1", "unknown-tool"),
                ("/behaviour/component", "unknown-component"),
            ]
        );
        assert!(faults[2].message.contains("end_call, save_data"));
    }

    #[test]
    fn a_message_says_what_was_found_and_what_is_allowed() {
        let mut document = valid();
        document["stt"]["provider"] = json!("shout");
        let faults = check(&document).unwrap_err();
        assert!(faults[0].message.contains("shout") && faults[0].message.contains("deepgram"), "{}", faults[0].message);
    }

    #[test]
    fn what_the_shape_refuses_does_not_hide_the_rest() {
        let mut document = valid();
        document["llm"]["temperature"] = json!("hot");
        document["prompt"]["greeting"] = json!("Hi from {{ compny }}");
        document["tools"] = json!(["end_cal"]);
        document["output_schema"] = json!({"fields": [{"name": "a", "type": "int", "constraints": {"pattern": "x"}}]});
        document["traits"] = json!({"empathy": 101, "humour": 3});
        document["version"] = json!("1.0.0");
        let faults = check(&document).unwrap_err();
        let mut found: Vec<(&str, &str)> = faults.iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("/llm/temperature", "type"),
                ("/output_schema/fields", "spoken"),
                ("/output_schema/fields/0/constraints/pattern", "constraint"),
                ("/prompt/greeting", "template"),
                ("/tools/0", "unknown-tool"),
                ("/traits/empathy", "maximum"),
                ("/traits/humour", "unknown-field"),
                ("/version", "unknown-field"),
            ]
        );
        let says = |at: &str| faults.iter().find(|fault| fault.pointer == at).unwrap().message.clone();
        assert!(says("/traits/humour").ends_with("did you mean `humor`?"), "{}", says("/traits/humour"));
        assert!(says("/version").contains("?version="), "{}", says("/version"));
        assert!(says("/tools/0").ends_with("did you mean `end_call`?"));
        assert!(says("/prompt/greeting").contains("did you mean `company`?"));
    }

    #[test]
    fn instructions_may_use_the_answers_so_far_and_a_field_that_is_used_cannot_go() {
        let mut document = valid();
        document["prompt"]["instructions"] = json!("The score so far: {{ output.score }}.");
        document["output_schema"] = json!({"fields": [
            {"name": "reply", "type": "str", "use_in_tts": true}, {"name": "score", "type": "int"}]});
        assert!(check(&document).is_ok());
        document["prompt"]["goodbye"] = json!("You had {{ output.score }}.");
        assert_eq!(check(&document).unwrap_err()[0].pointer, "/prompt/goodbye");
        document["prompt"]["goodbye"] = json!("Bye.");
        document["output_schema"]["fields"].as_array_mut().unwrap().pop();
        let faults = check(&document).unwrap_err();
        assert_eq!((faults.len(), faults[0].pointer.as_str()), (1, "/prompt/instructions"));
        assert!(
            faults[0].message.contains("`output_schema` has no field `score` (known: reply)"),
            "{}",
            faults[0].message
        );
    }

    #[test]
    fn warnings_do_not_refuse() {
        let mut document = valid();
        document["llm"]["model"] = json!("o1-pro-2025-03-19");
        document["tts"]["model"] = json!("eleven_v3");
        document["memory"] = json!({"enabled": true});
        document["realtime"] = json!({"provider": "openai", "model": "gpt-realtime"});
        let warnings = check(&document).unwrap().warnings;
        let codes: Vec<(&str, &str)> = warnings.iter().map(|w| (w.pointer.as_str(), w.code.as_str())).collect();
        let expected = [
            ("/llm/model", "not-streaming"),
            ("/tts/model", "not-telephone"),
            ("/realtime", "not-active"),
            ("/memory/enabled", "not-active"),
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn a_part_needs_nothing_but_must_be_right_in_what_it_says() {
        assert_eq!(partial(&json!({})), Vec::new());
        let part = json!({"llm": {"temperature": 1}, "tts": null, "prompt": {"greeting": null}});
        assert_eq!(partial(&part), Vec::new());
        let wrong = json!({"llm": {"temperature": 3}, "output_schema": {"fields": [{"name": "a"}]}, "grreting": 1});
        let mut pointers: Vec<String> = partial(&wrong).into_iter().map(|fault| fault.pointer).collect();
        pointers.sort();
        assert_eq!(pointers, ["/grreting", "/llm/temperature", "/output_schema/fields/0/type"]);
        let odd = json!({"output_schema": {"fields": [{"name": "a", "type": "string"}]}, "name": 3});
        let mut whole = valid();
        json_patch::merge(&mut whole, &odd);
        let faults = check(&whole).unwrap_err();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/output_schema/fields/0/type"]);
        assert!(faults[1].message.contains("allowed are str, int"), "{}", faults[1].message);
        let session = json!({"name": "x", "llm": {"temperature": 0.95}, "behaviour": {"component": "y"}});
        let pointers: Vec<String> = overrides(&session).into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/name", "/behaviour/component"]);
    }

    #[test]
    fn the_schema_says_what_it_is_and_holds_defaults_and_descriptions() {
        let schema = schema();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["$id"], ID);
        assert_eq!(schema["$defs"]["Traits"]["properties"]["safety"]["default"], 80);
        assert!(schema["properties"]["extends"]["description"].is_string());
    }

    proptest::proptest! {
        #[test]
        fn any_document_is_accepted_or_refused(document in crate::diff::tests::documents(), at in 0usize..8) {
            let mut contract = valid();
            let section = ["llm", "prompt", "traits", "output_schema", "turn", "context", "tools", "webhooks"][at];
            contract[section] = document.clone();
            let _ = check(&contract);
            let _ = (partial(&document), overrides(&document), check(&document));
        }

        #[test]
        fn any_json_is_accepted_or_refused(text in "\\PC*") {
            let _ = check(&Value::String(text.clone()));
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let _ = check(&value);
            }
        }
    }
}
