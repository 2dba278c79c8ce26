//! What the API refuses, in its own words as far as they are known.

use std::collections::BTreeSet;

use serde_json::Value;

/// Why a request is refused.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) param: Option<String>,
    pub(super) code: Option<&'static str>,
}

const PARAMETERS: [&str; 36] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_completion_tokens",
    "max_tokens",
    "temperature",
    "top_p",
    "n",
    "stop",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "reasoning_effort",
    "verbosity",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "metadata",
    "store",
    "safety_identifier",
    "user",
    "seed",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "frequency_penalty",
    "presence_penalty",
    "modalities",
    "audio",
    "prediction",
    "web_search_options",
    "functions",
    "function_call",
    "moderation",
];

type Checked = Result<(), Fault>;

fn fault(param: impl Into<String>, message: impl Into<String>) -> Fault {
    Fault { message: message.into(), param: Some(param.into()), code: None }
}

fn wrong_type(param: &str, wanted: &str) -> Fault {
    let message = format!("Invalid type for '{param}': expected {wanted}.");
    Fault { code: Some("invalid_type"), ..fault(param, message) }
}

fn missing(param: &str) -> Fault {
    Fault {
        code: Some("missing_required_parameter"),
        ..fault(param, format!("Missing required parameter: '{param}'."))
    }
}

pub(super) fn check(body: &Value) -> Checked {
    let Some(parameters) = body.as_object() else {
        return Err(fault("", "The body must be a JSON object."));
    };
    if let Some(name) = parameters.keys().find(|name| !PARAMETERS.contains(&name.as_str())) {
        let message = format!("Unknown parameter: '{name}'.");
        return Err(Fault { code: Some("unknown_parameter"), ..fault(name, message) });
    }
    match &body["model"] {
        Value::String(model) if !model.is_empty() => {}
        Value::Null => return Err(Fault { param: None, ..fault("", "you must provide a model parameter") }),
        _ => return Err(wrong_type("model", "a string")),
    }
    range(body, "temperature", 0.0, 2.0)?;
    range(body, "max_completion_tokens", 1.0, 1e6)?;
    for flag in ["stream", "store", "parallel_tool_calls"] {
        if !matches!(body[flag], Value::Null | Value::Bool(_)) {
            return Err(wrong_type(flag, "a boolean"));
        }
    }
    if !body["stream_options"].is_null() && body["stream"] != true {
        return Err(fault(
            "stream_options",
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        ));
    }
    if !body["max_tokens"].is_null() && !body["max_completion_tokens"].is_null() {
        return Err(fault(
            "max_tokens",
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        ));
    }
    tools(&body["tools"])?;
    response_format(&body["response_format"])?;
    match body["messages"].as_array() {
        Some(messages) => history(messages),
        None if body["messages"].is_null() => Err(missing("messages")),
        None => Err(wrong_type("messages", "an array of objects")),
    }
}

fn range(body: &Value, name: &str, least: f64, most: f64) -> Checked {
    match &body[name] {
        Value::Null => Ok(()),
        value => match value.as_f64() {
            None => Err(wrong_type(name, "a number")),
            Some(n) if (least..=most).contains(&n) => Ok(()),
            Some(n) => Err(fault(name, format!("Invalid '{name}': {n} is not between {least} and {most}."))),
        },
    }
}

fn tools(tools: &Value) -> Checked {
    if tools.is_null() {
        return Ok(());
    }
    let list = tools.as_array().ok_or_else(|| wrong_type("tools", "an array of objects"))?;
    if list.is_empty() {
        return Err(fault("tools", "Invalid 'tools': empty array. Expected an array with minimum length 1."));
    }
    for (at, tool) in list.iter().enumerate() {
        let at = format!("tools[{at}]");
        if tool["type"] != "function" {
            return Err(fault(format!("{at}.type"), format!("Invalid value for '{at}.type'.")));
        }
        let name = tool["function"]["name"].as_str().ok_or_else(|| missing(&format!("{at}.function.name")))?;
        if name.is_empty() || name.len() > 64 || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
            let param = format!("{at}.function.name");
            let message = format!(
                "Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
            );
            return Err(fault(param, message));
        }
        let parameters = &tool["function"]["parameters"];
        if !parameters.is_null() && parameters["type"] != "object" {
            let message =
                format!("Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"'.");
            return Err(Fault {
                code: Some("invalid_function_parameters"),
                ..fault(format!("{at}.function.parameters"), message)
            });
        }
    }
    Ok(())
}

