//! A stretch of milliseconds in which a value is known to lie.
//!
//! Every observation of the carrier is coarse (its clock reaches us in 20 ms steps), so the ledger computes with bounds
//! and takes the middle only at the very end. That is what keeps small errors from adding up, and what tells a resume
//! how far back it must go to be sure that nothing is lost.

/// An inclusive range of milliseconds, `lo <= hi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) lo: i64,
    pub(super) hi: i64,
}

/// Which value of a [`Span`] to compute with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Early,
    Middle,
    Late,
}

impl Span {
    /// Orders the two bounds.
    pub(super) fn new(a: i64, b: i64) -> Self {
        Self { lo: a.min(b), hi: a.max(b) }
    }

    pub(super) fn point(at: i64) -> Self {
        Self { lo: at, hi: at }
    }

    pub(super) fn at(self, edge: Edge) -> i64 {
        match edge {
            Edge::Early => self.lo,
            Edge::Middle => self.middle(),
            Edge::Late => self.hi,
        }
    }

    pub(super) fn middle(self) -> i64 {
        self.lo + (self.hi - self.lo) / 2
    }

    pub(super) fn later_by(self, ms: i64) -> Self {
        Self { lo: self.lo + ms, hi: self.hi + ms }
    }

    pub(super) fn intersect(self, other: Self) -> Option<Self> {
        let both = Self { lo: self.lo.max(other.lo), hi: self.hi.min(other.hi) };
        (both.lo <= both.hi).then_some(both)
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }
}
