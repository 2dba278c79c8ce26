use proptest::prelude::*;
use serde_json::{Value, json};

use super::script::{Rule, Script};
use super::validate;

fn body(messages: &Value) -> Value {
    json!({"model": "m", "messages": messages, "stream": true, "stream_options": {"include_usage": true}})
}

fn call(id: &str) -> Value {
    json!({"role": "assistant", "content": null,
        "tool_calls": [{"id": id, "type": "function", "function": {"name": "save", "arguments": "{}"}}]})
}

#[test]
fn every_tool_call_needs_its_answer() {
    let user = json!({"role": "user", "content": "hi"});
    let answer = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "ok"});
    let table = [
        (json!([user, call("a"), answer("a"), user]), None),
        (json!([user, call("a"), user]), Some("messages.[2].role")),
        (json!([user, call("a")]), Some("messages.[2].role")),
        (json!([user, answer("a")]), Some("messages.[1].role")),
        (json!([user, call("a"), answer("a"), answer("a")]), Some("messages.[3].role")),
        (json!([]), Some("messages")),
        (json!([{"role": "robot", "content": "x"}]), Some("messages[0].role")),
        (json!([{"role": "assistant", "content": null}]), Some("messages[0].content")),
    ];
    for (messages, param) in table {
        let outcome = validate::check(&body(&messages));
        assert_eq!(outcome.err().and_then(|fault| fault.param).as_deref(), param, "{messages}");
    }
}

#[test]
fn wrong_parameters_are_named() {
    let table = [
        ("temperature", json!(3), "temperature"),
        ("stream", json!("yes"), "stream"),
        ("max_completion_tokens", json!(0), "max_completion_tokens"),
        ("surprise", json!(1), "surprise"),
        ("tools", json!([]), "tools"),
        ("tools", json!([{"type": "function", "function": {"name": "with space"}}]), "tools[0].function.name"),
        (
            "response_format",
            json!({"type": "json_schema", "json_schema": {"name": "a", "strict": true, "schema": {"type": "object"}}}),
            "response_format",
        ),
    ];
    for (name, value, param) in table {
        let mut body = body(&json!([{"role": "user", "content": "hi"}]));
        body[name] = value;
        assert_eq!(validate::check(&body).unwrap_err().param.as_deref(), Some(param), "{name}");
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    let script = Script::new(vec![
        Rule::say("Saved.").after("save"),
        Rule::say("Once.").when("HELLO").once(),
        Rule::say("Again.").when("hello"),
    ]);
    let said = |messages: &Value| script.reply(&body(messages)).say;
    let hello = json!([{"role": "user", "content": "Well, hello there"}]);
    assert_eq!(said(&hello), "Once.");
    assert_eq!(said(&hello), "Again.");
    assert_eq!(said(&json!([call("a"), {"role": "tool", "tool_call_id": "a", "content": "ok"}])), "Saved.");
    assert_eq!(said(&json!([{"role": "user", "content": "Other"}])), "You said: Other");
}

proptest! {
    #[test]
    fn any_body_is_judged(text in ".{0,200}", role in "(user|assistant|tool|x)", content in ".{0,5}") {
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| json!({"model": text, "messages": [{"role": role, "content": content}]}));
        if validate::check(&body).is_ok() {
            Script::new(vec![]).reply(&body);
        }
    }
}
