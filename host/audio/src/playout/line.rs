//! A model of what lies in the carrier's buffer and how far it has played it, since the buffer was last cleared.
//!
//! The carrier plays without a pause while there is something to play. So one known point, where the playhead was when,
//! gives all later ones: from there each message starts when the one before it ends or, if that is later, when it has
//! landed. Every echoed mark is such a known point, and narrows the one before it. Marks that never come back cost
//! precision only.
//!
//! Positions count the milliseconds of audio put on the line; times are line time.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{
    Ms, PassageId,
    clock::Reading,
    span::{Edge, Span},
};

/// How much acknowledged audio is kept, ms: a word that is cut is repeated from its start.
const KEEP_MS: i64 = 1_000;

/// A piece of a passage's audio as it was sent.
#[derive(Debug)]
struct Message {
    passage: PassageId,
    /// Where it starts in the passage's audio.
    from_ms: u32,
    audio: Bytes,
    at: i64,
    len: i64,
    sent: Ms,
    /// When it landed at the carrier, as far as is known.
    landed: i64,
}

impl Message {
    fn end(&self) -> i64 {
        self.at + self.len
    }
}

/// A mark that was sent and not echoed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) id: u64,
    pub(super) sent: Ms,
    /// It goes ahead of audio that may find the carrier's buffer empty: its echo tells when that audio starts.
    pub(super) leads: bool,
    at: i64,
}

impl Mark {
    pub(super) fn position(self) -> i64 {
        self.at
    }
}

/// A known point: the playhead reached `pos` at `at`.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    pos: i64,
    at: Span,
    exact: bool,
}

#[derive(Debug, Default)]
pub(super) struct Line {
    messages: VecDeque<Message>,
    marks: VecDeque<Mark>,
    anchor: Option<Anchor>,
    /// The latest audio that was sent when nothing was left to play, as long as no echo told when it started: when it
    /// was sent, and its position.
    start: Option<(Ms, i64)>,
    end: i64,
    marked: i64,
}

impl Line {
    /// Puts audio on the line, `len` ms of it.
    pub(super) fn send(&mut self, now: Ms, landed: i64, passage: PassageId, from_ms: u32, audio: Bytes, len: u32) {
        let len = i64::from(len);
        if !self.outstanding() {
            self.start = Some((now, self.end));
        }
        self.messages.push_back(Message { passage, from_ms, audio, at: self.end, len, sent: now, landed });
        self.end += len;
    }

    /// Puts a mark behind everything that was sent.
    pub(super) fn mark(&mut self, now: Ms, id: u64, leads: bool) {
        self.marks.push_back(Mark { id, sent: now, leads, at: self.end });
        self.marked = self.end;
    }

    /// End of what was sent.
    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// Audio since the last mark, ms.
    pub(super) fn unmarked(&self) -> i64 {
        self.end - self.marked
    }

    /// How far it is settled that everything was played.
    pub(super) fn settled(&self) -> i64 {
        self.anchor.map_or(0, |a| a.pos)
    }

    /// Whether the carrier itself told where the playhead is.
    pub(super) fn is_exact(&self) -> bool {
        self.anchor.is_some_and(|a| a.exact)
    }

    /// Something was sent that does not count as played. What was given up on counts as played: of it there will be no
    /// news any more.
    pub(super) fn unplayed(&self) -> bool {
        self.settled() < self.end
    }

    /// The carrier may still have something to play.
    pub(super) fn outstanding(&self) -> bool {
        self.end > 0 && !(self.settled() == self.end && self.is_exact())
    }

    pub(super) fn awaits(&self, id: u64) -> Option<Mark> {
        self.marks.iter().find(|m| m.id == id).copied()
    }

    /// The carrier played everything before this mark, and reached it at `reading`. Marks before it are not waited for.
    /// One that went ahead of audio when nothing was left to play tells the way to the carrier: when it was sent, and
    /// when it landed.
    pub(super) fn reached_mark(&mut self, mark: Mark, reading: Reading) -> Option<(Ms, i64)> {
        if mark.at < self.settled() {
            return None;
        }
        self.marks.retain(|m| m.id > mark.id);
        for message in self.messages.iter_mut().filter(|m| m.sent <= mark.sent) {
            message.landed = message.landed.min(reading.at.lo);
        }
        let at = match self.anchor {
            Some(anchor) => arrival(anchor.at.later_by(mark.at - anchor.pos), mark.leads, reading),
            None => reading.at,
        };
        self.settle(Anchor { pos: mark.at, at, exact: reading.exact });
        let (sent, pos) = self.start.take_if(|(_, pos)| *pos <= mark.at)?;
        (pos == mark.at).then_some((sent, at.middle()))
    }

