//! The carrier's buffer: plays agent audio in real time, echoes marks behind it, forgets it on `clear`.
//!
//! Time is given in samples, so what was played is exact however late the process wakes up: advancing in one step or in
//! many gives the same record.

use std::collections::VecDeque;

use super::clip::is_voice;
use super::clock::{PER_MS, Samples};
use super::record::{CallRecord, ClearRecord, MarkRecord, Passage, Span, Underrun};

/// Agent audio beyond this is refused, in bytes (10 minutes): a host that never stops must not eat the machine.
const MAX_BUFFERED: usize = 10 * 60 * 8_000;

/// The buffer of one stream.
pub(super) struct Playout {
    audio: VecDeque<u8>,
    /// Bytes that left the buffer, played or dropped; marks are placed on this scale.
    consumed: u64,
    /// Marks that wait: where they are, and which entry of the record they are.
    marks: VecDeque<(u64, usize)>,
    /// Everything up to here has been played.
    cursor: Samples,
    /// Ends of what was played last, unless a clear or the caller's words explain the gap that follows.
    last_end: Option<Samples>,
    gap: Samples,
    keep_audio: bool,
    /// The agent's voice goes on in the last span of the record.
    voice_open: bool,
}

impl Playout {
    pub(super) fn new(now: Samples, underrun_gap_ms: u64, keep_audio: bool) -> Self {
        Self {
            audio: VecDeque::new(),
            consumed: 0,
            marks: VecDeque::new(),
            cursor: now,
            last_end: None,
            gap: underrun_gap_ms * PER_MS,
            keep_audio,
            voice_open: false,
        }
    }

    /// Takes audio that arrived now. Call [`Self::advance`] first.
    pub(super) fn push_audio(&mut self, audio: &[u8], record: &mut CallRecord) {
        if self.audio.len() + audio.len() > MAX_BUFFERED {
            record.errors.push(format!("{} bytes of agent audio did not fit into the carrier's buffer", audio.len()));
            return;
        }
        self.audio.extend(audio);
    }

    /// Takes a mark that arrived now; it is echoed by the next [`Self::advance`] if nothing is before it.
    pub(super) fn push_mark(&mut self, name: String, record: &mut CallRecord) {
        let arrived = self.cursor;
        self.marks.push_back((self.consumed + self.audio.len() as u64, record.marks.len()));
        record.marks.push(MarkRecord { name, arrived, echoed: None, flushed: false, lost: false, played: 0 });
    }

    /// Drops everything; the marks that were waiting are echoed.
    pub(super) fn clear(&mut self, record: &mut CallRecord, echoes: &mut Vec<usize>) {
        let dropped = self.audio.len() as u64;
        self.consumed += dropped;
        self.audio.clear();
        self.last_end = None;
        self.voice_open = false;
        let played = played(record);
        record.clears.push(ClearRecord { at: self.cursor, dropped, marks: self.marks.len(), played });
        for (_, index) in self.marks.drain(..) {
            if let Some(mark) = record.marks.get_mut(index) {
                mark.flushed = true;
            }
            reach(record, index, self.cursor, played, echoes);
        }
    }

    /// The caller spoke: a gap in the agent's audio is no underrun.
    pub(super) fn caller_spoke(&mut self) {
        self.last_end = None;
    }

    /// Plays up to a time. Marks that were reached are added to `echoes`, as entries of the record.
    pub(super) fn advance(&mut self, to: Samples, record: &mut CallRecord, echoes: &mut Vec<usize>) {
        loop {
            while let Some(&(_, index)) = self.marks.front().filter(|(at, _)| *at <= self.consumed) {
                self.marks.pop_front();
                reach(record, index, self.cursor, played(record), echoes);
            }
            let time = to.saturating_sub(self.cursor);
            let to_mark = self.marks.front().map_or(u64::MAX, |(at, _)| at - self.consumed);
            let bytes = time.min(self.audio.len() as u64).min(to_mark);
            if bytes == 0 {
                break;
            }
            self.play(bytes, record);
        }
        self.cursor = self.cursor.max(to);
    }

    /// When the next mark is reached, if nothing else happens.
    pub(super) fn next_mark(&self) -> Option<Samples> {
        self.marks.front().map(|(at, _)| self.cursor + at.saturating_sub(self.consumed))
    }

    /// Audio that has not been played, in bytes.
    pub(super) fn buffered(&self) -> u64 {
        self.audio.len() as u64
    }

    fn play(&mut self, bytes: u64, record: &mut CallRecord) {
        if let Some(end) = self.last_end.filter(|&end| end < self.cursor && self.cursor - end < self.gap) {
            record.underruns.push(Underrun { at: end, gap: self.cursor - end });
        }
        let count = usize::try_from(bytes).unwrap_or(usize::MAX).min(self.audio.len());
        let (front, back) = self.audio.as_slices();
        let first = front.get(..count).unwrap_or(front);
        let second = back.get(..count - first.len()).unwrap_or_default();
        let mut at = self.cursor;
        for part in [first, second] {
            hear(part, at, self.gap, &mut self.voice_open, record);
            at += part.len() as u64;
            if self.keep_audio {
                record.played.extend_from_slice(part);
            }
        }
        match record.timeline.last_mut() {
            Some(last) if last.at + last.bytes == self.cursor => last.bytes += bytes,
            _ => record.timeline.push(Passage { at: self.cursor, bytes }),
        }
        self.audio.drain(..count);
        self.consumed += bytes;
        self.cursor += bytes;
        self.last_end = Some(self.cursor);
    }
}

