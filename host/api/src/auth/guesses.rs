//! How often somebody may try to log in with a code that is none.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tries that may come at once.
const BURST: u32 = 20;
/// One more try is allowed after each of these.
const EVERY: Duration = Duration::from_secs(2);

/// Counts wrong codes, whoever sends them: behind a proxy all senders look the same. Cloning gives the same count.
#[derive(Clone, Debug)]
pub(crate) struct Guesses(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    left: u32,
    /// When `left` was last filled up.
    since: Instant,
}

impl Guesses {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(State { left: BURST, since: now })))
    }

    /// Takes one try.
    ///
    /// # Errors
    /// There is none: how long to wait, whole seconds.
    pub(crate) fn take(&self, now: Instant) -> Result<(), u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.since);
        let filled = u32::try_from(passed.as_millis() / EVERY.as_millis()).unwrap_or(u32::MAX);
        state.left = state.left.saturating_add(filled).min(BURST);
        state.since = if state.left == BURST { now } else { state.since + EVERY * filled };
        match state.left.checked_sub(1) {
            Some(left) => {
                state.left = left;
                Ok(())
            }
            None => {
                let wait = EVERY.saturating_sub(now.saturating_duration_since(state.since));
                Err(wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_run_out_and_come_back_with_time() {
        let start = Instant::now();
        let guesses = Guesses::new(start);
        for _ in 0..BURST {
            guesses.take(start).unwrap();
        }
        assert_eq!(guesses.take(start), Err(2));
        assert_eq!(guesses.take(start + Duration::from_millis(1_500)), Err(1));
        guesses.take(start + EVERY).unwrap();
        assert_eq!(guesses.take(start + EVERY), Err(2));
        let later = start + Duration::from_secs(3_600);
        for _ in 0..BURST {
            guesses.take(later).unwrap();
        }
        assert!(guesses.take(later).is_err());
    }
}
