//! The readers: two threads, each with a connection that can only read, serving one queue.
//!
//! With WAL, readers see the last commit and never wait for the writer, nor it for them. The queue holds [`QUEUE`] reads;
//! when it is full, the sender waits.

use crate::sqlite::Db;
use crate::{Result, StoreError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Threads that read.
pub(crate) const READERS: usize = 2;
/// Reads that may wait for a thread.
const QUEUE: usize = 256;

enum Message {
    Read(Box<dyn FnOnce(&Db) + Send>),
    /// Ends one thread.
    Close,
}

/// The sending side.
#[derive(Clone)]
pub(crate) struct Readers {
    queue: mpsc::Sender<Message>,
}

/// The receiving side, shared by the threads.
#[derive(Clone)]
pub(crate) struct ReaderLoop {
    queue: Arc<Mutex<mpsc::Receiver<Message>>>,
}

pub(crate) fn channel() -> (Readers, ReaderLoop) {
    let (send, receive) = mpsc::channel(QUEUE);
    (Readers { queue: send }, ReaderLoop { queue: Arc::new(Mutex::new(receive)) })
}

impl Readers {
    /// Reads on one of the threads.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Db) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(move |db: &Db| {
            if reply.is_closed() {
                return;
            }
            // libSQL panics on text that is not UTF-8, which a damaged file may hold; the thread must outlive that.
            let result = catch_unwind(AssertUnwindSafe(|| work(db)))
                .unwrap_or_else(|_| Err(StoreError::Internal("a read panicked; the file may be damaged".to_owned())));
            let _ = reply.send(result);
        });
        self.queue.send(Message::Read(job)).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Ends the threads after what is queued now.
    pub(crate) async fn close(&self) {
        for _ in 0..READERS {
            // An error means that they have ended already.
            let _ = self.queue.send(Message::Close).await;
        }
    }
}

impl ReaderLoop {
    /// Runs until the store is closed or dropped.
    pub(crate) fn run(&self, db: &Db) {
        // The idle thread that holds the lock waits for the next read, the other one for the lock.
        while let Some(Message::Read(job)) = self.next() {
            job(db);
        }
    }

    fn next(&self) -> Option<Message> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
    }
}
