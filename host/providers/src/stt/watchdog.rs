//! Notices a recogniser whose socket is open but who owes an answer.
//!
//! Time is counted in audio sent, because a provider owes nothing for audio that it did not get; but audio may be sent
//! quicker than it was spoken, so the clock must have come as far. While a request to finalise is open, the clock alone
//! counts: its answer is owed even when the line has gone quiet.

use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct Watchdog {
    stall_ms: u64,
    expecting: bool,
    /// Audio for which an answer is owed, and since when.
    unanswered_ms: u64,
    unanswered_since: Option<Instant>,
    finalize_since: Option<Instant>,
}

impl Watchdog {
    pub(crate) fn new(stall_ms: u32) -> Self {
        let stall_ms = stall_ms.into();
        Self { stall_ms, expecting: false, unanswered_ms: 0, unanswered_since: None, finalize_since: None }
    }

    pub(crate) fn expect(&mut self, speech: bool) {
        if speech != self.expecting {
            self.expecting = speech;
            self.unanswered_ms = 0;
            self.unanswered_since = None;
        }
    }

    pub(crate) fn finalize(&mut self, now: Instant) {
        self.finalize_since.get_or_insert(now);
    }

    pub(crate) fn sent(&mut self, audio_ms: u64, now: Instant) {
        if self.expecting {
            self.unanswered_ms += audio_ms;
            self.unanswered_since.get_or_insert(now);
        }
    }

    /// Anything came.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.unanswered_ms = 0;
        self.unanswered_since = None;
        self.finalize_since = self.finalize_since.map(|_| now);
    }

    /// The answer to a request to finalise came. One may stand for several requests that followed each other closely.
    pub(crate) fn finalized(&mut self) {
        self.finalize_since = None;
    }

    /// When it will have stalled, as things are.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let speech = self.unanswered_since.filter(|_| self.unanswered_ms >= self.stall_ms);
        let since = [speech, self.finalize_since].into_iter().flatten().min()?;
        Some(since + Duration::from_millis(self.stall_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALL: Duration = Duration::from_secs(1);

    #[test]
    fn silence_of_the_provider_counts_only_while_speech_is_expected() {
        let (mut dog, now) = (Watchdog::new(1_000), Instant::now());
        dog.sent(60_000, now);
        assert_eq!(dog.deadline(), None);
        dog.expect(true);
        dog.sent(999, now);
        assert_eq!(dog.deadline(), None);
        dog.sent(1, now + STALL / 2);
        assert_eq!(dog.deadline(), Some(now + STALL));
    }

    #[test]
    fn any_answer_starts_the_count_again() {
        let (mut dog, now) = (Watchdog::new(1_000), Instant::now());
        dog.expect(true);
        dog.sent(1_000, now);
        dog.heard(now);
        assert_eq!(dog.deadline(), None);
        dog.sent(1_000, now + STALL);
        assert_eq!(dog.deadline(), Some(now + 2 * STALL));
        dog.expect(false);
        assert_eq!(dog.deadline(), None);
    }

    #[test]
    fn an_open_request_to_finalise_counts_by_the_clock() {
        let (mut dog, now) = (Watchdog::new(1_000), Instant::now());
        dog.finalize(now);
        dog.finalize(now + STALL);
        assert_eq!(dog.deadline(), Some(now + STALL));
        dog.heard(now + STALL / 2);
        assert_eq!(dog.deadline(), Some(now + STALL / 2 + STALL));
        dog.finalized();
        assert_eq!(dog.deadline(), None);
    }
}
