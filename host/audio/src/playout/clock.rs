//! Tells when, on the carrier's own clock, something happened there, and when something sent now will get there.
//!
//! Two clocks are involved: the call's monotonic clock, and the carrier's stream clock, which inbound media shows us
//! every 20 ms. The way between them is not constant, but the carrier keeps the order of what it sends: an echo that
//! arrives after the media message stamped `t` and before the next one happened within `[t, t + 20)`, however long both
//! were under way. Everything about the carrier is therefore kept in *line time*: the stream clock, shifted once so
//! that it agrees with the call's clock when the first media message arrives.
//!
//! Without inbound media the bounds of the delays seen lately have to do.

use super::{Ms, span::Span};

/// How long the smallest and the largest delay are remembered, at least. Long enough to have seen both, short enough
/// to follow two clocks that drift apart.
const DELAY_MEMORY_MS: i64 = 5_000;

/// Inbound media that is later than anything seen lately may be stopped or held up, and news with it. Beyond this it
/// counts as stopped.
const STALL_MS: i64 = 200;

/// A stamp that is further off than this belongs to another stream: the clock starts anew.
const OTHER_STREAM_MS: i64 = 10_000;

/// The way to the carrier and back, until it has been measured.
const UNMEASURED_LAG_MS: i64 = 200;

/// Larger times are clamped, so that sums of a few of them cannot overflow.
const LATEST: u64 = 1 << 48;

/// When something happened at the carrier, in line time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) at: Span,
    /// Read off the carrier's clock; otherwise derived from ours.
    pub(super) exact: bool,
}

#[derive(Debug)]
pub(super) struct CarrierClock {
    /// Between two media messages of the carrier.
    step: i64,
    stream: Option<Stream>,
    /// Line time at which a thing sent lands, minus the call time at which it was sent.
    lag: Option<i64>,
}

#[derive(Debug)]
struct Stream {
    /// Line time minus stream time.
    shift: i64,
    /// Line time of the latest media message.
    latest: i64,
    /// Delays (call time of arrival minus line time) of this stretch of [`DELAY_MEMORY_MS`] and of the one before.
    recent: Span,
    before: Span,
    recent_since: i64,
}

pub(super) fn signed(ms: Ms) -> i64 {
    ms.min(LATEST) as i64
}

pub(super) fn unsigned(ms: i64) -> Ms {
    ms.max(0) as Ms
}

impl CarrierClock {
    pub(super) fn new(step_ms: u32) -> Self {
        Self { step: i64::from(step_ms), stream: None, lag: None }
    }

    /// An inbound media message with this stamp arrived.
    pub(super) fn tick(&mut self, now: Ms, stream_ms: u64) {
        let (now, stamp) = (signed(now), signed(stream_ms));
        match &mut self.stream {
            Some(stream) if (now - stamp - stream.shift).abs() <= OTHER_STREAM_MS => stream.tick(now, stamp),
            other => *other = Some(Stream::starting(now, stamp)),
        }
    }

    /// The same stamp may be told again with an echo that follows it; only a newer one is news.
    pub(super) fn tick_if_newer(&mut self, now: Ms, stream_ms: u64) {
        let known = self.stream.as_ref().is_some_and(|s| signed(stream_ms) + s.shift <= s.latest);
        if !known {
            self.tick(now, stream_ms);
        }
    }

    /// When that happened whose news arrives now.
    pub(super) fn read(&self, now: Ms) -> Reading {
        let now = signed(now);
        let delays = self.delays();
        let by_delay = Span::new(now - delays.hi, now - delays.lo);
        let Some(stream) = &self.stream else { return Reading { at: by_delay, exact: false } };
        let overdue = now - stream.latest - delays.hi - self.step;
        if overdue <= 0 {
            let step = Span::new(stream.latest, stream.latest + self.step);
            Reading { at: step.intersect(by_delay).unwrap_or(step), exact: true }
        } else if overdue <= STALL_MS {
            Reading { at: Span::new(stream.latest, by_delay.hi), exact: false }
        } else {
            Reading { at: by_delay, exact: false }
        }
    }

    /// When something sent now lands at the carrier.
    pub(super) fn landing(&self, now: Ms) -> i64 {
        signed(now) + self.lag.unwrap_or(UNMEASURED_LAG_MS)
    }

    /// The latest moment of which there can be news.
    pub(super) fn latest_news(&self, now: Ms) -> i64 {
        signed(now) + self.news_ahead()
    }

    /// What time it is at the carrier: later than anything of which there can be news, earlier than anything sent now
    /// can land.
    pub(super) fn present(&self, now: Ms) -> Span {
        Span::new(self.latest_news(now), self.landing(now))
    }

    /// Up to when the carrier has certainly played by the time at which something sent now lands.
    pub(super) fn surely_passed(&self, now: Ms) -> i64 {
        self.lag.map_or_else(|| self.latest_news(now), |lag| signed(now) + lag)
    }

    /// Call time at which [`Self::surely_passed`] gets there.
    pub(super) fn passes(&self, at: i64) -> Ms {
        unsigned(at.saturating_sub(self.surely_passed(0)))
    }

    /// Call time at which there can be news, at the earliest, of what happens at `at`.
    pub(super) fn news_of(&self, at: i64) -> Ms {
        unsigned(at.saturating_sub(self.news_ahead()))
    }

    /// Something sent at `sent` landed at `at`.
    pub(super) fn learn_lag(&mut self, sent: Ms, at: i64) {
        let sample = at - signed(sent);
        self.lag = Some(self.lag.map_or(sample, |lag| lag + (sample - lag) / 4));
    }

    /// Line time as a stamp of the carrier's stream.
    pub(super) fn stamp(&self, at: i64) -> u64 {
        unsigned(at - self.stream.as_ref().map_or(0, |s| s.shift))
    }

    /// The measured round trip, ms; `None` before the first measurement.
    pub(super) fn round_trip(&self) -> Option<Ms> {
        self.lag.map(|lag| unsigned(lag + self.delays().lo))
    }

    /// News cannot be ahead of what is sent in answer, whatever the clocks say.
    fn news_ahead(&self) -> i64 {
        (-self.delays().lo).min(self.landing(0))
    }

    fn delays(&self) -> Span {
        self.stream.as_ref().map_or(Span::point(0), |s| s.recent.union(s.before))
    }
}

impl Stream {
    fn starting(now: i64, stamp: i64) -> Self {
        let none = Span::point(0);
        Self { shift: now - stamp, latest: now, recent: none, before: none, recent_since: now }
    }

    fn tick(&mut self, now: i64, stamp: i64) {
        let at = stamp + self.shift;
        let delay = Span::point(now - at);
        if now - self.recent_since > DELAY_MEMORY_MS {
            (self.before, self.recent, self.recent_since) = (self.recent, delay, now);
        } else {
            self.recent = self.recent.union(delay);
        }
        self.latest = self.latest.max(at);
    }
}
