//! What a try-out asks for, held to the rules of agents' contracts, so that what works here works there.

use crate::Problem;
use serde::Serialize;
use serde_json::{Map, Value, json};
use trunkline_contract::agent::{Agent, Stt, Tts};
use trunkline_contract::{Fault, Severity, validate};

pub(super) fn tts(
    provider: impl Serialize,
    fields: &[(&str, Value)],
    locale: Option<String>,
) -> Result<(Tts, String), Problem> {
    let agent = agent("tts", &section(&json!(provider), fields), locale)?;
    Ok((agent.tts.ok_or_else(|| Problem::missing("provider"))?, agent.locale))
}

pub(super) fn stt(
    provider: impl Serialize,
    fields: &[(&str, Value)],
    locale: Option<String>,
) -> Result<(Stt, String), Problem> {
    let agent = agent("stt", &section(&json!(provider), fields), locale)?;
    Ok((agent.stt.ok_or_else(|| Problem::missing("provider"))?, agent.locale))
}

fn section(provider: &Value, fields: &[(&str, Value)]) -> Value {
    let given = fields.iter().filter(|(_, value)| !value.is_null());
    let mut section: Map<String, Value> = given.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    section.insert("provider".to_owned(), provider.clone());
    Value::Object(section)
}

/// The smallest agent that has this section.
fn agent(name: &str, section: &Value, locale: Option<String>) -> Result<Agent, Problem> {
    let mut document = json!({
        "name": "try-out",
        "type": "conversational",
        "prompt": {"instructions": "Speak."},
        "llm": {"provider": "builtin"},
    });
    document[name] = section.clone();
    if let Some(locale) = locale {
        document["locale"] = locale.into();
    }
    let checked = validate::agent(&document, &[], &["conversation"]).map_err(|faults| {
        // The fields of a try-out are not in a section.
        let base = format!("/{name}");
        let here = |fault: Fault| {
            let pointer = fault.pointer.strip_prefix(&base).unwrap_or(&fault.pointer).to_owned();
            Fault { pointer, ..fault }
        };
        let errors = faults.into_iter().filter(|fault| fault.severity == Severity::Error);
        Problem::invalid("the try-out cannot be made", errors.map(here).collect())
    })?;
    Ok(checked.agent)
}
