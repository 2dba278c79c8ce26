//! The ear on real sounds: synthesised speech over a telephone line, noise, hum and the agent's own echo.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod codec;
mod echo;
mod sound;
mod speech;

use trunkline_audio::g711;
use trunkline_audio::level;
use trunkline_audio::resample::Rate;
use trunkline_audio::vad::{Edge, Listener, VadSettings};

/// An edge, and how far the stream had come when the listener gave it out.
type Seen = (Edge, u64);

fn listen(audio: &[u8], settings: &VadSettings) -> Vec<Seen> {
    let mut listener = Listener::new(Rate::Hz8000, settings).unwrap();
    hear(&mut listener, audio, |_, _| {})
}

/// Pushes frames of 20 ms as a carrier does; `before` sees the listener and the time before each.
fn hear(listener: &mut Listener, audio: &[u8], mut before: impl FnMut(&mut Listener, u64)) -> Vec<Seen> {
    let mut seen = Vec::new();
    for frame in audio.chunks(160) {
        let now = listener.audio_ms();
        before(listener, now);
        let edges = listener.push_mulaw(frame).unwrap().to_vec();
        seen.extend(edges.into_iter().map(|edge| (edge, listener.audio_ms())));
    }
    seen
}

fn starts(seen: &[Seen]) -> Vec<(u64, u64)> {
    let start = |&(edge, at): &Seen| match edge {
        Edge::SpeechStarted { onset_ms, .. } => Some((onset_ms, at)),
        Edge::SpeechEnded { .. } => None,
    };
    seen.iter().filter_map(start).collect()
}

/// The first 10 ms louder than -50 dBFS: where a person looking at the waveform would see the speech begin.
fn true_onset_ms(audio: &[u8]) -> u64 {
    10 * audio.chunks(80).position(|piece| level::mulaw_db(piece) > -50.0).unwrap() as u64
}

fn true_end_ms(audio: &[u8]) -> u64 {
    10 + 10 * audio.chunks(80).rposition(|piece| level::mulaw_db(piece) > -50.0).unwrap() as u64
}

/// Adds two mu-law sounds, the second `delay_ms` later and changed by `gain_db`.
fn mix(base: &[u8], other: &[u8], delay_ms: usize, gain_db: f32) -> Vec<u8> {
    let gain = 10f32.powf(gain_db / 20.0);
    let mut out = g711::decode(base);
    for (sample, code) in out.iter_mut().skip(delay_ms * 8).zip(other) {
        *sample = (f32::from(*sample) + gain * f32::from(g711::decode_sample(*code))) as i16;
    }
    g711::encode(&out)
}
