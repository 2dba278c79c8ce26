//! What is answered to what.

use std::sync::Mutex;
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An answer and when it is given. All conditions that are given must hold.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// The last message is the user's and contains this, without regard to case.
    pub user_says: Option<String>,
    /// The last message is the result of this tool.
    pub after_tool: Option<String>,
    /// Holds only once.
    pub once: bool,
    /// The text.
    pub say: String,
    /// Tools that are called after the text.
    pub calls: Vec<Call>,
    /// The reason for stopping; none: `stop`, or `tool_calls`.
    pub finish: Option<String>,
}

/// A tool that is called.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Call {
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Value,
}

impl Rule {
    /// Says `text` whenever no earlier rule fits.
    pub fn say(text: impl Into<String>) -> Self {
        Self { say: text.into(), ..Self::default() }
    }

    /// Calls a tool.
    pub fn call(name: impl Into<String>, arguments: Value) -> Self {
        Self { calls: vec![Call { name: name.into(), arguments }], ..Self::default() }
    }

    /// Only when the user says this.
    #[must_use]
    pub fn when(mut self, user_says: impl Into<String>) -> Self {
        self.user_says = Some(user_says.into());
        self
    }

    /// Only after the result of this tool.
    #[must_use]
    pub fn after(mut self, tool: impl Into<String>) -> Self {
        self.after_tool = Some(tool.into());
        self
    }

    /// Only once.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }
}

#[derive(Debug)]
pub(super) struct Script(Mutex<Vec<Rule>>);

impl Script {
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        Self(Mutex::new(rules))
    }

    /// The answer to a valid request.
    pub(super) fn reply(&self, body: &Value) -> Rule {
        let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match rules.iter().position(|rule| rule.fits(messages)) {
            Some(at) if rules.get(at).is_some_and(|rule| rule.once) => rules.remove(at),
            Some(at) => rules.get(at).cloned().unwrap_or_default(),
            None => Rule::say(format!("You said: {}", last_user(messages))),
        }
    }
}

impl Rule {
    fn fits(&self, messages: &[Value]) -> bool {
        let Some(last) = messages.last() else { return false };
        let said = text(last).to_lowercase();
        let user = |wanted: &String| last["role"] == "user" && said.contains(&wanted.to_lowercase());
        let tool = |wanted: &String| last["role"] == "tool" && name_of(messages, &last["tool_call_id"]) == Some(wanted);
        self.user_says.as_ref().is_none_or(user) && self.after_tool.as_ref().is_none_or(tool)
    }
}

fn name_of<'a>(messages: &'a [Value], id: &Value) -> Option<&'a str> {
    let calls = messages.iter().rev().filter_map(|message| message["tool_calls"].as_array()).flatten();
    calls.into_iter().find(|call| call["id"] == *id).and_then(|call| call["function"]["name"].as_str())
}

fn last_user(messages: &[Value]) -> String {
    messages.iter().rev().find(|message| message["role"] == "user").map(text).unwrap_or_default()
}

fn text(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}
