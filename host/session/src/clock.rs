//! The clocks of a host: the wall's for what is stored, a monotonic one for each call.

use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::{Duration, Instant};
use trunkline_contract::Ms;

/// Unix time, ms.
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A call's clock: ms since the call was created, also across a restart of the host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallClock {
    zero: Instant,
    ahead_ms: Ms,
}

impl CallClock {
    /// The clock of a call that was created at `started_at_ms`, Unix time.
    pub(crate) fn since(started_at_ms: u64) -> Self {
        Self { zero: Instant::now(), ahead_ms: unix_ms().saturating_sub(started_at_ms) }
    }

    /// Now, ms.
    pub(crate) fn now(&self) -> Ms {
        self.ahead_ms + u64::try_from(self.zero.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// When the clock will show `at`: not before it does, so that a timer never fires early.
    pub(crate) fn instant(&self, at: Ms) -> Instant {
        self.zero + Duration::from_millis(at.saturating_sub(self.ahead_ms))
    }
}
