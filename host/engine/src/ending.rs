//! The end of a call: once, whatever comes first, and after the last word was heard where that is possible.

use crate::{Call, CallConfig, Command, EndOfMedia};
use trunkline_contract::Ms;
use trunkline_contract::action::HangUp;
use trunkline_contract::event::{Ended, Event};
use trunkline_contract::log::Entry;

/// The behaviour's last decision may take this long, ms.
const LAST_DECISION_MS: Ms = 1_000;

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
        since: Ms,
    },
    Finished,
}

/// How far the end has come.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    state: State,
    begun: Ms,
    max_duration_said: bool,
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

    /// After the end the behaviour hears only of effects that end and of the end itself.
    pub(crate) fn accepts(&self, event: &Event) -> bool {
        !self.over()
            || matches!(
                event,
                Event::Ended(_)
                    | Event::Said(_)
                    | Event::Interrupted(_)
                    | Event::Generated(_)
                    | Event::ToolFinished(_)
                    | Event::Failed(_)
            )
    }

    pub(crate) fn deadline(&self, config: &CallConfig) -> Option<Ms> {
        match self.state {
            State::Running => Some(self.begun + max_ms(config)),
            State::Closing { since, .. } => Some(since + config.timeouts.farewell),
            State::Over { since, .. } => Some(since + LAST_DECISION_MS),
            State::Finished => None,
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
            self.close(reason);
        }
    }

    /// Ends at once.
    pub(crate) fn end_now(&mut self, reason: &str) {
        if self.ending.over() {
            return;
        }
        self.ending.state = State::Over { reason: reason.to_owned(), since: self.now };
        self.stop_everything();
        if self.media.close() {
            self.append(Entry::MediaStopped { reason: "closed".to_owned() });
            self.out.push(Command::CloseMedia(EndOfMedia::HangUp));
        }
        let duration_ms = self.now - self.ending.begun;
        self.enqueue(Event::Ended(Ended { reason: reason.to_owned(), duration_ms }));
    }

    pub(crate) fn ending_decided(&mut self) {
        let State::Over { reason, .. } = std::mem::replace(&mut self.ending.state, State::Finished) else { return };
        let duration_ms = self.now - self.ending.begun;
        self.append_urgent(Entry::Ended { reason: reason.clone(), duration_ms });
        self.out.push(Command::Finished { reason });
    }

    pub(crate) fn ending_due(&mut self) {
        let late = self.ending.deadline(&self.config).is_some_and(|at| at <= self.now);
        match self.ending.state.clone() {
            State::Running if late && !self.ending.max_duration_said => {
                self.ending.max_duration_said = true;
                self.end_politely("max-duration");
            }
            State::Closing { reason, .. } if late || (!self.agent_active() && !self.tools.busy()) => {
                self.end_now(&reason);
            }
            State::Over { .. } if late => self.ending_decided(),
            State::Running | State::Closing { .. } | State::Over { .. } | State::Finished => {}
        }
    }
}
