//! Speech in and out, neutral of any provider.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Audio on the wire of a call or of a provider; mono.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AudioFormat {
    /// G.711 mu-law, 8 kHz: 8 bytes a millisecond.
    Mulaw8k,
    /// Signed 16-bit little-endian PCM at this many Hz.
    Pcm16 {
        /// 8,000, 16,000, 24,000 or 48,000.
        hz: u32,
    },
}

/// A recognised word; times in ms of the audio sent to the recogniser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Word {
    /// As written.
    pub text: String,
    /// Begin.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
}

/// What a recogniser says; times in ms of the audio sent since the stream was first opened, also across reconnects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Transcript {
    /// Text of this piece (not of the whole turn).
    pub text: String,
    /// False: a later one replaces it.
    pub is_final: bool,
    /// It answers a request to finalise: everything sent before that has been recognised.
    pub from_finalize: bool,
    /// 0-1.
    pub confidence: Option<f32>,
    /// BCP 47.
    pub language: Option<String>,
    /// Begin of the piece.
    pub start_ms: u64,
    /// End of the piece.
    pub end_ms: u64,
    /// Words, when the recogniser tells.
    pub words: Vec<Word>,
}

/// Where a word lies in a passage's text and audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WordSpan {
    /// Byte offset in the passage's text.
    pub text_start: usize,
    /// Byte offset behind it.
    pub text_end: usize,
    /// Ms from the start of the passage's audio.
    pub start_ms: u32,
    /// Ms from the start of the passage's audio.
    pub end_ms: u32,
}
