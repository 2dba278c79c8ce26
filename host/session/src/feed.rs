//! What those who watch a live call are told as it happens.
//!
//! Rows are not handed over but announced: whoever watches reads them from the store, so nobody who falls behind misses
//! one. What is said or heard at this moment is told once, and is in no log.

use tokio::sync::broadcast;

/// Told but not yet taken by a watcher; beyond it the oldest are lost to that watcher.
const CAPACITY: usize = 64;

/// News of a live call.
#[derive(Clone, Debug)]
pub enum Feed {
    /// Everything up to this row is in the log.
    Committed(u64),
    /// The caller's words as the recogniser takes them so far.
    Hearing(String),
    /// What the agent is saying: not yet known as heard.
    Saying {
        /// Place in the history.
        index: u32,
        /// The whole text so far.
        text: String,
    },
}

/// Where news are given out.
#[derive(Clone, Debug)]
pub(crate) struct Feeds(broadcast::Sender<Feed>);

impl Feeds {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }

    /// Tells whoever watches; costs nothing while nobody does.
    pub(crate) fn tell(&self, news: impl FnOnce() -> Option<Feed>) {
        if self.0.receiver_count() > 0
            && let Some(news) = news()
        {
            self.0.send(news).ok();
        }
    }

    pub(crate) fn watch(&self) -> broadcast::Receiver<Feed> {
        self.0.subscribe()
    }
}
