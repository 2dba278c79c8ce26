//! Collects small pieces of audio into messages: each message costs a wake-up and a system call.

use bytes::{Bytes, BytesMut};
use trunkline_contract::speech::AudioFormat;

/// Bytes of a millisecond of audio.
pub(crate) fn bytes_per_ms(format: AudioFormat) -> u64 {
    match format {
        AudioFormat::Mulaw8k => 8,
        AudioFormat::Pcm16 { hz } => (u64::from(hz) * 2 / 1_000).max(1),
    }
}

/// Length of so many bytes of audio, ms.
pub(crate) fn ms(format: AudioFormat, bytes: u64) -> u64 {
    bytes / bytes_per_ms(format)
}

#[derive(Debug)]
pub(crate) struct Batch {
    buffer: BytesMut,
    size: usize,
}

impl Batch {
    pub(crate) fn new(format: AudioFormat, ms: u32) -> Self {
        let size = usize::try_from(bytes_per_ms(format) * u64::from(ms.clamp(10, 1_000))).unwrap_or(usize::MAX);
        Self { buffer: BytesMut::new(), size }
    }

    /// A message, when enough has come together.
    pub(crate) fn push(&mut self, audio: &[u8]) -> Option<Bytes> {
        if self.buffer.is_empty() {
            self.buffer.reserve(self.size.max(audio.len()));
        }
        self.buffer.extend_from_slice(audio);
        if self.buffer.len() >= self.size { self.take() } else { None }
    }

    /// What has come together so far.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        if self.buffer.is_empty() { None } else { Some(self.buffer.split().freeze()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_collected_until_a_message_is_full() {
        let mut batch = Batch::new(AudioFormat::Mulaw8k, 60);
        assert_eq!(batch.push(&[1; 160]), None);
        assert_eq!(batch.push(&[2; 160]), None);
        assert_eq!(batch.push(&[3; 160]).unwrap().len(), 480);
        assert_eq!(batch.take(), None);
    }

    #[test]
    fn a_rest_can_be_taken_early() {
        let mut batch = Batch::new(AudioFormat::Pcm16 { hz: 16_000 }, 100);
        assert_eq!(batch.push(&[0; 640]), None);
        assert_eq!(batch.take().unwrap().len(), 640);
    }
}
