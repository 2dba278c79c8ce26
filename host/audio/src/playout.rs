//! The playout ledger: hands speech to the carrier in time, and keeps account of how much of it was heard.
//!
//! A carrier plays what it is sent from a buffer, out of our sight. What the caller heard is what the carrier *played*,
//! not what was sent; after an interruption the difference is whole sentences. The ledger is told everything that goes
//! in and comes back, and answers to within a frame or so:
//!
//! - the clock reads the carrier's clock off the inbound media,
//! - the line models the carrier's buffer from the messages sent and the marks echoed,
//! - a clearing finds out where playback stopped when the buffer was emptied in mid-speech,
//! - the script turns a point in the audio into a place in the text.
//!
//! It does no I/O and has no clock. Every method takes what happened and when, ms on the call's monotonic clock; after
//! any of them (those that fill `out` excepted) call [`Playout::poll`], send what it yields in that order, and come
//! back at [`Playout::next_due`].

use std::collections::{VecDeque, vec_deque};

use bytes::Bytes;

mod clearing;
mod clock;
mod config;
mod line;
mod passage;
mod script;
mod span;
#[cfg(test)]
mod tests;

use self::{
    clearing::{Clearing, Stopped},
    clock::CarrierClock,
    line::Line,
    passage::Passage,
    script::Pace,
    span::Edge,
};
pub use self::{
    config::{Config, Format},
    script::WordTiming,
};

/// Milliseconds on the call's monotonic clock, 0 at the start of the call.
pub type Ms = u64;

/// Names a passage: the number of the effect that speaks.
pub type PassageId = u32;

/// Something to send to the carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// Audio to play: whole frames.
    Media {
        /// The audio.
        audio: Bytes,
        /// When it will play, as far as is known: time of the carrier's stream, ms. Inbound media of this stamp can
        /// carry its echo.
        plays_at: u64,
    },
    /// A mark to be echoed once everything before it was played.
    Mark(String),
    /// Everything that was not played is to be dropped.
    Clear,
}

/// How much of a passage was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Where the heard text ends: byte offset into the passage's text, on a char boundary, at the end of a word. A word
    /// counts as heard when at least half of it was played.
    pub text_end: usize,
    /// Audio played, ms.
    pub ms: u32,
    /// Told by the carrier; otherwise estimated because an echo, or its clock, was missing.
    pub exact: bool,
}

/// What the ledger found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The passage's first audio was handed to the carrier.
    Started {
        /// Which one.
        passage: PassageId,
    },
    /// The passage was played to its end, or has come to its turn and is empty. No more comes of it.
    Finished {
        /// Which one.
        passage: PassageId,
        /// All of it.
        heard: Heard,
    },
    /// The passage was cut. No more comes of it.
    Cut {
        /// Which one.
        passage: PassageId,
        /// Where playback stopped.
        heard: Heard,
    },
}

/// Whether audio may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    Held,
    /// To be opened as soon as it is known from where to go on.
    Reopening,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Playout {
    config: Config,
    clock: CarrierClock,
    gate: Gate,
    /// What the carrier was sent since the last clear.
    line: Line,
    /// Clears whose echo is awaited, in the order sent.
    clearings: VecDeque<Clearing>,
    /// Passages that may still be played, in order.
    passages: VecDeque<Passage>,
    pace: Pace,
    events: VecDeque<Event>,
    last_id: u64,
}

impl Playout {
    /// A ledger for a stream that has just started.
    pub fn new(config: Config) -> Self {
        let config = config.workable();
        Self {
            clock: CarrierClock::new(config.format.frame_ms),
            config,
            gate: Gate::Open,
            line: Line::default(),
            clearings: VecDeque::new(),
            passages: VecDeque::new(),
            pace: Pace::default(),
            events: VecDeque::new(),
            last_id: 0,
        }
    }

    /// Opens a passage. Passages are played in the order in which they were begun, each when the one before it is
    /// finished. One that is open already is left as it is.
    pub fn begin(&mut self, passage: PassageId) {
        if self.passage(passage).is_none() {
            self.passages.push_back(Passage::new(passage, self.config.format));
        }
    }

    /// Appends to the text of an open passage: what was given to the speech synthesis.
    pub fn push_text(&mut self, passage: PassageId, text: &str) {
        if let Some(passage) = self.passage_mut(passage) {
            passage.push_text(text);
        }
    }

