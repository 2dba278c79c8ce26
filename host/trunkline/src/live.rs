//! A call as it goes on: rows of its log, and what is said and heard at this moment.

use crate::backend::{Events, Refused, Remote};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::sleep;
use trunkline_contract::CallId;
use trunkline_contract::log::Row;

/// A broken stream is opened again so many times in a row.
const TRIES: u32 = 5;
/// Before a broken stream is opened again.
const PAUSE: Duration = Duration::from_millis(500);

/// News of a call.
#[derive(Debug)]
pub(crate) enum News {
    /// A row of its log.
    Row(Box<Row>),
    /// What is being said; not logged.
    Partial(Partial),
    /// The call is over, and everything has been told.
    End,
}

/// What is being said.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "role", rename_all = "lowercase")]
pub(crate) enum Partial {
    /// The caller's words so far.
    User { text: String },
    /// The agent's words, not yet known as heard.
    Assistant { text: String },
}

/// Watches a call. A broken stream is continued where it broke.
pub(crate) struct Watch {
    remote: Remote,
    call: CallId,
    next: u64,
    events: Option<Events>,
    tries: u32,
}

impl Watch {
    /// Nothing is asked before the first [`Watch::next`].
    pub(crate) fn new(remote: Remote, call: CallId, from_seq: u64) -> Self {
        Self { remote, call, next: from_seq, events: None, tries: 0 }
    }

    /// The next news; after [`News::End`] there are none.
    ///
    /// # Errors
    /// There is no such call, or the server is gone for good.
    pub(crate) async fn next(&mut self) -> anyhow::Result<News> {
        loop {
            match self.read().await {
                Ok(Some(news)) => {
                    self.tries = 0;
                    return Ok(news);
                }
                // Ended without a word: the server stops, or the call is over since long.
                Ok(None) => {
                    self.events = None;
                    if self.tries > 0 && self.remote.call(self.call).await?["state"] == "ended" {
                        return Ok(News::End);
                    }
                }
                Err(error) if error.is::<Refused>() || self.tries >= TRIES => return Err(error),
                Err(_) => self.events = None,
            }
            self.tries += 1;
            if self.tries > TRIES {
                anyhow::bail!("the server ends the stream of the call {} again and again", self.call);
            }
            // A server that was just lost needs a moment to come back; this is no way to wait for news.
            sleep(PAUSE).await;
        }
    }

    async fn read(&mut self) -> anyhow::Result<Option<News>> {
        let events = match &mut self.events {
            Some(events) => events,
            None => self.events.insert(self.remote.live(self.call, self.next).await?),
        };
        while let Some(event) = events.next().await? {
            match event.name.as_str() {
                "row" => {
                    let row: Row = serde_json::from_str(&event.data)?;
                    self.next = row.seq + 1;
                    return Ok(Some(News::Row(Box::new(row))));
                }
                "partial" => match serde_json::from_str(&event.data) {
                    Ok(partial) => return Ok(Some(News::Partial(partial))),
                    Err(_) => continue,
                },
                "end" => return Ok(Some(News::End)),
                _ => {}
            }
        }
        Ok(None)
    }
}
