//! The transcript: a projection of a log's messages, as heard.
//!
//! What was heard of a message is often known only after the message was needed, so a later row with the same index
//! replaces the earlier one, and an assistant message that turned out to have said nothing counts as absent.

use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use trunkline_contract::Ms;
use trunkline_contract::chat::{Message, ToolCall};
use trunkline_contract::log::{Entry, Row};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Speaker")]
#[allow(missing_docs, reason = "the roles of the field")]
pub enum Speaker {
    User,
    Assistant,
    Tool,
}

/// One line of a transcript.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TranscriptLine {
    /// Place in the model's history.
    pub index: u32,
    /// Who.
    pub role: Speaker,
    /// What was said; of an assistant, what was heard; of a tool, what it answered.
    pub text: String,
    /// When the message first appeared, on the call's clock.
    pub at_ms: Ms,
    /// The text was corrected later, usually because the caller heard only part of it.
    pub corrected: bool,
    /// What would have followed and was never heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_heard: Option<String>,
    /// Tools that the assistant asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Name of the tool that answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
}

impl TranscriptLine {
    /// It is the agent's side: its words and its tools.
    pub fn is_answer(&self) -> bool {
        self.role != Speaker::User
    }
}

struct Latest<'a> {
    first_at_ms: Ms,
    corrected: bool,
    message: &'a Message,
    not_heard: Option<&'a str>,
}

fn latest(rows: &[Row]) -> BTreeMap<u32, Latest<'_>> {
    let mut all: BTreeMap<u32, Latest<'_>> = BTreeMap::new();
    for row in rows {
        let Entry::Message { index, message, not_heard } = &row.entry else { continue };
        let not_heard = not_heard.as_deref();
        all.entry(*index)
            .and_modify(|known| {
                known.corrected |= known.message != message;
                known.message = message;
                known.not_heard = not_heard;
            })
            .or_insert(Latest { first_at_ms: row.at_ms, corrected: false, message, not_heard });
    }
    all
}

fn is_absent(message: &Message) -> bool {
    matches!(message, Message::Assistant { text, tool_calls } if text.is_empty() && tool_calls.is_empty())
}

/// The model's history that rows in order amount to.
pub fn messages(rows: &[Row]) -> Vec<Message> {
    let heard = latest(rows).into_values().filter(|latest| !is_absent(latest.message));
    heard.map(|latest| latest.message.clone()).collect()
}

/// The transcript that rows in order amount to; rows that are not messages are passed over.
pub fn transcript(rows: &[Row]) -> Vec<TranscriptLine> {
    let known = latest(rows).into_iter().filter(|(_, latest)| !is_absent(latest.message) || latest.not_heard.is_some());
    known.map(|(index, latest)| line(index, &latest)).collect()
}

fn line(index: u32, latest: &Latest<'_>) -> TranscriptLine {
    let (role, text, tool_calls, tool) = match latest.message.clone() {
        Message::User { text } => (Speaker::User, text, Vec::new(), None),
        Message::Assistant { text, tool_calls } => (Speaker::Assistant, text, tool_calls, None),
        Message::Tool { name, content, .. } => (Speaker::Tool, content, Vec::new(), Some(name)),
    };
    let not_heard = latest.not_heard.map(str::to_owned);
    let (at_ms, corrected) = (latest.first_at_ms, latest.corrected);
    TranscriptLine { index, role, text, at_ms, corrected, not_heard, tool_calls, tool }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: u64, index: u32, message: Message) -> Row {
        Row { seq, at_ms: seq * 100, entry: Entry::message(index, message), component: None }
    }

    fn assistant(text: &str) -> Message {
        Message::Assistant { text: text.to_owned(), tool_calls: Vec::new() }
    }

    fn user(text: &str) -> Message {
        Message::User { text: text.to_owned() }
    }

    #[test]
    fn the_last_row_of_an_index_counts_in_the_place_of_the_first() {
        let rows = [
            row(1, 0, assistant("Good morning, how can I help?")),
            row(2, 1, user("Wait")),
            row(3, 0, assistant("Good morning,")),
        ];
        let lines = transcript(&rows);
        assert_eq!(lines[0].text, "Good morning,");
        assert_eq!((lines[0].at_ms, lines[0].corrected), (100, true));
        assert_eq!((lines[1].text.as_str(), lines[1].corrected), ("Wait", false));
        assert_eq!(messages(&rows), [assistant("Good morning,"), user("Wait")]);
    }

    #[test]
    fn an_answer_that_nobody_heard_is_absent() {
        let rows = [row(1, 0, user("Hello")), row(2, 1, assistant("Hi")), row(3, 1, assistant(""))];
        assert_eq!(messages(&rows), [user("Hello")]);
        assert_eq!(transcript(&rows).len(), 1);
    }

    #[test]
    fn what_was_never_heard_stays_visible() {
        let cut = Entry::Message { index: 0, message: assistant(""), not_heard: Some("Good morning".to_owned()) };
        let rows = [Row { seq: 1, at_ms: 100, entry: cut, component: None }];
        let lines = transcript(&rows);
        assert_eq!((lines[0].text.as_str(), lines[0].not_heard.as_deref()), ("", Some("Good morning")));
        assert_eq!(messages(&rows), []);
    }

    #[test]
    fn an_answer_that_only_calls_tools_stays() {
        let call = ToolCall { id: "1".into(), name: "lookup".into(), arguments: "{}".into() };
        let rows = [row(1, 0, Message::Assistant { text: String::new(), tool_calls: vec![call.clone()] })];
        assert_eq!(transcript(&rows)[0].tool_calls, [call]);
    }
}
