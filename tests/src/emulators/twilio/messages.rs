//! The messages of the media socket as the carrier writes and reads them.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::spec::CallSpec;

/// Writes the messages of one stream, numbered.
pub(super) struct Writer {
    stream_sid: String,
    sequence: u64,
    chunk: u64,
}

impl Writer {
    pub(super) fn new(stream_sid: String) -> Self {
        Self { stream_sid, sequence: 0, chunk: 0 }
    }

    pub(super) fn connected() -> String {
        r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#.to_owned()
    }

    pub(super) fn start(&mut self, spec: &CallSpec, call_sid: &str, parameters: &[(String, String)]) -> String {
        let parameters = spec.faults.parameters.as_deref().unwrap_or(parameters);
        let custom: serde_json::Map<String, Value> =
            parameters.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        let call_sid = spec.faults.start_call_sid.as_deref().unwrap_or(call_sid);
        let content = json!({
            "accountSid": spec.account_sid,
            "streamSid": self.stream_sid,
            "callSid": call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": custom,
        });
        self.message("start", &content)
    }

    pub(super) fn media(&mut self, timestamp_ms: u64, audio: &[u8]) -> String {
        self.sequence += 1;
        self.chunk += 1;
        let mut out = String::with_capacity(192 + self.stream_sid.len() + audio.len() / 3 * 4);
        let _ = write!(
            out,
            r#"{{"event":"media","sequenceNumber":"{}","media":{{"track":"inbound","chunk":"{}","timestamp":"{timestamp_ms}","payload":""#,
            self.sequence, self.chunk
        );
        STANDARD.encode_string(audio, &mut out);
        let _ = write!(out, r#""}},"streamSid":"{}"}}"#, self.stream_sid);
        out
    }

    pub(super) fn digit(&mut self, digit: char) -> String {
        self.message("dtmf", &json!({"track": "inbound_track", "digit": digit.to_string()}))
    }

    pub(super) fn mark(&mut self, name: &str) -> String {
        self.message("mark", &json!({"name": name}))
    }

    pub(super) fn stop(&mut self, spec: &CallSpec, call_sid: &str) -> String {
        self.message("stop", &json!({"accountSid": spec.account_sid, "callSid": call_sid}))
    }

    fn message(&mut self, event: &str, content: &Value) -> String {
        self.sequence += 1;
        let mut message = json!({
            "event": event,
            "sequenceNumber": self.sequence.to_string(),
            "streamSid": self.stream_sid,
        });
        if let Value::Object(fields) = &mut message {
            fields.insert(event.to_owned(), content.clone());
        }
        message.to_string()
    }
}

/// What a host may send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FromHost {
    /// Audio, decoded into the buffer.
    Audio,
    Mark(String),
    Clear,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    stream_sid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    media: Option<Payload<'a>>,
    mark: Option<Name>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// Reads a message of the host, audio into `audio`; the error says what Twilio would not accept.
pub(super) fn read(text: &str, stream_sid: &str, audio: &mut Vec<u8>) -> Result<FromHost, String> {
    let envelope: Envelope<'_> =
        serde_json::from_str(text).map_err(|error| format!("the host sent what is no message: {error}"))?;
    let event = envelope.event.as_ref();
    if envelope.stream_sid.as_deref() != Some(stream_sid) {
        return Err(format!("the host's {event} message names the stream {:?}", envelope.stream_sid));
    }
    match event {
        "media" => {
            let media = envelope.media.ok_or("the host's media message has no media")?;
            audio.clear();
            STANDARD
                .decode_vec(media.payload.as_bytes(), audio)
                .map_err(|error| format!("the host's payload is no base64: {error}"))?;
            Ok(FromHost::Audio)
        }
        "mark" => Ok(FromHost::Mark(envelope.mark.ok_or("the host's mark message has no mark")?.name)),
        "clear" => Ok(FromHost::Clear),
        other => Err(format!("the host sent the event {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use trunkline_twilio::media::{self, Inbound};

    #[test]
    fn what_the_carrier_writes_is_what_the_host_reads() {
        let spec = CallSpec::inbound("http://h", "AC1", "t");
        let mut writer = Writer::new("MZ1".into());
        let start = writer.start(&spec, "CA1", &[("k".into(), "v\"".into())]);
        let Ok(Inbound::Start(start)) = media::parse(&start) else { panic!("{start}") };
        assert_eq!((start.call_sid.as_str(), start.custom_parameters["k"].as_str()), ("CA1", "v\""));
        let message = writer.media(20, &[1, 2]);
        let Ok(Inbound::Media(media)) = media::parse(&message) else { panic!("{message}") };
        assert_eq!((media.sequence_number, media.chunk, media.timestamp_ms), (2, 1, 20));
        assert!(matches!(media::parse(&writer.digit('#')), Ok(Inbound::Dtmf(dtmf)) if dtmf.digit == "#"));
        assert!(matches!(media::parse(&writer.mark("a\"b")), Ok(Inbound::Mark { name }) if name == "a\"b"));
        assert!(matches!(media::parse(&writer.stop(&spec, "CA1")), Ok(Inbound::Stop(stop)) if stop.call_sid == "CA1"));
        assert!(matches!(media::parse(&Writer::connected()), Ok(Inbound::Connected { .. })));
    }

    #[test]
    fn what_the_host_writes_is_what_the_carrier_reads() {
        let (mut out, mut audio) = (String::new(), Vec::new());
        media::write_media(&mut out, "MZ1", &[7, 8]);
        assert_eq!(read(&out, "MZ1", &mut audio), Ok(FromHost::Audio));
        assert_eq!(audio, [7, 8]);
        assert!(read(&out, "MZ2", &mut audio).is_err());
        out.clear();
        media::write_mark(&mut out, "MZ1", "m");
        assert_eq!(read(&out, "MZ1", &mut audio), Ok(FromHost::Mark("m".into())));
        out.clear();
        media::write_clear(&mut out, "MZ1");
        assert_eq!(read(&out, "MZ1", &mut audio), Ok(FromHost::Clear));
    }

    proptest! {
        #[test]
        fn random_text_never_panics(text in "\\PC{0,200}") {
            prop_assert!(read(&text, "MZ1", &mut Vec::new()).is_err());
        }
    }
}
