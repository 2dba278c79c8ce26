//! A structured answer: what of it is said while it streams, and what is kept of it at its end.

use serde_json::{Map, Value};
use trunkline_contract::agent::OutputSchema;
use trunkline_contract::spoken::SpokenField;

/// A structured answer as the model writes it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    schema: OutputSchema,
    spoken: Option<SpokenField>,
    raw: String,
    read: Option<Map<String, Value>>,
}

/// What an answer says.
pub(crate) struct Read {
    /// Fields that fit, with their defaults.
    pub(crate) fields: Map<String, Value>,
    /// What does not, in words.
    pub(crate) faults: Vec<String>,
}

impl Answer {
    pub(crate) fn new(schema: &OutputSchema) -> Self {
        let spoken = schema.spoken().map(SpokenField::new);
        Self { schema: schema.clone(), spoken, raw: String::new(), read: None }
    }

    /// Takes the next piece; gives what is to be said of it.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        self.raw.push_str(piece);
        self.spoken.as_mut().map(|spoken| spoken.push(piece)).unwrap_or_default()
    }

    /// What the whole says; nothing when the model said nothing, as it does when it only asks for tools.
    pub(crate) fn read(&mut self) -> Option<Read> {
        if self.raw.trim().is_empty() {
            return None;
        }
        let Ok(Value::Object(answer)) = serde_json::from_str::<Value>(&self.raw) else {
            return Some(Read { fields: Map::new(), faults: vec!["it is no JSON object".to_owned()] });
        };
        let faults = self.schema.check(&Value::Object(answer.clone()));
        let mut fields = self.schema.complete(&answer);
        fields.retain(|name, _| {
            let at = format!("/{name}");
            let about = |pointer: &str| pointer == at || pointer.starts_with(&format!("{at}/"));
            // What is missing may have a default.
            !faults.iter().any(|fault| fault.code != "missing" && about(&fault.pointer))
        });
        // What was said stands in the transcript.
        if let Some(spoken) = self.schema.spoken() {
            fields.shift_remove(spoken);
        }
        self.read = Some(answer);
        let faults = faults.into_iter().map(|fault| format!("{}: {}", fault.pointer, fault.message)).collect();
        Some(Read { fields, faults })
    }

    /// The answer as the behaviour gets it.
    pub(crate) fn output(self) -> Option<Value> {
        self.read.map(Value::Object)
    }
}
