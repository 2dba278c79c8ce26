//! How loud a stretch of sound is, in dBFS (decibels relative to a full-scale square wave).
//!
//! One scale for all: the echo guard compares what is played with what comes back, whatever their encodings.

use crate::g711;

/// The level given to digital silence and to no samples at all, in dBFS.
pub const SILENCE_DB: f32 = -96.0;

/// RMS level of mu-law bytes in dBFS, never below [`SILENCE_DB`].
#[must_use]
pub fn mulaw_db(codes: &[u8]) -> f32 {
    let sum: f32 = codes.iter().map(|&code| square(g711::decode_unit(code))).sum();
    db_of(sum, codes.len())
}

/// RMS level of 16-bit samples in dBFS, never below [`SILENCE_DB`].
#[must_use]
pub fn pcm_db(samples: &[i16]) -> f32 {
    // Eight partial sums let the compiler use vector instructions, which one running sum of floats forbids.
    let mut sums = [0f32; 8];
    let (chunks, rest) = samples.as_chunks::<8>();
    for chunk in chunks {
        for (sum, &sample) in sums.iter_mut().zip(chunk) {
            *sum += square(f32::from(sample) / 32_768.0);
        }
    }
    let tail: f32 = rest.iter().map(|&sample| square(f32::from(sample) / 32_768.0)).sum();
    db_of(sums.iter().sum::<f32>() + tail, samples.len())
}

fn square(value: f32) -> f32 {
    value * value
}

fn db_of(sum_of_squares: f32, samples: usize) -> f32 {
    if samples == 0 || sum_of_squares <= 0.0 {
        return SILENCE_DB;
    }
    (10.0 * (sum_of_squares / samples as f32).log10()).max(SILENCE_DB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_is_zero_and_silence_is_the_floor() {
        assert!(pcm_db(&[i16::MIN; 160]).abs() < 0.01);
        assert_eq!(pcm_db(&[0; 160]), SILENCE_DB);
        assert_eq!(pcm_db(&[]), SILENCE_DB);
        assert_eq!(mulaw_db(&[g711::SILENCE; 160]), SILENCE_DB);
    }

    #[test]
    fn half_the_amplitude_is_six_decibels_less() {
        let loud: Vec<i16> = (0..160).map(|n| if n % 2 == 0 { 16_000 } else { -16_000 }).collect();
        let soft: Vec<i16> = loud.iter().map(|sample| sample / 2).collect();
        assert!((pcm_db(&loud) - pcm_db(&soft) - 6.02).abs() < 0.01);
    }

    #[test]
    fn both_encodings_agree() {
        let samples: Vec<i16> = (0..1600).map(|n| ((f64::from(n) * 0.3).sin() * 8_000.0) as i16).collect();
        assert!((pcm_db(&samples) - mulaw_db(&g711::encode(&samples))).abs() < 0.1);
    }
}
