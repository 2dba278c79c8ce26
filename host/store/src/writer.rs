//! The writer: one thread, the only connection that writes, commits in groups.
//!
//! A commit with `synchronous=FULL` costs a flush of the disk whatever is in it, so the thread takes everything that is
//! queued, gives each write its own savepoint, and commits once; an answer is given only after that. A write that is not
//! urgent waits up to [`JOIN_WINDOW`] for others to share its commit; an urgent one ends the wait for all. After some
//! errors, such as a full disk, SQLite undoes the whole transaction; then every write of the group gets that error.
//!
//! The queue holds [`QUEUE`] writes. When it is full, the sender waits: writes are never dropped, and memory is bounded.

use crate::changes::Bell;
use crate::sqlite::Db;
use crate::{Result, StoreError};
use std::cell::Cell;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use trunkline_contract::CallId;

/// Writes that may wait for the writer.
const QUEUE: usize = 1024;
/// Writes that share one commit at most.
const GROUP: usize = 512;
/// How long a write that is not urgent waits for others.
const JOIN_WINDOW: Duration = Duration::from_millis(20);

/// Whether a write waits for others to share its commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Commits at once, with everything that is queued.
    Urgent,
    /// Waits up to 20 ms.
    Joins,
}

/// Rows of one call's log in a commit.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "failpoints"), allow(dead_code, reason = "read by the failpoints"))]
pub(crate) struct Logged {
    pub(crate) call: CallId,
    pub(crate) last_seq: u64,
    pub(crate) rows: u64,
}

/// The group's open transaction.
pub(crate) struct Tx<'a> {
    db: &'a Db,
    logged: Vec<Logged>,
    configured: Cell<bool>,
}

impl Tx<'_> {
    /// Tells that rows were added to a call's log.
    pub(crate) fn note(&mut self, logged: Logged) {
        self.logged.push(logged);
    }

    /// Tells that something was changed that others may have in memory.
    pub(crate) fn configured(&self) {
        self.configured.set(true);
    }
}

impl Deref for Tx<'_> {
    type Target = Db;
    fn deref(&self) -> &Db {
        self.db
    }
}

trait Job: Send {
    /// Runs within its savepoint; an error undoes only this job.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()>;
    /// The group's fate: tells the sender.
    fn finish(self: Box<Self>, group: Result<()>);
}

struct Write<T, F> {
    work: Option<F>,
    result: Result<T>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnOnce(&mut Tx<'_>) -> Result<T> + Send> Job for Write<T, F> {
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        let Some(work) = self.work.take() else { return Ok(()) };
        // libSQL panics on text that is not UTF-8, which a damaged file may hold; the thread must outlive that.
        self.result = catch_unwind(AssertUnwindSafe(|| work(tx)))
            .unwrap_or_else(|_| Err(StoreError::Internal("a write panicked; the file may be damaged".to_owned())));
        self.result.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn finish(self: Box<Self>, group: Result<()>) {
        // A sender that no longer waits does not undo its write.
        let _ = self.reply.send(group.and(self.result));
    }
}

struct Queued {
    job: Box<dyn Job>,
    urgency: Urgency,
    since: Instant,
}

enum Message {
    Write(Queued),
    Close,
}

/// What the writer has done since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterStats {
    /// Commits, each one flush of the disk.
    pub commits: u64,
    /// Writes, refused ones included.
    pub writes: u64,
    /// Rows added to logs.
    pub rows: u64,
    /// Most writes in one commit.
    pub largest_group: u64,
    /// Time from BEGIN to the end of COMMIT, µs, all commits together.
    pub commit_us: u64,
    /// Groups that were lost as a whole, each of their writes with an error.
    pub failed_groups: u64,
}

#[derive(Default)]
struct Counters {
    commits: AtomicU64,
    writes: AtomicU64,
    rows: AtomicU64,
    largest_group: AtomicU64,
    commit_us: AtomicU64,
    failed_groups: AtomicU64,
}

/// The sending side.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    counters: Arc<Counters>,
}

/// The receiving side, to be run on its thread.
pub(crate) struct WriterLoop {
    queue: mpsc::Receiver<Message>,
    counters: Arc<Counters>,
    bell: Bell,
    #[cfg(feature = "failpoints")]
    failpoint: crate::failpoint::Failpoint,
}

/// A write that is queued; resolves when its commit is durable. Dropping it does not undo the write.
pub(crate) type Reply<T> = oneshot::Receiver<Result<T>>;

/// The queue had no place.
pub(crate) struct Full;

pub(crate) fn channel(bell: Bell) -> (Writer, WriterLoop) {
    let (send, receive) = mpsc::channel(QUEUE);
    let counters = Arc::new(Counters::default());
    let writer = Writer { queue: send, counters: counters.clone() };
    let writer_loop = WriterLoop {
        queue: receive,
        counters,
        bell,
        #[cfg(feature = "failpoints")]
        failpoint: crate::failpoint::Failpoint::from_env(),
    };
    (writer, writer_loop)
}

fn message<T, F>(urgency: Urgency, work: F) -> (Message, Reply<T>)
where
    T: Send + 'static,
    F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let job = Box::new(Write { work: Some(work), result: Err(StoreError::Closed), reply });
    (Message::Write(Queued { job, urgency, since: Instant::now() }), answer)
}