fn response_format(format: &Value) -> Checked {
    match format["type"].as_str() {
        None if format.is_null() => Ok(()),
        Some("text" | "json_object") => Ok(()),
        Some("json_schema") => {
            let schema = &format["json_schema"];
            if schema["name"].as_str().is_none_or(str::is_empty) {
                return Err(missing("response_format.json_schema.name"));
            }
            if schema["strict"] == true { strict(&schema["schema"]) } else { Ok(()) }
        }
        _ => Err(fault("response_format.type", "Invalid value for 'response_format.type'.")),
    }
}

fn strict(schema: &Value) -> Checked {
    let refused = |why: &str| {
        let param = "response_format".to_owned();
        Err(fault(param, format!("Invalid schema for response_format: {why}")))
    };
    match schema {
        Value::Array(items) => items.iter().try_for_each(strict),
        Value::Object(map) => {
            if map.get("type").is_some_and(|kind| kind == "object") {
                if map.get("additionalProperties") != Some(&Value::Bool(false)) {
                    return refused("'additionalProperties' is required to be supplied and to be false.");
                }
                let all: BTreeSet<&str> =
                    schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                let required: BTreeSet<&str> =
                    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                if all != required {
                    return refused(
                        "'required' is required to be supplied and to be an array including every key in properties.",
                    );
                }
            }
            map.values().try_for_each(strict)
        }
        _ => Ok(()),
    }
}

fn history(messages: &[Value]) -> Checked {
    if messages.is_empty() {
        return Err(fault("messages", "Invalid 'messages': empty array. Expected an array with minimum length 1."));
    }
    let mut open: Vec<&str> = Vec::new();
    let mut asked_at = 0;
    for (at, message) in messages.iter().enumerate() {
        let param = format!("messages.[{at}].role");
        let role = message["role"].as_str().unwrap_or_default();
        if role == "tool" {
            let id =
                message["tool_call_id"].as_str().ok_or_else(|| missing(&format!("messages[{at}].tool_call_id")))?;
            let Some(place) = open.iter().position(|asked| *asked == id) else {
                return Err(fault(
                    param,
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
                ));
            };
            open.remove(place);
            content(message, at, false)?;
            continue;
        }
        unanswered(&open, asked_at)?;
        match role {
            "system" | "developer" | "user" => content(message, at, false)?,
            "assistant" => {
                asked_at = at;
                open = calls(message, at)?;
                content(message, at, !open.is_empty())?;
            }
            other => {
                let message = format!(
                    "Invalid value: '{other}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
                );
                return Err(Fault { code: Some("invalid_value"), ..fault(format!("messages[{at}].role"), message) });
            }
        }
    }
    unanswered(&open, asked_at)
}

fn unanswered(open: &[&str], asked_at: usize) -> Checked {
    if open.is_empty() {
        return Ok(());
    }
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. \
         The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    Err(fault(format!("messages.[{}].role", asked_at + 1), message))
}

fn calls(message: &Value, at: usize) -> Result<Vec<&str>, Fault> {
    if message["tool_calls"].is_null() {
        return Ok(Vec::new());
    }
    let param = format!("messages[{at}].tool_calls");
    let calls = message["tool_calls"].as_array().ok_or_else(|| wrong_type(&param, "an array of objects"))?;
    if calls.is_empty() {
        return Err(fault(&param, format!("Invalid '{param}': empty array. Expected an array with minimum length 1.")));
    }
    let id = |call: &'_ Value| -> Option<()> {
        call["function"]["name"].as_str()?;
        call["function"]["arguments"].as_str()?;
        (call["type"] == "function").then_some(())
    };
    calls
        .iter()
        .map(|call| match (call["id"].as_str(), id(call)) {
            (Some(name), Some(())) if !name.is_empty() => Ok(name),
            _ => Err(fault(
                &param,
                format!("Invalid '{param}': each needs id, type and function with name and arguments."),
            )),
        })
        .collect()
}

fn content(message: &Value, at: usize, may_be_missing: bool) -> Checked {
    let param = format!("messages[{at}].content");
    match &message["content"] {
        Value::String(_) => Ok(()),
        Value::Array(parts) if !parts.is_empty() => Ok(()),
        Value::Null if may_be_missing => Ok(()),
        Value::Null => Err(fault(&param, "Invalid value for 'content': expected a string, got null.")),
        _ => Err(wrong_type(&param, "one of a string or array of objects")),
    }
}
