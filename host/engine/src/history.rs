//! The conversation as the model will see it: what was said and what was really heard.
//!
//! Valid at any time: a message that asks for tools is followed at once by one answer per request, `pending` until the
//! result is known, so no interruption can leave a request unanswered. Text lives in messages of its own, because it is
//! cut to what was heard after later messages may have come.

use trunkline_contract::chat::{Message, ToolCall};

/// What a request gets as its answer until its result is known.
pub(crate) const PENDING: &str = r#"{"status":"pending"}"#;

/// The messages by index.
#[derive(Debug, Default)]
pub(crate) struct History {
    messages: Vec<Message>,
}

impl History {
    /// Appends a message and gives its index.
    pub(crate) fn push(&mut self, message: Message) -> u32 {
        self.messages.push(message);
        u32::try_from(self.messages.len() - 1).unwrap_or(u32::MAX)
    }

    /// Reserves a place for text that will be spoken.
    pub(crate) fn reserve(&mut self) -> u32 {
        self.push(Message::Assistant { text: String::new(), tool_calls: Vec::new() })
    }

    /// Asks for tools; gives the index of the request and those of the pending answers, in order.
    pub(crate) fn request_tools(&mut self, calls: Vec<ToolCall>) -> (u32, Vec<u32>) {
        let slots: Vec<Message> = calls
            .iter()
            .map(|call| Message::Tool { id: call.id.clone(), name: call.name.clone(), content: PENDING.to_owned() })
            .collect();
        let request = self.push(Message::Assistant { text: String::new(), tool_calls: calls });
        (request, slots.into_iter().map(|slot| self.push(slot)).collect())
    }

    /// Replaces the text of an assistant's or the content of a tool's message.
    pub(crate) fn set_text(&mut self, index: u32, new: &str) -> Option<Message> {
        let message = self.messages.get_mut(index as usize)?;
        match message {
            Message::User { text } | Message::Assistant { text, .. } | Message::Tool { content: text, .. } => {
                new.clone_into(text);
            }
        }
        Some(message.clone())
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Message> {
        self.messages.get(index as usize)
    }

    /// Puts a message where a log row says; gaps become empty messages.
    pub(crate) fn put(&mut self, index: u32, message: Message) {
        while self.messages.len() <= index as usize {
            self.reserve();
        }
        if let Some(slot) = self.messages.get_mut(index as usize) {
            *slot = message;
        }
    }

    /// Answers requests for tools whose answers are missing; tells where. Their places were kept when they were asked.
    pub(crate) fn answer_unanswered(&mut self, answer: &str) -> Vec<(u32, Message)> {
        let mut missing = Vec::new();
        for (index, message) in (1..).zip(&self.messages) {
            if let Message::Assistant { tool_calls, .. } = message {
                for (slot, call) in (index..).zip(tool_calls) {
                    if !matches!(self.get(slot), Some(Message::Tool { .. })) {
                        let (id, name, content) = (call.id.clone(), call.name.clone(), answer.to_owned());
                        missing.push((slot, Message::Tool { id, name, content }));
                    }
                }
            }
        }
        for (index, message) in &missing {
            self.put(*index, message.clone());
        }
        missing
    }

    /// Gives tool answers that are still `pending` another content; tells which.
    pub(crate) fn replace_pending(&mut self, pending: &str, new: &str) -> Vec<(u32, Message)> {
        let mut changed = Vec::new();
        for (index, message) in (0..).zip(&mut self.messages) {
            if let Message::Tool { content, .. } = message
                && content == pending
            {
                new.clone_into(content);
                changed.push((index, message.clone()));
            }
        }
        changed
    }

    /// As [`History::for_model`], the newest `most` of it. It begins where no request for tools is left without its answers,
    /// so there may be fewer.
    pub(crate) fn newest_for_model(&self, most: usize) -> Vec<Message> {
        let mut messages = self.for_model();
        let mut from = messages.len().saturating_sub(most);
        while matches!(messages.get(from), Some(Message::Tool { .. })) {
            from += 1;
        }
        messages.split_off(from)
    }

    /// What the model is sent: without assistant's messages that say nothing.
    pub(crate) fn for_model(&self) -> Vec<Message> {
        let empty = |m: &Message| matches!(m, Message::Assistant { text, tool_calls } if text.trim().is_empty() && tool_calls.is_empty());
        self.messages.iter().filter(|m| !empty(m)).cloned().collect()
    }
}
