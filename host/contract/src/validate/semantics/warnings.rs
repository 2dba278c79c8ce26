//! What is allowed, but should be looked at.

use super::is_voice;
use crate::validate::{Fault, Sound};
use serde_json::Value;

/// Models that give their answer as a whole: the caller waits for all of it. By the beginning of their names.
const NOT_STREAMING: &[&str] = &["o1-pro", "o3-pro"];
/// ElevenLabs' models that its streaming socket, which gives 8 kHz mu-law, does not take.
const NOT_TELEPHONE: &[&str] = &["eleven_v3"];

pub(super) fn warnings(sound: &Sound<'_>, faults: &mut Vec<Fault>) {
    let mut warn = |at: &str, code: &str, message: String| faults.push(Fault::warning(at, code, message));
    let instructions = sound.text_or("/prompt/instructions", "");
    if instructions.is_some_and(|text| text.trim().is_empty()) && sound.get("/llm").is_some() {
        warn("/prompt/instructions", "empty", "the model gets no instructions".to_owned());
    }
    let begins = |at: &str, names: &[&str]| sound.text(at).filter(|model| names.iter().any(|n| model.starts_with(n)));
    if let Some(model) = begins("/llm/model", NOT_STREAMING) {
        let message = format!("`{model}` does not stream: the caller waits for its whole answer");
        warn("/llm/model", "not-streaming", message);
    }
    if let Some(model) = begins("/tts/model", NOT_TELEPHONE).filter(|_| is_voice(sound)) {
        let message = format!("`{model}` does not give 8 kHz as it speaks: telephones will hear it late or not at all");
        warn("/tts/model", "not-telephone", message);
    }
    if sound.get("/realtime").is_some() {
        let message = "this host runs agents through `stt`, `llm` and `tts`: `realtime` is kept, and not used";
        warn("/realtime", "not-active", message.to_owned());
    }
    for (at, message) in [
        ("/memory/enabled", "this host remembers nothing from one conversation to the next"),
        ("/tracing/enabled", "this host sends no traces"),
    ] {
        if sound.get(at).and_then(Value::as_bool) == Some(true) {
            warn(at, "not-active", message.to_owned());
        }
    }
}
