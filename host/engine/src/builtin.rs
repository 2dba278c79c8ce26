//! Built-in tools: what the engine itself can do for a model that was granted it.

use crate::speech::Kind;
use crate::{Call, Granted, Runner};
use serde_json::{Value, json};
use trunkline_contract::event::ToolInfo;

impl Granted {
    /// The built-in tool of that name.
    pub fn builtin(name: &str) -> Option<Self> {
        let (description, input_schema, runner) = match name {
            "end_call" => (
                "End the call. Use it when the conversation is finished, after or together with a good-bye.",
                json!({"type": "object", "properties": {"reason": {"type": "string", "description": "why the call ends"}}}),
                Runner::EndCall,
            ),
            "save_data" => (
                "Save facts that the caller gave, as fields of the call's result.",
                json!({
                    "type": "object",
                    "properties": {"data": {"type": "object", "description": "field names and their values", "minProperties": 1}},
                    "required": ["data"],
                }),
                Runner::SaveData,
            ),
            _ => return None,
        };
        let info = ToolInfo { name: name.to_owned(), description: description.to_owned(), input_schema };
        Some(Self { info, runner })
    }

    /// Names of all built-in tools.
    pub const BUILTIN: &[&str] = &["end_call", "save_data"];
}

impl Call {
    pub(crate) fn run_builtin(&mut self, request_id: &str, runner: Runner, args: &Value) {
        match runner {
            Runner::EndCall => {
                // Whoever ends a call without a word gets the good-bye of the contract.
                let mute = self.speeches.jobs().all(|(_, job)| match &job.kind {
                    Kind::Say => job.interrupted,
                    Kind::Generate(generation) => job.interrupted || generation.is_mute(),
                });
                if mute {
                    self.end_politely("agent-hangup");
                } else {
                    self.close("agent-hangup");
                }
                self.answer(request_id, "ok", json!({"ok": true}));
            }
            Runner::SaveData => match args.get("data").and_then(Value::as_object) {
                Some(data) if !data.is_empty() => {
                    for (name, value) in data.clone() {
                        self.set_result(name, value);
                    }
                    self.answer(request_id, "ok", json!({"saved": data.len()}));
                }
                Some(_) | None => {
                    let error = "`data` must be an object with at least one field";
                    self.answer(request_id, "failed", json!({"error": error}));
                }
            },
            Runner::External { .. } => {}
        }
    }
}
