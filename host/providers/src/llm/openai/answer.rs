//! An answer, put together from the chunks of its stream.
//!
//! Compatible servers differ: the id of a tool call may come once or with every fragment, the usage may be missing, and
//! so may the end mark. What decides is the reason for stopping.

use super::NAME;
use crate::config::Secret;
use crate::error::{ErrorKind, ProviderError, quote};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::VecDeque;
use trunkline_contract::chat::{Delta, Finish, ToolCall};
use trunkline_contract::event::Usage;

/// More than this is not an answer but a fault.
const MAX_CALLS: usize = 128;
const MAX_ARGUMENTS: usize = 256 * 1024;

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
    #[serde(default)]
    usage: Option<Used>,
    #[serde(borrow, default)]
    error: Option<Failure<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: u32,
    #[serde(borrow, default)]
    delta: Option<Piece<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow, default)]
    content: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    refusal: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Fragment<'a>>>,
}

#[derive(Deserialize)]
struct Fragment<'a> {
    #[serde(default)]
    index: Option<u32>,
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    arguments: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Used {
    #[serde(default)]
    prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
    #[serde(default)]
    prompt_tokens_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    cached_tokens: Option<u32>,
}

/// Servers write errors as an object or as a sentence.
#[derive(Deserialize)]
#[serde(untagged)]
enum Failure<'a> {
    Object {
        #[serde(borrow, default)]
        message: Option<Cow<'a, str>>,
        #[serde(default)]
        code: Option<serde_json::Value>,
        #[serde(borrow, default, rename = "type")]
        kind: Option<Cow<'a, str>>,
    },
    Sentence(String),
}

#[derive(Debug, Default)]
pub(super) struct Answer {
    calls: Vec<(u32, ToolCall)>,
    finish: Option<Finish>,
    usage: Option<Usage>,
    done: bool,
}

