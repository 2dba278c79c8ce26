//! Audio time: everything on the caller's side is counted in samples since the line was opened.

/// Samples at 16 kHz.
pub(super) type Samples = u64;

/// Samples per second, of both directions.
pub(super) const RATE: u32 = 16_000;
/// Samples per millisecond.
pub(super) const PER_MS: Samples = 16;
/// Samples of one frame, 20 ms.
pub(super) const FRAME: usize = 320;

/// A time in ms.
pub(super) fn ms(samples: Samples) -> u64 {
    samples / PER_MS
}

/// What is louder than this (-42 dB of full scale) is voice and not the noise of a line.
const VOICE: u16 = 256;

/// Whether a sample is loud enough to be voice.
pub(super) fn is_voice(sample: i16) -> bool {
    sample.unsigned_abs() >= VOICE
}
