//! Notices a recogniser whose socket is open but who owes an answer.
//!
//! Time is counted in audio sent, because a provider owes nothing for audio that it did not get. While a request to
//! finalise is open, the clock counts too: its answer is owed even when the line has gone quiet.

use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct Watchdog {
    stall_ms: u64,
    expecting: bool,
    unanswered_ms: u64,
    finalizing: u32,
    finalize_since: Option<Instant>,
}

impl Watchdog {
    pub(crate) fn new(stall_ms: u32) -> Self {
        Self { stall_ms: stall_ms.into(), expecting: false, unanswered_ms: 0, finalizing: 0, finalize_since: None }
    }

    pub(crate) fn expect(&mut self, speech: bool) {
        if speech && !self.expecting {
            self.unanswered_ms = 0;
        }
        self.expecting = speech;
    }

    pub(crate) fn finalize(&mut self, now: Instant) {
        if self.finalizing == 0 {
            self.finalize_since = Some(now);
            if !self.expecting {
                self.unanswered_ms = 0;
            }
        }
        self.finalizing += 1;
    }

    /// True: it has stalled.
    pub(crate) fn sent(&mut self, audio_ms: u64) -> bool {
        if self.expecting || self.finalizing > 0 {
            self.unanswered_ms += audio_ms;
        }
        self.unanswered_ms >= self.stall_ms
    }

    /// Anything came.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.unanswered_ms = 0;
        self.finalize_since = self.finalize_since.map(|_| now);
    }

    pub(crate) fn finalized(&mut self) {
        // One answer may stand for several requests that followed each other closely.
        self.finalizing = 0;
        self.finalize_since = None;
    }

    /// When it will have stalled by the clock.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.finalize_since.map(|since| since + std::time::Duration::from_millis(self.stall_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn silence_of_the_provider_counts_only_while_speech_is_expected() {
        let mut dog = Watchdog::new(1_000);
        assert!(!dog.sent(60_000));
        dog.expect(true);
        assert!(!dog.sent(999));
        assert!(dog.sent(1));
    }

    #[test]
    fn any_answer_starts_the_count_again() {
        let mut dog = Watchdog::new(1_000);
        dog.expect(true);
        assert!(!dog.sent(900));
        dog.heard(Instant::now());
        assert!(!dog.sent(900));
        dog.expect(false);
        assert!(!dog.sent(50));
    }

    #[test]
    fn an_open_request_to_finalise_counts_by_the_clock_too() {
        let (mut dog, now) = (Watchdog::new(1_000), Instant::now());
        assert_eq!(dog.deadline(), None);
        dog.finalize(now);
        assert_eq!(dog.deadline(), Some(now + Duration::from_secs(1)));
        assert!(dog.sent(1_000));
        dog.finalized();
        dog.heard(now);
        assert_eq!(dog.deadline(), None);
    }
}