impl Answer {
    /// The reason for stopping is known; only usage and the end mark may follow.
    pub(super) fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// `Done` was given out.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Reads the data of one event.
    pub(super) fn take(&mut self, data: &[u8], key: &Secret, ready: &mut VecDeque<Delta>) -> Result<(), ProviderError> {
        if self.done {
            return Ok(());
        }
        if data == b"[DONE]" {
            self.finish.get_or_insert(Finish::Stop);
            return self.end(ready);
        }
        let chunk: Chunk<'_> = serde_json::from_slice(data)
            .map_err(|e| ProviderError::new(NAME, ErrorKind::Protocol, format!("a piece cannot be read: {e}")))?;
        if let Some(failure) = chunk.error {
            return Err(failure.into_error(key));
        }
        if let Some(used) = chunk.usage {
            self.usage = Some(Usage {
                input_tokens: used.prompt_tokens,
                output_tokens: used.completion_tokens,
                cached_tokens: used.prompt_tokens_details.and_then(|d| d.cached_tokens).unwrap_or(0),
            });
        }
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            self.choice(choice, ready)?;
        }
        // The usage is the last thing before the end mark.
        if self.finish.is_some() && self.usage.is_some() { self.end(ready) } else { Ok(()) }
    }

    /// No more will come.
    pub(super) fn end(&mut self, ready: &mut VecDeque<Delta>) -> Result<(), ProviderError> {
        if self.done {
            return Ok(());
        }
        let Some(mut finish) = self.finish else {
            return Err(ProviderError::new(NAME, ErrorKind::Closed, "the answer ended in the middle"));
        };
        if !self.calls.is_empty() {
            // Some servers say that they just stopped.
            finish = if finish == Finish::Stop { Finish::ToolCalls } else { finish };
            ready.extend(self.calls.drain(..).map(|(_, call)| Delta::ToolCall(call)));
        }
        self.done = true;
        ready.push_back(Delta::Done { finish, usage: self.usage.take().unwrap_or_default() });
        Ok(())
    }

    fn choice(&mut self, choice: Choice<'_>, ready: &mut VecDeque<Delta>) -> Result<(), ProviderError> {
        if let Some(piece) = choice.delta {
            for text in [piece.content, piece.refusal].into_iter().flatten().filter(|text| !text.is_empty()) {
                ready.push_back(Delta::Text(text.into_owned()));
            }
            for fragment in piece.tool_calls.into_iter().flatten() {
                self.fragment(fragment)?;
            }
        }
        if let Some(reason) = choice.finish_reason {
            self.finish = Some(match &*reason {
                "length" => Finish::Length,
                "tool_calls" | "function_call" => Finish::ToolCalls,
                "content_filter" => Finish::ContentFilter,
                _ => Finish::Stop,
            });
            ready.extend(self.calls.drain(..).map(|(_, call)| Delta::ToolCall(call)));
        }
        Ok(())
    }

    fn fragment(&mut self, fragment: Fragment<'_>) -> Result<(), ProviderError> {
        let too_large = || ProviderError::new(NAME, ErrorKind::Protocol, "a tool call without end");
        let index = fragment.index.unwrap_or_else(|| self.implied_index(fragment.id.as_deref()));
        let at = match self.calls.iter().position(|(i, _)| *i == index) {
            Some(at) => at,
            None if self.calls.len() >= MAX_CALLS => return Err(too_large()),
            None => {
                let call = ToolCall { id: String::new(), name: String::new(), arguments: String::new() };
                self.calls.push((index, call));
                self.calls.len() - 1
            }
        };
        let Some((_, call)) = self.calls.get_mut(at) else { return Ok(()) };
        if let Some(id) = fragment.id.filter(|id| !id.is_empty() && call.id.is_empty()) {
            call.id = id.into_owned();
        }
        let Some(function) = fragment.function else { return Ok(()) };
        if let Some(name) = function.name.filter(|_| call.name.is_empty()) {
            call.name = name.into_owned();
        }
        if let Some(arguments) = function.arguments {
            if call.arguments.len() + arguments.len() > MAX_ARGUMENTS {
                return Err(too_large());
            }
            call.arguments.push_str(&arguments);
        }
        Ok(())
    }

    /// Without an index a new id begins a new call, anything else continues the last one.
    fn implied_index(&self, id: Option<&str>) -> u32 {
        let last = self.calls.last();
        match (last, id) {
            (None, _) => 0,
            (Some((index, call)), Some(id)) if call.id != id => index.saturating_add(1),
            (Some((index, _)), _) => *index,
        }
    }
}

impl Failure<'_> {
    fn into_error(self, key: &Secret) -> ProviderError {
        let (code, message) = self.parts();
        let kind = match code.as_deref() {
            Some("rate_limit_exceeded" | "429") => ErrorKind::RateLimited { retry_after: None },
            Some("insufficient_quota") => ErrorKind::QuotaExceeded,
            Some("invalid_request_error" | "context_length_exceeded" | "400") => ErrorKind::InvalidRequest,
            _ => ErrorKind::Unavailable,
        };
        ProviderError::new(NAME, kind, quote(&message, key))
    }

    fn parts(self) -> (Option<String>, String) {
        match self {
            Failure::Sentence(message) => (None, message),
            Failure::Object { message, code, kind } => {
                let code = code.and_then(|code| match code {
                    serde_json::Value::String(text) => Some(text),
                    serde_json::Value::Number(number) => Some(number.to_string()),
                    _ => None,
                });
                (code.or_else(|| kind.map(Cow::into_owned)), message.unwrap_or_default().into_owned())
            }
        }
    }
}

/// Code and message of an error's body, or its beginning when it is something else.
pub(super) fn explanation(body: &[u8]) -> (Option<String>, String) {
    match serde_json::from_slice::<Chunk<'_>>(body) {
        Ok(Chunk { error: Some(failure), .. }) => failure.parts(),
        _ => (None, String::from_utf8_lossy(body).into_owned()),
    }
}

#[cfg(test)]
mod tests;
