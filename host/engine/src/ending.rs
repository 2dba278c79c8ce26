//! The end of a call: once, whatever comes first, and after the last word was heard where that is possible.
//!
//! The end has an order: the last words, the media socket, the ends of everything that was under way, and only then
//! `ended`. So the behaviour learns of each effect, and nothing follows its last event.

use crate::{Call, CallConfig, Command, EndOfMedia};
use trunkline_contract::Ms;
use trunkline_contract::action::HangUp;
use trunkline_contract::event::{Ended, Event};
use trunkline_contract::log::Entry;

/// The behaviour's last decisions may take this long, ms.
const LAST_DECISIONS_MS: Ms = 1_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Running,
    /// The end was decided; what is being said is heard first.
    Closing {
        reason: String,
        since: Ms,
    },
    /// The media socket is closed; the behaviour is told.
    Over {
        reason: String,
        duration_ms: Ms,
        /// Nothing but the behaviour has been waited for since then.
        since: Ms,
        /// The behaviour has got its last event.
        told: bool,
    },
    Finished,
}

/// How far the end has come.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    state: State,
    begun: Ms,
    /// The host has said good-bye: nothing is said after that.
    said_goodbye: bool,
}

impl Ending {
    pub(crate) fn begun_at(&mut self, at: Ms) {
        self.begun = at;
    }

    pub(crate) fn finished(&self) -> bool {
        self.state == State::Finished
    }

    /// The call is over: nothing is said or heard any more.
    pub(crate) fn over(&self) -> bool {
        matches!(self.state, State::Over { .. } | State::Finished)
    }

    pub(crate) fn closing(&self) -> bool {
        matches!(self.state, State::Closing { .. })
    }

    /// The last words were said, or are about to be.
    pub(crate) fn said_goodbye(&self) -> bool {
        self.said_goodbye
    }

    /// The behaviour has got its last event.
    pub(crate) fn told(&self) -> bool {
        matches!(self.state, State::Over { told: true, .. } | State::Finished)
    }

    /// An end that was decided before the host was lost.
    pub(crate) fn restore(&mut self, begun: Ms, now: Ms, closing: bool, told: Option<Ended>) {
        self.begun = begun;
        if let Some(Ended { reason, duration_ms }) = told {
            self.state = State::Over { reason, duration_ms, since: now, told: true };
        } else if closing {
            self.state = State::Closing { reason: "agent-hangup".to_owned(), since: now };
        }
    }

    /// Something outside of the behaviour ended: from now on only the behaviour is waited for.
    pub(crate) fn outlasted(&mut self, now: Ms) {
        if let State::Over { since, .. } = &mut self.state {
            *since = now;
        }
    }
}

fn max_ms(config: &CallConfig) -> Ms {
    Ms::from(config.limits.max_duration_s) * 1_000
}

impl Call {
    pub(crate) fn hang_up(&mut self, action: &HangUp) {
        let reason = if action.reason.is_empty() { "agent-hangup" } else { action.reason.as_str() };
        self.append(Entry::Note { level: "info".to_owned(), text: format!("hang-up: {reason}") });
        if action.after_speech {
            self.close("agent-hangup");
        } else {
            self.end_now("agent-hangup");
        }
    }

    /// Ends after what is being said was heard.
    pub(crate) fn close(&mut self, reason: &str) {
        if self.ending.state == State::Running {
            self.ending.state = State::Closing { reason: reason.to_owned(), since: self.now };
        }
    }

    /// Says good-bye, then ends.
    pub(crate) fn end_politely(&mut self, reason: &str) {
        if self.ending.state == State::Running {
            let line = self.config.goodbye.clone();
            self.say_line(&line);
            self.ending.said_goodbye = true;
            self.close(reason);
        }
    }

    /// Ends at once.
    pub(crate) fn end_now(&mut self, reason: &str) {
        if self.ending.over() {
            return;
        }
        let duration_ms = self.now.saturating_sub(self.ending.begun);
        self.ending.state = State::Over { reason: reason.to_owned(), duration_ms, since: self.now, told: false };
        self.stop_everything();
        if self.media.close() {
            self.append(Entry::MediaStopped { reason: "closed".to_owned() });
            self.out.push(Command::CloseMedia(EndOfMedia::HangUp));
        }
    }

    /// `ended`, once everything else is over; at most once.
    pub(crate) fn last_event(&mut self) -> Option<Event> {
        if self.tools.busy() {
            return None;
        }
        let State::Over { reason, duration_ms, told, .. } = &mut self.ending.state else { return None };
        if std::mem::replace(told, true) {
            return None;
        }
        Some(Event::Ended(Ended { reason: reason.clone(), duration_ms: *duration_ms }))
    }

    pub(crate) fn ending_decided(&mut self) {
        let state = std::mem::replace(&mut self.ending.state, State::Finished);
        let State::Over { reason, duration_ms, .. } = state else { return };
        self.append_urgent(Entry::Ended { reason: reason.clone(), duration_ms });
        self.out.push(Command::Finished { reason });
    }

    pub(crate) fn ending_deadline(&self) -> Option<Ms> {
        match self.ending.state {
            // A written conversation may rest for days.
            State::Running if self.in_writing() => None,
            State::Running => Some(self.ending.begun + max_ms(&self.config)),
            State::Closing { since, .. } => Some(since + self.config.timeouts.farewell),
            // A tool that must not be dropped has a deadline of its own.
            State::Over { .. } if self.tools.busy() => None,
            State::Over { since, .. } => Some(since + LAST_DECISIONS_MS),
            State::Finished => None,
        }
    }

    pub(crate) fn ending_due(&mut self) {
        let late = self.ending_deadline().is_some_and(|at| at <= self.now);
        match self.ending.state.clone() {
            State::Running if late => self.end_politely("max-duration"),
            State::Closing { reason, .. } if late || (!self.agent_active() && !self.tools.busy()) => {
                self.end_now(&reason);
            }
            State::Over { .. } if late => {
                self.drop_undecided();
                self.ending_decided();
            }
            State::Running | State::Closing { .. } | State::Over { .. } | State::Finished => {}
        }
    }
}
