//! Measures what a guest costs: the CPU time of its thread while its future is being polled.
//!
//! A guest that waits (for its turn, for a host function) costs nothing, and neither does one whose thread lost its core:
//! on a busy machine that would end guests that did nothing wrong.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// CPU of one guest. Written and read by the thread that polls it, so the atomics only make it shareable.
#[derive(Debug)]
pub(crate) struct Meter {
    budget: u64,
    spent: AtomicU64,
    since: AtomicU64,
}

impl Meter {
    pub(crate) fn new(budget: Duration) -> Self {
        let budget = u64::try_from(budget.as_nanos()).unwrap_or(u64::MAX);
        Meter { budget, spent: AtomicU64::new(0), since: AtomicU64::new(0) }
    }

    /// Runs a future, measuring each poll.
    pub(crate) async fn measure<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            self.since.store(thread_cpu(), Relaxed);
            let polled = future.as_mut().poll(context);
            self.spent.store(self.up_to_now(), Relaxed);
            polled
        })
        .await
    }

    /// Whether the budget is spent, asked from within a poll.
    pub(crate) fn exceeded(&self) -> bool {
        self.up_to_now() >= self.budget
    }

    fn up_to_now(&self) -> u64 {
        self.spent.load(Relaxed).saturating_add(thread_cpu().saturating_sub(self.since.load(Relaxed)))
    }

    /// Between two polls: what was spent so far.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Relaxed))
    }
}

/// CPU time of this thread, ns. Costs a system call (a fifth of a microsecond).
#[cfg(unix)]
fn thread_cpu() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(time.tv_nsec).unwrap_or_default())
}

/// Wall time, where the system does not tell the CPU time of a thread.
#[cfg(not(unix))]
fn thread_cpu() -> u64 {
    static ORIGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    u64::try_from(ORIGIN.get_or_init(std::time::Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}
