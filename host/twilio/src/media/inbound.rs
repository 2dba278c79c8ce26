//! Messages from Twilio.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::number::Number;
use super::{JsonFault, MAX_AUDIO_BYTES, MAX_MESSAGE_BYTES, MediaError};

/// Standard alphabet; senders other than Twilio leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One message from Twilio. Texts are borrowed from the frame where they hold no escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound<'a> {
    /// The socket is open; nothing is known yet.
    Connected {
        /// `Call`.
        protocol: Cow<'a, str>,
        /// Version of the protocol, `1.0.0`.
        version: Cow<'a, str>,
    },
    /// The stream starts; comes once, before any media.
    Start(Box<Start>),
    /// Audio of the caller.
    Media(Media<'a>),
    /// The caller pressed a key.
    Dtmf(Dtmf<'a>),
    /// Everything sent before this mark has been played, or was flushed by a clear.
    Mark {
        /// The name that was sent.
        name: Cow<'a, str>,
    },
    /// The stream or the call ended.
    Stop(Stop<'a>),
    /// An event this version does not know; to be ignored.
    Unknown {
        /// Its name.
        event: Cow<'a, str>,
    },
}

/// What the stream is and whose call it belongs to. None of it is proven: compare it with the call token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    /// The (sub)account that owns the call.
    pub account_sid: String,
    /// The stream.
    pub stream_sid: String,
    /// The call.
    pub call_sid: String,
    /// Which tracks follow; `inbound` for a bidirectional stream.
    #[serde(default)]
    pub tracks: Vec<String>,
    /// The format of the audio, in both directions.
    pub media_format: MediaFormat,
    /// The `<Parameter>`s of the TwiML.
    #[serde(default)]
    pub custom_parameters: BTreeMap<String, String>,
}

/// The format of the audio.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaFormat {
    /// `audio/x-mulaw`; browsers send `audio/l16`.
    pub encoding: String,
    /// Hz.
    #[serde(deserialize_with = "small")]
    pub sample_rate: u32,
    /// 1.
    #[serde(deserialize_with = "small")]
    pub channels: u32,
}

/// A piece of the caller's audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media<'a> {
    /// Position of the message in the stream, from 1; 0 when it was not sent.
    pub sequence_number: u64,
    /// Position among the media messages, from 1; 0 when it was not sent.
    pub chunk: u64,
    /// Start of this audio on the stream's own clock, in ms from the stream's start.
    pub timestamp_ms: u64,
    /// `inbound` or `outbound`; empty when it was not sent.
    pub track: Cow<'a, str>,
    /// The audio, base64.
    pub payload: Cow<'a, str>,
}

impl Media<'_> {
    /// Decodes the audio into `audio`, replacing what is there. On an error `audio` is empty.
    pub fn decode_into(&self, audio: &mut Vec<u8>) -> Result<(), MediaError> {
        audio.clear();
        let bytes = self.payload.len() / 4 * 3;
        if bytes > MAX_AUDIO_BYTES + 3 {
            return Err(MediaError::TooMuchAudio { bytes });
        }
        BASE64.decode_vec(self.payload.as_bytes(), audio).map_err(|error| {
            audio.clear();
            MediaError::Base64 { at: fault_position(&error, self.payload.len()) }
        })
    }
}

fn fault_position(error: &base64::DecodeError, len: usize) -> usize {
    match error {
        base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _) => *at,
        base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => len,
    }
}

/// A key that the caller pressed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dtmf<'a> {
    /// `inbound_track`.
    #[serde(borrow, default)]
    pub track: Cow<'a, str>,
    /// One of `0`-`9`, `*`, `#`, `A`-`D`.
    #[serde(borrow)]
    pub digit: Cow<'a, str>,
}

/// The end of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stop<'a> {
    /// The (sub)account that owns the call.
    #[serde(borrow, default)]
    pub account_sid: Cow<'a, str>,
    /// The call.
    #[serde(borrow, default)]
    pub call_sid: Cow<'a, str>,
}

