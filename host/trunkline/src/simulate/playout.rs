//! The agent's side of the line: plays audio in real time, echoes marks behind it, forgets it on `clear`.
//!
//! Time is given in samples, so what was played is exact however late the process wakes up: advancing in one step or in
//! many gives the same result.

use super::clock::{PER_MS, Samples, is_voice};
use std::collections::VecDeque;

/// Audio beyond this is refused, samples (10 minutes): a host that never stops must not eat the machine.
const MAX_WAITING: usize = 10 * 60 * 16_000;
/// A gap shorter than this inside of what the agent says is audio that came too late, samples.
const GAP: Samples = 500 * PER_MS;

/// A stretch of audio time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) begin: Samples,
    pub(super) end: Samples,
}

/// What waits to be played, and what was.
#[derive(Debug, Default)]
pub(super) struct Playout {
    waiting: VecDeque<i16>,
    /// Samples that left the buffer, played or dropped; marks are placed on this scale.
    consumed: u64,
    marks: VecDeque<(u64, String)>,
    /// Everything up to here has been played.
    cursor: Samples,
    played: Vec<Span>,
    /// Where a voice was in what was played; pauses shorter than [`GAP`] belong to it.
    voice: Vec<Span>,
    /// The last passage was cut or came to its end, so that a gap after it is none.
    explained: bool,
    pub(super) counts: Counts,
}

/// What happened on the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Counts {
    /// Marks that came.
    pub(crate) marks: u64,
    /// Times that the host took back what was not played.
    pub(crate) clears: u64,
    /// Audio that was taken back, ms.
    pub(crate) cleared_ms: u64,
    /// Times that audio came too late.
    pub(crate) underruns: u64,
}

impl Playout {
    /// Takes audio that arrived now; false when there is no room. Call [`Self::advance`] first.
    pub(super) fn push(&mut self, audio: &[i16]) -> bool {
        let room = self.waiting.len() + audio.len() <= MAX_WAITING;
        if room {
            self.waiting.extend(audio);
        }
        room
    }

    /// Takes a mark that arrived now; the next [`Self::advance`] echoes it if nothing is before it.
    pub(super) fn mark(&mut self, name: String) {
        self.counts.marks += 1;
        self.marks.push_back((self.consumed + self.waiting.len() as u64, name));
    }

    /// Drops what waits; gives the marks that are to be echoed at once.
    pub(super) fn clear(&mut self) -> Vec<String> {
        self.counts.clears += 1;
        self.counts.cleared_ms += self.waiting.len() as u64 / PER_MS;
        self.forget()
    }

    /// As [`Self::clear`], when it is not the host that asks.
    pub(super) fn forget(&mut self) -> Vec<String> {
        self.consumed += self.waiting.len() as u64;
        self.waiting.clear();
        self.explained = true;
        self.marks.drain(..).map(|(_, name)| name).collect()
    }

    /// The caller speaks: a gap in the agent's audio is no fault.
    pub(super) fn caller_spoke(&mut self) {
        self.explained = true;
    }

    /// Plays up to a time. Each piece goes to `heard` with the time of its first sample; marks that were reached are
    /// added to `echoes`.
    pub(super) fn advance(&mut self, to: Samples, echoes: &mut Vec<String>, mut heard: impl FnMut(Samples, &[i16])) {
        loop {
            while let Some((_, name)) = self.marks.pop_front_if(|(at, _)| *at <= self.consumed) {
                echoes.push(name);
            }
            let time = to.saturating_sub(self.cursor);
            let to_mark = self.marks.front().map_or(u64::MAX, |(at, _)| at - self.consumed);
            let count = time.min(self.waiting.len() as u64).min(to_mark);
            if count == 0 {
                break;
            }
            self.play(count, &mut heard);
        }
        self.cursor = self.cursor.max(to);
    }

    fn play(&mut self, count: u64, heard: &mut impl FnMut(Samples, &[i16])) {
        let begin = self.cursor;
        let piece: Vec<i16> = self.waiting.drain(..usize::try_from(count).unwrap_or(usize::MAX)).collect();
        heard(begin, &piece);
        self.listen(begin, &piece);
        self.consumed += count;
        self.cursor += count;
        let late = |last: &Span| last.end < begin && begin - last.end < GAP;
        if !self.explained && self.played.last().is_some_and(late) {
            self.counts.underruns += 1;
        }
        self.explained = false;
        match self.played.last_mut() {
            Some(last) if last.end == begin => last.end = self.cursor,
            _ => self.played.push(Span { begin, end: self.cursor }),
        }
    }

    fn listen(&mut self, at: Samples, piece: &[i16]) {
        let Some(first) = piece.iter().position(|&sample| is_voice(sample)) else { return };
        let last = piece.iter().rposition(|&sample| is_voice(sample)).unwrap_or(first);
        let (begin, end) = (at + first as u64, at + last as u64 + 1);
        match self.voice.last_mut() {
            Some(span) if begin.saturating_sub(span.end) < GAP => span.end = end,
            _ => self.voice.push(Span { begin, end }),
        }
    }

    /// When the next mark is reached, if nothing else happens.
    pub(super) fn next_mark(&self) -> Option<Samples> {
        self.marks.front().map(|(at, _)| self.cursor + at.saturating_sub(self.consumed))
    }

