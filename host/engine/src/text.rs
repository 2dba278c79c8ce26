//! The text channel: the same call without audio. What the caller writes is a turn, what the agent says is shown as it
//! comes and counts as delivered at once.
//!
//! There is no media socket, so nothing waits for one, nobody is asked whether they are still there, and the longest
//! duration of a call does not apply: the other side may come back after days.

use crate::{Call, Command};
use trunkline_contract::chat::Message;
use trunkline_contract::event::{Event, Turn};
use trunkline_contract::log::Entry;

/// `speech-mode` of the text channel.
const TEXT: &str = "text";

impl Call {
    /// Nothing is under way: whatever the caller wrote has been answered, as far as it will be.
    pub fn at_rest(&self) -> bool {
        let nothing_said = self.speeches.jobs().next().is_none() && self.unshown.is_empty();
        let ending = self.ending.closing() || self.ending.over();
        let waiting = !ending || self.ending.finished();
        nothing_said && waiting && self.decisions.idle() && !self.tools.busy()
    }

    /// Place in the history and text so far of what is being said in a passage.
    pub fn being_said(&self, context: u32) -> Option<(u32, &str)> {
        self.speeches.text_of(context)
    }

    pub(crate) fn in_writing(&self) -> bool {
        self.config.call.speech_mode == TEXT
    }

    /// The caller wrote something: what the agent is still writing is no longer wanted.
    pub(crate) fn wrote(&mut self, text: String) {
        if !self.in_writing() || self.ending.closing() || self.ending.over() {
            return;
        }
        self.interrupt_speech();
        let (number, now) = (self.caller.count(), self.now);
        let message = Message::User { text: text.clone() };
        let index = self.history.push(message.clone());
        self.append(Entry::message(index, message));
        self.begin_latency(number, now, Some(now), Some(now));
        self.enqueue(Event::UserTurn(Turn {
            number,
            text,
            confidence: None,
            language: None,
            source: TEXT.to_owned(),
            start_ms: now,
            end_ms: now,
        }));
    }

    /// Shows more of a message.
    pub(crate) fn write(&mut self, job: u32, index: u32, text: &str) {
        self.unshown.push(Command::Write { index, text: text.to_owned() });
        self.stage_of(job, |latency| &mut latency.first_audio_ms);
        self.finish_latency(job);
    }

    /// Hands out what was written, once the call itself is durable.
    pub(crate) fn show(&mut self) {
        if self.committed >= self.speak_after {
            self.out.append(&mut self.unshown);
        }
    }
}
