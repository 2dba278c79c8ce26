//! A token bucket: so many requests a minute, and as many at once.

use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// What is left of an allowance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// Requests; what has grown since `since` is not in it.
    left: f64,
    since: Instant,
}

/// What one request has left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Requests a minute.
    pub(crate) limit: u32,
    /// Requests that may follow at once.
    pub(crate) left: u32,
    /// Until the bucket is full again, whole seconds.
    pub(crate) full_in_s: u64,
    /// Until the next request may come, whole seconds; none: this one could.
    pub(crate) wait_s: Option<u64>,
}

impl Bucket {
    pub(crate) fn full(limit: u32, now: Instant) -> Self {
        Self { left: f64::from(limit), since: now }
    }

    /// Takes one request of `limit` a minute, if there is one. A limit that has become smaller takes what is above it.
    pub(crate) fn take(&mut self, limit: u32, now: Instant) -> Taken {
        self.left = self.at(limit, now);
        self.since = self.since.max(now);
        let enough = self.left >= 1.0;
        if enough {
            self.left -= 1.0;
        }
        let every = MINUTE.as_secs_f64() / f64::from(limit.max(1));
        let seconds = |requests: f64| (requests.max(0.0) * every).ceil() as u64;
        Taken {
            limit,
            left: self.left.floor() as u32,
            full_in_s: seconds(f64::from(limit) - self.left),
            wait_s: (!enough).then(|| seconds(1.0 - self.left).max(1)),
        }
    }

    /// Nobody would notice if it were forgotten.
    pub(crate) fn is_full(&self, limit: u32, now: Instant) -> bool {
        self.at(limit, now) >= f64::from(limit)
    }

    fn at(&self, limit: u32, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.since).as_secs_f64();
        (self.left + passed * f64::from(limit) / MINUTE.as_secs_f64()).min(f64::from(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_many_as_a_minute_has_may_come_at_once_and_then_one_by_one() {
        let start = Instant::now();
        let mut bucket = Bucket::full(60, start);
        for left in (0..60).rev() {
            let taken = bucket.take(60, start);
            assert_eq!((taken.left, taken.wait_s), (left, None));
        }
        assert_eq!(bucket.take(60, start), Taken { limit: 60, left: 0, full_in_s: 60, wait_s: Some(1) });
        let second = start + Duration::from_secs(1);
        assert_eq!(bucket.take(60, second).wait_s, None);
        assert_eq!(bucket.take(60, second).wait_s, Some(1));
        assert!(!bucket.is_full(60, start + Duration::from_secs(60)));
        assert!(bucket.is_full(60, start + Duration::from_secs(62)));
    }

    #[test]
    fn waits_are_long_where_limits_are_small_and_limits_may_change() {
        let start = Instant::now();
        let mut bucket = Bucket::full(2, start);
        bucket.take(2, start);
        bucket.take(2, start);
        assert_eq!(bucket.take(2, start).wait_s, Some(30));
        assert_eq!(bucket.take(60, start + Duration::from_secs(1)).wait_s, None);
        let mut bucket = Bucket::full(600, start);
        assert_eq!(bucket.take(1, start).left, 0);
    }

    proptest! {
        #[test]
        fn in_a_minute_no_more_than_twice_the_limit_passes(
            limit in 1..200_u32,
            steps in prop::collection::vec(0..500_u64, 1..400),
        ) {
            let start = Instant::now();
            let (mut bucket, mut now, mut passed) = (Bucket::full(limit, start), start, 0_u32);
            for step in steps {
                now += Duration::from_millis(step);
                if now > start + MINUTE {
                    break;
                }
                passed += u32::from(bucket.take(limit, now).wait_s.is_none());
            }
            prop_assert!(passed <= 2 * limit);
        }
    }
}