/// The outside of every message. Contents stay raw until the event is known, so that an unknown event can hold anything.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, default)]
    sequence_number: Option<&'a RawValue>,
    #[serde(borrow, default)]
    protocol: Option<&'a RawValue>,
    #[serde(borrow, default)]
    version: Option<&'a RawValue>,
    #[serde(borrow, default)]
    start: Option<&'a RawValue>,
    #[serde(borrow, default)]
    media: Option<&'a RawValue>,
    #[serde(borrow, default)]
    dtmf: Option<&'a RawValue>,
    #[serde(borrow, default)]
    mark: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stop: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct MediaContent<'a> {
    #[serde(borrow, default)]
    track: Cow<'a, str>,
    #[serde(default)]
    chunk: Number,
    #[serde(default)]
    timestamp: Number,
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

#[derive(Deserialize)]
struct MarkContent<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Parses one text frame.
pub fn parse(message: &str) -> Result<Inbound<'_>, MediaError> {
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(MediaError::TooLarge { bytes: message.len() });
    }
    let envelope: Envelope<'_> = content("message", message)?;
    Ok(match envelope.event.as_ref() {
        "media" => {
            let media: MediaContent<'_> = required("media", "media", envelope.media)?;
            let sequence: Option<Number> = optional("media", envelope.sequence_number)?;
            Inbound::Media(Media {
                sequence_number: sequence.unwrap_or_default().0,
                chunk: media.chunk.0,
                timestamp_ms: media.timestamp.0,
                track: media.track,
                payload: media.payload,
            })
        }
        "mark" => Inbound::Mark { name: required::<MarkContent<'_>>("mark", "mark", envelope.mark)?.name },
        "dtmf" => Inbound::Dtmf(required("dtmf", "dtmf", envelope.dtmf)?),
        "start" => Inbound::Start(Box::new(required("start", "start", envelope.start)?)),
        // A stream ends even when the message about it is thin.
        "stop" => Inbound::Stop(match envelope.stop {
            Some(raw) => content("stop", raw.get())?,
            None => Stop { account_sid: Cow::Borrowed(""), call_sid: Cow::Borrowed("") },
        }),
        "connected" => Inbound::Connected {
            protocol: optional::<Text<'_>>("connected", envelope.protocol)?.map_or(Cow::Borrowed(""), |text| text.0),
            version: optional::<Text<'_>>("connected", envelope.version)?.map_or(Cow::Borrowed(""), |text| text.0),
        },
        _ => Inbound::Unknown { event: envelope.event },
    })
}

/// Parses one frame that is not known to be text yet.
pub fn parse_bytes(message: &[u8]) -> Result<Inbound<'_>, MediaError> {
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(MediaError::TooLarge { bytes: message.len() });
    }
    let text = std::str::from_utf8(message).map_err(|error| MediaError::NotUtf8 { at: error.valid_up_to() })?;
    parse(text)
}

fn content<'a, T: Deserialize<'a>>(part: &'static str, json: &'a str) -> Result<T, MediaError> {
    serde_json::from_str(json).map_err(|error| {
        let fault = match error.classify() {
            Category::Data => JsonFault::Shape,
            Category::Eof => JsonFault::CutOff,
            Category::Syntax | Category::Io => JsonFault::Syntax,
        };
        MediaError::Json { part, fault, line: error.line(), column: error.column() }
    })
}

fn required<'a, T: Deserialize<'a>>(
    event: &'static str,
    field: &'static str,
    raw: Option<&'a RawValue>,
) -> Result<T, MediaError> {
    content(event, raw.ok_or(MediaError::Missing { event, field })?.get())
}

fn optional<'a, T: Deserialize<'a>>(event: &'static str, raw: Option<&'a RawValue>) -> Result<Option<T>, MediaError> {
    raw.map(|raw| content(event, raw.get())).transpose()
}

fn small<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let Number(number) = Number::deserialize(deserializer)?;
    u32::try_from(number).map_err(|_| serde::de::Error::custom("too large"))
}
