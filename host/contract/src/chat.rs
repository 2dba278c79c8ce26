//! The conversation as a language model sees it, neutral of any provider.
//!
//! The engine owns the history and makes requests of this shape; adapters translate. A history is valid when every tool
//! call of an assistant message is answered by exactly one tool message before the next user or assistant message.

use crate::event::{ToolInfo, Usage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashSet;

/// The model asks for a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolCall {
    /// The provider's id of this request.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Arguments as the model wrote them: meant to be JSON, but it is the model's word.
    pub arguments: String,
}

/// One message of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "role", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the roles of the field")]
pub enum Message {
    User {
        text: String,
    },
    Assistant {
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall>,
    },
    Tool {
        id: String,
        name: String,
        content: String,
    },
}

/// What the model is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// Rendered instructions.
    pub instructions: String,
    /// The history, oldest first.
    pub messages: Vec<Message>,
    /// The tools it sees.
    pub tools: Vec<ToolInfo>,
    /// JSON Schema of the answer, if it must be structured.
    pub output_schema: Option<Value>,
    /// The call's context data, a JSON object; for engines that look things up by themselves instead of reading them in
    /// the instructions.
    pub context: Value,
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Finish {
    /// It was done.
    Stop,
    /// It ran into the token limit.
    Length,
    /// It waits for tools.
    ToolCalls,
    /// The provider withheld the answer.
    ContentFilter,
}

impl Finish {
    /// As in `wit/agent`.
    pub fn name(self) -> &'static str {
        match self {
            Finish::Stop => "stop",
            Finish::Length => "length",
            Finish::ToolCalls => "tool-calls",
            Finish::ContentFilter => "content-filter",
        }
    }
}

/// One piece of a streamed answer. The stream ends with `Done` or an error.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// More text.
    Text(String),
    /// A complete tool call.
    ToolCall(ToolCall),
    /// The end.
    Done {
        /// Why.
        finish: Finish,
        /// Tokens, when the provider tells.
        usage: Usage,
    },
}

/// Why a history would be refused by a provider.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum InvalidHistory {
    #[error("message {at}: tool call `{id}` has no answer before the next message")]
    Unanswered { at: usize, id: String },
    #[error("message {at}: answer to `{id}`, which was not asked or is answered already")]
    Unasked { at: usize, id: String },
}

/// Checks that every tool call is answered once, directly after the message that asked.
///
/// # Errors
/// The first violation.
pub fn check_history(messages: &[Message]) -> Result<(), InvalidHistory> {
    let mut open: HashSet<&str> = HashSet::new();
    for (at, message) in messages.iter().enumerate() {
        if let Message::Tool { id, .. } = message {
            if !open.remove(id.as_str()) {
                return Err(InvalidHistory::Unasked { at, id: id.clone() });
            }
            continue;
        }
        if let Some(id) = open.iter().next() {
            return Err(InvalidHistory::Unanswered { at, id: (*id).to_owned() });
        }
        if let Message::Assistant { tool_calls, .. } = message {
            open.extend(tool_calls.iter().map(|call| call.id.as_str()));
        }
    }
    match open.iter().next() {
        Some(id) => Err(InvalidHistory::Unanswered { at: messages.len(), id: (*id).to_owned() }),
        None => Ok(()),
    }
}
