//! A document of configurations with the fields of its answers.

use super::factory::{LLM, STT, TTS, identify, label, tag};
use super::reading::{Pair, Reading};
use super::writing::{Writing, put_over};
use crate::diff::child;
use serde_json::{Map, Value, json};

const WORDS: &[Pair] = &[
    ("/prompt_config/instructions", "/prompt/instructions"),
    ("/prompt_config/greeting", "/prompt/greeting"),
    ("/tracing_config/enabled", "/tracing/enabled"),
    ("/tracing_config/provider", "/tracing/provider"),
];
const FIELDS: &str = "/schema_config/fields";
const OURS: &str = "/output_schema/fields";
/// Of a field, what is called otherwise here.
const FIELD: &[(&str, &str)] = &[
    ("field_name", "name"),
    ("field_type", "type"),
    ("description", "description"),
    ("required", "required"),
    ("default", "default"),
];
const CONSTRAINTS: &[(&str, &str)] =
    &[("ge", "ge"), ("le", "le"), ("min_length", "min_len"), ("max_length", "max_len"), ("pattern", "pattern")];
const SPOKEN: &str = "another field is spoken already";
const FLAGS: &[&str] = &["use_in_tts", "hidden"];

pub(super) fn read(reading: &mut Reading<'_>) {
    reading.copy(&[("/name", "/name")]);
    reading.name_by("/agent_id");
    reading.version("/version");
    tag(reading, "/agent_type");
    match reading.get("/enabled").and_then(Value::as_bool) {
        Some(enabled) => {
            reading.put("/enabled", "/metadata/status", json!(if enabled { "active" } else { "inactive" }));
        }
        None => reading.note("/enabled", None),
    }
    reading.copy(WORDS);
    fields(reading);
    reading.section("llm", LLM);
    reading.section("stt", STT);
    reading.section("tts", TTS);
    if reading.get("/tts_config").is_none() {
        reading.add("/type", json!("conversational"), "it has no voice");
    }
    reading.note("/llm_config/supports_structured_output", Some("the host knows its providers"));
    for own in ["tenant_id", "isolation_level"] {
        reading.drop(&format!("/tenant_config/{own}"), "an agent belongs to the tenant that imports it");
    }
}

fn fields(reading: &mut Reading<'_>) {
    let fields = reading.get(FIELDS).and_then(Value::as_array).into_iter().flatten();
    let mut spoken = false;
    for (index, field) in fields.enumerate() {
        let (from, to) = (format!("{FIELDS}/{index}"), format!("{OURS}/{index}"));
        let Some(field) = field.as_object() else {
            reading.used(&from, &to);
            reading.push(OURS, field.clone());
            continue;
        };
        let name = field.get("field_name").and_then(Value::as_str);
        let place = child(FIELDS, name.unwrap_or(&index.to_string()));
        let mut made = Map::new();
        let mut moved = Vec::new();
        for (theirs, ours) in FIELD {
            if let Some(value) = field.get(*theirs).filter(|value| !value.is_null()) {
                made.insert((*ours).to_owned(), value.clone());
                moved.push(((*theirs).to_owned(), (*ours).to_owned()));
            }
        }
        for (theirs, ours) in CONSTRAINTS {
            if let Some(value) =
                field.get("constraints").and_then(|all| all.get(theirs)).filter(|value| !value.is_null())
            {
                made.entry("constraints").or_insert_with(|| json!({}))[*ours] = value.clone();
                moved.push((format!("constraints/{theirs}"), format!("constraints/{ours}")));
            }
        }
        for flag in FLAGS {
            let Some(value) = field.get("metadata").and_then(|all| all.get(flag)) else { continue };
            // Here one field is spoken.
            if *flag == "use_in_tts" && *value == true && std::mem::replace(&mut spoken, true) {
                let flag = format!("metadata/{flag}");
                reading.note_as(&format!("{from}/{flag}"), &format!("{place}/{flag}"), Some(SPOKEN));
                continue;
            }
            made.insert((*flag).to_owned(), value.clone());
            moved.push((format!("metadata/{flag}"), (*flag).to_owned()));
        }
        for (theirs, ours) in moved {
            reading.used(&format!("{from}/{theirs}"), &format!("{to}/{ours}"));
        }
        reading.note_as(&from, &place, None);
        reading.push(OURS, Value::Object(made));
    }
}

pub(super) fn write(writing: &mut Writing<'_>) {
    identify(writing);
    match writing.get("/name") {
        Some(name) if writing.wrote("/agent_id") == Some(name) => writing.implied("/name", "/agent_id"),
        _ => writing.copy(&[("/name", "/name")]),
    }
    writing.add("/version", json!(writing.agent.semver));
    label(writing, "/agent_type");
    if let Some(status) = writing.get("/metadata/status") {
        writing.put("/metadata/status", "/enabled", json!(status == "active"));
    }
    writing.copy(WORDS);
    let fields = writing.get(OURS).and_then(Value::as_array).cloned().unwrap_or_default();
    if !fields.is_empty() {
        let noted = writing.noted_items(FIELDS);
        let theirs: Vec<Value> = fields.iter().map(|ours| field(ours, &noted)).collect();
        writing.put(OURS, FIELDS, theirs.into());
    }
    writing.section("llm", LLM);
    writing.section("stt", STT);
    writing.section("tts", TTS);
    writing.drop("/type", "an agent with a voice speaks");
}

/// A field as it is written there.
fn field(ours: &Value, noted: &Map<String, Value>) -> Value {
    let mut theirs = json!({});
    for (name, own) in FIELD {
        let usual = || if *own == "required" { true.into() } else { Value::Null };
        theirs[*name] = ours.get(*own).cloned().unwrap_or_else(usual);
    }
    let constraints = ours.get("constraints").and_then(Value::as_object);
    for (name, own) in CONSTRAINTS {
        if let Some(value) = constraints.and_then(|all| all.get(*own)) {
            theirs["constraints"][*name] = value.clone();
        }
    }
    for flag in FLAGS {
        theirs["metadata"][*flag] = ours.get(*flag).cloned().unwrap_or_else(|| false.into());
    }
    if let Some(noted) = ours["name"].as_str().and_then(|name| noted.get(name)) {
        put_over(&mut theirs, noted);
    }
    theirs
}