    /// Takes for played what must have ended `patience` ms before `latest_news` and was not reported.
    pub(super) fn give_up(&mut self, latest_news: i64, patience: i64) {
        while let Some((pos, at)) = self.unreported().filter(|(_, at)| at.saturating_add(patience) <= latest_news) {
            self.marks.retain(|m| m.at > pos || (m.at == pos && m.leads));
            self.start = None;
            self.settle(Anchor { pos, at: Span::point(at), exact: false });
        }
    }

    /// End of the first message that is not settled, and when it should be reached.
    pub(super) fn unreported(&self) -> Option<(i64, i64)> {
        self.ahead(Edge::Middle).next().map(|(message, start)| (message.end(), start + message.len))
    }

    fn settle(&mut self, anchor: Anchor) {
        self.anchor = Some(anchor);
        while self.messages.front().is_some_and(|m| m.end() + KEEP_MS < anchor.pos) {
            self.messages.pop_front();
        }
    }

    /// Where the playhead is at `time`.
    pub(super) fn playhead(&self, time: i64, edge: Edge) -> i64 {
        self.ahead(edge)
            .take_while(|(_, start)| *start < time)
            .last()
            .map_or(self.settled(), |(message, start)| message.at + (time - start).min(message.len))
    }

    /// When the playhead reaches `pos`.
    pub(super) fn reaches(&self, pos: i64, edge: Edge) -> i64 {
        let settled = self.anchor.map_or(i64::MIN, |a| a.at.at(edge));
        if pos <= self.settled() {
            return settled;
        }
        self.ahead(edge)
            .take_while(|(message, _)| message.at < pos)
            .last()
            .map_or(settled, |(message, start)| start + (pos - message.at).min(message.len))
    }

    /// Messages that are not settled, with the time at which each starts to play.
    fn ahead(&self, edge: Edge) -> impl Iterator<Item = (&Message, i64)> {
        let settled = self.settled();
        let mut free = self.anchor.map_or(i64::MIN, |a| a.at.at(edge));
        self.messages.iter().filter(move |m| m.end() > settled).map(move |message| {
            let start = free.max(message.landed);
            free = start + message.len;
            (message, start)
        })
    }

    /// How much of a passage was played when the playhead was at `pos`, ms of the passage's audio; `None` if none of
    /// what was put on this line.
    pub(super) fn played_of(&self, passage: PassageId, pos: i64) -> Option<u32> {
        let message = self.messages.iter().rev().find(|m| m.passage == passage && m.at < pos)?;
        Some(message.from_ms + (pos - message.at).min(message.len) as u32)
    }

    /// What was sent of a passage from `from_ms` on, and where that begins: a frame at or before `from_ms` or, if that
    /// is no longer kept, after it.
    pub(super) fn sent_from(&self, passage: PassageId, from_ms: u32, frame_ms: u32) -> Option<(u32, Vec<Bytes>)> {
        let mut kept = self.messages.iter().filter(|m| m.passage == passage && m.from_ms + m.len as u32 > from_ms);
        let first = kept.next()?;
        let skipped = from_ms.saturating_sub(first.from_ms) / frame_ms * frame_ms;
        let bytes_per_ms = first.audio.len() / first.len.max(1) as usize;
        let start = first.audio.slice((skipped as usize * bytes_per_ms).min(first.audio.len())..);
        Some((first.from_ms + skipped, std::iter::once(start).chain(kept.map(|m| m.audio.clone())).collect()))
    }
}

/// When a mark was reached that was `due`, if the carrier never paused, and was read to be reached at `reading`.
fn arrival(due: Span, after_pause: bool, reading: Reading) -> Span {
    if after_pause {
        let lo = due.lo.max(reading.at.lo);
        return Span::new(lo, reading.at.hi.max(lo));
    }
    match due.intersect(reading.at) {
        Some(both) => both,
        // Nothing is played faster than in real time; the carrier's own clock is believed all the same.
        None if reading.at.hi < due.lo && !reading.exact => due,
        None => reading.at,
    }
}