impl Writer {
    /// Queues a write, waiting while the queue is full. Writes run in the order in which they were queued.
    pub(crate) async fn enqueue<T, F>(&self, urgency: Urgency, work: F) -> Result<Reply<T>>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let place = self.queue.reserve().await.map_err(|_| StoreError::Closed)?;
        let (message, answer) = message(urgency, work);
        place.send(message);
        Ok(answer)
    }

    /// Queues a write if there is a place; `work` is made only then.
    pub(crate) fn try_enqueue<T, F>(
        &self,
        urgency: Urgency,
        work: impl FnOnce() -> F,
    ) -> std::result::Result<Result<Reply<T>>, Full>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let place = match self.queue.try_reserve() {
            Ok(place) => place,
            Err(mpsc::error::TrySendError::Full(())) => return Err(Full),
            Err(mpsc::error::TrySendError::Closed(())) => return Ok(Err(StoreError::Closed)),
        };
        let (message, answer) = message(urgency, work());
        place.send(message);
        Ok(Ok(answer))
    }

    /// Writes and waits until the commit is durable.
    pub(crate) async fn write<T, F>(&self, urgency: Urgency, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.enqueue(urgency, work).await?.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Ends the thread after what is queued now.
    pub(crate) async fn close(&self) {
        // An error means that it has ended already.
        let _ = self.queue.send(Message::Close).await;
    }

    pub(crate) fn stats(&self) -> WriterStats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WriterStats {
            commits: get(&self.counters.commits),
            writes: get(&self.counters.writes),
            rows: get(&self.counters.rows),
            largest_group: get(&self.counters.largest_group),
            commit_us: get(&self.counters.commit_us),
            failed_groups: get(&self.counters.failed_groups),
        }
    }
}

impl WriterLoop {
    /// Runs until the store is closed or dropped; what was queued before that is written.
    pub(crate) fn run(mut self, db: &Db) -> std::io::Result<()> {
        let timer = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        while let Some(message) = self.queue.blocking_recv() {
            let mut group = Vec::new();
            let mut take = self.take(message, &mut group);
            while take == Take::More {
                take = match self.queue.try_recv() {
                    Ok(message) => self.take(message, &mut group),
                    Err(_) => self.wait(&timer, &mut group),
                };
            }
            if !group.is_empty() {
                self.commit(db, group);
            }
        }
        Ok(())
    }

    fn take(&mut self, message: Message, group: &mut Vec<Queued>) -> Take {
        match message {
            Message::Write(queued) => group.push(queued),
            // Senders get `Closed` from now on; the loop ends when the rest is written.
            Message::Close => self.queue.close(),
        }
        if group.len() < GROUP { Take::More } else { Take::Enough }
    }

    /// Nothing more is queued: waits for another write, if nobody in the group is in a hurry.
    fn wait(&mut self, timer: &tokio::runtime::Runtime, group: &mut Vec<Queued>) -> Take {
        let Some(first) = group.first() else { return Take::Enough };
        if group.iter().any(|queued| queued.urgency == Urgency::Urgent) {
            return Take::Enough;
        }
        let until = first.since + JOIN_WINDOW;
        match timer.block_on(async { tokio::time::timeout_at(until, self.queue.recv()).await }) {
            Ok(Some(message)) => self.take(message, group),
            Ok(None) | Err(_) => Take::Enough,
        }
    }

    fn commit(&mut self, db: &Db, mut group: Vec<Queued>) {
        let started = Instant::now();
        let counters = &self.counters;
        let size = group.len() as u64;
        counters.writes.fetch_add(size, Ordering::Relaxed);
        let outcome = run_group(db, &mut group);
        counters.commit_us.fetch_add(micros(started.elapsed()), Ordering::Relaxed);
        let outcome = match outcome {
            Ok((logged, configured)) => {
                // Before the answers: whoever learns that it is written finds that others could have learnt it.
                if configured {
                    self.bell.send_modify(|count| *count += 1);
                }
                counters.commits.fetch_add(1, Ordering::Relaxed);
                counters.largest_group.fetch_max(size, Ordering::Relaxed);
                counters.rows.fetch_add(logged.iter().map(|logged| logged.rows).sum(), Ordering::Relaxed);
                #[cfg(feature = "failpoints")]
                self.failpoint.committed(&logged);
                Ok(())
            }
            Err(error) => {
                counters.failed_groups.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, writes = size, "a group of writes was not committed");
                Err(error)
            }
        };
        for queued in group {
            queued.job.finish(outcome.clone());
        }
    }
}

#[derive(PartialEq, Eq)]
enum Take {
    More,
    Enough,
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Runs all jobs in one transaction. An error means that nothing of the group was written.
fn run_group(db: &Db, group: &mut [Queued]) -> Result<(Vec<Logged>, bool)> {
    db.execute("BEGIN IMMEDIATE", Vec::new())?;
    let mut tx = Tx { db, logged: Vec::new(), configured: Cell::new(false) };
    let outcome = run_jobs(&mut tx, group).and_then(|()| Ok(db.execute("COMMIT", Vec::new()).map(|_| ())?));
    if outcome.is_err() && !db.is_autocommit() {
        // It cannot make things worse; if it fails, the next BEGIN reports why.
        let _ = db.execute("ROLLBACK", Vec::new());
    }
    outcome.map(|()| (tx.logged, tx.configured.get()))
}

fn run_jobs(tx: &mut Tx<'_>, group: &mut [Queued]) -> Result<()> {
    for queued in group {
        tx.execute("SAVEPOINT job", Vec::new())?;
        let logged = tx.logged.len();
        if let Err(error) = queued.job.run(tx) {
            tx.logged.truncate(logged);
            if tx.is_autocommit() {
                // SQLite has undone the whole transaction, so the writes before this one are lost too.
                return Err(error);
            }
            tx.execute("ROLLBACK TO job", Vec::new())?;
        }
        tx.execute("RELEASE job", Vec::new())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