/// Notes where the agent's voice is in a piece that was played.
fn hear(part: &[u8], at: Samples, gap: Samples, open: &mut bool, record: &mut CallRecord) {
    let Some(first) = part.iter().position(|&code| is_voice(code)) else { return };
    let last = part.iter().rposition(|&code| is_voice(code)).unwrap_or(first);
    let (begin, end) = (at + first as u64, at + last as u64 + 1);
    match record.agent_speech.last_mut() {
        Some(span) if *open && begin.saturating_sub(span.end) < gap => span.end = end,
        _ => record.agent_speech.push(Span { begin, end }),
    }
    *open = true;
}

fn reach(record: &mut CallRecord, index: usize, at: Samples, played: u64, echoes: &mut Vec<usize>) {
    if let Some(mark) = record.marks.get_mut(index) {
        mark.echoed = Some(at);
        mark.played = played;
    }
    echoes.push(index);
}

fn played(record: &CallRecord) -> u64 {
    record.timeline.iter().map(|passage| passage.bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VOICE: u8 = 0x10;

    struct Bench {
        playout: Playout,
        record: CallRecord,
        echoes: Vec<usize>,
    }

    impl Bench {
        fn new() -> Self {
            Self { playout: Playout::new(0, 500, true), record: CallRecord::default(), echoes: Vec::new() }
        }

        fn to(&mut self, at: Samples) -> &mut Self {
            self.playout.advance(at, &mut self.record, &mut self.echoes);
            self
        }

        fn audio(&mut self, bytes: usize) -> &mut Self {
            self.playout.push_audio(&vec![VOICE; bytes], &mut self.record);
            self
        }

        fn mark(&mut self, name: &str) -> &mut Self {
            self.playout.push_mark(name.into(), &mut self.record);
            self
        }

        fn clear(&mut self) -> &mut Self {
            self.playout.clear(&mut self.record, &mut self.echoes);
            self
        }
    }

    #[test]
    fn a_mark_is_echoed_when_everything_before_it_has_been_played() {
        let mut bench = Bench::new();
        bench.to(100).audio(800).mark("a").audio(800).mark("b").to(899);
        assert!(bench.echoes.is_empty());
        assert_eq!(bench.playout.next_mark(), Some(900));
        bench.to(2_000);
        assert_eq!(bench.echoes, [0, 1]);
        assert_eq!(bench.record.marks[0].echoed, Some(900));
        assert_eq!((bench.record.marks[1].echoed, bench.record.marks[1].played), (Some(1_700), 1_600));
        assert_eq!(bench.record.timeline, [Passage { at: 100, bytes: 1_600 }]);
    }

    #[test]
    fn a_mark_with_nothing_before_it_is_echoed_at_once() {
        let mut bench = Bench::new();
        bench.to(50).mark("a").to(50);
        assert_eq!(bench.record.marks[0].echoed, Some(50));
    }

    #[test]
    fn a_clear_drops_the_audio_and_echoes_every_mark() {
        let mut bench = Bench::new();
        bench.audio(800).mark("a").audio(800).mark("b").to(1_000).clear().mark("c").to(1_100);
        assert_eq!(bench.echoes, [0, 1, 2]);
        assert!(!bench.record.marks[0].flushed && bench.record.marks[1].flushed && !bench.record.marks[2].flushed);
        assert_eq!(bench.record.clears, [ClearRecord { at: 1_000, dropped: 600, marks: 1, played: 1_000 }]);
        assert_eq!(bench.record.played.len(), 1_000);
        assert_eq!(bench.record.marks[2].echoed, Some(1_000));
    }

    #[test]
    fn a_short_gap_is_an_underrun_and_a_long_one_is_not() {
        let mut bench = Bench::new();
        bench.audio(800).to(1_000).audio(800).to(10_000).audio(800).to(11_000);
        assert_eq!(bench.record.underruns, [Underrun { at: 800, gap: 200 }]);
        assert_eq!(bench.record.agent_speech.len(), 2);
    }

    #[test]
    fn a_gap_after_a_clear_or_the_callers_words_is_no_underrun() {
        let mut bench = Bench::new();
        bench.audio(800).to(400).clear().to(600).audio(100).to(900);
        bench.playout.caller_spoke();
        bench.audio(100).to(1_200);
        assert!(bench.record.underruns.is_empty());
    }

    proptest! {
        #[test]
        fn the_record_does_not_depend_on_how_often_the_process_wakes(
            acts in prop::collection::vec((0u64..3_000, 0u8..4, 0usize..2_000), 1..20),
            wakes in prop::collection::vec(0u64..60_000, 0..30),
        ) {
            let run = |wakes: &[u64]| {
                let mut bench = Bench::new();
                let mut now = 0;
                for (wait, act, bytes) in &acts {
                    let next = now + wait;
                    let mut between: Vec<u64> = wakes.iter().copied().filter(|at| (now..next).contains(at)).collect();
                    between.sort_unstable();
                    for at in between {
                        bench.to(at);
                    }
                    now = next;
                    bench.to(now);
                    match act {
                        0 => bench.mark("m"),
                        1 => bench.clear(),
                        _ => bench.audio(*bytes),
                    };
                }
                bench.to(now + 60_000);
                bench
            };
            let one = run(&[]);
            let many = run(&wakes);
            prop_assert_eq!(&one.record.timeline, &many.record.timeline);
            prop_assert_eq!(&one.record.marks, &many.record.marks);
            prop_assert_eq!(&one.record.clears, &many.record.clears);
            prop_assert_eq!(&one.record.underruns, &many.record.underruns);
            prop_assert_eq!(&one.record.agent_speech, &many.record.agent_speech);
            prop_assert!(one.record.marks.iter().all(|mark| mark.echoed.is_some()));
            prop_assert_eq!(one.record.played.len() as u64, one.record.timeline.iter().map(|p| p.bytes).sum::<u64>());
        }
    }
}
