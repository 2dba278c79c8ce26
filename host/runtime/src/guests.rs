//! The threads that guests run on, and the door in front of them.
//!
//! Each event or call is a task of its own: a panic loses that one, and a caller that stops waiting ends it.

use crate::failure::{Failure, FailureKind};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// Runs guests, at most as many at once as the pool has places.
#[derive(Debug)]
pub(crate) struct Guests {
    threads: Option<tokio::runtime::Runtime>,
    handle: Handle,
    /// A full pool is an error in wasmtime; here it is a wait.
    places: Arc<Semaphore>,
}

impl Guests {
    /// # Errors
    /// When the system gives no threads.
    pub(crate) fn start(threads: usize, places: u32) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .max_blocking_threads(2)
            .thread_name("guest")
            .enable_time()
            .build()?;
        let handle = runtime.handle().clone();
        Ok(Guests { threads: Some(runtime), handle, places: Arc::new(Semaphore::new(places as usize)) })
    }

    /// Runs one guest within `wall`, the wait for a place included.
    pub(crate) async fn run<T, F>(&self, wall: Duration, guest: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let deadline = Instant::now() + wall;
        let place = self.place(deadline).await?;
        let mut task = Task(self.handle.spawn(async move {
            let answer = timeout_at(deadline, guest).await;
            drop(place);
            answer
        }));
        match (&mut task.0).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Failure::timeout(wall)),
            Err(lost) if lost.is_panic() => {
                Err(Failure::new(FailureKind::Panicked, "the host's own code failed while it ran the component"))
            }
            Err(_) => Err(closed()),
        }
    }

    /// Runs something that blocks (compiling) beside the guests.
    pub(crate) async fn block<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.handle.spawn_blocking(work).await.map_err(|_| closed())
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

impl Drop for Guests {
    fn drop(&mut self) {
        // Waiting for threads would block whichever thread drops the last handle, often an async one.
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

/// A task that ends when nobody waits for it.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
