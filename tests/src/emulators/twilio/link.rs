//! The network between carrier and host: each direction delays its messages and keeps their order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::clock::{PER_MS, Samples};

/// One direction.
pub(super) struct Link<T> {
    waiting: BinaryHeap<Reverse<Waiting<T>>>,
    delay: Samples,
    jitter: Samples,
    last: Samples,
    count: u64,
    random: SmallRng,
}

struct Waiting<T> {
    due: Samples,
    count: u64,
    message: T,
}

impl<T> Link<T> {
    pub(super) fn new(round_trip_ms: u64, jitter_ms: u64, seed: u64) -> Self {
        Self {
            waiting: BinaryHeap::new(),
            delay: round_trip_ms * PER_MS / 2,
            jitter: jitter_ms * PER_MS,
            last: 0,
            count: 0,
            random: SmallRng::seed_from_u64(seed),
        }
    }

    /// Sends a message at a time; it arrives after those sent before.
    pub(super) fn send(&mut self, now: Samples, message: T) {
        let jitter = if self.jitter == 0 { 0 } else { self.random.random_range(0..=self.jitter) };
        self.last = self.last.max(now + self.delay + jitter);
        self.push(self.last, message);
    }

    /// Sends a message that others may overtake.
    pub(super) fn send_late(&mut self, now: Samples, by: Samples, message: T) {
        self.push(now + self.delay + by, message);
    }

    /// Takes the next message that has arrived, with the time it arrived at.
    pub(super) fn receive(&mut self, now: Samples) -> Option<(Samples, T)> {
        if self.next_due()? > now {
            return None;
        }
        self.waiting.pop().map(|Reverse(waiting)| (waiting.due, waiting.message))
    }

    /// When the next message arrives.
    pub(super) fn next_due(&self) -> Option<Samples> {
        self.waiting.peek().map(|Reverse(waiting)| waiting.due)
    }

    /// Whether a fault of this probability happens.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.random.random_bool(probability.clamp(0.0, 1.0))
    }

    fn push(&mut self, due: Samples, message: T) {
        self.count += 1;
        self.waiting.push(Reverse(Waiting { due, count: self.count, message }));
    }
}

impl<T> PartialEq for Waiting<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.due, self.count) == (other.due, other.count)
    }
}

impl<T> Eq for Waiting<T> {}

impl<T> PartialOrd for Waiting<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Waiting<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.count).cmp(&(other.due, other.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn jitter_delays_and_keeps_the_order(
            sends in prop::collection::vec(0u64..2_000, 1..50), round_trip in 0u64..300, jitter in 0u64..100, seed: u64,
        ) {
            let mut link = Link::new(round_trip, jitter, seed);
            let mut now = 0;
            for (index, wait) in sends.iter().enumerate() {
                now += wait;
                link.send(now, (index, now));
            }
            let mut expected = 0;
            while let Some((due, (index, sent))) = link.receive(u64::MAX) {
                prop_assert_eq!(index, expected);
                prop_assert!(due >= sent + round_trip * PER_MS / 2);
                expected += 1;
            }
            prop_assert_eq!(expected, sends.len());
        }
    }

    #[test]
    fn a_late_message_is_overtaken() {
        let mut link = Link::new(0, 0, 1);
        link.send_late(0, 100, "late");
        link.send(50, "next");
        assert_eq!(link.receive(60), Some((50, "next")));
        assert_eq!(link.receive(60), None);
        assert_eq!(link.receive(100), Some((100, "late")));
    }
}
