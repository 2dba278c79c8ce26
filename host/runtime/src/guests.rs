//! The threads that guests run on, and the door in front of them.
//!
//! Each event or call is a task of its own: a panic loses that one, and a caller that stops waiting ends it. Each thread
//! has a scheduler of its own, because a shared one wakes a second thread for every task that a first one takes: on a
//! small machine that costs more than the guest. A guest goes to the thread with the fewest; one that spins yields at each
//! tick, so its neighbours wait milliseconds at most.

use crate::failure::{Failure, FailureKind};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// Runs guests, at most as many at once as the pool has places.
#[derive(Debug)]
pub(crate) struct Guests {
    threads: Vec<Thread>,
    /// A full pool is an error in wasmtime; here it is a wait.
    places: Arc<Semaphore>,
}

/// One thread, until it is dropped.
#[derive(Debug)]
struct Thread {
    handle: Handle,
    guests: Arc<AtomicUsize>,
    _running: oneshot::Sender<()>,
}

/// A guest's future. Boxed: it has some KiB, and would be moved from task to task. What it gives beside the answer is
/// dropped after the answer was sent: emptying a store takes as long as filling it.
pub(crate) type Guest<T, D> = Pin<Box<dyn Future<Output = (T, D)> + Send>>;

impl Guests {
    /// # Errors
    /// When the system gives no threads.
    pub(crate) fn start(threads: usize, places: u32) -> std::io::Result<Self> {
        let threads = (0..threads.max(1)).map(|_| Thread::start()).collect::<std::io::Result<_>>()?;
        Ok(Guests { threads, places: Arc::new(Semaphore::new(places as usize)) })
    }

    /// Runs one guest within `wall`, the wait for a place included.
    pub(crate) async fn run<T, D>(&self, wall: Duration, mut guest: Guest<T, D>) -> Result<T, Failure>
    where
        T: Send + 'static,
        D: Send + 'static,
    {
        let deadline = Instant::now() + wall;
        let place = self.place(deadline).await?;
        let thread = self.threads.iter().min_by_key(|thread| thread.guests.load(Relaxed)).ok_or_else(closed)?;
        let seat = Seat::take(&thread.guests, place);
        let (answer, answered) = oneshot::channel();
        let mut task = Task(Some(thread.handle.spawn(async move {
            // Declared before the rest: places are given back last, when the store is gone.
            let _seat = seat;
            match timeout_at(deadline, &mut guest).await {
                Ok((value, rest)) => {
                    let _ = answer.send(Ok(value));
                    drop(rest);
                }
                Err(_) => {
                    let _ = answer.send(Err(Failure::timeout(wall)));
                }
            }
            drop(guest);
        })));
        match answered.await {
            Ok(answer) => {
                task.let_go();
                answer
            }
            Err(_) => Err(task.why_lost().await),
        }
    }

    /// Runs something that blocks (compiling) beside the guests.
    pub(crate) async fn block<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let thread = self.threads.first().ok_or_else(closed)?;
        thread.handle.spawn_blocking(work).await.map_err(|_| closed())
    }

    async fn place(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Failure> {
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Ok(place),
            Err(TryAcquireError::Closed) => Err(closed()),
            Err(TryAcquireError::NoPermits) => {
                let waiting = timeout_at(deadline, Arc::clone(&self.places).acquire_owned()).await;
                let place = waiting.map_err(|_| Failure::new(FailureKind::Busy, "no place became free in time"))?;
                place.map_err(|_| closed())
            }
        }
    }
}

fn closed() -> Failure {
    Failure::new(FailureKind::Closed, "the runtime is shutting down")
}

impl Thread {
    fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().max_blocking_threads(1).enable_time().build()?;
        let handle = runtime.handle().clone();
        let (running, stopped) = oneshot::channel();
        // Not joined: its last handle may be dropped on an async thread, or on this very one.
        std::thread::Builder::new().name("guest".to_owned()).spawn(move || {
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        })?;
        Ok(Thread { handle, guests: Arc::default(), _running: running })
    }
}

/// A guest's place in the pool and on its thread.
struct Seat {
    guests: Arc<AtomicUsize>,
    _place: OwnedSemaphorePermit,
}

impl Seat {
    fn take(guests: &Arc<AtomicUsize>, place: OwnedSemaphorePermit) -> Self {
        guests.fetch_add(1, Relaxed);
        Seat { guests: Arc::clone(guests), _place: place }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.guests.fetch_sub(1, Relaxed);
    }
}

/// A task that ends when nobody waits for it.
struct Task(Option<JoinHandle<()>>);

impl Task {
    /// It has answered and only tidies up.
    fn let_go(&mut self) {
        self.0 = None;
    }

    /// It ended without an answer.
    async fn why_lost(mut self) -> Failure {
        let Some(task) = self.0.take() else { return closed() };
        match task.await {
            Err(lost) if lost.is_panic() => {
                Failure::new(FailureKind::Panicked, "the host's own code failed while it ran the component")
            }
            _ => closed(),
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
