//! One passage of speech: its text, the audio that was not sent yet, and how much of it was heard.

use bytes::{Bytes, BytesMut};

use super::{
    Format, Heard, PassageId, WordTiming,
    line::Line,
    script::{Duration, Pace, Script},
};

#[derive(Debug)]
pub(super) struct Passage {
    pub(super) id: PassageId,
    format: Format,
    script: Script,
    unsent: BytesMut,
    /// Where `unsent` begins in the passage's audio.
    sent_ms: u32,
    complete: bool,
    /// Its audio ended before its text did.
    broken_off: bool,
    started: bool,
    /// End of what the current line holds of it.
    line_end: Option<i64>,
    heard_ms: u32,
    exact: bool,
}

impl Passage {
    pub(super) fn new(id: PassageId, format: Format) -> Self {
        Self {
            id,
            format,
            script: Script::default(),
            unsent: BytesMut::new(),
            sent_ms: 0,
            complete: false,
            broken_off: false,
            started: false,
            line_end: None,
            heard_ms: 0,
            exact: true,
        }
    }

    pub(super) fn push_text(&mut self, text: &str) {
        self.script.push_text(text);
    }

    /// Audio after the end is ignored.
    pub(super) fn push_audio(&mut self, audio: &[u8], words: &[WordTiming]) {
        if !self.complete {
            self.unsent.extend_from_slice(audio);
        }
        self.script.push_words(words);
    }

    /// No more audio will come: fills the last frame with silence.
    pub(super) fn complete(&mut self) {
        if !self.complete {
            self.complete = true;
            let whole = self.unsent.len().next_multiple_of(self.format.frame_bytes());
            self.unsent.resize(whole, self.format.silence);
        }
    }

    /// As [`Self::complete`], and part of the text was not spoken.
    pub(super) fn break_off(&mut self) {
        self.broken_off |= !self.complete;
        self.complete();
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Nothing is left to send, and nothing will come.
    pub(super) fn is_sent(&self) -> bool {
        self.complete && self.unsent.is_empty()
    }

    /// Whole frames that could be sent, ms.
    pub(super) fn ready_ms(&self) -> u32 {
        self.format.whole_frames(self.format.ms(self.unsent.len()))
    }

    /// Takes the next `ms` to be sent; they will end at `line_end`. The first time also tells that it is the first.
    pub(super) fn take(&mut self, ms: u32, line_end: i64) -> (u32, Bytes, bool) {
        let bytes = self.format.bytes(ms).min(self.unsent.len());
        let from_ms = self.sent_ms;
        self.sent_ms = self.sent_ms.saturating_add(ms);
        self.line_end = Some(line_end);
        let first = !std::mem::replace(&mut self.started, true);
        (from_ms, self.unsent.split_to(bytes).freeze(), first)
    }

    /// Everything was sent, and played as far as the line is settled.
    pub(super) fn is_played(&self, line: &Line) -> bool {
        self.is_sent() && self.line_end.is_none_or(|end| end <= line.settled())
    }

    /// The whole passage was played.
    pub(super) fn note_played(&mut self, line: &Line) {
        if self.line_end.is_some() {
            self.exact &= line.is_exact();
        }
        self.heard_ms = self.sent_ms;
    }

    /// The playhead stopped at `pos`.
    pub(super) fn note_stopped(&mut self, line: &Line, pos: i64, exact: bool) {
        if self.line_end.is_some() {
            self.exact = exact;
            self.heard_ms = self.heard_ms.max(line.played_of(self.id, pos).unwrap_or(0));
        }
    }

    /// Takes back what the line held and, for all we know, had not played before `pos`, from the start of the word that
    /// was cut.
    pub(super) fn take_back(&mut self, line: &Line, pos: i64, pace: Pace) {
        if self.line_end.take().is_none_or(|end| end <= pos) {
            return;
        }
        // A frame more than the bounds ask for: the fastest way there may be faster than any seen.
        let certain = line.played_of(self.id, pos).map_or(0, |ms| ms.saturating_sub(self.format.frame_ms));
        let word = self.script.word_start(certain, self.duration(pace));
        if let Some((from_ms, audio)) = line.sent_from(self.id, word, self.format.frame_ms) {
            let mut unsent: BytesMut = audio.iter().flatten().copied().collect();
            unsent.extend_from_slice(&self.unsent);
            self.unsent = unsent;
            self.sent_ms = from_ms;
        }
    }

    /// Nothing of it can be played any more; whether all of it was.
    pub(super) fn was_heard_out(&self) -> bool {
        self.is_sent() && self.heard_ms >= self.sent_ms
    }

    /// What is heard when `line`'s playhead is at `pos`.
    pub(super) fn heard_at(&self, line: &Line, pos: i64, exact: bool, pace: Pace) -> Heard {
        let on_line = self.line_end.and_then(|_| line.played_of(self.id, pos)).unwrap_or(0);
        self.heard_of(self.heard_ms.max(on_line), exact, pace)
    }

    pub(super) fn heard(&self, pace: Pace) -> Heard {
        self.heard_of(self.heard_ms, self.exact, pace)
    }

    fn heard_of(&self, ms: u32, exact: bool, pace: Pace) -> Heard {
        let whole = self.complete && !self.broken_off && ms > 0 && ms >= self.audio_ms();
        let text_end = if whole { self.script.len() } else { self.script.heard_until(ms, self.duration(pace)) };
        Heard { text_end, ms, exact }
    }

    pub(super) fn teach(&self, pace: &mut Pace) {
        pace.learn(self.script.len(), self.audio_ms());
    }

    fn duration(&self, pace: Pace) -> Duration {
        match self.complete && !self.broken_off {
            true => Duration::Known(self.audio_ms()),
            false => Duration::AtLeast(self.audio_ms(), pace),
        }
    }

    fn audio_ms(&self) -> u32 {
        self.sent_ms.saturating_add(self.format.ms(self.unsent.len()))
    }
}
