//! A clear that is under way: finds out where playback stopped.
//!
//! When `clear` is sent the carrier goes on playing until it gets there, half a round trip later, so what was
//! acknowledged by then is too little. A mark sent behind the `clear` comes back at once when the buffer has been
//! emptied: its echo tells when playback stopped. The marks that lay in the buffer come back with it and acknowledge
//! nothing; one that comes back clearly before it was reached by the playhead.

use super::{
    Heard, Ms,
    clock::{CarrierClock, Reading},
    line::{Line, Mark},
    passage::Passage,
    script::Pace,
    span::{Edge, Span},
};

/// A mark counts as flushed if it came back earlier than it can have been reached by more than this: a carrier that plays
/// whole frames is up to one ahead of the clock.
const SLACK_MS: i64 = 25;

#[derive(Debug)]
pub(super) struct Clearing {
    pub(super) id: u64,
    /// When the wait for the echo ends, call time.
    pub(super) deadline: Ms,
    /// The passages that end with this clear; `None` while their audio is held and may still be sent again.
    pub(super) ending: Option<Vec<Passage>>,
    sent: Ms,
    line: Line,
    echoes: Vec<(Mark, Reading)>,
}

/// Where playback stopped, as positions on the line.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) line: Line,
    pub(super) pos: i64,
    /// No earlier than this.
    pub(super) at_least: i64,
    /// The carrier told.
    pub(super) exact: bool,
}

impl Clearing {
    pub(super) fn new(id: u64, now: Ms, patience_ms: u32, line: Line) -> Self {
        let deadline = now.saturating_add(Ms::from(patience_ms));
        Self { id, deadline, ending: None, sent: now, line, echoes: Vec::new() }
    }

    pub(super) fn sent(&self) -> Ms {
        self.sent
    }

    /// A mark that this clear may have flushed was echoed.
    pub(super) fn echoed(&mut self, id: u64, reading: Reading) {
        if let Some(mark) = self.line.awaits(id)
            && !self.echoes.iter().any(|(known, _)| known.id == id)
        {
            self.echoes.push((mark, reading));
        }
    }

    /// What must have been heard of a passage by now, before the clear is settled.
    pub(super) fn provisional(&self, passage: &Passage, now: Ms, clock: &CarrierClock, pace: Pace) -> Heard {
        let at = clock.present(now).middle().min(clock.landing(self.sent));
        passage.heard_at(&self.line, self.line.playhead(at, Edge::Middle), false, pace)
    }

    /// Where playback stopped: at `emptied`, if the mark behind the clear was echoed; otherwise when the clear must have
    /// landed.
    pub(super) fn settle(mut self, emptied: Option<Reading>, clock: &CarrierClock) -> (Stopped, Option<Vec<Passage>>) {
        let told = self.stopped_at(emptied);
        let (at, exact) = match told {
            Some(reading) => (reading.at, reading.exact && self.line.is_exact()),
            None => (around_landing(clock.present(self.sent)), false),
        };
        let pos = self.line.playhead(at.middle(), Edge::Middle);
        let at_least = self.line.playhead(at.lo, Edge::Late).min(pos);
        (Stopped { line: self.line, pos, at_least, exact }, self.ending)
    }

    /// Sorts the echoes: marks that were reached are taken in, the first one that was flushed tells the time. One that
    /// came back with the clear's own when it was about to be reached may be either, and tells nothing new.
    fn stopped_at(&mut self, emptied: Option<Reading>) -> Option<Reading> {
        for (mark, reading) in self.echoes.drain(..) {
            let before = emptied.is_some_and(|e| reading.at.hi < e.at.lo);
            let early = reading.at.hi + SLACK_MS < self.line.reaches(mark.position(), Edge::Early);
            let late = reading.at.lo > self.line.reaches(mark.position(), Edge::Late);
            if early && (self.line.is_exact() || !before) {
                return Some(narrowed(emptied, reading));
            }
            if before || late {
                self.line.reached_mark(mark, reading);
            }
        }
        emptied
    }
}

fn narrowed(emptied: Option<Reading>, flushed: Reading) -> Reading {
    let both = emptied.and_then(|e| e.at.intersect(flushed.at));
    Reading { at: both.unwrap_or(flushed.at), exact: flushed.exact }
}

/// The clear landed a measured way after it was sent. The bounds allow for a way of no time at all, and of twice that.
fn around_landing(present: Span) -> Span {
    Span::new(present.lo, 2 * present.hi - present.lo)
}
