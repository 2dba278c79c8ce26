use proptest::prelude::*;

use super::*;

const RATES: [Rate; 4] = [Rate::Hz8000, Rate::Hz16000, Rate::Hz24000, Rate::Hz48000];

fn sine(rate: Rate, hz: f64, samples: usize) -> Vec<i16> {
    let step = std::f64::consts::TAU * hz / f64::from(rate.hz());
    (0..samples).map(|n| ((n as f64 * step).sin() * 16_000.0).round() as i16).collect()
}

fn convert(from: Rate, to: Rate, input: &[i16], chunks: impl IntoIterator<Item = usize>) -> Vec<i16> {
    let mut resampler = Resampler::new(from, to).unwrap();
    let mut out = Vec::new();
    let mut rest = input;
    for chunk in chunks {
        let (now, later) = rest.split_at(chunk.min(rest.len()));
        resampler.push(now, &mut out).unwrap();
        rest = later;
    }
    resampler.push(rest, &mut out).unwrap();
    resampler.flush(&mut out).unwrap();
    out
}

/// Signal to noise in dB of `got` against the same sine made directly at its rate, without the ends.
fn snr_db(got: &[i16], rate: Rate, hz: f64) -> f64 {
    let ideal = sine(rate, hz, got.len());
    let ends = rate.per_ms() * 20;
    let (mut signal, mut noise) = (0f64, 0f64);
    for (&got, &ideal) in got.iter().zip(&ideal).skip(ends).take(got.len() - 2 * ends) {
        signal += f64::from(ideal).powi(2);
        noise += (f64::from(got) - f64::from(ideal)).powi(2);
    }
    10.0 * (signal / noise.max(1e-9)).log10()
}

#[test]
fn chunked_and_whole_give_the_same_samples() {
    for from in RATES {
        for to in RATES {
            let input = sine(from, 1_000.0, from.per_ms() * 500 + 7);
            let whole = convert(from, to, &input, []);
            for chunk in [1, 7, 159, 160, 161, 1_000] {
                assert_eq!(convert(from, to, &input, std::iter::repeat_n(chunk, input.len() / chunk)), whole);
            }
        }
    }
}

#[test]
fn the_count_of_samples_is_exact() {
    for from in RATES {
        for to in RATES {
            for length in [0, 1, 79, 80, 638, 8_001] {
                let out = convert(from, to, &vec![100; length], []);
                assert_eq!(out.len(), (length * to.hz() as usize).div_ceil(from.hz() as usize), "{from:?} {to:?}");
            }
        }
    }
}

#[test]
fn steady_frames_give_steady_frames() {
    let mut resampler = Resampler::new(Rate::Hz8000, Rate::Hz16000).unwrap();
    let mut sizes = Vec::new();
    for _ in 0..50 {
        let mut out = Vec::new();
        resampler.push(&[0; 160], &mut out).unwrap();
        sizes.push(out.len());
    }
    assert_eq!(sizes[0], 320 - Resampler::DELAY_MS * 16);
    assert!(sizes[1..].iter().all(|&size| size == 320));
}

#[test]
fn a_tone_keeps_its_shape_and_its_place() {
    for from in RATES {
        for to in RATES {
            for hz in [200.0, 1_000.0, 2_500.0] {
                let out = convert(from, to, &sine(from, hz, from.per_ms() * 1_000), []);
                let snr = snr_db(&out, to, hz);
                assert!(snr > 60.0, "{from:?} to {to:?} at {hz} Hz: {snr:.1} dB");
            }
        }
    }
}

#[test]
fn what_the_lower_rate_cannot_carry_is_removed() {
    let out = convert(Rate::Hz24000, Rate::Hz8000, &sine(Rate::Hz24000, 6_000.0, 24_000), []);
    assert!(crate::level::pcm_db(&out[160..7_800]) < -60.0);
}

#[test]
fn full_scale_clips_and_does_not_wrap() {
    let square: Vec<i16> = (0..8_000).map(|n| if (n / 40) % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
    let out = convert(Rate::Hz8000, Rate::Hz16000, &square, []);
    let jumps = out.windows(2).filter(|pair| (i32::from(pair[0]) - i32::from(pair[1])).abs() > 50_000).count();
    assert_eq!(jumps, 0);
}

#[test]
fn fractions_become_the_nearest_sample() {
    for sample in i16::MIN..=i16::MAX {
        assert_eq!(to_sample(to_unit(sample)), sample);
        let between = (f32::from(sample) + 0.3) / 32_768.0;
        assert_eq!(to_sample(between), sample);
    }
    assert_eq!([to_sample(1.5), to_sample(-1.5), to_sample(f32::INFINITY)], [i16::MAX, i16::MIN, i16::MAX]);
}

#[test]
fn a_flushed_resampler_starts_afresh() {
    let input = sine(Rate::Hz8000, 700.0, 1_234);
    let mut resampler = Resampler::new(Rate::Hz8000, Rate::Hz24000).unwrap();
    let mut passes = [Vec::new(), Vec::new()];
    for out in &mut passes {
        resampler.push(&input, out).unwrap();
        resampler.flush(out).unwrap();
    }
    assert_eq!(passes[0], passes[1]);
}

#[test]
fn other_rates_are_refused() {
    assert_eq!(Rate::try_from(11_025), Err(ResampleError::UnsupportedRate(11_025)));
    for rate in RATES {
        assert_eq!(Rate::try_from(rate.hz()), Ok(rate));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_samples_in_any_chunks_give_the_same_output(
        samples in proptest::collection::vec(any::<i16>(), 0..3_000),
        chunks in proptest::collection::vec(0usize..500, 0..20),
        (from, to) in (0usize..4, 0usize..4),
    ) {
        let (from, to) = (RATES[from], RATES[to]);
        prop_assert_eq!(convert(from, to, &samples, chunks), convert(from, to, &samples, []));
    }
}
