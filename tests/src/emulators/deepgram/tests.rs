use std::collections::VecDeque;

use proptest::prelude::*;

use super::hearing::{Heard, Hearing, Piece, tone};
use super::{DeepgramSettings, query};

const QUERY: &str = "model=nova-3&language=en&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true\
    &punctuate=true&endpointing=300&utterance_end_ms=1000&vad_events=true&keyterm=a&keyterm=b";

fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn hearing(query: &str, script: &[&str]) -> Hearing {
    let script = script.iter().map(|&text| text.to_owned()).collect::<VecDeque<_>>();
    Hearing::new(DeepgramSettings::default(), query::parse(&pairs(query)).unwrap(), script)
}

fn hear(hearing: &mut Hearing, pieces: &[(bool, usize)]) -> Vec<Heard> {
    let mut heard = Vec::new();
    for (speech, ms) in pieces {
        let audio = if *speech { tone(*ms) } else { vec![0xff; ms * 8] };
        audio.chunks(160).for_each(|frame| hearing.audio(frame, &mut heard));
    }
    heard
}

fn text(piece: &Piece) -> String {
    piece.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn finals(heard: &[Heard]) -> Vec<String> {
    let result = |heard: &Heard| match heard {
        Heard::Result(piece) if piece.is_final && !piece.words.is_empty() => Some(text(piece)),
        _ => None,
    };
    heard.iter().filter_map(result).collect()
}

#[test]
fn each_utterance_is_the_next_text() {
    let mut hearing = hearing(QUERY, &["One two three.", "Four."]);
    let heard = hear(&mut hearing, &[(false, 500), (true, 1_000), (false, 1_500), (true, 400), (false, 1_500)]);
    assert_eq!(finals(&heard).join(" "), "One two three. Four.");
    assert_eq!(heard.iter().filter(|h| matches!(h, Heard::SpeechStarted { .. })).count(), 2);
    assert_eq!(heard.iter().filter(|h| matches!(h, Heard::UtteranceEnd { .. })).count(), 2);
    let interim = heard.iter().any(|h| matches!(h, Heard::Result(p) if !p.is_final && !p.words.is_empty()));
    assert!(interim);
}

#[test]
fn a_request_to_finalise_is_answered_with_everything_said() {
    let mut hearing = hearing(&QUERY.replace("endpointing=300", "endpointing=false"), &["One two three four five."]);
    let mut heard = hear(&mut hearing, &[(true, 600), (false, 300)]);
    assert!(finals(&heard).is_empty());
    hearing.finalize(&mut heard);
    assert_eq!(finals(&heard), ["One two three four five."]);
    hearing.finalize(&mut heard);
    assert!(matches!(heard.last(), Some(Heard::Result(p)) if p.from_finalize && p.words.is_empty()));
}

#[test]
fn a_short_pause_does_not_take_the_next_text() {
    let mut hearing = hearing(QUERY, &["One two three four.", "No."]);
    let heard = hear(&mut hearing, &[(true, 400), (false, 400), (true, 600), (false, 1_000)]);
    assert_eq!(finals(&heard).join(" "), "One two three four.");
    assert_eq!(finals(&heard).len(), 2);
}

#[test]
fn what_was_not_final_is_left_for_another_connection() {
    let mut hearing = hearing(QUERY, &["One two three.", "Four."]);
    hear(&mut hearing, &[(true, 400)]);
    assert_eq!(hearing.unfinished(), ["One two three.", "Four."]);
}

#[test]
fn undocumented_queries_are_refused() {
    assert!(query::parse(&pairs(QUERY)).is_ok());
    for (from, to) in [
        ("model=nova-3&", ""),
        ("encoding=mulaw", "encoding=mp3"),
        ("sample_rate=8000", "sample_rate=fast"),
        ("interim_results=true", "interim_results=yes"),
        ("interim_results=true", "interim_results=false"),
        ("model=nova-3", "model=nova-2"),
        ("punctuate=true", "punctuation=true"),
        ("utterance_end_ms=1000", "utterance_end_ms=10"),
        ("endpointing=300", "endpointing=soon"),
    ] {
        assert!(query::parse(&pairs(&QUERY.replace(from, to))).is_err(), "{to}");
    }
}

proptest! {
    #[test]
    fn any_audio_in_any_pieces_is_heard(audio in proptest::collection::vec(any::<u8>(), 0..4_000), size in 1usize..700) {
        let mut hearing = hearing(QUERY, &[]);
        let mut heard = Vec::new();
        audio.chunks(size).for_each(|piece| hearing.audio(piece, &mut heard));
        hearing.finalize(&mut heard);
        let ordered = heard.iter().all(|h| match h {
            Heard::Result(p) => p.start_ms <= p.end_ms && p.words.iter().all(|w| w.start_ms <= w.end_ms && w.end_ms <= p.end_ms),
            _ => true,
        });
        prop_assert!(ordered);
    }
}
