//! TwiML documents against golden files. `UPDATE_GOLDEN=1` rewrites them.

use std::path::Path;

use proptest::prelude::*;
use trunkline_twilio::twiml::{Connect, Dial, RejectReason, Response, Say, Stream, TwimlError, Verb};

fn documents() -> Vec<(&'static str, Response)> {
    let stream = Stream {
        status_callback: Some("https://voice.example.com/twilio/status/AC1?kind=stream&x=\"1\"".into()),
        ..Stream::new("wss://voice.example.com/twilio/media")
    };
    let connect = |stream: Stream| Connect { action: Some("https://voice.example.com/twilio/after/c1".into()), stream };
    let goodbye = Say {
        text: "Grüezi, wir sind <gleich> zurück & \"ganz\" da\u{0}.".into(),
        voice: Some("Polly.Vicki-Neural".into()),
        language: Some("de-CH".into()),
    };
    vec![
        ("connect", Response::new().then(connect(stream.clone().parameter("call_token", "abc-_123")))),
        (
            "connect_escaped",
            Response::new().then(connect(stream.parameter("odd", "a<b> \"c\" 'd' & \n\t\r é"))).then(Verb::Hangup),
        ),
        ("hangup", Response::hangup()),
        ("empty", Response::new()),
        (
            "dial",
            Response::new().then(Dial {
                caller_id: Some("+15550001".into()),
                action: Some("https://voice.example.com/twilio/after/c1".into()),
                timeout_s: Some(20),
                ..Dial::new("+15550002")
            }),
        ),
        ("dial_plain", Response::new().then(Dial::new("+15550002")).then(Verb::Hangup)),
        ("say", Response::new().then(goodbye.clone()).then(Verb::Pause(2)).then(Say::new("Bye"))),
        ("reject", Response::new().then(Verb::Reject(RejectReason::Rejected))),
        ("overloaded_busy", Response::overloaded(None)),
        ("overloaded_words", Response::overloaded(Some(goodbye))),
    ]
}

#[test]
fn documents_are_as_the_golden_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (name, document) in documents() {
        let xml = document.to_xml().unwrap() + "\n";
        let path = folder.join(name).with_extension("xml");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &xml).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(xml, golden, "{} differs; UPDATE_GOLDEN=1 rewrites it", path.display());
    }
}

#[test]
fn a_parameter_beyond_the_limit_is_refused() {
    let document = |chars: usize| {
        let stream = Stream::new("wss://h/m").parameter("name", "é".repeat(chars - 4));
        Response::new().then(Connect { action: None, stream }).to_xml()
    };
    assert!(document(499).is_ok());
    assert_eq!(document(500), Err(TwimlError::ParameterTooLong { name: "name".into(), chars: 500 }));
}

#[test]
fn a_stream_address_with_a_query_or_another_scheme_is_refused() {
    for url in ["wss://h/m?token=1", "https://h/m", "", "wss://h/m#x"] {
        let document = Response::new().then(Connect { action: None, stream: Stream::new(url) });
        assert_eq!(document.to_xml(), Err(TwimlError::StreamAddress(url.into())));
    }
}

#[test]
fn a_character_that_xml_cannot_carry_is_refused_in_an_attribute() {
    let document = Response::new().then(Dial { caller_id: Some("\u{1}".into()), ..Dial::new("+1") });
    assert_eq!(document.to_xml(), Err(TwimlError::Character { attribute: "callerId", character: '\u{1}' }));
}

proptest! {
    #[test]
    fn what_is_written_is_what_a_parser_reads(text in any::<String>(), value in "\\PC{0,80}") {
        let stream = Stream::new("wss://h/m").parameter("p", value.clone());
        let document = Response::new().then(Say::new(text.clone())).then(Connect { action: None, stream });
        let xml = match document.to_xml() {
            Ok(xml) => xml,
            Err(TwimlError::Character { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let parsed = roxmltree::Document::parse(&xml).unwrap();
        let find = |name: &str| parsed.descendants().find(|node| node.has_tag_name(name)).unwrap();
        prop_assert_eq!(find("Parameter").attribute("value"), Some(value.as_str()));
        // A parser reads every kind of line end as one newline.
        let speakable: String = text.chars().filter(|&c| c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}').collect();
        let read: String = find("Say").text().unwrap_or_default().chars().filter(|&c| c >= ' ').collect();
        prop_assert_eq!(read, speakable);
    }
}
