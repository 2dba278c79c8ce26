//! The rules of the figures.

use std::time::Duration;

use super::*;
use crate::emulators::twilio::{CallerSpeech, ClearRecord, Outcome, Span, StreamRecord};

const SECOND: Samples = 8_000;

/// A call whose stream starts 100 ms after it was placed and lasts 40 s; the caller speaks at 5 s and at 20 s.
fn call(at_ms: f64) -> Placed {
    let speech = |step: usize, begin, end| CallerSpeech { step, clip: "c".into(), begin, end };
    let record = CallRecord {
        outcome: Outcome::CallerHungUp,
        answered_after_ms: Some(100.0),
        streams: vec![StreamRecord { begin: 0, end: 40 * SECOND, ..StreamRecord::default() }],
        caller_speech: vec![speech(0, 5 * SECOND, 6 * SECOND), speech(1, 20 * SECOND, 21 * SECOND)],
        agent_speech: vec![
            Span { begin: SECOND, end: 3 * SECOND },
            Span { begin: 7 * SECOND, end: 20 * SECOND + 1_600 },
            Span { begin: 22 * SECOND, end: 30 * SECOND },
        ],
        clears: vec![ClearRecord { at: 20 * SECOND + 1_600, dropped: 1, marks: 0, played: 0 }],
        ..CallRecord::default()
    };
    Placed { at_ms, record }
}

#[test]
fn only_the_steady_part_counts() {
    let steady = Steady { from_ms: 10_000.0, to_ms: 30_000.0 };
    assert!((steady.seconds(&call(0.0)) - 20.0).abs() < 1e-9);
    assert!((steady.seconds(&call(19_900.0)) - 10.0).abs() < 1e-9);
    assert!(steady.seconds(&call(-1e9)).abs() < 1e-9);
    assert_eq!(steady.voice_to_voice(&[call(0.0)]), [1_000.0]);
    assert_eq!(steady.voice_to_voice(&[call(5_000.0)]), [1_000.0, 1_000.0]);
    assert_eq!(steady.speech_to_clear(&[call(0.0), call(20_000.0)]), [200.0]);
    assert_eq!(steady.begun(&[call(0.0), call(12_000.0)]).count(), 1);
}

#[test]
fn a_call_must_go_as_scripted() {
    let script = Script::new(Variant::BargeIns { min_speech_ms: 100 }).unwrap();
    let record = call(0.0).record;
    assert_eq!(fault(&record, &script).as_deref(), Some("2 of 4 turns answered"));
    let failed = CallRecord { outcome: Outcome::Failed("x".into()), errors: vec!["http://a/b: x".into()], ..record };
    assert_eq!(fault(&failed, &script).as_deref(), Some("URL x"));
}

#[test]
fn costs_are_per_second_of_a_call_and_per_call() {
    let script = Script::new(Variant::Turns).unwrap();
    let delays = SetDelays {
        endpoint_ms: 500.0,
        stt_final_ms: 0.0,
        llm_first_token_ms: 100.0,
        token_ms: 0.0,
        tts_first_byte_ms: 300.0,
        round_trip_ms: 0.0,
    };
    let seen = Observed {
        calls: 2,
        placed: vec![call(0.0), call(0.0)],
        from_ms: 10_000.0,
        to_ms: 30_000.0,
        host_cpu: Duration::from_millis(80),
        idle_rss: 20 << 20,
        rss: vec![21 << 20, 23 << 20],
        ..Observed::default()
    };
    let figures = Figures::of(&seen, &script, &delays, false);
    assert!((figures.call_seconds - 40.0).abs() < 1e-9);
    assert!((figures.cpu_ms_per_call_second - 2.0).abs() < 1e-9);
    assert!((figures.rss_per_call_mib - 1.0).abs() < 1e-9);
    assert_eq!((figures.added_ms.count, figures.added_ms.p50), (2, 100.0));
    assert_eq!((figures.placed, figures.failed), (2, 2));
    assert_eq!(figures.failures["2 of 4 turns answered"], 2);
}