    /// Appends audio (any number of bytes, also none) and the timings of words to an open passage; of other passages,
    /// it is dropped. As soon as a passage has any word timings, only those tell what was heard of it.
    pub fn push_audio(&mut self, passage: PassageId, audio: &[u8], words: &[WordTiming]) {
        if let Some(passage) = self.passage_mut(passage) {
            passage.push_audio(audio, words);
        }
    }

    /// No more audio will come for this passage.
    pub fn finish(&mut self, passage: PassageId) {
        let pace = &mut self.pace;
        if let Some(passage) = self.passages.iter_mut().find(|p| p.id == passage && !p.is_complete()) {
            passage.complete();
            passage.teach(pace);
        }
    }

    /// As [`Self::finish`], when the speech synthesis was stopped or failed: the text goes on after the audio, and what of it
    /// was heard is told by the words' timings, or by how fast speech has been so far.
    pub fn break_off(&mut self, passage: PassageId) {
        if let Some(passage) = self.passage_mut(passage) {
            passage.break_off();
        }
    }

    /// Does what is due: sends audio, never more than `ahead_ms` of it unplayed, and stops waiting for what is overdue.
    pub fn poll(&mut self, now: Ms, out: &mut Vec<Out>) {
        while let Some(overdue) = self.clearings.pop_front_if(|c| c.deadline <= now) {
            self.settle_clearing(overdue, None);
        }
        self.line.give_up(self.clock.latest_news(now), i64::from(self.config.echo_timeout_ms));
        self.retire();
        if self.gate == Gate::Reopening && !self.holds_unsettled() {
            self.gate = Gate::Open;
        }
        while self.gate == Gate::Open && self.send_message(now, out) {}
    }

    /// When to call [`Self::poll`] again, if nothing happens before. After a poll this lies in the future.
    pub fn next_due(&self) -> Option<Ms> {
        let patience = i64::from(self.config.echo_timeout_ms);
        let overdue = self.line.unreported().map(|(_, at)| self.clock.news_of(at.saturating_add(patience)));
        let clearing = self.clearings.front().map(|c| c.deadline);
        [self.next_message_due(), overdue, clearing].into_iter().flatten().min()
    }

    /// A media message from the carrier arrived; `stream_ms` is its stamp.
    pub fn on_stream_clock(&mut self, now: Ms, stream_ms: u64) {
        self.clock.tick(now, stream_ms);
    }

    /// The carrier echoed a mark; `stream_ms` is the stamp of its latest media message, if that has not been told.
    /// Unknown marks, and those that are not waited for any more, are ignored.
    pub fn on_mark(&mut self, now: Ms, stream_ms: Option<u64>, name: &str) {
        if let Some(stamp) = stream_ms {
            self.clock.tick_if_newer(now, stamp);
        }
        match MarkName::parse(name) {
            Some(MarkName::Segment(id)) => self.on_segment_mark(now, id),
            Some(MarkName::Clear(id)) => self.on_clear_mark(now, id),
            None => {}
        }
    }

    /// Speech is suspected: empties the carrier's buffer at once, and keeps what was not heard.
    pub fn hold(&mut self, now: Ms, out: &mut Vec<Out>) {
        if self.gate == Gate::Open {
            self.clear(now, out);
        }
        self.gate = Gate::Held;
    }

    /// It was a false alarm: goes on from the start of the word that was cut. While it is not known yet which one that
    /// is, the audio waits for it (a round trip from the hold at most).
    pub fn resume(&mut self, now: Ms, out: &mut Vec<Out>) {
        if self.gate == Gate::Held {
            self.gate = Gate::Reopening;
        }
        self.poll(now, out);
    }

    /// The interruption is confirmed: empties the carrier's buffer, if a hold has not done so, and drops all passages.
    /// Each ends in an event, as soon as it is known where playback stopped. Passages begun from now on are played.
    pub fn cut(&mut self, now: Ms, out: &mut Vec<Out>) {
        if self.gate == Gate::Open {
            self.clear(now, out);
        }
        self.gate = Gate::Open;
        let mut cut: Vec<_> = std::mem::take(&mut self.passages).into();
        match self.clearings.back_mut() {
            Some(clearing) if clearing.ending.is_none() => clearing.ending = Some(cut),
            _ => {
                cut.iter_mut().for_each(|p| p.note_stopped(&self.line, self.line.settled(), true));
                self.end(cut);
            }
        }
    }

