//! Turns judged frames into the edges of speech: hysteresis, back-dating and the hangover.

use std::collections::VecDeque;

use super::noise::Noise;
use super::{FRAME_MS, VadSettings};

/// The start or the end of the caller's speech, in audio time (ms since the start of the stream).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The caller speaks.
    SpeechStarted {
        /// Where the sound rose.
        onset_ms: u64,
        /// The end of the audio on which the decision was made.
        detected_ms: u64,
    },
    /// The caller has stopped speaking.
    SpeechEnded {
        /// Where the last speech ended.
        last_speech_ms: u64,
        /// The end of the audio on which the decision was made.
        detected_ms: u64,
    },
}

/// One frame of 16 ms with everything that is known about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) start_ms: u64,
    pub(super) level_db: f32,
    /// The network's score, 0..=1.
    pub(super) score: f32,
    /// Whether it can be more than echo.
    pub(super) allowed: bool,
}

/// Frames kept to find an onset in: how far a start can be dated back.
const HISTORY: usize = 24;
/// Frames of quiet that may lie inside one onset, such as the closure of a plosive.
const ONSET_HOLES: u32 = 2;
/// How far above the noise sound must be to be the beginning of speech, in dB.
const ABOVE_NOISE_DB: f32 = 6.0;
/// Speech can begin this much softer than it must be to be recognised, in dB.
const SOFT_ONSET_DB: f32 = 6.0;
/// In louder noise than this it is for the network alone to tell speech from noise, in dBFS.
const LOUDEST_GATE_DB: f32 = -15.0;

/// Finds the edges of speech in a stream of frames.
pub(super) struct EdgeFinder {
    start_score: f32,
    stay_score: f32,
    min_level_db: f32,
    confirm_frames: u32,
    hangover_ms: u64,
    noise: Noise,
    history: VecDeque<Onset>,
    evidence: u32,
    state: State,
}

/// What an onset is found by.
#[derive(Debug, Clone, Copy)]
struct Onset {
    start_ms: u64,
    sounding: bool,
}

enum State {
    Silent,
    Speaking { onset_ms: u64, last_speech_ms: u64 },
}

impl EdgeFinder {
    pub(super) fn new(settings: &VadSettings) -> Self {
        Self {
            start_score: settings.start_score,
            stay_score: settings.stay_score.min(settings.start_score),
            min_level_db: settings.min_level_db,
            confirm_frames: u32::try_from(settings.confirm_ms.div_ceil(FRAME_MS)).unwrap_or(u32::MAX).max(1),
            hangover_ms: settings.hangover_ms,
            noise: Noise::default(),
            history: VecDeque::with_capacity(HISTORY),
            evidence: 0,
            state: State::Silent,
        }
    }

    pub(super) fn speaking_since(&self) -> Option<u64> {
        match self.state {
            State::Silent => None,
            State::Speaking { onset_ms, .. } => Some(onset_ms),
        }
    }

    /// Takes the next frame; says whether an edge lies at its end.
    pub(super) fn next(&mut self, frame: Frame) -> Option<Edge> {
        let end_ms = frame.start_ms.saturating_add(FRAME_MS);
        self.noise.follow(frame.level_db, frame.score < self.stay_score);
        self.remember(frame);
        match &mut self.state {
            State::Silent => {
                let speech = self.is_speech(frame, self.start_score);
                self.evidence = if speech { self.evidence.saturating_add(1) } else { self.evidence.saturating_sub(1) };
                if self.evidence < self.confirm_frames {
                    return None;
                }
                let onset_ms = self.onset().unwrap_or(frame.start_ms);
                self.state = State::Speaking { onset_ms, last_speech_ms: end_ms };
                Some(Edge::SpeechStarted { onset_ms, detected_ms: end_ms })
            }
            State::Speaking { .. } => {
                if self.is_speech(frame, self.stay_score) {
                    self.extend(end_ms);
                    return None;
                }
                self.end_if_over(end_ms)
            }
        }
    }

    /// Takes a stretch without audio that ends at `at_ms`; says whether speech ended in it.
    pub(super) fn gap(&mut self, at_ms: u64) -> Option<Edge> {
        self.history.clear();
        self.evidence = 0;
        self.end_if_over(at_ms)
    }

    fn end_if_over(&mut self, now_ms: u64) -> Option<Edge> {
        let State::Speaking { last_speech_ms, .. } = self.state else { return None };
        if now_ms.saturating_sub(last_speech_ms) < self.hangover_ms {
            return None;
        }
        self.state = State::Silent;
        self.evidence = 0;
        // The next speech must not be dated back into the one that has just ended.
        self.history.clear();
        Some(Edge::SpeechEnded { last_speech_ms, detected_ms: now_ms })
    }

    fn extend(&mut self, end_ms: u64) {
        if let State::Speaking { last_speech_ms, .. } = &mut self.state {
            *last_speech_ms = end_ms;
        }
    }

    fn is_speech(&self, frame: Frame, score: f32) -> bool {
        frame.allowed && frame.score >= score && frame.level_db >= self.gate_db()
    }

    /// The level that speech must have. The network's score lingers after a word and wanders in digital silence; the
    /// level tells at once.
    fn gate_db(&self) -> f32 {
        (self.noise.db() + ABOVE_NOISE_DB).min(LOUDEST_GATE_DB).max(self.min_level_db)
    }

    fn remember(&mut self, frame: Frame) {
        let sounding = frame.allowed && frame.level_db >= (self.gate_db() - SOFT_ONSET_DB).max(self.noise.db() + 3.0);
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(Onset { start_ms: frame.start_ms, sounding });
    }

    /// Goes back from the newest frame to where the sound rose.
    fn onset(&self) -> Option<u64> {
        let mut onset = None;
        let mut holes = 0;
        for frame in self.history.iter().rev() {
            if frame.sounding {
                onset = Some(frame.start_ms);
                holes = 0;
            } else {
                holes += 1;
                if holes > ONSET_HOLES {
                    break;
                }
            }
        }
        onset
    }
}
