//! Barge-in: the caller speaks while the agent does.
//!
//! Suspected speech silences the agent at once but loses nothing: what was not played is kept, the model and the
//! synthesiser go on. Words confirm it; without words the agent goes on from the word that was cut.

use crate::{Call, CallConfig};
use trunkline_contract::Ms;
use trunkline_contract::log::Entry;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Quiet,
    Suspected {
        since: Ms,
        speech_ms: Ms,
    },
    /// This stretch of speech was judged already.
    Judged,
}

/// What is thought of the caller's speech.
#[derive(Debug, Default)]
pub(crate) struct Barge {
    state: State,
}

impl Barge {
    pub(crate) fn new_speech(&mut self) {
        if self.state == State::Judged {
            self.state = State::Quiet;
        }
    }

    pub(crate) fn reset(&mut self) {
        self.state = State::Quiet;
    }

    pub(crate) fn deadline(&self, config: &CallConfig) -> Option<Ms> {
        match self.state {
            State::Suspected { since, .. } => Some(since + Ms::from(config.rules.interruption.resume_after_ms)),
            State::Quiet | State::Judged => None,
        }
    }
}

impl Call {
    /// Speech that lasted long enough makes an interruption suspected; suspicion without words ends.
    pub(crate) fn barge_due(&mut self) {
        match self.barge.state {
            State::Quiet if self.speech_lasts() && self.can_interrupt() => self.suspect(),
            // Something that is to be heard to its end was added to what is held back.
            State::Suspected { .. } if self.agent_active() && !self.can_interrupt() => self.barge_refuted(),
            State::Suspected { .. } if self.barge.deadline(&self.config).is_some_and(|at| at <= self.now) => {
                self.barge_refuted();
            }
            State::Quiet | State::Suspected { .. } | State::Judged => {}
        }
    }

    fn speech_lasts(&self) -> bool {
        let lasted = self.media.stream_ms().unwrap_or(0).saturating_sub(self.caller.onset_ms);
        self.caller.speaking && lasted >= u64::from(self.config.rules.interruption.min_speech_ms)
    }

    fn can_interrupt(&self) -> bool {
        // The last words before the end are heard whole.
        let allowed = self.config.rules.interruption.enabled && !self.ending.closing();
        allowed && self.agent_active() && self.interruptible()
    }

    fn suspect(&mut self) {
        let speech_ms = self.media.call_ms(self.caller.onset_ms);
        self.barge.state = State::Suspected { since: self.now, speech_ms };
        let mut outs = Vec::new();
        self.playout.hold(self.now, &mut outs);
        self.send(outs);
    }

    /// New words may confirm or refute.
    pub(crate) fn barge_words(&mut self) {
        if self.barge.state == State::Judged && !self.agent_active() {
            return;
        }
        let words = self.caller.words();
        let unclear = self.caller.tentative() && self.may_become_backchannel(&words);
        let enough = !unclear && !self.is_aside(&words);
        let suspected = matches!(self.barge.state, State::Suspected { .. });
        if enough && (suspected || (self.caller.is_open() && self.speech_heard() && self.can_interrupt())) {
            self.confirm();
        } else if suspected && self.caller.settled() {
            self.barge_refuted();
        }
    }

    /// The detector heard speech of some length in this turn: words alone may be the agent's own echo.
    fn speech_heard(&self) -> bool {
        self.speech_lasts() || self.barge.state == State::Judged
    }

    fn confirm(&mut self) {
        let (clear_ms, speech_ms) = match self.barge.state {
            State::Suspected { since, speech_ms } => (since, speech_ms),
            State::Quiet | State::Judged => (self.now, self.media.call_ms(self.caller.onset_ms)),
        };
        self.barge.state = State::Judged;
        self.append(Entry::BargeIn { speech_ms, clear_ms, outcome: "confirmed".to_owned() });
        self.interrupt_speech();
    }

    /// The caller finished a turn while the agent was speaking: that interrupts, where it may.
    pub(crate) fn interrupt_for_turn(&mut self) {
        if self.can_interrupt() {
            self.confirm();
        } else {
            self.barge_refuted();
        }
    }

    /// It was not an interruption: the agent goes on.
    pub(crate) fn barge_refuted(&mut self) {
        let State::Suspected { since, speech_ms } = self.barge.state else { return };
        self.barge.state = State::Judged;
        self.append(Entry::BargeIn { speech_ms, clear_ms: since, outcome: "false".to_owned() });
        let mut outs = Vec::new();
        self.playout.resume(self.now, &mut outs);
        self.send(outs);
    }

    /// Too little to stop an agent that speaks: a backchannel, or fewer words than the rules ask for.
    pub(crate) fn is_aside(&self, text: &str) -> bool {
        let count = text.split_whitespace().count();
        count < self.config.rules.interruption.min_words as usize || self.beyond_backchannel(text).is_empty()
    }

    /// An interim result that so far is only the beginning of a phrase to ignore: "I" of "I see".
    fn may_become_backchannel(&self, text: &str) -> bool {
        let rest = self.beyond_backchannel(text);
        self.ignored_phrases().any(|phrase| phrase.starts_with(&rest))
    }

    /// What is left without the words that listeners say while they listen.
    fn beyond_backchannel(&self, text: &str) -> String {
        let mut rest = normalise(text);
        while let Some(len) =
            self.ignored_phrases().filter(|p| starts_with_words(&rest, p)).map(|p| p.len()).max().filter(|len| *len > 0)
        {
            rest = rest.split_off(len).trim_start().to_owned();
        }
        rest
    }

    fn ignored_phrases(&self) -> impl Iterator<Item = String> {
        self.config.rules.interruption.ignore.iter().map(|phrase| normalise(phrase))
    }
}

fn starts_with_words(text: &str, phrase: &str) -> bool {
    !phrase.is_empty() && text.strip_prefix(phrase).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// Lower case, words only, single spaces: "Mm-hm." and "mm hm" are the same.
fn normalise(text: &str) -> String {
    let words: String = text.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    words.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}
