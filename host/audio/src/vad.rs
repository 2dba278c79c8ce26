//! Listens to one call and says when the caller starts and stops speaking, in audio time.
//!
//! A small neural network judges frames of 16 ms; rules around it turn its judgement into edges. It needs a moment to be
//! sure, so the start of speech is dated back to where the sound rose, and the end to the last frame that was speech:
//! whoever measures how long somebody has spoken, or been silent, is not charged for the detector's hesitation.

use earshot::Detector;

use crate::echo::{EchoGuard, EchoSettings};
use crate::resample::{Filter, Rate, ResampleError, to_sample, to_unit};
use crate::{g711, level};

mod edges;
mod noise;

#[cfg(test)]
mod tests;

pub use edges::Edge;
use edges::{EdgeFinder, Frame};

/// Samples in one frame of the network.
const FRAME: usize = 256;
/// Milliseconds in one frame of the network.
const FRAME_MS: u64 = 16;
/// What telephone sound is multiplied by for the network: 6 dB, by which quiet callers' first words are not missed and
/// which line noise up to -40 dBFS survives.
const LINE_GAIN: i16 = 2;

/// When sound counts as speech.
#[derive(Debug, Clone, PartialEq)]
pub struct VadSettings {
    /// The network's score from which a frame is speech (0..=1).
    pub start_score: f32,
    /// The score that is enough while somebody is already speaking (0..=1, at most `start_score`).
    pub stay_score: f32,
    /// Sound below this level is never speech, in dBFS.
    pub min_level_db: f32,
    /// How much speech it takes to report a start, in milliseconds; rounded up to frames of 16 ms.
    pub confirm_ms: u64,
    /// How long speech must have been absent to report its end, in milliseconds.
    pub hangover_ms: u64,
    /// While the agent speaks, only what is louder than its echo counts; `None` switches that off.
    pub echo: Option<EchoSettings>,
}

impl Default for VadSettings {
    fn default() -> Self {
        Self {
            start_score: 0.55,
            stay_score: 0.4,
            min_level_db: -52.0,
            confirm_ms: 64,
            hangover_ms: 200,
            echo: Some(EchoSettings::default()),
        }
    }
}

/// The ear of one call: takes its inbound audio in chunks of any length and gives out [`Edge`]s.
///
/// About 24 KiB of state, all of it allocated at the start.
pub struct Listener {
    detector: Box<Detector>,
    upsampler: Option<Filter>,
    frame: Vec<i16>,
    finder: EdgeFinder,
    guard: Option<EchoGuard>,
    edges: Vec<Edge>,
    rate: Rate,
    origin_ms: u64,
    samples: u64,
    frames: u64,
}

impl Listener {
    /// A listener at the start of a stream whose audio comes at `rate`.
    ///
    /// # Errors
    /// [`ResampleError::Build`] when the resampler to the network's 16 kHz cannot be built.
    pub fn new(rate: Rate, settings: &VadSettings) -> Result<Self, ResampleError> {
        let upsampler = if rate == Rate::Hz16000 { None } else { Some(Filter::new(rate, Rate::Hz16000)?) };
        Ok(Self {
            detector: Detector::default_boxed(),
            upsampler,
            frame: Vec::with_capacity(FRAME),
            finder: EdgeFinder::new(settings),
            guard: settings.echo.map(EchoGuard::new),
            edges: Vec::with_capacity(8),
            rate,
            origin_ms: 0,
            samples: 0,
            frames: 0,
        })
    }

    /// Hears mu-law bytes (one sample each, at the listener's rate). The edges are those of this push, in order.
    ///
    /// # Errors
    /// [`ResampleError::Convert`] when the resampler refuses a block; the listener must then be replaced.
    pub fn push_mulaw(&mut self, codes: &[u8]) -> Result<&[Edge], ResampleError> {
        self.push(codes, g711::decode_unit)
    }

