use super::*;
use proptest::prelude::*;
use std::borrow::Cow;

const START: &str = r#"{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1",
  "tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"k":"v"}}}"#;

fn media_message(payload: &str) -> String {
    format!(
        r#"{{"event":"media","sequenceNumber":"4","streamSid":"MZ1","media":{{"track":"inbound","chunk":"2","timestamp":"5","payload":"{payload}"}}}}"#
    )
}

fn decoded(message: &str) -> Result<Vec<u8>, MediaError> {
    let Inbound::Media(media) = parse(message)? else { panic!("not media: {message}") };
    let mut audio = vec![1, 2, 3];
    media.decode_into(&mut audio).map(|()| audio)
}

#[test]
fn every_event_is_read() {
    let connected = parse(r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#).unwrap();
    assert_eq!(connected, Inbound::Connected { protocol: "Call".into(), version: "1.0.0".into() });

    let Inbound::Start(start) = parse(START).unwrap() else { panic!() };
    assert_eq!((start.call_sid.as_str(), start.account_sid.as_str()), ("CA1", "AC1"));
    assert_eq!((start.media_format.sample_rate, start.media_format.channels), (8000, 1));
    assert_eq!(start.custom_parameters.get("k").map(String::as_str), Some("v"));

    let message = media_message("/38=");
    let Inbound::Media(media) = parse(&message).unwrap() else { panic!() };
    assert_eq!((media.sequence_number, media.chunk, media.timestamp_ms, &*media.track), (4, 2, 5, "inbound"));
    assert_eq!(decoded(&message).unwrap(), [0xff, 0x7f]);

    let dtmf = parse(
        r#"{"event":"dtmf","sequenceNumber":"5","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"1"}}"#,
    );
    assert_eq!(dtmf, Ok(Inbound::Dtmf(Dtmf { track: "inbound_track".into(), digit: "1".into() })));
    let mark = parse(r#"{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"my \"label\""}}"#);
    assert_eq!(mark, Ok(Inbound::Mark { name: "my \"label\"".into() }));
    let stop =
        parse(r#"{"event":"stop","sequenceNumber":"5","streamSid":"MZ1","stop":{"accountSid":"AC1","callSid":"CA1"}}"#);
    assert_eq!(stop, Ok(Inbound::Stop(Stop { account_sid: "AC1".into(), call_sid: "CA1".into() })));
}

#[test]
fn numbers_may_be_plain_and_fields_in_any_order() {
    let message = r#"{"media":{"payload":"","timestamp":40,"chunk":3},"sequenceNumber":9,"event":"media"}"#;
    let Inbound::Media(media) = parse(message).unwrap() else { panic!() };
    assert_eq!((media.sequence_number, media.chunk, media.timestamp_ms), (9, 3, 40));
    let format: MediaFormat = serde_json::from_str(r#"{"encoding":"x","sampleRate":"16000","channels":"1"}"#).unwrap();
    assert_eq!(format.sample_rate, 16000);
}

#[test]
fn the_payload_is_borrowed_from_the_frame() {
    let message = media_message("AAAA");
    let Inbound::Media(media) = parse(&message).unwrap() else { panic!() };
    assert!(matches!(media.payload, Cow::Borrowed("AAAA")));
}

#[test]
fn an_escaped_slash_in_base64_is_read() {
    assert_eq!(decoded(&media_message(r"\/38=")).unwrap(), [0xff, 0x7f]);
}

#[test]
fn an_unknown_event_is_not_an_error_whatever_it_holds() {
    for message in [r#"{"event":"new","media":5}"#, r#"{"event":"new","sequenceNumber":{}}"#, r#"{"event":""}"#] {
        assert!(matches!(parse(message), Ok(Inbound::Unknown { .. })), "{message}");
    }
}

#[test]
fn a_stop_without_content_still_stops() {
    assert!(matches!(parse(r#"{"event":"stop"}"#), Ok(Inbound::Stop(_))));
}

#[test]
fn faults_say_what_and_where() {
    let table = [
        ("", "message: cut off at line 1, column 0"),
        ("hello", "message: not JSON at line 1, column 1"),
        ("{\"event\":\"media\"", "message: cut off at line 1, column 16"),
        ("[]", "message: a field is missing or of the wrong type at line 1, column 2"),
        (r#"{"streamSid":"MZ1"}"#, "message: a field is missing or of the wrong type at line 1, column 19"),
        (r#"{"event":"media"}"#, "the media message has no media"),
        (r#"{"event":"media","media":{}}"#, "media: a field is missing or of the wrong type at line 1, column 2"),
        (
            r#"{"event":"media","media":{"timestamp":"-5","payload":""}}"#,
            "media: a field is missing or of the wrong type at line 1, column 17",
        ),
        (r#"{"event":"mark"}"#, "the mark message has no mark"),
    ];
    for (message, expected) in table {
        let error = parse(message).unwrap_err();
        assert_eq!(error.to_string(), expected, "{message}");
    }
    assert_eq!(parse_bytes(b"{\"\xff\"}"), Err(MediaError::NotUtf8 { at: 2 }));
    assert_eq!(decoded(&media_message("AA*A")), Err(MediaError::Base64 { at: 2 }));
    assert_eq!(decoded(&media_message("A")), Err(MediaError::Base64 { at: 1 }));
}

#[test]
fn sizes_are_limited() {
    let bytes = MAX_MESSAGE_BYTES + 1;
    assert_eq!(parse(&" ".repeat(bytes)), Err(MediaError::TooLarge { bytes }));
    assert_eq!(parse_bytes(&vec![0; bytes]), Err(MediaError::TooLarge { bytes }));
    let payload = "A".repeat(MAX_AUDIO_BYTES / 3 * 4 + 16);
    assert!(matches!(decoded(&media_message(&payload)), Err(MediaError::TooMuchAudio { .. })));
}

#[test]
fn outbound_messages_have_twilios_shape() {
    let mut out = String::new();
    write_media(&mut out, "MZ1", &[0xff, 0x7f]);
    assert_eq!(out, r#"{"event":"media","streamSid":"MZ1","media":{"payload":"/38="}}"#);
    out.clear();
    write_mark(&mut out, "MZ1", "a\"b\\c\n\u{1f}é");
    assert_eq!(out, r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"a\"b\\c\u000a\u001fé"}}"#);
    out.clear();
    write_clear(&mut out, "MZ1");
    assert_eq!(out, r#"{"event":"clear","streamSid":"MZ1"}"#);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_bytes(&bytes);
    }

    #[test]
    fn broken_messages_never_panic(cut in 0usize..400, at in 0usize..400, byte: u8, payload in "\\PC{0,40}") {
        for message in [START.to_owned(), media_message(&payload)] {
            let mut bytes = message.into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(bytes.len().min(cut + 1));
            if let Ok(Inbound::Media(media)) = parse_bytes(&bytes) {
                let _ = media.decode_into(&mut Vec::new());
            }
        }
    }

    #[test]
    fn audio_round_trips(audio in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut out = String::new();
        write_media(&mut out, "MZ1", &audio);
        prop_assert_eq!(decoded(&out).unwrap(), audio);
    }

    #[test]
    fn mark_names_round_trip(name in any::<String>(), stream in any::<String>()) {
        let mut out = String::new();
        write_mark(&mut out, &stream, &name);
        prop_assert_eq!(parse(&out).unwrap(), Inbound::Mark { name: name.into() });
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        prop_assert_eq!(value["streamSid"].as_str(), Some(stream.as_str()));
    }
}
