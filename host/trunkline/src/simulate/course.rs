//! What happened in a call, step by step.

use super::caller::Event;
use super::clock::{Samples, ms};
use super::conversation::Conversation;
use super::playout::Playout;
use serde_json::{Map, Value};

/// One step as it went.
#[derive(Clone, Debug, Default)]
pub(super) struct Timing {
    /// When it began, on the caller's clock.
    pub(super) began: Option<Samples>,
    /// When its words or keys were over.
    pub(super) done: Option<Samples>,
    /// The call's result when it began.
    pub(super) result: Map<String, Value>,
}

/// Everything that is known of a call while and after it goes on.
#[derive(Debug, Default)]
pub(super) struct Course {
    pub(super) conversation: Conversation,
    pub(super) timings: Vec<Timing>,
    /// Which steps speak or press keys.
    audible: Vec<bool>,
    /// What went wrong on the line, one sentence each.
    pub(super) problems: Vec<String>,
}

impl Course {
    /// `audible`: which steps speak or press keys.
    pub(super) fn new(audible: Vec<bool>) -> Self {
        Self { timings: vec![Timing::default(); audible.len()], audible, ..Self::default() }
    }

    /// Takes what the caller did at `now`; `words_end` is when the last words were over.
    pub(super) fn caller(&mut self, event: Event, now: Samples, words_end: Samples, patience_ms: u64) {
        match event {
            Event::Began(step) => {
                let result = self.conversation.result().clone();
                if let Some(timing) = self.timings.get_mut(step) {
                    timing.began = Some(now);
                    timing.result = result;
                }
                if self.audible.get(step) == Some(&true) {
                    self.conversation.begin(step);
                }
            }
            Event::Done(step) => {
                if let Some(timing) = self.timings.get_mut(step).filter(|_| self.audible.get(step) == Some(&true)) {
                    timing.done = Some(words_end);
                }
            }
            Event::GaveUp(step) => {
                let waited = match self.last_audible(step) {
                    Some(last) => format!("the agent did not answer step {} within {patience_ms} ms", last + 1),
                    None => format!("the agent said nothing within {patience_ms} ms"),
                };
                self.problems.push(waited);
            }
            Event::TooLate(step) => {
                self.problems.push(format!("step {} had nothing to interrupt: the agent was silent", step + 1));
            }
            Event::Digit(_) | Event::HungUp => {}
        }
    }

    /// The step before `step` that spoke or pressed keys.
    pub(super) fn last_audible(&self, step: usize) -> Option<usize> {
        self.audible.iter().take(step).rposition(|audible| *audible)
    }

    /// From the caller's last sound to the agent's first, ms, for a step that was answered.
    pub(super) fn answered_ms(&self, step: usize, agent: &Playout) -> Option<u64> {
        let done = self.timings.get(step)?.done?;
        let next = self.timings.iter().skip(step + 1).find_map(|timing| timing.began);
        let voice = agent.voice_after(done).filter(|voice| next.is_none_or(|next| *voice < next))?;
        Some(ms(voice - done))
    }

    /// The result as it was when the agent had answered a step.
    pub(super) fn result_after(&self, step: usize) -> &Map<String, Value> {
        let next = self.timings.iter().skip(step + 1).find(|timing| timing.began.is_some());
        next.map_or(self.conversation.result(), |timing| &timing.result)
    }
}
