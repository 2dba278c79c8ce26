//! Validation of agent contracts: every fault at once, each with its JSON pointer, what was found and what is allowed.
//!
//! Shape, types and ranges come from the schema that is generated from [`Agent`]; what a schema cannot say (sections that
//! belong together, template variables, granted tools that exist) is checked here.

use crate::agent::{Agent, AgentType, LlmProvider, TtsProvider};
use crate::template;
use jsonschema::error::ValidationErrorKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
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

/// Checks a contract.
///
/// `tools` are the names that can be granted and `components` those that exist.
///
/// # Errors
/// All faults, warnings included, when at least one refuses the contract.
pub fn agent(document: &Value, tools: &[&str], components: &[&str]) -> Result<Checked, Vec<Fault>> {
    let mut faults = against_schema(document, schema());
    if faults.is_empty() {
        match serde_json::from_value::<Agent>(document.clone()) {
            Ok(agent) => {
                let found = semantics(&agent, tools, components);
                if found.iter().all(|fault| fault.severity == Severity::Warning) {
                    return Ok(Checked { agent, warnings: found });
                }
                faults = found;
            }
            Err(error) => faults.push(Fault::error("", "invalid", error.to_string())),
        }
    }
    Err(faults)
}

/// Checks any value against a JSON Schema; a schema that is none is itself the fault.
pub fn against_schema(value: &Value, schema: &Value) -> Vec<Fault> {
    match jsonschema::draft202012::new(schema) {
        Ok(validator) => {
            let mut faults: Vec<Fault> = validator.iter_errors(value).flat_map(|error| explain(&error)).collect();
            faults.dedup();
            faults
        }
        Err(error) => vec![Fault::error("", "invalid-schema", error.to_string())],
    }
}

fn explain(error: &jsonschema::ValidationError<'_>) -> Vec<Fault> {
    let base = error.instance_path().as_str().to_owned();
    let child = |name: &str| format!("{base}/{}", name.replace('~', "~0").replace('/', "~1"));
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| Fault::error(child(name), "unknown-field", format!("`{name}` is not a field of the contract")))
            .collect(),
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Fault::error(child(name), "missing", format!("`{name}` is required"))]
        }
        kind => vec![Fault::error(base, kind.keyword().to_owned(), error.to_string())],
    }
}

fn semantics(agent: &Agent, tools: &[&str], components: &[&str]) -> Vec<Fault> {
    let mut faults = Vec::new();
    if agent.agent_type == AgentType::Voice {
        if agent.stt.is_none() {
            faults.push(Fault::error(
                "/stt",
                "missing",
                "a voice agent needs `stt` (allowed providers: deepgram, local)",
            ));
        }
        if agent.tts.is_none() {
            faults.push(Fault::error(
                "/tts",
                "missing",
                "a voice agent needs `tts` (allowed providers: elevenlabs, local)",
            ));
        }
    }
    let texts = [
        ("/prompt/instructions", Some(&agent.prompt.instructions)),
        ("/prompt/greeting", agent.prompt.greeting.as_ref()),
        ("/prompt/fallback", Some(&agent.prompt.fallback)),
        ("/prompt/busy", Some(&agent.prompt.busy)),
        ("/prompt/goodbye", Some(&agent.prompt.goodbye)),
    ];
    for (pointer, text) in texts {
        if let Some(Err(error)) = text.map(|text| template::render(text, &agent.context)) {
            faults.push(Fault::error(pointer, "template", error.to_string()));
        }
    }
    for (index, name) in agent.tools.iter().enumerate() {
        if !tools.contains(&name.as_str()) {
            let message = format!("there is no tool `{name}` (allowed: {})", tools.join(", "));
            faults.push(Fault::error(format!("/tools/{index}"), "unknown-tool", message));
        }
    }
    if !components.contains(&agent.behaviour.component.as_str()) {
        let message =
            format!("there is no component `{}` (allowed: {})", agent.behaviour.component, components.join(", "));
        faults.push(Fault::error("/behaviour/component", "unknown-component", message));
    }
    if let Some(llm) = &agent.llm
        && llm.provider == LlmProvider::Openai
        && llm.model.is_none()
    {
        faults.push(Fault::error("/llm/model", "missing", "the provider `openai` needs `model`"));
    }
    if let Some(tts) = &agent.tts
        && tts.provider == TtsProvider::Elevenlabs
        && tts.voice.is_none()
    {
        faults.push(Fault::error("/tts/voice", "missing", "the provider `elevenlabs` needs `voice`"));
    }
    let endpointing = &agent.turn.endpointing;
    if endpointing.min_ms > endpointing.max_ms {
        let message = format!("{} is more than max_ms ({})", endpointing.min_ms, endpointing.max_ms);
        faults.push(Fault::error("/turn/endpointing/min_ms", "range", message));
    }
    if agent.llm.is_none() && agent.behaviour.component == "conversation" {
        faults.push(Fault::error("/llm", "missing", "the behaviour `conversation` generates: it needs `llm`"));
    }
    if agent.prompt.instructions.trim().is_empty() && agent.llm.is_some() {
        faults.push(Fault::warning("/prompt/instructions", "empty", "the model gets no instructions"));
    }
    faults
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

    proptest::proptest! {
        #[test]
        fn any_json_is_accepted_or_refused(text in "\\PC*") {
            let _ = check(&Value::String(text.clone()));
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let _ = check(&value);
            }
        }
    }
}
