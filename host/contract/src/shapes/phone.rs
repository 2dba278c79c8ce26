//! A flat telephone agent: words, a voice and data, spoken by a speech-to-speech model.

use super::reading::{Pair, Reading};
use super::writing::Writing;
use serde_json::json;

const PAIRS: &[Pair] = &[
    ("/context_data", "/context"),
    ("/name", "/name"),
    ("/system_prompt", "/prompt/instructions"),
    ("/greeting_message", "/prompt/greeting"),
    ("/voice", "/realtime/voice"),
];
/// The shape names no model; this is the present one of its provider.
const MODEL: &str = "gpt-realtime-2.1";

pub(super) fn read(reading: &mut Reading<'_>) {
    reading.copy(PAIRS);
    if reading.get("/voice").is_some() {
        reading.add("/realtime/provider", json!("openai"), "the voices of this shape are OpenAI's");
        reading.add("/realtime/model", json!(MODEL), "the shape names no model");
    }
    reading.note("/phone_number", Some("assign it when its calls shall come here (`trunkline number assign`)"));
    reading.note("/type", Some("an agent takes calls of both directions"));
}

pub(super) fn write(writing: &mut Writing<'_>) {
    if !writing.noted("/type") {
        writing.add("/type", json!("inbound"));
    }
    writing.copy(PAIRS);
    if writing.noted("/voice") {
        writing.drop("/realtime", "the shape implies it");
    }
}
