//! A row of a log as one line for people: what was said, asked and decided. `--json` shows all of it.

use serde_json::Value;
use trunkline_contract::chat::Message;
use trunkline_contract::log::Entry;
use trunkline_contract::{Action, Event};

/// Fields of an action that say what it is about, in order of preference.
const TELLING: [&str; 7] = ["text", "name", "sound", "target", "agent", "reason", "max"];

pub(super) fn describe(entry: &Entry) -> String {
    match entry {
        Entry::Event { event, .. } => format!("{} {}", event.name(), of_event(event)),
        Entry::Actions { actions, .. } if actions.is_empty() => "none".to_owned(),
        Entry::Actions { actions, .. } => actions.iter().map(of_action).collect::<Vec<_>>().join("; "),
        Entry::Message { message, not_heard, .. } => {
            let rest = not_heard.as_deref().map(|rest| format!(" [not heard: {rest}]")).unwrap_or_default();
            format!("{}{rest}", of_message(message))
        }
        Entry::Result { name, value } => format!("{name} = {value}"),
        Entry::Note { level, text } => format!("{level}: {text}"),
        other => fields(serde_json::to_value(other).unwrap_or_default()),
    }
}

fn of_event(event: &Event) -> String {
    match event {
        Event::Started(call) | Event::Configured(call) => {
            format!("{} with agent {} version {}", call.channel, call.agent_id, call.agent_version)
        }
        Event::UserTurn(turn) => quoted(&turn.text),
        Event::Digits(digits) => digits.digits.clone(),
        Event::Said(said) => quoted(&said.heard),
        Event::Interrupted(cut) => format!("after {}", quoted(&cut.heard)),
        Event::Generated(made) => format!("{} ({})", quoted(&made.text), made.finish_reason),
        Event::ToolRequested(asked) => format!("{} {}", asked.name, asked.args),
        Event::ToolFinished(done) => format!("{} {} {}", done.name, done.status, done.value),
        Event::Failed(failure) => format!("{} {}: {}", failure.part, failure.code, failure.message),
        Event::Ended(end) => end.reason.clone(),
        other => {
            let data = serde_json::to_value(other).unwrap_or_default()["data"].take();
            if data.is_null() { String::new() } else { data.to_string() }
        }
    }
}

fn of_action(action: &Action) -> String {
    let mut action = serde_json::to_value(action).unwrap_or_default();
    let name = action["action"].as_str().unwrap_or_default().to_owned();
    let data = action["data"].take();
    let telling = TELLING.iter().find_map(|field| data.get(field).filter(|value| !value.is_null()));
    match (telling, data.get("value")) {
        (Some(about), Some(value)) => format!("{name} {} = {value}", about.as_str().unwrap_or_default()),
        (Some(about), None) => format!("{name} {about}"),
        (None, _) => name,
    }
}

fn of_message(message: &Message) -> String {
    match message {
        Message::User { text } => format!("user: {text}"),
        Message::Assistant { text, tool_calls } => {
            let calls = tool_calls.iter().map(|call| format!(" -> {} {}", call.name, call.arguments));
            format!("assistant: {text}{}", calls.collect::<String>())
        }
        Message::Tool { name, content, .. } => format!("{name}: {content}"),
    }
}

/// The fields of a row without what is shown beside it.
fn fields(entry: Value) -> String {
    let Value::Object(fields) = entry else { return String::new() };
    let shown = fields.into_iter().filter(|(name, value)| name != "kind" && !value.is_null());
    shown
        .map(|(name, value)| format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_says_what_it_is_about() {
        let table = [
            (
                json!({"kind": "event", "seed": 1, "event": {"event": "digits", "data": {"digits": "1#", "reason": "key"}}}),
                "digits 1#",
            ),
            (
                json!({"kind": "event", "seed": 1, "event": {"event": "said", "data": {"effect": 1, "heard": "Hi"}}}),
                "said \"Hi\"",
            ),
            (
                json!({"kind": "event", "seed": 1, "event": {"event": "timer", "data": {"effect": 7}}}),
                "timer {\"effect\":7}",
            ),
            (
                json!({"kind": "actions", "event_seq": 2, "actions": [
                    {"effect": 1, "action": "set-result", "data": {"name": "age", "value": 42}},
                    {"effect": 2, "action": "say", "data": {"text": "Thanks.", "interruptible": true}},
                ]}),
                "set-result age = 42; say \"Thanks.\"",
            ),
            (json!({"kind": "actions", "event_seq": 2, "actions": []}), "none"),
            (
                json!({"kind": "message", "index": 0, "message": {"role": "assistant", "text": "We"}, "not_heard": "open"}),
                "assistant: We [not heard: open]",
            ),
            (
                json!({"kind": "ended", "reason": "caller-hangup", "duration_ms": 5}),
                "reason=caller-hangup duration_ms=5",
            ),
            (json!({"kind": "result", "name": "age", "value": 42}), "age = 42"),
        ];
        for (row, expected) in table {
            assert_eq!(describe(&serde_json::from_value(row).unwrap()), expected);
        }
    }
}
