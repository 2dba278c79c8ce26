//! Identity and traits, with a configuration and a voice.

use super::reading::{Pair, Reading};
use super::writing::Writing;
use serde_json::{Value, json};

const WHO: &[Pair] = &[
    ("/name", "/name"),
    ("/type", "/type"),
    ("/identity/short_description", "/identity/short_description"),
    ("/identity/full_description", "/identity/full_description"),
    ("/identity/character_role", "/identity/character_role"),
    ("/identity/mission", "/identity/mission"),
    ("/identity/interaction_style", "/identity/interaction_style"),
    ("/traits/creativity", "/traits/creativity"),
    ("/traits/empathy", "/traits/empathy"),
    ("/traits/assertiveness", "/traits/assertiveness"),
    ("/traits/humor", "/traits/humor"),
    ("/traits/formality", "/traits/formality"),
    ("/traits/verbosity", "/traits/verbosity"),
    ("/traits/confidence", "/traits/confidence"),
    ("/traits/technicality", "/traits/technicality"),
    ("/traits/safety", "/traits/safety"),
    ("/configuration/memory_enabled", "/memory/enabled"),
    ("/configuration/memory_k", "/memory/k"),
    ("/configuration/thread_window", "/memory/thread_window"),
    ("/metadata/owner_id", "/metadata/owner"),
    ("/metadata/tags", "/metadata/tags"),
    ("/metadata/status", "/metadata/status"),
];
const LOCALE: &[Pair] = &[("/voice/language", "/locale")];
const LLM: &[Pair] = &[
    ("/configuration/llm_provider", "/llm/provider"),
    ("/configuration/llm_model", "/llm/model"),
    ("/configuration/max_tokens", "/llm/max_tokens"),
    ("/configuration/temperature", "/llm/temperature"),
];
const TTS: &[Pair] = &[
    ("/voice/provider", "/tts/provider"),
    ("/voice/voice_id", "/tts/voice"),
    ("/voice/speed", "/tts/speed"),
    ("/voice/stability", "/tts/stability"),
    ("/voice/similarity_boost", "/tts/similarity_boost"),
];
const STT: &[Pair] = &[
    ("/voice/stt_provider", "/stt/provider"),
    ("/voice/stt_model", "/stt/model"),
    ("/voice/stt_language", "/stt/language"),
];

pub(super) fn read(reading: &mut Reading<'_>) {
    reading.copy(WHO);
    reading.copy(LOCALE);
    reading.version("/version");
    reading.section("llm", LLM);
    reading.section("tts", TTS);
    reading.section("stt", STT);
    reading.note("/configuration/voice_enabled", Some("the type says whether it speaks"));
    reading.note("/configuration/tools_enabled", Some("the list of tools says it"));
    reading.note("/voice/pitch", Some("no provider of this host changes the pitch"));
    reading.note("/voice/vad_enabled", Some("speech is always detected"));
    reading.drop("/metadata/tenant_id", "an agent belongs to the tenant that imports it");
}

pub(super) fn write(writing: &mut Writing<'_>) {
    if !writing.noted("/id") {
        writing.add("/id", json!(writing.agent.id));
    }
    writing.copy(WHO);
    if writing.says("/locale") {
        writing.copy(LOCALE);
    }
    writing.add("/version", json!(writing.agent.semver));
    writing.section("llm", LLM);
    writing.section("tts", TTS);
    writing.section("stt", STT);
    let voice = writing.get("/type") == Some(&json!("voice"));
    let tools = writing.get("/tools").and_then(Value::as_array).is_some_and(|tools| !tools.is_empty());
    for (to, follows) in [("/configuration/voice_enabled", voice), ("/configuration/tools_enabled", tools)] {
        if !writing.noted(to) {
            writing.add(to, json!(follows));
        }
    }
}