    /// Waits no longer: every clear that is under way counts as landed a round trip after it was sent.
    pub fn settle(&mut self) {
        while let Some(clearing) = self.clearings.pop_front() {
            self.settle_clearing(clearing, None);
        }
    }

    /// The media socket is gone: every passage ends with what must have been played by now, and nothing is awaited any
    /// more. What is begun from now on belongs to a new stream.
    pub fn lost(&mut self, now: Ms) {
        self.settle();
        let line = std::mem::take(&mut self.line);
        let pos = line.playhead(self.clock.present(now).middle(), Edge::Middle);
        let mut ending: Vec<_> = std::mem::take(&mut self.passages).into();
        for passage in &mut ending {
            passage.note_stopped(&line, pos, false);
        }
        self.end(ending);
        self.clock = CarrierClock::new(self.config.format.frame_ms);
        self.gate = Gate::Open;
    }

    /// Takes what was found out, in order.
    pub fn take_events(&mut self) -> vec_deque::Drain<'_, Event> {
        self.events.drain(..)
    }

    /// The carrier has audio that it has not played to the end, as far as is known. Becomes false in the end whether or
    /// not the last mark comes back.
    pub fn playing(&self) -> bool {
        self.line.unplayed()
    }

    /// Audio is held back: after [`Self::hold`], until it goes on or is dropped.
    pub fn held(&self) -> bool {
        self.gate != Gate::Open
    }

    /// No passage is open, and nothing is awaited.
    pub fn idle(&self) -> bool {
        self.passages.is_empty() && self.clearings.is_empty()
    }

    /// What must have been heard by now of a passage that has not ended; an estimate.
    pub fn position(&self, now: Ms, passage: PassageId) -> Option<Heard> {
        let cut = self.clearings.iter().find_map(|c| Some((c, c.ending.as_ref()?.iter().find(|p| p.id == passage)?)));
        let held = || Some((self.clearings.iter().find(|c| c.ending.is_none())?, self.passage(passage)?));
        if let Some((clearing, passage)) = cut.or_else(held) {
            return Some(clearing.provisional(passage, now, &self.clock, self.pace));
        }
        let pos = self.line.playhead(self.clock.present(now).middle(), Edge::Middle);
        Some(self.passage(passage)?.heard_at(&self.line, pos, false, self.pace))
    }

    /// When something sent now takes effect at the carrier: time of its stream, ms.
    pub fn lands_at(&self, now: Ms) -> u64 {
        self.clock.stamp(self.clock.landing(now))
    }

    /// The way to the carrier and back, ms; `None` before it was first measured.
    pub fn round_trip_ms(&self) -> Option<Ms> {
        self.clock.round_trip()
    }

    fn passage(&self, id: PassageId) -> Option<&Passage> {
        self.passages.iter().find(|p| p.id == id)
    }

    fn passage_mut(&mut self, id: PassageId) -> Option<&mut Passage> {
        self.passages.iter_mut().find(|p| p.id == id)
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn on_segment_mark(&mut self, now: Ms, id: u64) {
        let reading = self.clock.read(now);
        if let Some(mark) = self.line.awaits(id) {
            if let Some((sent, landed)) = self.line.reached_mark(mark, reading) {
                self.clock.learn_lag(sent, landed);
            }
            self.retire();
        } else {
            self.clearings.iter_mut().for_each(|c| c.echoed(id, reading));
        }
    }

    /// The carrier keeps the order: clears before this one have landed too, though their echo was lost.
    fn on_clear_mark(&mut self, now: Ms, id: u64) {
        if !self.clearings.iter().any(|c| c.id == id) {
            return;
        }
        let reading = self.clock.read(now);
        while let Some(clearing) = self.clearings.pop_front_if(|c| c.id <= id) {
            let echoed = clearing.id == id;
            if echoed {
                self.clock.learn_lag(clearing.sent(), reading.at.middle());
            }
            self.settle_clearing(clearing, echoed.then_some(reading));
        }
    }

    /// Empties the carrier's buffer, unless it is known to be empty.
    fn clear(&mut self, now: Ms, out: &mut Vec<Out>) {
        if self.line.outstanding() {
            let id = self.next_id();
            out.extend([Out::Clear, Out::Mark(MarkName::Clear(id).to_string())]);
            let line = std::mem::take(&mut self.line);
            self.clearings.push_back(Clearing::new(id, now, self.config.echo_timeout_ms, line));
        }
    }

    fn holds_unsettled(&self) -> bool {
        self.clearings.iter().any(|c| c.ending.is_none())
    }

    fn settle_clearing(&mut self, clearing: Clearing, emptied: Option<clock::Reading>) {
        let (Stopped { line, pos, at_least, exact }, ending) = clearing.settle(emptied, &self.clock);
        if let Some(mut ending) = ending {
            ending.iter_mut().for_each(|p| p.note_stopped(&line, pos, exact));
            self.end(ending);
        } else {
            for passage in &mut self.passages {
                passage.note_stopped(&line, pos, exact);
                passage.take_back(&line, at_least, self.pace);
            }
            self.retire();
        }
    }

    /// Ends passages of which nothing more can be played.
    fn end(&mut self, passages: Vec<Passage>) {
        for passage in passages {
            let (heard, id) = (passage.heard(self.pace), passage.id);
            self.events.push_back(match passage.was_heard_out() {
                true => Event::Finished { passage: id, heard },
                false => Event::Cut { passage: id, heard },
            });
        }
    }

    /// Ends passages that were played.
    fn retire(&mut self) {
        while let Some(mut passage) = self.passages.pop_front_if(|p| p.is_played(&self.line)) {
            passage.note_played(&self.line);
            self.end(vec![passage]);
        }
    }

    /// Unplayed audio at the carrier when something sent now lands there, ms.
    fn cushion(&self, now: Ms) -> i64 {
        self.line.end() - self.line.playhead(self.clock.surely_passed(now), Edge::Middle)
    }

    /// What could be sent next: of which passage, how much, and with how much audio at most still at the carrier. A full
    /// message goes when there is room for it. A smaller one goes only when the carrier is about to run dry: at the
    /// start of speech, and when the synthesis is slow.
    fn next_message(&self) -> Option<(usize, u32, i64)> {
        let (index, passage) = self.passages.iter().enumerate().find(|(_, p)| !p.is_sent())?;
        let len = passage.ready_ms().min(self.config.message_ms);
        let full = len == self.config.message_ms || passage.is_complete();
        let room = i64::from(self.config.ahead_ms) - i64::from(len);
        let most = if full { room } else { room.min(self.low_water()) };
        (len > 0).then_some((index, len, most))
    }

    /// With less audio than this, the carrier is about to run dry.
    fn low_water(&self) -> i64 {
        i64::from(self.config.message_ms) - 1
    }

    fn next_message_due(&self) -> Option<Ms> {
        let (_, _, most) = self.next_message().filter(|_| self.gate == Gate::Open)?;
        Some(self.clock.passes(self.line.reaches(self.line.end() - most, Edge::Middle)))
    }

    fn send_message(&mut self, now: Ms, out: &mut Vec<Out>) -> bool {
        let cushion = self.cushion(now);
        let Some((index, len, _)) = self.next_message().filter(|(_, _, most)| cushion <= *most) else {
            return false;
        };
        if cushion <= self.low_water() {
            self.mark(now, true, out);
        }
        let landing = self.clock.landing(now);
        let Some(passage) = self.passages.get_mut(index) else { return false };
        let (from_ms, audio, first) = passage.take(len, self.line.end() + i64::from(len));
        if first {
            self.events.push_back(Event::Started { passage: passage.id });
        }
        let last = passage.is_sent();
        let plays_at = self.clock.stamp(landing + cushion);
        out.push(Out::Media { audio: audio.clone(), plays_at });
        self.line.send(now, landing, passage.id, from_ms, audio, len);
        if last || self.line.unmarked() + i64::from(self.config.message_ms) > i64::from(self.config.segment_ms) {
            self.mark(now, false, out);
        }
        true
    }

    fn mark(&mut self, now: Ms, leads: bool, out: &mut Vec<Out>) {
        let id = self.next_id();
        self.line.mark(now, id, leads);
        out.push(Out::Mark(MarkName::Segment(id).to_string()));
    }
}

/// The marks that the ledger sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MarkName {
    /// Behind, or ahead of, a segment of audio.
    Segment(u64),
    /// Behind a clear.
    Clear(u64),
}

impl MarkName {
    fn parse(name: &str) -> Option<Self> {
        match name.split_once(':')? {
            ("seg", id) => id.parse().ok().map(Self::Segment),
            ("clr", id) => id.parse().ok().map(Self::Clear),
            _ => None,
        }
    }
}

impl std::fmt::Display for MarkName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Segment(id) => write!(f, "seg:{id}"),
            Self::Clear(id) => write!(f, "clr:{id}"),
        }
    }
}
