//! What a playout is set up with.

/// How audio is laid out on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Bytes of audio per millisecond.
    pub bytes_per_ms: u32,
    /// The carrier's frame, ms: messages hold whole frames only.
    pub frame_ms: u32,
    /// The byte that silence is made of.
    pub silence: u8,
}

impl Format {
    /// G.711 mu-law at 8 kHz, the telephone's own.
    pub const MULAW_8K: Self = Self { bytes_per_ms: 8, frame_ms: 20, silence: 0xFF };
    /// 16-bit linear PCM at 16 kHz.
    pub const PCM16_16K: Self = Self { bytes_per_ms: 32, frame_ms: 20, silence: 0 };

    pub(super) fn frame_bytes(self) -> usize {
        (self.bytes_per_ms * self.frame_ms) as usize
    }

    pub(super) fn bytes(self, ms: u32) -> usize {
        self.bytes_per_ms as usize * ms as usize
    }

    /// Whole milliseconds in so many bytes.
    pub(super) fn ms(self, bytes: usize) -> u32 {
        u32::try_from(bytes / self.bytes_per_ms as usize).unwrap_or(u32::MAX)
    }

    /// Rounds down to whole frames.
    pub(super) fn whole_frames(self, ms: u32) -> u32 {
        ms - ms % self.frame_ms
    }
}

/// How far ahead and in what portions audio is handed to the carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Layout of the audio.
    pub format: Format,
    /// The most audio that may lie unplayed at the carrier, ms.
    pub ahead_ms: u32,
    /// A message's audio, ms. 160 by default: six wake-ups a second, and 240 ms always left at the carrier to bridge a
    /// stall with the default `ahead_ms`.
    pub message_ms: u32,
    /// The most audio between two marks, ms, unless a single message is longer.
    pub segment_ms: u32,
    /// How long to wait for an echo that is due before going on without it, ms.
    pub echo_timeout_ms: u32,
}

impl Config {
    /// The defaults for this layout.
    pub fn new(format: Format) -> Self {
        Self { format, ahead_ms: 400, message_ms: 160, segment_ms: 200, echo_timeout_ms: 500 }
    }

    /// Values that cannot work are raised to the least ones that can: messages of at least one frame, and room for at
    /// least one message.
    pub(super) fn workable(mut self) -> Self {
        let format = &mut self.format;
        format.bytes_per_ms = format.bytes_per_ms.clamp(1, 1 << 10);
        format.frame_ms = format.frame_ms.clamp(1, 1 << 10);
        self.message_ms = format.whole_frames(self.message_ms.clamp(format.frame_ms, 1 << 16));
        self.ahead_ms = self.ahead_ms.clamp(self.message_ms, 1 << 20);
        self
    }
}

impl Default for Config {
    /// Telephone audio.
    fn default() -> Self {
        Self::new(Format::MULAW_8K)
    }
}
