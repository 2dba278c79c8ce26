//! A carrier as the ledger meets it, with its own record of what it played, and the network in between.

use std::collections::VecDeque;

use crate::playout::{Ms, Out, PassageId};

/// A small repeatable source of randomness (SplitMix64).
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Within `lo..=hi`.
    pub(super) fn within(&mut self, lo: u64, hi: u64) -> u64 {
        lo + self.next() % (hi - lo + 1)
    }

    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.within(1, 100) <= chance
    }
}

/// One direction of a TCP connection: late by chance, never out of order.
#[derive(Debug)]
pub(super) struct Path<T> {
    base: Ms,
    jitter: Ms,
    dice: Dice,
    /// What is written at once travels in one packet. Otherwise each message is late by itself.
    packets: bool,
    /// When something was last written, and how late that is.
    written: Option<(Ms, Ms)>,
    under_way: VecDeque<(Ms, T)>,
}

impl<T> Path<T> {
    pub(super) fn new((base, jitter): (Ms, Ms), packets: bool, dice: &mut Dice) -> Self {
        Self { base, jitter, packets, dice: Dice::new(dice.next()), written: None, under_way: VecDeque::new() }
    }

    pub(super) fn send(&mut self, now: Ms, item: T) {
        let drawn = match self.written {
            Some((at, drawn)) if self.packets && at == now => drawn,
            _ => self.dice.within(0, self.jitter),
        };
        self.written = Some((now, drawn));
        let on_its_own = now + self.base + drawn;
        let arrival = self.under_way.back().map_or(on_its_own, |(before, _)| on_its_own.max(*before));
        self.under_way.push_back((arrival, item));
    }

    pub(super) fn arrived(&mut self, now: Ms) -> Option<T> {
        self.under_way.pop_front_if(|(at, _)| *at <= now).map(|(_, item)| item)
    }
}

/// What the carrier sends.
#[derive(Clone, Debug)]
pub(super) enum News {
    Media { stream_ms: u64 },
    Mark(String),
}

#[derive(Debug)]
enum Buffered {
    Audio([u8; 8]),
    Mark(String),
}

/// What is wrong with the carrier and the way to it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    /// Messages written at once arrive one by one, each late by itself.
    pub(super) scattered: bool,
    /// It plays 20 ms at once, every 20 ms.
    pub(super) framewise: bool,
    /// Of 100 echoes, so many get lost.
    pub(super) lost_marks: u64,
    /// No inbound media from here to there.
    pub(super) silent: Option<(Ms, Ms)>,
}

#[derive(Debug)]
pub(super) struct Carrier {
    /// Call time at which its stream began.
    began: Ms,
    faults: Faults,
    dice: Dice,
    buffer: VecDeque<Buffered>,
    buffered_ms: u64,
    /// Milliseconds of audio in the order played: of which passage, and which of its milliseconds.
    pub(super) record: Vec<(PassageId, u32)>,
    pub(super) most_buffered_ms: u64,
    /// After how much audio it ran dry, each time.
    pub(super) dry_at_ms: Vec<usize>,
}

/// A millisecond of audio that tells where it belongs.
pub(super) fn labelled(passage: PassageId, ms: u32) -> [u8; 8] {
    let [a, b, c, d] = ms.to_le_bytes();
    [0x5A, passage as u8, a, b, c, d, 0, 0]
}

impl Carrier {
    pub(super) fn new(began: Ms, faults: Faults, dice: &mut Dice) -> Self {
        Self {
            began,
            faults,
            dice: Dice::new(dice.next()),
            buffer: VecDeque::new(),
            buffered_ms: 0,
            record: Vec::new(),
            most_buffered_ms: 0,
            dry_at_ms: Vec::new(),
        }
    }

    /// How much of a passage it played.
    pub(super) fn played_of(&self, passage: PassageId) -> u32 {
        self.record.iter().filter(|(p, _)| *p == passage).map(|(_, ms)| ms + 1).max().unwrap_or(0)
    }

    /// One millisecond passes.
    pub(super) fn step(&mut self, now: Ms, down: &mut Path<Out>, up: &mut Path<News>) {
        while let Some(message) = down.arrived(now) {
            self.receive(now, message, up);
        }
        self.most_buffered_ms = self.most_buffered_ms.max(self.buffered_ms);
        self.echo_reached(now, up);
        if now >= self.began && (now - self.began).is_multiple_of(20) {
            let silent = self.faults.silent.is_some_and(|(from, to)| (from..to).contains(&now));
            if !silent {
                up.send(now, News::Media { stream_ms: now - self.began });
            }
        }
        if !self.faults.framewise {
            self.play();
        } else if now % 20 == 10 {
            (0..20).for_each(|_| self.play());
        }
    }

    /// Plays a millisecond, if there is one.
    fn play(&mut self) {
        let Some(Buffered::Audio(ms)) = self.buffer.pop_front_if(|b| matches!(b, Buffered::Audio(_))) else { return };
        self.buffered_ms -= 1;
        self.record.push(match ms {
            [0x5A, passage, a, b, c, d, _, _] => (PassageId::from(passage), u32::from_le_bytes([a, b, c, d])),
            padding => {
                assert_eq!(padding, [0xFF; 8], "neither speech nor silence");
                self.record.last().map(|(passage, ms)| (*passage, ms + 1)).expect("padding ends a passage")
            }
        });
        if self.buffered_ms == 0 {
            self.dry_at_ms.push(self.record.len());
        }
    }

    fn receive(&mut self, now: Ms, message: Out, up: &mut Path<News>) {
        match message {
            Out::Media { audio, .. } => {
                assert!(!audio.is_empty() && audio.len().is_multiple_of(160), "whole frames only");
                self.buffered_ms += audio.len() as u64 / 8;
                self.buffer.extend(audio.as_chunks::<8>().0.iter().map(|ms| Buffered::Audio(*ms)));
            }
            Out::Mark(name) => {
                self.buffer.push_back(Buffered::Mark(name));
                self.echo_reached(now, up);
            }
            Out::Clear => {
                self.buffered_ms = 0;
                for flushed in std::mem::take(&mut self.buffer) {
                    if let Buffered::Mark(name) = flushed {
                        self.echo(now, name, up);
                    }
                }
            }
        }
    }

    fn echo_reached(&mut self, now: Ms, up: &mut Path<News>) {
        while let Some(Buffered::Mark(name)) = self.buffer.pop_front_if(|b| matches!(b, Buffered::Mark(_))) {
            self.echo(now, name, up);
        }
    }

    fn echo(&mut self, now: Ms, name: String, up: &mut Path<News>) {
        if !self.dice.percent(self.faults.lost_marks) {
            up.send(now, News::Mark(name));
        }
    }
}
