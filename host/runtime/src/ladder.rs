//! What happens when a component fails an event: the order of the ways out. The session walks it.
//!
//! ```text
//! live -> (fallback line) retry on a fresh instance -> last good version -> stock behaviour -> the call ends
//! ```

/// One way to have an event handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rung {
    /// The component that the call runs.
    Live,
    /// The same once more. The caller hears the fallback line before.
    Retry,
    /// The version that was live before. Its state starts empty, its first event is `resumed` with `component-changed`.
    LastGood,
    /// The stock behaviour, likewise.
    Stock,
}

/// Which component a call runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Live,
    LastGood,
    Stock,
}

/// Where a call stands. One for each call, kept between its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    base: Base,
    failures: u8,
    has_last_good: bool,
}

impl Ladder {
    /// `has_last_good`: an earlier version was live before this one. `is_stock`: the call runs the stock behaviour.
    pub fn new(has_last_good: bool, is_stock: bool) -> Self {
        let base = if is_stock { Base::Stock } else { Base::Live };
        Ladder { base, failures: 0, has_last_good }
    }

    /// The event was handled: the next failure starts over with a retry of the component that handled it.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// The event failed; what to try next. `None`: nothing is left, the call ends as `failed`.
    ///
    /// A component that was given up is not asked again in this call.
    #[allow(clippy::should_implement_trait, reason = "a ladder is not iterated: each step depends on what happened")]
    pub fn next(&mut self) -> Option<Rung> {
        self.failures = self.failures.saturating_add(1);
        if self.failures == 1 {
            return Some(Rung::Retry);
        }
        let (base, rung) = match self.base {
            Base::Live if self.has_last_good => (Base::LastGood, Rung::LastGood),
            Base::Live | Base::LastGood => (Base::Stock, Rung::Stock),
            Base::Stock => return None,
        };
        self.base = base;
        Some(rung)
    }

    /// Which component handles the next event first.
    pub fn rung(&self) -> Rung {
        match self.base {
            Base::Live => Rung::Live,
            Base::LastGood => Rung::LastGood,
            Base::Stock => Rung::Stock,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fall(ladder: &mut Ladder) -> Vec<Rung> {
        std::iter::from_fn(|| ladder.next()).collect()
    }

    #[test]
    fn a_component_that_keeps_failing_falls_to_the_stock_behaviour() {
        assert_eq!(fall(&mut Ladder::new(true, false)), [Rung::Retry, Rung::LastGood, Rung::Stock]);
        assert_eq!(fall(&mut Ladder::new(false, false)), [Rung::Retry, Rung::Stock]);
    }

    #[test]
    fn the_stock_behaviour_has_nothing_below_it() {
        assert_eq!(fall(&mut Ladder::new(true, true)), [Rung::Retry]);
    }

    #[test]
    fn a_retry_that_succeeds_keeps_the_component() {
        let mut ladder = Ladder::new(true, false);
        assert_eq!(ladder.next(), Some(Rung::Retry));
        ladder.succeeded();
        assert_eq!(ladder.rung(), Rung::Live);
        assert_eq!(ladder.next(), Some(Rung::Retry));
    }

    #[test]
    fn a_component_that_was_given_up_is_not_asked_again() {
        let mut ladder = Ladder::new(true, false);
        ladder.next();
        assert_eq!(ladder.next(), Some(Rung::LastGood));
        ladder.succeeded();
        assert_eq!(ladder.rung(), Rung::LastGood);
        assert_eq!(fall(&mut ladder), [Rung::Retry, Rung::Stock]);
    }
}
