//! One message and its answer, as the server writes it.

use crate::backend::{Events, Remote, refusal};
use anyhow::{Context as _, bail};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use trunkline_contract::CallId;
use trunkline_contract::log::Row;

/// A conversation.
pub(super) struct Talk {
    pub(super) remote: Remote,
    agent: String,
    /// None: the next message begins one.
    pub(super) thread: Option<String>,
}

/// What comes while an answer is written.
#[derive(Debug)]
pub(super) enum Piece {
    /// More of the message with this place in the history.
    Text { index: u64, text: String },
    /// A whole message: a line of the transcript.
    Line(Value),
    /// A row of the log.
    Row(Box<Row>),
    /// Everything is answered.
    Done(Done),
}

/// How a turn ends.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(super) struct Done {
    /// The conversation is over.
    pub(super) ended: bool,
    /// The result so far.
    #[serde(default)]
    pub(super) result: Map<String, Value>,
}

/// An answer that is on its way.
pub(super) struct Answer {
    events: Events,
}

impl Talk {
    pub(super) fn new(remote: Remote, agent: String, thread: Option<String>) -> Self {
        Self { remote, agent, thread }
    }

    /// Its log, once it has begun.
    pub(super) fn call(&self) -> anyhow::Result<Option<CallId>> {
        self.thread.as_deref().map(str::parse).transpose().context("the conversation's id is none")
    }

    fn body(&self, text: Option<&str>) -> Value {
        let mut body = Map::new();
        body.extend(self.thread.as_ref().map(|thread| ("thread".to_owned(), json!(thread))));
        body.extend(text.map(|text| ("text".to_owned(), json!(text))));
        Value::Object(body)
    }

    /// The whole answer; without `text` a new conversation's greeting.
    ///
    /// # Errors
    /// The server's.
    pub(super) async fn whole(&mut self, text: Option<&str>) -> anyhow::Result<Value> {
        let path = ["agents", &self.agent, "chat"];
        let answer = self.remote.0.post(&path, Some(&self.body(text))).await?;
        self.thread = answer["thread"].as_str().map(str::to_owned).or(self.thread.take());
        Ok(answer)
    }

    /// The answer as it is written; without `text` a new conversation's greeting.
    ///
    /// # Errors
    /// The server's.
    pub(super) async fn streamed(&self, text: Option<&str>) -> anyhow::Result<Answer> {
        let path = ["agents", &self.agent, "chat"];
        let events = self.remote.0.events(&path, &[], Some(&self.body(text))).await?;
        Ok(Answer { events })
    }
}

impl Answer {
    /// The next piece; the first event names the conversation, which goes to `talk`. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The server's, and when the answer is cut off.
    pub(super) async fn next(&mut self, talk: &mut Talk) -> anyhow::Result<Piece> {
        #[derive(Deserialize)]
        struct Text {
            index: u64,
            text: String,
        }
        while let Some(event) = self.events.next().await? {
            let data = event.data.as_str();
            let read = || format!("the server's event `{}` cannot be read", event.name);
            match event.name.as_str() {
                "thread" => {
                    let begun: Value = serde_json::from_str(data).with_context(read)?;
                    talk.thread = begun["thread"].as_str().map(str::to_owned);
                }
                "delta" => {
                    let Text { index, text } = serde_json::from_str(data).with_context(read)?;
                    return Ok(Piece::Text { index, text });
                }
                "message" => return Ok(Piece::Line(serde_json::from_str(data).with_context(read)?)),
                // Rows of a newer server are nothing to stop for.
                "row" => match serde_json::from_str(data) {
                    Ok(row) => return Ok(Piece::Row(row)),
                    Err(_) => continue,
                },
                "done" => return Ok(Piece::Done(serde_json::from_str(data).with_context(read)?)),
                "error" => return Err(refusal(StatusCode::INTERNAL_SERVER_ERROR, data.as_bytes(), "")),
                _ => {}
            }
        }
        bail!("the answer was cut off: the server has ended it")
    }
}
