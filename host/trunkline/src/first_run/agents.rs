//! The agents that a tenant begins with: contracts that ship with the binary, the first of them as the operator wants it.

use crate::config::AgentConfig;
use anyhow::Context;
use serde_json::{Value, json};
use trunkline_contract::{Fault, Severity, TenantId, template, validate};
use trunkline_engine::Granted;
use trunkline_session::{Sessions, unix_ms};
use trunkline_store::{NewVersion, Store};

const RECEPTIONIST: &str = include_str!("../../../../agents/receptionist.json");
const SURVEY: &str = include_str!("../../../../agents/survey.json");
/// Stand in for what ships, where that speaks of things that the operator's own context has not.
const PLAIN: [(&str, Option<&str>); 5] = [
    ("greeting", Some("Hello! How can I help you?")),
    (
        "instructions",
        Some(
            "You are a receptionist, and you are on the telephone. Speak in one or two short sentences. Answer from what \
             you know; what you do not know you do not make up. When the caller has no more questions, say good-bye and \
             use `end_call`.",
        ),
    ),
    ("fallback", None),
    ("busy", None),
    ("goodbye", None),
];
/// Who made them.
const AUTHOR: &str = "first run";

/// Makes the agents of a tenant that never had any. A contract whose component this host has not is left out.
///
/// # Errors
/// The store's.
pub(crate) async fn seed(
    store: &Store,
    sessions: &Sessions,
    tenant: TenantId,
    config: &AgentConfig,
) -> anyhow::Result<()> {
    let agents = store.tenant(tenant);
    let agents = agents.agents();
    if agents.seeded().await? {
        if !config.is_empty() {
            tracing::info!("`agent` in the configuration counts at the first run: the agents are in the database now");
        }
        return Ok(());
    }
    let mut first = Vec::new();
    for document in [receptionist(config)?, shipped(SURVEY)?] {
        match sessions.validate(tenant, &document).await? {
            Ok(_) => first.push(document),
            Err(faults) => {
                tracing::warn!(agent = %document["name"], ?faults, "an agent that ships cannot be used here");
            }
        }
    }
    if first.is_empty() {
        return Ok(());
    }
    let now_ms = unix_ms();
    let new = |document| NewVersion {
        document,
        author: Some(AUTHOR.to_owned()),
        summary: None,
        now_ms,
        ..NewVersion::default()
    };
    for made in agents.seed(first.into_iter().map(new).collect(), now_ms).await? {
        tracing::info!(agent = %made.agent_id, name = %made.document["name"], "made an agent to begin with");
    }
    Ok(())
}

/// What refuses the first agent as the operator wants it, its component aside.
pub(crate) fn faults(config: &AgentConfig) -> Vec<Fault> {
    let Ok(document) = receptionist(config) else { return Vec::new() };
    let component = document.pointer("/behaviour/component").and_then(Value::as_str).unwrap_or("conversation");
    let faults = validate::agent(&document, Granted::BUILTIN, &[component]).err().unwrap_or_default();
    faults.into_iter().filter(|fault| fault.severity == Severity::Error).collect()
}

fn receptionist(config: &AgentConfig) -> anyhow::Result<Value> {
    let mut document = shipped(RECEPTIONIST)?;
    let AgentConfig { name, greeting, instructions, context } = config;
    if let Some(context) = context {
        let prompt = &mut document["prompt"];
        for (field, plain) in PLAIN {
            let fits = prompt[field].as_str().is_none_or(|text| template::render(text, context).is_ok());
            match (fits, plain) {
                (true, _) => {}
                (false, Some(plain)) => prompt[field] = json!(plain),
                // The contract has a default of its own.
                (false, None) => drop(prompt.as_object_mut().and_then(|prompt| prompt.remove(field))),
            }
        }
        document["context"] = json!(context);
    }
    if let Some(name) = name {
        document["name"] = json!(name);
    }
    if let Some(greeting) = greeting {
        document["prompt"]["greeting"] = json!(greeting);
    }
    if let Some(instructions) = instructions {
        document["prompt"]["instructions"] = json!(instructions);
    }
    Ok(document)
}

fn shipped(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).context("an agent that ships is no JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_is_valid_and_needs_no_key() {
        for text in [RECEPTIONIST, SURVEY] {
            let document = shipped(text).unwrap();
            let checked = validate::agent(&document, Granted::BUILTIN, &["conversation", "survey"]).unwrap();
            assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
            assert_eq!(
                (&document["stt"]["provider"], &document["tts"]["provider"]),
                (&json!("local"), &json!("local"))
            );
            assert!(document.get("llm").is_none_or(|llm| llm["provider"] == "builtin"), "{document}");
        }
    }

    #[test]
    fn a_context_of_the_operators_own_leaves_nothing_of_the_one_that_ships() {
        let context = json!({"business_hours": "nine to five"}).as_object().unwrap().clone();
        let config = AgentConfig { context: Some(context.clone()), ..AgentConfig::default() };
        let document = receptionist(&config).unwrap();
        assert_eq!(faults(&config), []);
        assert_eq!(document["context"], json!(context));
        assert_eq!(document["prompt"]["greeting"], "Hello! How can I help you?");
        assert!(document["prompt"].get("goodbye").is_none(), "{document}");
        assert!(!document["prompt"].to_string().contains("{{"), "{document}");
        let mut all = shipped(RECEPTIONIST).unwrap()["context"].as_object().unwrap().clone();
        all["company"] = json!("Acme");
        let config = AgentConfig { context: Some(all), ..AgentConfig::default() };
        assert_eq!(receptionist(&config).unwrap()["prompt"], shipped(RECEPTIONIST).unwrap()["prompt"]);
    }

    #[test]
    fn the_operators_words_replace_those_that_ship() {
        let context = json!({"shop": "Bloom"}).as_object().unwrap().clone();
        let config = AgentConfig {
            name: Some("Flora".to_owned()),
            greeting: Some("This is {{ shop }}.".to_owned()),
            instructions: Some("Sell flowers.".to_owned()),
            context: Some(context),
        };
        let document = receptionist(&config).unwrap();
        assert_eq!(document["name"], "Flora");
        assert_eq!(document["prompt"]["greeting"], "This is {{ shop }}.");
        assert_eq!(document["prompt"]["instructions"], "Sell flowers.");
        assert_eq!(document["context"], json!({"shop": "Bloom"}));
        assert_eq!(faults(&config), []);
        assert_eq!(receptionist(&AgentConfig::default()).unwrap(), shipped(RECEPTIONIST).unwrap());
    }
}
