//! What a caller says: mu-law clips, and where in them the voice is.

use std::path::Path;

use bytes::Bytes;
use trunkline_audio::g711;
use trunkline_audio::resample::{Rate, Resampler};

use super::clock::Samples;

/// The mu-law magnitude (about -42 dB of full scale) from which a sample counts as voice and not as line noise.
const VOICE_MAGNITUDE: u8 = 0x18;

/// Whether a mu-law byte is loud enough to be voice.
pub(super) fn is_voice(code: u8) -> bool {
    !code & 0x7f >= VOICE_MAGNITUDE
}

/// A piece of 8 kHz mu-law audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    name: String,
    audio: Bytes,
    voice: Option<(Samples, Samples)>,
}

/// Why a clip cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// The file cannot be read.
    #[error("the clip {path} cannot be read: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Not a mono 16-bit WAV file of a rate that is known.
    #[error("the clip {path} must be a mono WAV file of 16-bit samples at 8, 16, 24 or 48 kHz")]
    Format {
        /// The file.
        path: String,
    },
    /// The rate could not be converted.
    #[error("the clip cannot be brought to 8 kHz: {0}")]
    Resample(#[from] trunkline_audio::resample::ResampleError),
}

impl Clip {
    /// A clip of mu-law bytes.
    pub fn new(name: impl Into<String>, mulaw: impl Into<Bytes>) -> Self {
        let audio = mulaw.into();
        let first = audio.iter().position(|&code| is_voice(code));
        let last = audio.iter().rposition(|&code| is_voice(code));
        let voice = first.zip(last).map(|(first, last)| (first as Samples, last as Samples + 1));
        Self { name: name.into(), audio, voice }
    }

    /// Reads a `.wav` file, or any other file as raw mu-law.
    pub fn from_file(path: &Path) -> Result<Self, ClipError> {
        let shown = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|source| ClipError::Read { path: shown.clone(), source })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_none_or(|extension| extension != "wav") {
            return Ok(Self::new(name, bytes));
        }
        let (rate, samples) = wav(&bytes).ok_or(ClipError::Format { path: shown })?;
        Self::from_pcm(name, rate, &samples)
    }

    /// Converts 16-bit samples.
    pub fn from_pcm(name: impl Into<String>, rate: Rate, samples: &[i16]) -> Result<Self, ClipError> {
        let mut resampler = Resampler::new(rate, Rate::Hz8000)?;
        let mut at_8k = Vec::new();
        resampler.push(samples, &mut at_8k)?;
        resampler.flush(&mut at_8k)?;
        Ok(Self::new(name, g711::encode(&at_8k)))
    }

    /// A tone: no speech, but loud; for tests that do not run a voice detector.
    pub fn tone(name: impl Into<String>, hz: u32, length_ms: u64) -> Self {
        let samples: Vec<i16> = (0..length_ms * 8)
            .map(|at| {
                let phase = at as f64 * f64::from(hz) / 8_000.0 * std::f64::consts::TAU;
                (phase.sin() * 8_000.0) as i16
            })
            .collect();
        Self::new(name, g711::encode(&samples))
    }

    /// The clip's name in the record.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The audio.
    pub fn audio(&self) -> &[u8] {
        &self.audio
    }

    /// Where the voice begins and ends in it; a clip without voice has none.
    pub fn voice(&self) -> Option<(Samples, Samples)> {
        self.voice
    }
}

/// Rate and samples of a mono 16-bit WAV file.
fn wav(bytes: &[u8]) -> Option<(Rate, Vec<i16>)> {
    let body = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let mut rest = body;
    let mut rate = None;
    loop {
        let (id, after) = rest.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        // Encoders that write to a pipe put a length there that is too large.
        let (chunk, next) = after.split_at(length.min(after.len()));
        match id {
            b"fmt " => {
                let word = |at: usize| Some(u16::from_le_bytes([*chunk.get(at)?, *chunk.get(at + 1)?]));
                if (word(0)?, word(2)?, word(14)?) != (1, 1, 16) {
                    return None;
                }
                rate = match (word(4)?, word(6)?) {
                    (8_000, 0) => Some(Rate::Hz8000),
                    (16_000, 0) => Some(Rate::Hz16000),
                    (24_000, 0) => Some(Rate::Hz24000),
                    (48_000, 0) => Some(Rate::Hz48000),
                    _ => return None,
                };
            }
            b"data" => {
                let samples = chunk.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
                return Some((rate?, samples));
            }
            _ => {}
        }
        rest = next.get(length % 2..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_voice_of_a_clip_is_found_between_its_silences() {
        let mut audio = vec![0xff; 800];
        audio.extend_from_slice(Clip::tone("t", 400, 100).audio());
        audio.extend(vec![0x7f; 800]);
        let (begin, end) = Clip::new("c", audio).voice().unwrap();
        assert!((800..810).contains(&begin) && (1_590..=1_600).contains(&end), "{begin}..{end}");
        assert_eq!(Clip::new("silence", vec![0xff; 100]).voice(), None);
    }

    #[test]
    fn a_wav_file_is_read() {
        let mut file =
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x04\0\0\0".to_vec();
        file.extend_from_slice(&[0, 0, 0xff, 0x7f]);
        let (rate, samples) = wav(&file).unwrap();
        assert!(matches!(rate, Rate::Hz8000));
        assert_eq!(samples, [0, i16::MAX]);
        for cut in 0..file.len() {
            let _ = wav(&file[..cut]);
        }
    }
}
