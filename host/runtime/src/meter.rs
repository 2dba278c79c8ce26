//! Measures what a guest costs: the time that its future is being polled.
//!
//! A guest that waits (for its turn, for a host function) costs nothing. The time is wall time of the poll, so a thread
//! that loses its core counts against the guest: the budget is generous enough for that.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Poll time of one guest. Written and read by the thread that polls it, so the atomics only make it shareable.
#[derive(Debug)]
pub(crate) struct Meter {
    origin: Instant,
    budget: u64,
    spent: AtomicU64,
    since: AtomicU64,
}

impl Meter {
    pub(crate) fn new(budget: Duration) -> Self {
        Meter { origin: Instant::now(), budget: nanos(budget), spent: AtomicU64::new(0), since: AtomicU64::new(0) }
    }

    /// Runs a future, measuring each poll.
    pub(crate) async fn measure<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            let before = nanos(self.origin.elapsed());
            self.since.store(before, Relaxed);
            let polled = future.as_mut().poll(context);
            let took = nanos(self.origin.elapsed()).saturating_sub(before);
            self.spent.store(self.spent.load(Relaxed).saturating_add(took), Relaxed);
            polled
        })
        .await
    }

    /// Whether the budget is spent, asked from within a poll.
    pub(crate) fn exceeded(&self) -> bool {
        let running = nanos(self.origin.elapsed()).saturating_sub(self.since.load(Relaxed));
        self.spent.load(Relaxed).saturating_add(running) >= self.budget
    }

    /// Between two polls: what was spent so far.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Relaxed))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
