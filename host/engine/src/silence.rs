//! Silence prompts: when nobody has said anything for a while, ask; after the last prompt, say good-bye and end.

use crate::Call;
use trunkline_contract::Ms;
use trunkline_contract::event::{Event, Silence};

/// Since when nobody speaks, and how often that was asked about.
#[derive(Debug, Default)]
pub(crate) struct SilenceClock {
    since: Ms,
    count: u32,
}

impl SilenceClock {
    /// Sound that may be the caller: it puts the question off, but answers none.
    pub(crate) fn noise(&mut self, now: Ms) {
        self.since = now;
    }

    /// The caller said or pressed something.
    pub(crate) fn heard_caller(&mut self, now: Ms) {
        self.since = now;
        self.count = 0;
    }

    /// The agent spoke.
    pub(crate) fn heard_agent(&mut self, now: Ms) {
        self.since = now;
    }
}

impl Call {
    pub(crate) fn silence_deadline(&self) -> Option<Ms> {
        let rules = &self.config.rules.silence;
        let waiting = self.media.open() && !self.ending.over() && !self.ending.closing();
        (waiting && self.quiet() && !rules.prompts.is_empty()).then(|| self.silence.since + Ms::from(rules.after_ms))
    }

    /// Nobody speaks, and nothing is under way that somebody may be waiting for.
    fn quiet(&self) -> bool {
        !self.caller.is_open() && !self.agent_active() && self.decisions.idle() && !self.tools.busy()
    }

    pub(crate) fn silence_due(&mut self) {
        if !self.quiet() {
            self.silence.heard_agent(self.now);
        }
        if self.silence_deadline().is_none_or(|at| at > self.now) {
            return;
        }
        let silent_ms = self.now - self.silence.since;
        self.silence.since = self.now;
        let prompt = self.config.rules.silence.prompts.get(self.silence.count as usize).cloned();
        self.silence.count += 1;
        match prompt {
            Some(prompt) => {
                self.enqueue(Event::Silence(Silence { count: self.silence.count, silent_ms }));
                self.say_line(&prompt);
            }
            None => self.end_politely("silence"),
        }
    }
}