    /// Whether audio is being played.
    pub(super) fn is_playing(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Since when nothing was played and no mark waits; `None` while there is something, or before there was anything.
    pub(super) fn quiet_since(&self) -> Option<Samples> {
        let done = self.waiting.is_empty() && self.marks.is_empty();
        self.played.last().map(|span| span.end).filter(|_| done)
    }

    /// When audio was first played after a time.
    pub(super) fn played_after(&self, at: Samples) -> Option<Samples> {
        self.played.iter().find(|span| span.end > at).map(|span| span.begin.max(at))
    }

    /// When a voice was first heard after a time.
    pub(super) fn voice_after(&self, at: Samples) -> Option<Samples> {
        self.voice.iter().find(|span| span.end > at).map(|span| span.begin.max(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Default)]
    struct Bench {
        playout: Playout,
        echoes: Vec<String>,
        heard: Vec<(Samples, i16)>,
    }

    impl Bench {
        fn to(&mut self, at: Samples) -> &mut Self {
            let Self { playout, echoes, heard } = self;
            playout.advance(at, echoes, |from, piece| {
                heard.extend(piece.iter().enumerate().map(|(n, sample)| (from + n as u64, *sample)));
            });
            self
        }

        fn audio(&mut self, samples: usize) -> &mut Self {
            assert!(self.playout.push(&vec![1_000; samples]));
            self
        }

        fn mark(&mut self, name: &str) -> &mut Self {
            self.playout.mark(name.into());
            self
        }

        fn clear(&mut self) -> &mut Self {
            let echoes = self.playout.clear();
            self.echoes.extend(echoes);
            self
        }
    }

    #[test]
    fn a_mark_is_echoed_when_everything_before_it_has_been_played() {
        let mut bench = Bench::default();
        bench.to(100).audio(800).mark("a").audio(800).mark("b").to(899);
        assert!(bench.echoes.is_empty());
        assert_eq!(bench.playout.next_mark(), Some(900));
        bench.to(900);
        assert_eq!(bench.echoes, ["a"]);
        assert_eq!(bench.playout.quiet_since(), None);
        bench.to(2_000);
        assert_eq!(bench.echoes, ["a", "b"]);
        assert_eq!(bench.playout.quiet_since(), Some(1_700));
    }

    #[test]
    fn a_mark_with_nothing_before_it_is_echoed_at_once() {
        let mut bench = Bench::default();
        bench.to(50).mark("a").to(50);
        assert_eq!(bench.echoes, ["a"]);
    }

    #[test]
    fn a_clear_drops_the_audio_and_echoes_every_mark() {
        let mut bench = Bench::default();
        bench.audio(800).mark("a").audio(800).mark("b").to(1_000).clear().mark("c").to(1_100);
        assert_eq!(bench.echoes, ["a", "b", "c"]);
        assert_eq!(bench.heard.len(), 1_000);
        assert_eq!(bench.playout.counts, Counts { marks: 3, clears: 1, cleared_ms: 37, underruns: 0 });
    }

    #[test]
    fn audio_that_comes_too_late_is_counted() {
        let mut bench = Bench::default();
        bench.audio(800).to(1_000).audio(800).to(20_000).audio(800).to(21_000);
        assert_eq!(bench.playout.counts.underruns, 1);
        bench.clear().to(21_100).audio(800).to(22_000);
        bench.playout.caller_spoke();
        bench.audio(800).to(23_000);
        assert_eq!(bench.playout.counts.underruns, 1, "a clear or the caller's words explain a gap");
    }

    #[test]
    fn an_answer_begins_after_the_callers_words() {
        let mut bench = Bench::default();
        bench.audio(800).to(10_000);
        assert!(bench.playout.push(&[0; 160]));
        bench.audio(800).to(20_000);
        assert_eq!(bench.playout.played_after(400), Some(400));
        assert_eq!(bench.playout.played_after(900), Some(10_000));
        assert_eq!(bench.playout.voice_after(900), Some(10_160));
        assert_eq!(bench.playout.played_after(20_000), None);
    }

    proptest! {
        #[test]
        fn the_result_does_not_depend_on_how_often_the_process_wakes(
            acts in prop::collection::vec((0u64..3_000, 0u8..4, 0usize..2_000), 1..20),
            wakes in prop::collection::vec(0u64..60_000, 0..30),
        ) {
            let run = |wakes: &[u64]| {
                let mut bench = Bench::default();
                let mut now = 0;
                for (wait, act, samples) in &acts {
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
                        _ => bench.audio(*samples),
                    };
                }
                bench.to(now + 60_000);
                bench
            };
            let (one, many) = (run(&[]), run(&wakes));
            prop_assert_eq!(&one.heard, &many.heard);
            prop_assert_eq!(&one.echoes, &many.echoes);
            prop_assert_eq!(one.playout.counts, many.playout.counts);
            prop_assert_eq!(&one.playout.played, &many.playout.played);
            prop_assert_eq!(&one.playout.voice, &many.playout.voice);
            prop_assert_eq!(one.echoes.len() as u64, one.playout.counts.marks);
        }
    }
}
