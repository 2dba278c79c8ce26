//! The caller's side of the line: what is said, pressed or waited for in each frame of 20 ms.
//!
//! Pure: the time comes in, the frame goes out. What the agent does is read off its playout, because a caller has nothing
//! but their ears.

#[cfg(test)]
mod tests;

use super::clock::{FRAME, PER_MS, Samples, is_voice};
use super::playout::Playout;
use super::script::Begin;
use std::sync::Arc;

/// A caller whom nobody greets speaks first after this.
const GREETING: Samples = 5_000 * PER_MS;
/// From key to key.
const PER_KEY: Samples = 250 * PER_MS;
/// After the last answer the agent gets at least this long to end the call by itself.
const LINGER: Samples = 1_500 * PER_MS;

/// What the caller does in a step, ready to be sent.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// 16 kHz.
    Clip(Arc<[i16]>),
    Digits(String),
    HangUp,
    Listen,
}

/// A step and when it begins.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) begin: Begin,
    pub(super) act: Act,
}

/// What happened in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A step began.
    Began(usize),
    /// Its words or keys are over.
    Done(usize),
    /// A key is pressed.
    Digit(char),
    /// The caller ends the call.
    HungUp,
    /// The agent did not answer in time; the step that waited is named, or the number of steps at the end.
    GaveUp(usize),
    /// There was nothing left to interrupt.
    TooLate(usize),
}

/// How a caller waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Silence of the agent that counts as the end of its answer.
    pub(super) pause: Samples,
    /// How long an answer is waited for.
    pub(super) patience: Samples,
}

enum State {
    /// For the next step, or for the last answer.
    Waiting,
    /// Since when, and how much of the clip was sent.
    Speaking {
        clip: Arc<[i16]>,
        began: Samples,
        sent: usize,
    },
    /// The keys that are left, and when the next one is due.
    Pressing {
        keys: Vec<char>,
        due: Samples,
    },
    Over,
}

enum Due {
    Now,
    NotYet,
    Never,
}

/// A caller who goes through steps.
pub(super) struct Caller {
    steps: Vec<Step>,
    pace: Pace,
    next: usize,
    state: State,
    /// The end of the last words or keys.
    words_end: Samples,
    spoke: bool,
}

impl Caller {
    pub(super) fn new(steps: Vec<Step>, pace: Pace) -> Self {
        Self { steps, pace, next: 0, state: State::Waiting, words_end: 0, spoke: false }
    }

    /// When the last words or keys ended; the start of the call before there were any.
    pub(super) fn words_end(&self) -> Samples {
        self.words_end
    }

    /// Whether the caller speaks.
    pub(super) fn is_speaking(&self) -> bool {
        matches!(self.state, State::Speaking { .. })
    }

    /// What is sent in the frame that begins at `now`, always 20 ms; and what happens.
    pub(super) fn frame(&mut self, now: Samples, agent: &Playout, events: &mut Vec<Event>) -> Vec<i16> {
        while matches!(self.state, State::Waiting) && self.begin_next(now, agent, events) {}
        let mut frame = Vec::with_capacity(FRAME);
        match &mut self.state {
            State::Speaking { clip, began, sent } => {
                let piece = clip.get(*sent..).unwrap_or_default();
                let piece = piece.get(..FRAME).unwrap_or(piece);
                frame.extend_from_slice(piece);
                *sent += piece.len();
                if *sent == clip.len() {
                    let voice_end = clip.iter().rposition(|&sample| is_voice(sample)).map_or(clip.len(), |at| at + 1);
                    self.words_end = *began + voice_end as u64;
                    self.done(events);
                }
            }
            State::Pressing { keys, due } if *due <= now => {
                events.extend(keys.pop().map(Event::Digit));
                *due = now + PER_KEY;
                if keys.is_empty() {
                    self.words_end = now;
                    self.done(events);
                }
            }
            _ => {}
        }
        frame.resize(FRAME, 0);
        frame
    }

    fn done(&mut self, events: &mut Vec<Event>) {
        events.push(Event::Done(self.next));
        self.next += 1;
        self.spoke = true;
        self.state = State::Waiting;
    }

    /// Whether to look again at once.
    fn begin_next(&mut self, now: Samples, agent: &Playout, events: &mut Vec<Event>) -> bool {
        let Some(step) = self.steps.get(self.next).cloned() else {
            self.finish(now, agent, events);
            return false;
        };
        match self.due(step.begin, self.pace.pause, now, agent) {
            Due::NotYet => return false,
            Due::Never => {
                events.push(Event::GaveUp(self.next));
                self.state = State::Over;
                return false;
            }
            Due::Now => {}
        }
        events.push(Event::Began(self.next));
        if matches!(step.begin, Begin::Interrupting(_)) && !agent.is_playing() {
            events.push(Event::TooLate(self.next));
        }
        match step.act {
            Act::Clip(clip) => self.state = State::Speaking { clip, began: now, sent: 0 },
            Act::Digits(digits) => self.state = State::Pressing { keys: digits.chars().rev().collect(), due: now },
            Act::HangUp => {
                events.push(Event::HungUp);
                self.state = State::Over;
            }
            Act::Listen => {
                events.push(Event::Done(self.next));
                self.next += 1;
            }
        }
        matches!(self.state, State::Waiting)
    }

    /// After the last step its answer is heard, then the caller hangs up.
    fn finish(&mut self, now: Samples, agent: &Playout, events: &mut Vec<Event>) {
        match self.due(Begin::Silence, self.pace.pause.max(LINGER), now, agent) {
            Due::NotYet => return,
            Due::Never => events.push(Event::GaveUp(self.next)),
            Due::Now => events.push(Event::HungUp),
        }
        self.state = State::Over;
    }

    fn due(&self, begin: Begin, pause: Samples, now: Samples, agent: &Playout) -> Due {
        let since = |at: Samples| now.saturating_sub(at);
        let answered = agent.played_after(self.words_end);
        let silent = agent.quiet_since().is_some_and(|quiet| since(quiet) >= pause);
        let ready = match begin {
            Begin::After(wait) => return if since(self.words_end) >= wait * PER_MS { Due::Now } else { Due::NotYet },
            // What was over before it could be interrupted is not waited for.
            Begin::Interrupting(wait) => answered.is_some_and(|began| since(began) >= wait * PER_MS || silent),
            Begin::Silence => answered.is_some() && silent && since(self.words_end) >= pause,
        };
        let greeted = self.spoke || agent.played_after(0).is_some();
        let patience = since(self.words_end.max(agent.quiet_since().unwrap_or(0)));
        match ready {
            true => Due::Now,
            false if !greeted && begin == Begin::Silence && now >= GREETING => Due::Now,
            false if !agent.is_playing() && patience > self.pace.patience => Due::Never,
            false => Due::NotYet,
        }
    }
}
