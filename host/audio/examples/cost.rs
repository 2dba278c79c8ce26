//! Prints what one second of telephone audio costs in CPU time, part by part; run it with `--release`.
//!
//! It reads the CPU time that the Linux scheduler counts for the process, so a busy machine does not change the figures
//! much; elsewhere it falls back to the wall clock.
#![allow(clippy::disallowed_methods, reason = "it measures")]
#![allow(clippy::print_stdout, reason = "its purpose is to print")]

use std::hint::black_box;
use std::time::Instant;

use trunkline_audio::g711;
use trunkline_audio::resample::{Rate, ResampleError, Resampler};
use trunkline_audio::vad::{Listener, VadSettings};

const SECONDS: usize = 1_200;

fn main() -> Result<(), ResampleError> {
    let samples: Vec<i16> = (0..SECONDS * 8_000).map(sound).collect();
    let codes = g711::encode(&samples);

    let mut codes_out = Vec::with_capacity(160);
    report("g711 encode", || {
        for frame in samples.chunks(160) {
            codes_out.clear();
            g711::encode_into(black_box(frame), &mut codes_out);
        }
        Ok(())
    })?;
    let mut samples_out = Vec::with_capacity(480);
    report("g711 decode", || {
        for frame in codes.chunks(160) {
            samples_out.clear();
            g711::decode_into(black_box(frame), &mut samples_out);
        }
        Ok(())
    })?;
    for to in [Rate::Hz16000, Rate::Hz24000, Rate::Hz48000] {
        let mut resampler = Resampler::new(Rate::Hz8000, to)?;
        report(&format!("resample 8000 to {} Hz", to.hz()), || {
            for frame in samples.chunks(160) {
                samples_out.clear();
                resampler.push(frame, &mut samples_out)?;
            }
            Ok(())
        })?;
    }
    let mut resampler = Resampler::new(Rate::Hz24000, Rate::Hz8000)?;
    report("resample 24000 to 8000 Hz (a third of the input)", || {
        for frame in samples.chunks(480) {
            samples_out.clear();
            resampler.push(frame, &mut samples_out)?;
        }
        Ok(())
    })?;
    let mut listener = Listener::new(Rate::Hz8000, &VadSettings::default())?;
    report("listener, mu-law at 8000 Hz", || {
        for frame in codes.chunks(160) {
            if let Some(guard) = listener.echo_guard() {
                guard.played(0, frame);
            }
            black_box(listener.push_mulaw(frame)?);
        }
        Ok(())
    })?;
    let mut listener = Listener::new(Rate::Hz16000, &VadSettings::default())?;
    report("listener, PCM at 16000 Hz (half of the input)", || {
        for frame in samples.chunks(320) {
            black_box(listener.push_pcm(frame)?);
        }
        Ok(())
    })?;
    let clock = Clock::start();
    for _ in 0..1_000 {
        black_box(Listener::new(Rate::Hz8000, &VadSettings::default())?);
    }
    println!("{:<50} {:.4} ms each", "a new listener", clock.millis() / 1_000.0);
    Ok(())
}

struct Clock {
    cpu_ns: Option<u64>,
    wall: Instant,
}

impl Clock {
    fn start() -> Self {
        Self { cpu_ns: cpu_ns(), wall: Instant::now() }
    }

    fn millis(&self) -> f64 {
        match (self.cpu_ns, cpu_ns()) {
            (Some(start), Some(end)) => end.saturating_sub(start) as f64 / 1e6,
            _ => self.wall.elapsed().as_secs_f64() * 1e3,
        }
    }
}

fn cpu_ns() -> Option<u64> {
    std::fs::read_to_string("/proc/self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}

fn sound(n: usize) -> i16 {
    let seconds = n as f64 / 8_000.0;
    let swell = (seconds * 2.0).sin().max(0.0);
    ((seconds * 1_500.0).sin() * (seconds * 330.0).cos() * swell * 9_000.0) as i16
}

fn report(what: &str, run: impl FnOnce() -> Result<(), ResampleError>) -> Result<(), ResampleError> {
    let clock = Clock::start();
    run()?;
    let per_second = clock.millis() / SECONDS as f64;
    println!("{what:<50} {per_second:.4} ms per second of audio");
    Ok(())
}
