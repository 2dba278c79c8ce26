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
    Ok(at_16k(rate, &mono)?.into())
}

fn at_16k(rate: u32, mono: &[f32]) -> anyhow::Result<Vec<i16>> {
    let whole = |samples: &[f32]| -> Vec<i16> { samples.iter().map(|sample| (sample * 32_767.0) as i16).collect() };
    let Ok(from) = Rate::try_from(rate) else { return Ok(whole(&convert(rate, mono))) };
    let mut resampler = Resampler::new(from, Rate::Hz16000)?;
    let mut out = Vec::new();
    resampler.push(&whole(mono), &mut out)?;
    resampler.flush(&mut out)?;
    Ok(out)
}

/// Zero crossings of the filter on each side: more than speech can show.
const CROSSINGS: f64 = 24.0;

/// Brings a whole recording of a rate that calls never have (22,050 Hz and the like) to 16 kHz, by a windowed sinc.
fn convert(rate: u32, mono: &[f32]) -> Vec<f32> {
    let ratio = f64::from(rate) / f64::from(RATE);
    // What the lower of the two rates cannot carry is cut off.
    let cutoff = (1.0 / ratio).min(1.0);
    let reach = CROSSINGS / cutoff;
    let weight = |distance: f64| {
        let x = std::f64::consts::PI * distance * cutoff;
        let sinc = if x.abs() < 1e-9 { 1.0 } else { x.sin() / x };
        let window = 0.5 + 0.5 * (std::f64::consts::PI * distance / reach).cos();
        sinc * window * cutoff
    };
    let sample = |at: usize| {
        let centre = at as f64 * ratio;
        let first = (centre - reach).ceil().max(0.0) as usize;
        let last = ((centre + reach).floor() as usize).min(mono.len().saturating_sub(1));
        let near = mono.get(first..=last).unwrap_or_default();
        let sum: f64 = near.iter().enumerate().map(|(n, x)| f64::from(*x) * weight(centre - (first + n) as f64)).sum();
        (sum as f32).clamp(-1.0, 1.0)
    };
    let length = (mono.len() as f64 / ratio).ceil() as usize;
    (0..length).map(sample).collect()
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
        for rate in [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000] {
            let clip = clip(&tone(rate)).unwrap();
            assert_eq!(clip.len(), 16_000, "{rate}");
            let loudest = clip.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!((15_500..16_500).contains(&loudest), "{rate}: {loudest}");
        }
    }

    #[test]
    fn a_conversion_keeps_a_tone_and_drops_what_16_khz_cannot_carry() {
        let tone = |hz: f64| -> Vec<f32> {
            let wave = |at: u32| (f64::from(at) / 44_100.0 * hz * std::f64::consts::TAU).sin() as f32 * 0.5;
            (0..44_100).map(wave).collect()
        };
        let loudest = |samples: &[f32]| samples[1_000..15_000].iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        assert!((loudest(&convert(44_100, &tone(1_000.0))) - 0.5).abs() < 0.01);
        assert!(loudest(&convert(44_100, &tone(10_000.0))) < 0.01);
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
