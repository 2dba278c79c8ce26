//! Recordings as 16 kHz mono: what a caller's line carries.

use super::clock::RATE;
use super::wav;
use anyhow::{Context as _, bail};
use std::path::Path;
use std::sync::Arc;
use trunkline_audio::resample::{Rate, Resampler};

/// Longest recording, seconds.
const MAX_S: usize = 600;
/// Largest file, bytes: the longest recording in stereo floats at 48 kHz.
const MAX_BYTES: u64 = 256 << 20;

/// Reads a file.
///
/// # Errors
/// It cannot be read, or is not of a kind that can be played.
pub(crate) fn file(path: &Path) -> anyhow::Result<Arc<[i16]>> {
    let unreadable = || format!("the recording {} cannot be read", path.display());
    let size = std::fs::metadata(path).with_context(unreadable)?.len();
    if size > MAX_BYTES {
        bail!("the recording {} has {} MiB (allowed: {})", path.display(), size >> 20, MAX_BYTES >> 20);
    }
    let bytes = std::fs::read(path).with_context(unreadable)?;
    clip(&bytes).with_context(|| format!("the recording {} cannot be played", path.display()))
}

/// Reads the bytes of a WAV file.
///
/// # Errors
/// It is none, empty, too long, or of a rate that cannot be converted.
pub(crate) fn clip(bytes: &[u8]) -> anyhow::Result<Arc<[i16]>> {
    let wav::Wav { rate, mono } = wav::read(bytes)?;
    if mono.is_empty() {
        bail!("it is empty");
    }
    if mono.len() / rate as usize >= MAX_S {
        bail!("it lasts {} s (allowed: less than {MAX_S})", mono.len() / rate as usize);
    }
    let samples: Vec<i16> = mono.iter().map(|sample| (sample * 32_767.0) as i16).collect();
    Ok(at_16k(rate, samples)?.into())
}

fn at_16k(rate: u32, samples: Vec<i16>) -> anyhow::Result<Vec<i16>> {
    if rate == RATE {
        return Ok(samples);
    }
    let mut resampler = Resampler::new(Rate::try_from(rate)?, Rate::Hz16000)?;
    let mut out = Vec::new();
    resampler.push(&samples, &mut out)?;
    resampler.flush(&mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32) -> Vec<u8> {
        let wave = |at: u32| (f64::from(at) / f64::from(rate) * 440.0 * std::f64::consts::TAU).sin() * 16_000.0;
        let samples: Vec<i16> = (0..rate).map(|at| wave(at) as i16).collect();
        let mut bytes = Vec::new();
        wav::write(&mut bytes, rate, 1, &samples).unwrap();
        bytes
    }

    #[test]
    fn a_second_of_any_rate_is_a_second_at_16_khz() {
        for rate in [8_000, 16_000, 24_000, 48_000] {
            let clip = clip(&tone(rate)).unwrap();
            assert_eq!(clip.len(), 16_000, "{rate}");
            let loudest = clip.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!((15_500..16_500).contains(&loudest), "{rate}: {loudest}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_played_is_named() {
        let error = format!("{:#}", file(Path::new("/nowhere.wav")).unwrap_err());
        assert!(error.starts_with("the recording /nowhere.wav cannot be read"), "{error}");
        let mut empty = Vec::new();
        wav::write(&mut empty, 16_000, 1, &[]).unwrap();
        assert_eq!(clip(&empty).unwrap_err().to_string(), "it is empty");
    }
}
