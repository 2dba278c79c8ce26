//! The messages of the media socket, in Twilio's shapes with 16 kHz PCM16.

use super::clock::{RATE, Samples, ms};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

/// What comes from the host.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FromHost {
    Media(Vec<i16>),
    Mark(String),
    Clear,
    /// An event that this side does not know.
    Other(String),
}

/// What is wrong with a message of the host.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("a message is not of the expected shape: {0}")]
    Shape(String),
    #[error("the payload of a media message is not base64")]
    Base64,
    #[error("a media message has {0} bytes, which is no whole number of 16-bit samples")]
    OddBytes(usize),
}

#[derive(Deserialize)]
struct Message {
    event: String,
    media: Option<Media>,
    mark: Option<Mark>,
}

#[derive(Deserialize)]
struct Media {
    payload: String,
}

#[derive(Deserialize)]
struct Mark {
    name: String,
}

/// Reads a message.
///
/// # Errors
/// It is none, or its audio cannot be read.
pub(super) fn read(text: &str) -> Result<FromHost, Malformed> {
    let message: Message = serde_json::from_str(text).map_err(|error| Malformed::Shape(error.to_string()))?;
    let lacks = |what: &str| Malformed::Shape(format!("`{}` without `{what}`", message.event));
    match message.event.as_str() {
        "media" => samples(&message.media.as_ref().ok_or_else(|| lacks("media"))?.payload).map(FromHost::Media),
        "mark" => Ok(FromHost::Mark(message.mark.ok_or(Malformed::Shape("`mark` without `mark`".to_owned()))?.name)),
        "clear" => Ok(FromHost::Clear),
        _ => Ok(FromHost::Other(message.event)),
    }
}

fn samples(payload: &str) -> Result<Vec<i16>, Malformed> {
    let bytes = STANDARD.decode(payload).map_err(|_| Malformed::Base64)?;
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Malformed::OddBytes(bytes.len()));
    }
    Ok(pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect())
}

/// Writes the messages of one stream, numbered.
pub(super) struct Writer {
    stream: String,
    sequence: u64,
    chunk: u64,
}

impl Writer {
    pub(super) fn new(stream: String) -> Self {
        Self { stream, sequence: 0, chunk: 0 }
    }

    pub(super) fn connected() -> Value {
        json!({"event": "connected", "protocol": "Call", "version": "1.0.0"})
    }

    pub(super) fn start(&mut self, call: &str, token: &str) -> Value {
        let start = json!({
            "streamSid": self.stream,
            "accountSid": "web",
            "callSid": call,
            "tracks": ["inbound"],
            "customParameters": {"token": token},
            "mediaFormat": {"encoding": "audio/x-l16", "sampleRate": RATE, "channels": 1},
        });
        self.message("start", start)
    }

    /// `at` is the time of the first sample on the stream's clock.
    pub(super) fn media(&mut self, at: Samples, audio: &[i16]) -> Value {
        self.chunk += 1;
        let bytes: Vec<u8> = audio.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let media = json!({
            "track": "inbound",
            "chunk": self.chunk.to_string(),
            "timestamp": ms(at).to_string(),
            "payload": STANDARD.encode(bytes),
        });
        self.message("media", media)
    }

    pub(super) fn mark(&mut self, name: &str) -> Value {
        self.message("mark", json!({"name": name}))
    }

    pub(super) fn digit(&mut self, digit: char) -> Value {
        self.message("dtmf", json!({"track": "inbound_track", "digit": digit.to_string()}))
    }

    pub(super) fn stop(&mut self, call: &str) -> Value {
        self.message("stop", json!({"accountSid": "web", "callSid": call}))
    }

    fn message(&mut self, event: &str, content: Value) -> Value {
        self.sequence += 1;
        let mut message =
            json!({"event": event, "sequenceNumber": self.sequence.to_string(), "streamSid": self.stream});
        if let Value::Object(fields) = &mut message {
            fields.insert(event.to_owned(), content);
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_hosts_messages_are_read() {
        let media =
            json!({"event": "media", "streamSid": "s", "media": {"payload": STANDARD.encode([1, 0, 255, 255])}});
        assert_eq!(read(&media.to_string()), Ok(FromHost::Media(vec![1, -1])));
        assert_eq!(read(r#"{"event":"mark","streamSid":"s","mark":{"name":"m"}}"#), Ok(FromHost::Mark("m".into())));
        assert_eq!(read(r#"{"event":"clear","streamSid":"s"}"#), Ok(FromHost::Clear));
        assert_eq!(read(r#"{"event":"x"}"#), Ok(FromHost::Other("x".into())));
        let odd = json!({"event": "media", "media": {"payload": STANDARD.encode([1])}});
        assert_eq!(read(&odd.to_string()), Err(Malformed::OddBytes(1)));
        assert_eq!(read(r#"{"event":"media","media":{"payload":"%"}}"#), Err(Malformed::Base64));
        assert!(matches!(read(r#"{"event":"media"}"#), Err(Malformed::Shape(_))));
    }

    #[test]
    fn frames_are_numbered_and_timed() {
        let mut writer = Writer::new("s1".into());
        let start = writer.start("c1", "t");
        assert_eq!(
            (&start["sequenceNumber"], &start["start"]["customParameters"]["token"]),
            (&json!("1"), &json!("t"))
        );
        let media = writer.media(640, &[0; 320]);
        assert_eq!(media["sequenceNumber"], "2");
        assert_eq!((&media["media"]["chunk"], &media["media"]["timestamp"]), (&json!("1"), &json!("40")));
        assert_eq!(STANDARD.decode(media["media"]["payload"].as_str().unwrap()).unwrap().len(), 640);
        assert_eq!(writer.mark("m")["mark"]["name"], "m");
        assert_eq!(writer.digit('#')["dtmf"]["digit"], "#");
        assert_eq!(writer.stop("c1")["stop"]["callSid"], "c1");
    }

    proptest! {
        #[test]
        fn any_message_is_read_or_refused(text in "\\PC{0,200}", payload in "\\PC{0,40}") {
            let _ = read(&text);
            let _ = read(&json!({"event": "media", "media": {"payload": payload}}).to_string());
        }

        #[test]
        fn audio_comes_back_as_it_was_sent(audio: Vec<i16>) {
            let message = Writer::new("s".into()).media(0, &audio);
            prop_assert_eq!(read(&message.to_string()), Ok(FromHost::Media(audio)));
        }
    }
}
