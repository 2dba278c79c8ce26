//! What `output_schema` has to be beyond its shape: in its fields, and beside the rest of the contract.

use super::is_voice;
use crate::agent::{Field, together};
use crate::validate::{Fault, Sound};
use serde::Deserialize;
use serde_json::Value;

const AT: &str = "/output_schema/fields";

/// Each field by itself, and the fields beside each other.
pub(super) fn fields(sound: &Sound<'_>, faults: &mut Vec<Fault>) {
    let outline = sound.items(AT).map(|(_, field)| {
        (field.get("name").and_then(Value::as_str), field.get("use_in_tts").and_then(Value::as_bool) == Some(true))
    });
    faults.extend(together(outline, AT));
    for (index, field) in sound.items(AT) {
        // Whoever is no field has been told so.
        if let Ok(field) = Field::deserialize(field) {
            faults.extend(field.faults(&format!("{AT}/{index}")));
        }
    }
}

/// The fields beside the rest of the contract.
pub(super) fn of_whole(sound: &Sound<'_>, faults: &mut Vec<Fault>) {
    if sound.items(AT).next().is_none() {
        return;
    }
    let silent = |(_, field): (usize, &Value)| {
        field.as_object().is_some_and(|field| field.get("use_in_tts").is_none_or(|spoken| *spoken == false))
    };
    if is_voice(sound) && sound.items(AT).all(silent) {
        let message = "a voice agent has to say something: one `str` field needs `use_in_tts`";
        faults.push(Fault::error(AT, "spoken", message));
    }
    if sound.text("/llm/provider") == Some("builtin") {
        let message = "the provider `builtin` gives no structured answers: `output_schema` needs a language model";
        faults.push(Fault::error("/output_schema", "unsupported", message));
    }
}