    /// Hears 16-bit samples at the listener's rate. The edges are those of this push, in order.
    ///
    /// # Errors
    /// [`ResampleError::Convert`] when the resampler refuses a block; the listener must then be replaced.
    pub fn push_pcm(&mut self, samples: &[i16]) -> Result<&[Edge], ResampleError> {
        self.push(samples, to_unit)
    }

    /// Moves audio time forward to `at_ms` because the carrier sent nothing in between; a time in the past is ignored.
    /// The gap counts as silence, so speech that was going on may end here.
    pub fn skip_to(&mut self, at_ms: u64) -> &[Edge] {
        self.edges.clear();
        if at_ms > self.audio_ms() {
            self.origin_ms = at_ms;
            self.samples = 0;
            self.frames = 0;
            self.frame.clear();
            if let Some(upsampler) = &mut self.upsampler {
                upsampler.reset();
            }
            self.edges.extend(self.finder.gap(at_ms));
        }
        &self.edges
    }

    /// How far the stream has come, in milliseconds since its start, gaps included.
    #[must_use]
    pub fn audio_ms(&self) -> u64 {
        self.origin_ms.saturating_add(self.samples / self.rate.per_ms() as u64)
    }

    /// Since when the caller has been speaking (audio time, ms), or `None` while silent.
    #[must_use]
    pub fn speaking_since(&self) -> Option<u64> {
        self.finder.speaking_since()
    }

    /// Whether the caller is speaking, by the edges given out so far.
    #[must_use]
    pub fn speaking(&self) -> bool {
        self.speaking_since().is_some()
    }

    /// The guard against the agent's own echo, to be told what is played; `None` when the settings switch it off.
    pub fn echo_guard(&mut self) -> Option<&mut EchoGuard> {
        self.guard.as_mut()
    }

    fn push<T: Copy>(&mut self, input: &[T], unit: impl Fn(T) -> f32) -> Result<&[Edge], ResampleError> {
        self.edges.clear();
        let Self { detector, upsampler, frame, finder, guard, edges, origin_ms, frames, .. } = self;
        let mut hear = |samples: &[f32]| {
            let mut rest = samples;
            while !rest.is_empty() {
                let (now, later) = rest.split_at((FRAME - frame.len()).min(rest.len()));
                // Whole samples, not fractions: the network was taught on 16-bit sound, and the exact nothing that a
                // filter leaves above the telephone band makes it take noise for speech.
                frame.extend(now.iter().map(|&sample| to_sample(sample)));
                rest = later;
                if frame.len() == FRAME {
                    let start_ms = origin_ms.saturating_add(*frames * FRAME_MS);
                    edges.extend(finder.next(judge(detector, guard.as_ref(), frame, start_ms)));
                    *frames += 1;
                    frame.clear();
                }
            }
        };
        match upsampler {
            Some(upsampler) => upsampler.push(input, unit, hear)?,
            None => {
                let mut units = [0f32; FRAME];
                for chunk in input.chunks(FRAME) {
                    for (slot, &sample) in units.iter_mut().zip(chunk) {
                        *slot = unit(sample);
                    }
                    hear(units.get(..chunk.len()).unwrap_or_default());
                }
            }
        }
        self.samples += input.len() as u64;
        Ok(&self.edges)
    }
}

fn judge(detector: &mut Detector, guard: Option<&EchoGuard>, samples: &[i16], start_ms: u64) -> Frame {
    let level_db = level::pcm_db(samples);
    // The network expects speech as close microphones record it; telephone lines deliver it softer.
    let mut amplified = [0i16; FRAME];
    for (loud, &sample) in amplified.iter_mut().zip(samples) {
        *loud = sample.saturating_mul(LINE_GAIN);
    }
    Frame {
        start_ms,
        level_db,
        score: detector.predict_i16(&amplified),
        allowed: guard.is_none_or(|guard| guard.allows(start_ms.saturating_add(FRAME_MS), level_db)),
    }
}
