//! The events of a socket's task on their way to the handle.
//!
//! The channel is bounded. When it is full, events wait in the task, and the task stops reading its socket until they
//! are gone: the provider is slowed down, nothing is lost, and commands are still obeyed.

use std::collections::VecDeque;
use tokio::sync::mpsc;

pub(crate) struct Outlet<T> {
    sender: mpsc::Sender<T>,
    waiting: VecDeque<T>,
}

impl<T> Outlet<T> {
    pub(crate) fn new(sender: mpsc::Sender<T>) -> Self {
        Self { sender, waiting: VecDeque::new() }
    }

    pub(crate) fn push(&mut self, event: T) {
        if self.waiting.is_empty() {
            match self.sender.try_send(event) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
                Err(mpsc::error::TrySendError::Full(event)) => self.waiting.push_back(event),
            }
        } else {
            self.waiting.push_back(event);
        }
    }

    /// Whether events wait: no more should be produced.
    pub(crate) fn is_full(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands over one waiting event; never ends when there is none, or when nobody listens any more.
    pub(crate) async fn drain_one(&mut self) {
        if !self.waiting.is_empty()
            && let Ok(permit) = self.sender.reserve().await
        {
            if let Some(event) = self.waiting.pop_front() {
                permit.send(event);
            }
            return;
        }
        std::future::pending::<()>().await;
    }

    /// Hands over everything that is left, or gives up when nobody listens any more.
    pub(crate) async fn finish(mut self) {
        while let Some(event) = self.waiting.pop_front() {
            if self.sender.send(event).await.is_err() {
                return;
            }
        }
    }
}
