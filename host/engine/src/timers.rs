//! Timers that a behaviour set.

use crate::Call;
use std::collections::BTreeSet;
use trunkline_contract::event::Event;
use trunkline_contract::{EffectId, Ms};

/// Timers by time.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Ms, EffectId)>);

impl Timers {
    pub(crate) fn set(&mut self, at: Ms, effect: EffectId) {
        self.0.insert((at, effect));
    }

    pub(crate) fn cancel(&mut self, effect: EffectId) -> bool {
        let before = self.0.len();
        self.0.retain(|(_, id)| *id != effect);
        self.0.len() < before
    }

    pub(crate) fn deadline(&self) -> Option<Ms> {
        self.0.first().map(|(at, _)| *at)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    fn take_due(&mut self, now: Ms) -> Option<EffectId> {
        let (at, effect) = *self.0.first()?;
        (at <= now).then(|| {
            self.0.pop_first();
            effect
        })
    }
}

impl Call {
    pub(crate) fn timers_due(&mut self) {
        while let Some(effect) = self.timers.take_due(self.now) {
            self.enqueue(Event::Timer { effect });
        }
    }
}
