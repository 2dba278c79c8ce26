//! What Deepgram says, read in one pass with borrowed text.

use crate::stt::timeline::{Timeline, ms_of_seconds};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use trunkline_contract::speech::{Transcript, Word};

/// A message that matters here.
#[derive(Debug, PartialEq)]
pub(super) enum Incoming {
    Transcript(Transcript),
    UtteranceEnd {
        last_word_end_ms: u64,
    },
    Error {
        message: String,
    },
    /// Known or unknown, without consequences.
    Other,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    start: f64,
    #[serde(default)]
    duration: f64,
    #[serde(default)]
    is_final: Option<bool>,
    #[serde(default)]
    from_finalize: Option<bool>,
    #[serde(default)]
    last_word_end: Option<f64>,
    /// An object in results, a list elsewhere.
    #[serde(default, borrow)]
    channel: Option<&'a RawValue>,
    #[serde(default, borrow)]
    description: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    message: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    code: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Channel<'a> {
    #[serde(borrow, default)]
    alternatives: Vec<Alternative<'a>>,
}

#[derive(Deserialize)]
struct Alternative<'a> {
    #[serde(borrow, default)]
    transcript: Cow<'a, str>,
    #[serde(default)]
    confidence: Option<f32>,
    #[serde(borrow, default)]
    languages: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    words: Vec<Spoken<'a>>,
}

#[derive(Deserialize)]
struct Spoken<'a> {
    #[serde(borrow, default)]
    word: Cow<'a, str>,
    #[serde(borrow, default)]
    punctuated_word: Option<Cow<'a, str>>,
    #[serde(default)]
    start: f64,
    #[serde(default)]
    end: f64,
}

pub(super) fn parse(text: &str, timeline: &Timeline) -> Result<Incoming, serde_json::Error> {
    let envelope: Envelope<'_> = serde_json::from_str(text)?;
    Ok(match &*envelope.kind {
        "Results" => Incoming::Transcript(transcript(&envelope, timeline)?),
        "UtteranceEnd" => match envelope.last_word_end {
            // -1: the words were already reported as finished.
            Some(end) if end >= 0.0 => {
                Incoming::UtteranceEnd { last_word_end_ms: timeline.shifted(ms_of_seconds(end)) }
            }
            _ => Incoming::Other,
        },
        "Error" => {
            let parts = [envelope.code, envelope.description, envelope.message];
            Incoming::Error { message: parts.into_iter().flatten().collect::<Vec<_>>().join(": ") }
        }
        _ => Incoming::Other,
    })
}

fn transcript(envelope: &Envelope<'_>, timeline: &Timeline) -> Result<Transcript, serde_json::Error> {
    let channel = match envelope.channel {
        Some(raw) => serde_json::from_str(raw.get())?,
        None => Channel { alternatives: Vec::new() },
    };
    let best = channel.alternatives.into_iter().next();
    let at = |seconds| timeline.shifted(ms_of_seconds(seconds));
    let mut transcript = Transcript {
        text: String::new(),
        is_final: envelope.is_final.unwrap_or(false),
        from_finalize: envelope.from_finalize.unwrap_or(false),
        confidence: None,
        language: None,
        start_ms: at(envelope.start),
        end_ms: at(envelope.start + envelope.duration),
        words: Vec::new(),
    };
    if let Some(best) = best {
        transcript.text = best.transcript.into_owned();
        transcript.confidence = best.confidence.filter(|c| c.is_finite()).map(|c| c.clamp(0.0, 1.0));
        transcript.language = best.languages.into_iter().next().map(Cow::into_owned);
        let word = |spoken: Spoken<'_>| Word {
            text: spoken.punctuated_word.unwrap_or(spoken.word).into_owned(),
            start_ms: at(spoken.start),
            end_ms: at(spoken.end),
        };
        transcript.words = best.words.into_iter().map(word).collect();
    }
    Ok(transcript)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Incoming {
        parse(text, &Timeline::new(1_000)).unwrap()
    }

    #[test]
    fn results_become_a_transcript_in_the_streams_own_time() {
        let text = r#"{"type":"Results","channel_index":[0,1],"start":0.5,"duration":1.2,"is_final":true,"speech_final":true,
            "from_finalize":false,"channel":{"alternatives":[{"transcript":"Say \"hi\".","confidence":0.98,"words":[
            {"word":"say","start":0.6,"end":0.9,"confidence":0.9,"punctuated_word":"Say"},
            {"word":"hi","start":1.0,"end":1.4,"confidence":0.9}]}]},"metadata":{"request_id":"r","model_info":{}},"entities":[]}"#;
        let Incoming::Transcript(t) = read(text) else { panic!() };
        assert_eq!((t.text.as_str(), t.is_final, t.from_finalize), ("Say \"hi\".", true, false));
        assert_eq!((t.start_ms, t.end_ms, t.confidence), (1_500, 2_700, Some(0.98)));
        assert_eq!(t.words[0], Word { text: "Say".into(), start_ms: 1_600, end_ms: 1_900 });
        assert_eq!(t.words[1].text, "hi");
    }

    #[test]
    fn an_empty_answer_to_finalize_is_a_transcript() {
        let text = r#"{"type":"Results","start":0,"duration":0,"is_final":true,"from_finalize":true,"channel":{"alternatives":[]}}"#;
        let Incoming::Transcript(t) = read(text) else { panic!() };
        assert!(t.text.is_empty() && t.from_finalize);
    }

    #[test]
    fn the_end_of_an_utterance_without_new_words_is_nothing() {
        assert_eq!(read(r#"{"type":"UtteranceEnd","channel":[0,1],"last_word_end":-1}"#), Incoming::Other);
        assert_eq!(
            read(r#"{"type":"UtteranceEnd","channel":[0,1],"last_word_end":2.395}"#),
            Incoming::UtteranceEnd { last_word_end_ms: 3_395 }
        );
    }

    #[test]
    fn other_messages_have_no_consequences() {
        for text in [
            r#"{"type":"SpeechStarted","channel":[0],"timestamp":9.54}"#,
            r#"{"type":"Metadata","request_id":"r","duration":12.3,"channels":1}"#,
            r#"{"type":"Whatever"}"#,
        ] {
            assert_eq!(read(text), Incoming::Other);
        }
        let error = read(r#"{"type":"Error","variant":"v","description":"no","code":"DATA-0000"}"#);
        assert_eq!(error, Incoming::Error { message: "DATA-0000: no".into() });
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".*", from in 0usize..400, to in 0usize..400) {
            parse(&text, &Timeline::new(0)).ok();
            let message = r#"{"type":"Results","start":1e300,"duration":-5,"is_final":true,"channel":{"alternatives":[{"transcript":"x","confidence":1e40,"words":[{"word":"w","start":-1,"end":1e308}]}]}}"#;
            let mut bytes = message.as_bytes().to_vec();
            let (from, to) = (from.min(bytes.len()), to.min(bytes.len()));
            if from < to {
                bytes.drain(from..to);
            }
            parse(&String::from_utf8_lossy(&bytes), &Timeline::new(u64::MAX)).ok();
        }
    }
}
