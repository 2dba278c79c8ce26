//! A request as chat completions want it.

use crate::llm::LlmRequest;
use serde::Serialize;
use serde_json::Value;
use trunkline_contract::chat::Message;
use trunkline_contract::event::ToolInfo;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Said<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    max_completion_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum Said<'a> {
    System {
        content: &'a str,
    },
    User {
        content: &'a str,
    },
    Assistant {
        content: Option<&'a str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Call<'a>>,
    },
    Tool {
        tool_call_id: &'a str,
        content: &'a str,
    },
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Called<'a>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    function: Described<'a>,
}

#[derive(Serialize)]
struct Described<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    json_schema: Schema<'a>,
}

#[derive(Serialize)]
struct Schema<'a> {
    name: &'static str,
    schema: &'a Value,
    strict: bool,
}

pub(super) fn of(request: &LlmRequest) -> Vec<u8> {
    let chat = &request.chat;
    let system = Some(Said::System { content: &chat.instructions }).filter(|_| !chat.instructions.is_empty());
    let body = Body {
        model: request.model.as_deref().unwrap_or_default(),
        messages: system.into_iter().chain(chat.messages.iter().map(said)).collect(),
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        max_completion_tokens: request.max_tokens,
        temperature: request.temperature,
        tools: chat.tools.iter().map(tool).collect(),
        response_format: chat.output_schema.as_ref().map(|schema| Format {
            r#type: "json_schema",
            json_schema: Schema { name: "answer", schema, strict: is_strict(schema) },
        }),
    };
    // Plain structs with text keys always serialise.
    serde_json::to_vec(&body).unwrap_or_default()
}

fn said(message: &Message) -> Said<'_> {
    match message {
        Message::User { text } => Said::User { content: text },
        Message::Tool { id, content, .. } => Said::Tool { tool_call_id: id, content },
        Message::Assistant { text, tool_calls } => Said::Assistant {
            content: Some(text.as_str()).filter(|text| !text.is_empty() || tool_calls.is_empty()),
            tool_calls: tool_calls
                .iter()
                .map(|call| Call {
                    id: &call.id,
                    r#type: "function",
                    function: Called { name: &call.name, arguments: &call.arguments },
                })
                .collect(),
        },
    }
}

fn tool(info: &ToolInfo) -> Tool<'_> {
    Tool {
        r#type: "function",
        function: Described { name: &info.name, description: &info.description, parameters: &info.input_schema },
    }
}

/// Whether the provider's strict mode accepts the schema: it refuses objects that leave anything open.
fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Array(items) => items.iter().all(is_strict),
        Value::Object(map) => {
            let object = map.get("type").is_some_and(|t| t == "object") || map.contains_key("properties");
            let closed = map.get("additionalProperties") == Some(&Value::Bool(false));
            let required = |name: &String| {
                map.get("required").and_then(Value::as_array).is_some_and(|r| r.iter().any(|n| n == name))
            };
            let properties = map.get("properties").and_then(Value::as_object);
            let complete = properties.is_none_or(|p| p.keys().all(required));
            (!object || closed && complete) && map.values().all(is_strict)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;
    use trunkline_contract::chat::{Request, ToolCall};

    fn request(chat: Request) -> Value {
        let (idle, total) = (Duration::from_secs(8), Duration::from_secs(60));
        let request =
            LlmRequest { chat, model: Some("m".into()), temperature: Some(0.5), max_tokens: 100, idle, total };
        serde_json::from_slice(&of(&request)).unwrap()
    }

    #[test]
    fn history_and_tools_are_translated() {
        let call = ToolCall { id: "c1".into(), name: "save".into(), arguments: "{}".into() };
        let body = request(Request {
            instructions: "Be kind.".into(),
            messages: vec![
                Message::User { text: "Hi".into() },
                Message::Assistant { text: String::new(), tool_calls: vec![call] },
                Message::Tool { id: "c1".into(), name: "save".into(), content: "ok".into() },
                Message::Assistant { text: String::new(), tool_calls: vec![] },
            ],
            tools: vec![ToolInfo {
                name: "save".into(),
                description: "Saves.".into(),
                input_schema: json!({"type":"object"}),
            }],
            output_schema: None,
            context: serde_json::Value::Null,
        });
        assert_eq!(
            body,
            json!({
                "model": "m", "stream": true, "stream_options": {"include_usage": true},
                "max_completion_tokens": 100, "temperature": 0.5,
                "messages": [
                    {"role": "system", "content": "Be kind."},
                    {"role": "user", "content": "Hi"},
                    {"role": "assistant", "content": null, "tool_calls":
                        [{"id": "c1", "type": "function", "function": {"name": "save", "arguments": "{}"}}]},
                    {"role": "tool", "tool_call_id": "c1", "content": "ok"},
                    {"role": "assistant", "content": ""},
                ],
                "tools": [{"type": "function", "function":
                    {"name": "save", "description": "Saves.", "parameters": {"type": "object"}}}],
            })
        );
    }

    #[test]
    fn a_schema_is_strict_only_when_it_leaves_nothing_open() {
        let closed = json!({"type": "object", "additionalProperties": false, "required": ["a"],
            "properties": {"a": {"type": "array", "items": {"type": "string"}}}});
        let optional =
            json!({"type": "object", "additionalProperties": false, "properties": {"a": {"type": "string"}}});
        let nested = json!({"type": "object", "additionalProperties": false, "required": ["a"],
            "properties": {"a": {"type": "object"}}});
        for (schema, strict) in [(closed, true), (optional, false), (nested, false), (json!({"type": "string"}), true)]
        {
            let chat = Request {
                instructions: "x".into(),
                messages: vec![],
                tools: vec![],
                output_schema: Some(schema.clone()),
                context: serde_json::Value::Null,
            };
            let format = &request(chat)["response_format"]["json_schema"];
            assert_eq!((&format["strict"], &format["schema"]), (&json!(strict), &schema));
        }
    }
}
