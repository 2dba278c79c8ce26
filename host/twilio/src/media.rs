//! Media Streams: the messages of the audio socket, in both directions.
//!
//! Fifty messages a second arrive per call, so the payload of a media message is borrowed from the frame and decoded
//! into a buffer that the caller reuses, and outbound messages are written straight into a reusable string.

mod escape;
mod inbound;
mod number;
mod outbound;
#[cfg(test)]
mod tests;

pub use inbound::{Dtmf, Inbound, Media, MediaFormat, Start, Stop, parse, parse_bytes};
pub use outbound::{write_clear, write_mark, write_media};

/// The largest text frame that is parsed, in bytes. Twilio's own are a few hundred.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// The most audio that one message may carry, in bytes (4 s of mu-law).
pub const MAX_AUDIO_BYTES: usize = 32 * 1024;
/// The longest mark name that we send, in bytes.
pub const MAX_MARK_BYTES: usize = 256;
/// Bytes of one 20 ms frame of 8 kHz mu-law.
pub const FRAME_BYTES: usize = 160;
/// Length of one frame in ms.
pub const FRAME_MS: u64 = 20;
/// The mu-law byte of silence.
pub const SILENCE: u8 = 0xff;

/// What is wrong with an inbound message. The content is never repeated: it may be speech or digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// More than [`MAX_MESSAGE_BYTES`].
    #[error("the message has {bytes} bytes, the limit is {MAX_MESSAGE_BYTES}")]
    TooLarge {
        /// How many bytes came.
        bytes: usize,
    },
    /// Not UTF-8, so not JSON.
    #[error("the message is not UTF-8 from byte {at}")]
    NotUtf8 {
        /// Offset of the first bad byte.
        at: usize,
    },
    /// Not JSON, or JSON of another shape.
    #[error("{part}: {fault} at line {line}, column {column}")]
    Json {
        /// Which part of the message: `message`, or the name of its event.
        part: &'static str,
        /// What kind of fault.
        fault: JsonFault,
        /// Line in that part, from 1.
        line: usize,
        /// Column in that line.
        column: usize,
    },
    /// A known event without the object that carries its content.
    #[error("the {event} message has no {field}")]
    Missing {
        /// The event.
        event: &'static str,
        /// What it lacks.
        field: &'static str,
    },
    /// The payload is not base64.
    #[error("the payload is not base64 at byte {at}")]
    Base64 {
        /// Offset of the fault in the payload.
        at: usize,
    },
    /// The payload is longer than [`MAX_AUDIO_BYTES`] of audio.
    #[error("the payload has about {bytes} bytes of audio, the limit is {MAX_AUDIO_BYTES}")]
    TooMuchAudio {
        /// Estimated audio bytes.
        bytes: usize,
    },
}

/// The kind of a JSON fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// It is not JSON.
    #[error("not JSON")]
    Syntax,
    /// It ends too soon.
    #[error("cut off")]
    CutOff,
    /// A field is missing or of another type.
    #[error("a field is missing or of the wrong type")]
    Shape,
}
