//! Starts and ends of speech, and sounds that are none.

use trunkline_audio::vad::{Edge, VadSettings};

use crate::sound::{Voice, synthetic, telephone};
use crate::{listen, starts, true_end_ms, true_onset_ms};

const VOICES: [(&str, Voice); 8] = [
    ("us", Voice::Espeak("en-us")),
    ("gb-f3", Voice::Espeak("en-gb+f3")),
    ("de", Voice::Espeak("de")),
    ("m7", Voice::Espeak("en+m7")),
    ("kal", Voice::Flite("kal")),
    ("slt", Voice::Flite("slt")),
    ("rms", Voice::Flite("rms")),
    ("awb", Voice::Flite("awb")),
];

const SENTENCES: [&str; 6] = [
    "Hello, I would like to book a table for four people.",
    "No, wait, that is not what I said.",
    "Seven four two nine, extension eleven.",
    "Sorry, can you say that again?",
    "Yes please.",
    "Actually, I wanted to ask about the delivery.",
];

fn percentile(values: &mut [i64], share: f64) -> i64 {
    values.sort_unstable();
    values[((values.len() - 1) as f64 * share).round() as usize]
}

#[test]
fn speech_is_heard_soon_and_dated_back_to_its_onset() {
    let (mut delays, mut errors) = (Vec::new(), Vec::new());
    for (name, voice) in VOICES {
        for (index, text) in SENTENCES.iter().enumerate() {
            for peak_db in [-12.0, -24.0] {
                let audio = telephone(&format!("delay-{name}-{index}"), voice, text, peak_db, 1_500);
                let truth = true_onset_ms(&audio) as i64;
                let starts = starts(&listen(&audio, &VadSettings::default()));
                let (onset, seen) = *starts.first().unwrap_or_else(|| panic!("{name} was not heard: {text}"));
                delays.push(seen as i64 - truth);
                errors.push((onset as i64 - truth).abs());
            }
        }
    }
    let (median, late) = (percentile(&mut delays, 0.5), percentile(&mut delays, 0.95));
    let (error, worst) = (percentile(&mut errors, 0.5), percentile(&mut errors, 0.95));
    println!("from onset to edge: p50 {median} ms, p95 {late} ms, least {} ms", delays[0]);
    println!("error of the dated onset: p50 {error} ms, p95 {worst} ms");
    assert!(median <= 180 && late <= 260, "p50 {median} ms, p95 {late} ms");
    assert!(delays[0] > 0, "speech was heard before it began");
    assert!(error <= 32 && worst <= 100, "p50 {error} ms, p95 {worst} ms");
}

#[test]
fn the_end_of_speech_is_dated_back_to_the_last_word() {
    let mut errors = Vec::new();
    for (name, voice) in VOICES {
        let audio = telephone(&format!("end-{name}"), voice, SENTENCES[0], -12.0, 500);
        let truth = true_end_ms(&audio) as i64;
        let seen = listen(&audio, &VadSettings::default());
        let Some(&(Edge::SpeechEnded { last_speech_ms, detected_ms }, at)) = seen.last() else {
            panic!("{name}: speech did not end: {seen:?}");
        };
        assert!(detected_ms >= last_speech_ms + 200 && detected_ms < last_speech_ms + 216 && at < detected_ms + 40);
        errors.push((last_speech_ms as i64 - truth).abs());
    }
    let (error, worst) = (percentile(&mut errors, 0.5), percentile(&mut errors, 1.0));
    println!("error of the dated end: p50 {error} ms, worst {worst} ms");
    assert!(error <= 32 && worst <= 120, "p50 {error} ms, worst {worst} ms");
}

#[test]
fn starts_and_ends_alternate_in_order() {
    for (name, voice) in VOICES {
        let text = "First this.  Then, after a while, that!  And one, two, three, four, five, six.";
        let audio = telephone(&format!("order-{name}"), voice, text, -12.0, 300);
        let seen = listen(&audio, &VadSettings::default());
        let mut last = 0;
        for (index, (edge, _)) in seen.iter().enumerate() {
            let (first, second) = match *edge {
                Edge::SpeechStarted { onset_ms, detected_ms } if index.is_multiple_of(2) => (onset_ms, detected_ms),
                Edge::SpeechEnded { last_speech_ms, detected_ms } if index % 2 == 1 => (last_speech_ms, detected_ms),
                other => panic!("{name}: {other:?} out of turn in {seen:?}"),
            };
            assert!(first >= last && second >= first, "{name}: {seen:?}");
            last = first;
        }
        assert!(seen.len() >= 2 && seen.len().is_multiple_of(2), "{name}: {seen:?}");
    }
}

#[test]
fn a_minute_of_silence_hiss_or_hum_is_not_speech() {
    let sounds = [
        ("silence", vec![0xFF; 60 * 8_000]),
        ("hiss", synthetic("hiss", 60, &["whitenoise"], -50.0)),
        ("louder hiss", synthetic("louder-hiss", 60, &["whitenoise"], -42.0)),
        ("pink noise", synthetic("pink", 60, &["pinknoise"], -45.0)),
        ("brown noise", synthetic("brown", 60, &["brownnoise"], -40.0)),
        ("hum", synthetic("hum", 60, &["sine", "1000"], -40.0)),
        ("mains hum", synthetic("mains", 60, &["sine", "50"], -30.0)),
    ];
    for (name, audio) in sounds {
        assert_eq!(audio.len(), 480_000);
        let seen = listen(&audio, &VadSettings::default());
        assert!(seen.is_empty(), "{name}: {seen:?}");
    }
}

#[test]
fn steady_noise_that_sounds_like_speech_cannot_hold_it_open() {
    let sounds = [
        ("loud hiss", synthetic("loud-hiss", 20, &["whitenoise"], -33.0)),
        ("loud pink noise", synthetic("loud-pink", 20, &["pinknoise"], -33.0)),
        ("dial tone", synthetic("dial-tone", 20, &["sine", "440"], -20.0)),
    ];
    for (name, audio) in sounds {
        let mut since = 0;
        for (edge, _) in listen(&audio, &VadSettings::default()) {
            match edge {
                Edge::SpeechStarted { onset_ms, .. } => since = onset_ms,
                Edge::SpeechEnded { detected_ms, .. } => {
                    assert!(detected_ms - since <= 4_000, "{name}: {since} to {detected_ms} ms");
                    since = audio.len() as u64 / 8;
                }
            }
        }
        assert!(since == 0 || since == audio.len() as u64 / 8, "{name}: speech goes on at the end");
    }
}

#[test]
fn speech_over_hiss_is_heard_too() {
    for (name, voice) in VOICES {
        let speech = telephone(&format!("noisy-{name}"), voice, SENTENCES[1], -12.0, 1_500);
        let seconds = speech.len().div_ceil(8_000) as u32;
        let audio = crate::mix(&speech, &synthetic(&format!("hiss-{name}"), seconds, &["whitenoise"], -48.0), 0, 0.0);
        let truth = true_onset_ms(&speech) as i64;
        let heard = starts(&listen(&audio, &VadSettings::default()));
        let (onset, seen) = *heard.first().unwrap_or_else(|| panic!("{name} was not heard"));
        assert!((onset as i64 - truth).abs() <= 160 && seen as i64 - truth <= 300, "{name}: {onset} {seen} {truth}");
    }
}
