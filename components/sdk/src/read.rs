//! The JSON inside events, as the author's own types.

use crate::bindings::trunkline::agent::types::{
    CallInfo, Control, Custom, EffectResult, Generation, ToolRequest, ToolResult,
};
use serde::de::DeserializeOwned;
use serde_json::{Result, Value};

impl CallInfo {
    /// The call's context data.
    ///
    /// # Errors
    /// When the context does not fit the type.
    pub fn context_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.context)
    }

    /// What the agent that handed the call over left; `None` when nobody did.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn handoff_as<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.handoff.as_deref().map(serde_json::from_str).transpose()
    }

    /// Puts the call's context data into a text as the host does for the contract's own: `{{ name }}` and
    /// `{{ name.inner }}` stand for values, `{{{{` writes two braces. What the context does not have stays as written.
    pub fn render(&self, text: &str) -> String {
        if !text.contains("{{") {
            return text.to_owned();
        }
        render(text, &serde_json::from_slice(self.context.as_bytes()).unwrap_or_default())
    }
}

fn render(text: &str, context: &Value) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let literal = after.strip_prefix("{{");
        let name = after.split_once("}}").filter(|_| literal.is_none());
        let value = name.and_then(|(name, _)| name.trim().split('.').try_fold(context, |value, part| value.get(part)));
        rest = match (value, name) {
            (Some(Value::String(value)), Some((_, behind))) => {
                out.push_str(value);
                behind
            }
            (Some(value), Some((_, behind))) => {
                out.push_str(&value.to_string());
                behind
            }
            _ => {
                out.push_str("{{");
                literal.unwrap_or(after)
            }
        };
    }
    out + rest
}

impl Generation {
    /// The structured output; `None` when no schema was asked for.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn output_as<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.output.as_deref().map(serde_json::from_str).transpose()
    }
}

impl ToolRequest {
    /// The arguments that the model wrote.
    ///
    /// # Errors
    /// When they do not fit the type: answer the request with that.
    pub fn args_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.args)
    }
}

impl ToolResult {
    /// The result or error.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn value_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.value)
    }

    /// Whether the tool did what it should.
    pub fn is_ok(&self) -> bool {
        self.status == "ok"
    }
}

impl EffectResult {
    /// The result or error.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn value_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.value)
    }
}

impl Control {
    /// What came with it.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.payload)
    }
}

impl Custom {
    /// What came with it.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.payload)
    }
}

#[cfg(test)]
mod tests;
