//! Parts for a factory: configurations of a language model, of speech and of tools.

use super::reading::{Pair, Reading};
use super::writing::{Writing, put_over};
use crate::agent::WebhookEvent;
use crate::diff::child;
use serde_json::{Value, json};
use std::collections::HashMap;

const WORDS: &[Pair] = &[
    ("/name", "/name"),
    ("/greeting", "/prompt/greeting"),
    ("/instructions", "/prompt/instructions"),
    ("/system_prompt", "/prompt/instructions"),
];
pub(super) const LLM: &[Pair] = &[
    ("/llm_config/provider", "/llm/provider"),
    ("/llm_config/model", "/llm/model"),
    ("/llm_config/temperature", "/llm/temperature"),
    ("/llm_config/max_tokens", "/llm/max_tokens"),
    ("/llm_config/base_url", "/llm/base_url"),
];
pub(super) const STT: &[Pair] = &[
    ("/stt_config/provider", "/stt/provider"),
    ("/stt_config/model", "/stt/model"),
    ("/stt_config/language", "/stt/language"),
];
pub(super) const TTS: &[Pair] = &[
    ("/tts_config/provider", "/tts/provider"),
    ("/tts_config/voice_id", "/tts/voice"),
    ("/tts_config/voice", "/tts/voice"),
    ("/tts_config/model", "/tts/model"),
    ("/tts_config/speed", "/tts/speed"),
    ("/tts_config/stability", "/tts/stability"),
    ("/tts_config/similarity_boost", "/tts/similarity_boost"),
];
const BUILTIN: &str = "builtin";
const COMPLETION: &str = "/webhooks/completion";

pub(super) fn read(reading: &mut Reading<'_>) {
    reading.copy(WORDS);
    reading.name_by("/agent_id");
    tag(reading, "/type");
    reading.section("llm", LLM);
    reading.section("stt", STT);
    reading.section("tts", TTS);
    tools(reading);
    if let Some(url) = reading.get(COMPLETION) {
        let events: Vec<&str> = WebhookEvent::all().into_iter().map(WebhookEvent::name).collect();
        reading.put(COMPLETION, "/webhooks", json!([{"url": url, "events": events}]));
    }
    for other in ["/webhooks/evaluation", "/webhooks/metrics"] {
        reading.note(other, Some("there is no such event; `call.ended` and `call.result` are told"));
    }
}

/// What these systems call a type is a label here.
pub(super) fn tag(reading: &mut Reading<'_>, from: &str) {
    if let Some(kind) = reading.get(from).filter(|kind| kind.is_string()) {
        reading.put(from, "/metadata/tags", json!([kind]));
    }
}

fn tools(reading: &mut Reading<'_>) {
    let items = reading.get("/tools").and_then(Value::as_array).into_iter().flatten();
    let (mut granted, mut met) = (Vec::new(), HashMap::new());
    for (index, tool) in items.enumerate() {
        let at = format!("/tools/{index}");
        let name = tool.as_str().or_else(|| tool.get("name")?.as_str());
        match name.filter(|name| reading.tools.contains(name)) {
            Some(name) if granted.contains(&name) => reading.drop(&at, "it is granted already"),
            Some(name) => {
                let to = format!("/tools/{}", granted.len());
                reading.used(&if tool.is_object() { child(&at, "name") } else { at.clone() }, &to);
                if tool.get("type").is_some_and(|kind| kind == BUILTIN) {
                    reading.used(&child(&at, "type"), &to);
                }
                reading.note_as(&at, &child("/tools", name), Some("a tool of the host describes itself"));
                reading.push("/tools", json!(name));
                granted.push(name);
            }
            None => {
                let name = name.map_or_else(|| index.to_string(), str::to_owned);
                let times = met.entry(name.clone()).and_modify(|times| *times += 1).or_insert(1);
                let place = if *times == 1 { name } else { format!("{name}#{times}") };
                reading.note_as(&at, &child("/tools", &place), Some("this host has no such tool"));
            }
        }
    }
}

pub(super) fn write(writing: &mut Writing<'_>) {
    identify(writing);
    writing.copy(WORDS);
    label(writing, "/type");
    writing.section("llm", LLM);
    writing.section("stt", STT);
    writing.section("tts", TTS);
    let granted = writing.get("/tools").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut noted = writing.noted_items("/tools");
    let builtin = granted.iter().map(|name| {
        let mut tool = json!({"name": name, "type": BUILTIN});
        if let Some(noted) = name.as_str().and_then(|name| noted.shift_remove(name)) {
            put_over(&mut tool, &noted);
        }
        tool
    });
    let mut tools: Vec<Value> = builtin.collect();
    tools.extend(noted.into_iter().map(|(_, tool)| tool));
    if !tools.is_empty() {
        writing.put("/tools", "/tools", tools.into());
    }
    let completion = WebhookEvent::all().into_iter().map(WebhookEvent::name).collect::<Vec<_>>();
    let webhooks = writing.get("/webhooks").and_then(Value::as_array).cloned().unwrap_or_default();
    if let [webhook] = webhooks.as_slice()
        && webhook["events"] == json!(completion)
    {
        writing.put("/webhooks", COMPLETION, webhook["url"].clone());
    }
}

/// Its id, if it had none there.
pub(super) fn identify(writing: &mut Writing<'_>) {
    if !writing.noted("/agent_id") {
        writing.add("/agent_id", json!(writing.agent.id));
    }
}

/// The only tag is its type there.
pub(super) fn label(writing: &mut Writing<'_>, to: &str) {
    if let Some([tag]) = writing.get("/metadata/tags").and_then(Value::as_array).map(Vec::as_slice) {
        writing.put("/metadata/tags", to, tag.clone());
    }
}
