//! A carrier with its own record of what it played, and the network in between.

use bytes::Bytes;
use std::collections::VecDeque;
use trunkline_audio::playout::Out;
use trunkline_contract::Ms;

/// Bytes of audio for each character of text; the byte is the character itself.
pub(super) const BYTES_PER_CHAR: usize = 480;
/// What that is in time.
pub(super) const MS_PER_CHAR: u32 = 60;

/// One direction of the network: late by chance, never out of order.
#[derive(Debug)]
pub(super) struct Path {
    base: Ms,
    jitter: Ms,
    dice: u64,
    last: Ms,
}

impl Path {
    pub(super) fn new(base: Ms, jitter: Ms, seed: u64) -> Self {
        Self { base, jitter, dice: seed | 1, last: 0 }
    }

    /// When what is sent now arrives.
    pub(super) fn arrival(&mut self, now: Ms) -> Ms {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.last = self.last.max(now + self.base + self.dice % (self.jitter + 1));
        self.last
    }
}

/// Plays in real time, echoes marks after playing, empties its buffer when told to.
#[derive(Debug, Default)]
pub(super) struct Carrier {
    empty_at: Ms,
    marks: VecDeque<(Ms, String)>,
    /// Begin and audio of what was played, or will be if nothing clears it.
    record: Vec<(Ms, Bytes)>,
    pub(super) deaf: bool,
}

impl Carrier {
    /// Takes a message; gives the marks to echo now.
    pub(super) fn receive(&mut self, now: Ms, out: Out) -> Vec<String> {
        if self.deaf {
            return Vec::new();
        }
        match out {
            Out::Media { audio, .. } => {
                assert!(!audio.is_empty() && audio.len().is_multiple_of(160), "whole frames only");
                let start = self.empty_at.max(now);
                self.empty_at = start + audio.len() as u64 / 8;
                self.record.push((start, audio));
                Vec::new()
            }
            Out::Mark(name) => {
                self.marks.push_back((self.empty_at.max(now), name));
                self.reached(now)
            }
            Out::Clear => {
                self.stop(now);
                self.marks.drain(..).map(|(_, name)| name).collect()
            }
        }
    }

    /// Marks that playback has reached.
    pub(super) fn reached(&mut self, now: Ms) -> Vec<String> {
        let mut names = Vec::new();
        while let Some((_, name)) = self.marks.pop_front_if(|(at, _)| *at <= now) {
            names.push(name);
        }
        names
    }

    pub(super) fn next_mark(&self) -> Option<Ms> {
        self.marks.front().map(|(at, _)| *at)
    }

    /// The line is cut: what lies in the buffer is not played.
    pub(super) fn lose(&mut self, now: Ms) {
        self.stop(now);
        self.marks.clear();
    }

    fn stop(&mut self, now: Ms) {
        self.empty_at = now;
        for (start, audio) in &mut self.record {
            let played = usize::try_from(now.saturating_sub(*start) * 8).unwrap();
            audio.truncate(played);
        }
        self.record.retain(|(_, audio)| !audio.is_empty());
    }

    /// When the first audio was played.
    pub(super) fn first_played(&self) -> Option<Ms> {
        self.record.first().map(|(start, _)| *start)
    }

    /// What was played up to `now`: each character counts that was played by half or more.
    pub(super) fn heard(&self, now: Ms) -> String {
        let mut text = String::new();
        let (mut last, mut run) = (0u8, 0usize);
        let mut end_run = |byte: u8, run: usize| {
            if byte != 0xFF && byte != 0 {
                let count = (run + BYTES_PER_CHAR / 2) / BYTES_PER_CHAR;
                text.extend(std::iter::repeat_n(char::from(byte), count));
            }
        };
        for (start, audio) in &self.record {
            let played = usize::try_from(now.saturating_sub(*start) * 8).unwrap().min(audio.len());
            for byte in &audio[..played] {
                if *byte == last {
                    run += 1;
                } else {
                    end_run(last, run);
                    (last, run) = (*byte, 1);
                }
            }
        }
        end_run(last, run);
        text
    }
}
