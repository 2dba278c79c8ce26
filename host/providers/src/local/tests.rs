//! Real programs, and small scripts that misbehave in their place.

use super::*;
use crate::stt::SttEvent;
use crate::tryout::{Heard, Spoken};
use crate::tts::{TtsContext, TtsEvent, TtsSettings};
use serde_json::json;
use trunkline_contract::speech::AudioFormat;

const WIDE: AudioFormat = AudioFormat::Pcm16 { hz: 16_000 };

fn local(config: serde_json::Value) -> Local {
    Local::new(&serde_json::from_value(config).unwrap())
}

fn speaks(model: &str, voice: Option<&str>, format: AudioFormat) -> TtsRequest {
    TtsRequest {
        voice: voice.map(str::to_owned),
        model: Some(model.to_owned()),
        format,
        language: Some("en".to_owned()),
        settings: TtsSettings::default(),
        stall_ms: 10_000,
    }
}

fn listens(model: &str, format: AudioFormat) -> SttRequest {
    SttRequest {
        model: Some(model.to_owned()),
        language: Some("en-US".to_owned()),
        format,
        keyterms: Vec::new(),
        stall_ms: 15_000,
        batch_ms: 100,
        endpointing_ms: None,
        utterance_end_ms: None,
        max_queue_ms: 10_000,
        time_offset_ms: 0,
    }
}

/// A local speech with one program of each kind, both called `own`, made of these shell lines.
fn scripts(speaks: &str, listens: &str) -> Local {
    local(json!({
        "tts": {"own": {"command": ["sh", "-c", speaks]}},
        "stt": {"own": {"command": ["sh", "-c", listens]}},
    }))
}

async fn refusal(local: &Local, text: &str) -> ProviderError {
    Spoken::of(local, speaks("own", None, WIDE), text).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_program_says_another_hears() {
    let local = local(json!({}));
    for (model, voice) in [("flite", Some("rms")), ("espeak-ng", None)] {
        let spoken = Spoken::of(&local, speaks(model, voice, WIDE), "What time is it?").await.unwrap();
        assert!(spoken.audio.len() > 16_000, "{model}: {} bytes", spoken.audio.len());
    }
    let spoken = Spoken::of(&local, speaks("flite", Some("rms"), WIDE), "What time is it in the house?").await.unwrap();
    let heard = Heard::of(&local, listens("pocketsphinx", WIDE), &spoken.audio).await.unwrap();
    let known = ["what", "time", "is", "it", "in", "the", "house"];
    let right = heard.text.split(' ').filter(|word| known.contains(word)).count();
    assert!(right >= 4, "{}", heard.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_is_heard_too() {
    let local = local(json!({}));
    let spoken = Spoken::of(&local, speaks("flite", Some("rms"), AudioFormat::Mulaw8k), "Good morning.").await.unwrap();
    let heard = Heard::of(&local, listens("pocketsphinx", AudioFormat::Mulaw8k), &spoken.audio).await.unwrap();
    assert!(!heard.text.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_never_an_option_and_a_voice_never_a_path() {
    let local = local(json!({}));
    for text in ["-h", "--version", "-o /dev/null", "$(touch x); `ls`", "{voice}{out}"] {
        for model in ["flite", "espeak-ng"] {
            let spoken = Spoken::of(&local, speaks(model, None, WIDE), text).await.unwrap();
            assert!(spoken.audio.len() > 3_200, "{model} {text}");
        }
    }
    for voice in ["-h", "../../etc/passwd", "a b", "", "a/b"] {
        let error = Spoken::of(&local, speaks("flite", Some(voice), WIDE), "Hello.").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidRequest, "{voice}");
        assert!(error.message.contains("name of a voice"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_are_spoken_in_order_and_a_cancelled_context_is_silent() {
    let local = local(json!({}));
    let mut session = Tts::connect(&local, speaks("flite", None, WIDE));
    let (one, two) = (TtsContext(1), TtsContext(2));
    session.speak(one, "One.", true);
    session.speak(one, "Two.", true);
    session.speak(two, "Never heard.", true);
    session.cancel(two);
    session.finish(one);
    let mut ms = 0;
    loop {
        match session.next().await.unwrap().unwrap() {
            TtsEvent::Audio { context, audio, .. } => {
                assert_eq!(context, one);
                ms += audio.len() / 32;
            }
            TtsEvent::Done { context } => {
                assert_eq!(context, one);
                break;
            }
            TtsEvent::Opened => {}
            TtsEvent::Failed { error, .. } => panic!("{error}"),
        }
    }
    assert!(ms > 500, "{ms} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_speaks_badly_says_how() {
    for (script, kind, words) in [
        ("exit 3", ErrorKind::Unavailable, "exit status: 3"),
        ("echo no voice today >&2; exit 1", ErrorKind::Unavailable, "no voice today"),
        ("echo this is no audio", ErrorKind::Protocol, "no WAV"),
        ("kill -SEGV $$", ErrorKind::Unavailable, "signal"),
        ("true", ErrorKind::Protocol, "no audio"),
    ] {
        let error = refusal(&scripts(script, "cat"), "Hello.").await;
        assert_eq!(error.kind, kind, "{script}: {error}");
        assert!(error.message.contains(words), "{script}: {error}");
    }
    let endless = local(json!({"tts": {"own": {"command": ["cat", "/dev/zero"], "rate": 16_000}}}));
    let error = refusal(&endless, "Hello.").await;
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Protocol, "`own` does not stop speaking"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named_with_what_to_do() {
    let local = local(json!({"tts": {"own": {"command": ["no-such-program"]}, "empty": {"command": []}}}));
    let error = local.can_speak(Some("own"), None, "en").unwrap_err();
    assert_eq!(error.message, "`no-such-program` of `own` is not on PATH: install it, or write its whole path");
    assert!(local.can_speak(Some("empty"), None, "en").unwrap_err().message.contains("empty `command`"));
    let error = local.can_listen(Some("ears")).unwrap_err();
    assert_eq!(error.message, "there is no program `ears` (allowed: pocketsphinx)");
    assert_eq!(local.speakers().iter().map(|program| program.ready).collect::<Vec<_>>(), [false, false, true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_hears_badly_says_how() {
    let noise = vec![90u8; 32_000];
    for (script, kind, words) in [
        ("exit 3", ErrorKind::Unavailable, "exit status: 3"),
        ("cat >/dev/null; printf '\\377\\376\\n'", ErrorKind::Protocol, "no UTF-8"),
        ("yes", ErrorKind::Protocol, "printed more than"),
        ("kill -SEGV $$", ErrorKind::Unavailable, "signal"),
    ] {
        let local = scripts("true", script);
        let error = Heard::of(&local, listens("own", WIDE), &noise).await.unwrap_err();
        assert_eq!(error.kind, kind, "{script}: {error}");
        assert!(error.message.contains(words), "{script}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_may_take_and_write_files() {
    let local = local(json!({
        "tts": {"own": {"command": ["sox", "-D", "-n", "-r", "22050", "-b", "16", "-c", "1", "{out}", "synth", "1", "sine", "440"]}},
        "stt": {"own": {"command": ["soxi", "-r", "{wav}"], "rate": 8_000}},
    }));
    let spoken = Spoken::of(&local, speaks("own", None, WIDE), "Hello.").await.unwrap();
    assert_eq!(spoken.audio.len(), 32_000, "one second, resampled");
    let heard = Heard::of(&local, listens("own", WIDE), &spoken.audio).await.unwrap();
    assert_eq!(heard.text, "8000");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_to_finalise_is_answered_once_and_in_order() {
    let local = scripts("true", "wc -c");
    let mut stream = Stt::connect(&local, listens("own", WIDE));
    stream.finalize();
    stream.expect(true);
    stream.send(&[90; 32_000]);
    stream.finalize();
    stream.finalize();
    stream.send(&[90; 32_000]);
    stream.finalize();
    let mut texts = Vec::new();
    while texts.len() < 4 {
        if let SttEvent::Transcript(piece) = stream.next().await.unwrap().unwrap()
            && piece.from_finalize
        {
            texts.push((piece.text, piece.end_ms));
        }
    }
    let texts: Vec<(&str, u64)> = texts.iter().map(|(text, end)| (text.as_str(), *end)).collect();
    assert_eq!(texts, [("", 0), ("32000", 1_000), ("", 1_000), ("32000", 2_000)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_speech_comes_in_pieces() {
    let local = scripts("true", "wc -c");
    let mut stream = Stt::connect(&local, SttRequest { batch_ms: 1_000, ..listens("own", WIDE) });
    stream.expect(true);
    for _ in 0..600 {
        stream.send(&[90; 3_200]);
    }
    stream.finalize();
    let (mut pieces, mut bytes) = (0, 0);
    loop {
        let SttEvent::Transcript(piece) = stream.next().await.unwrap().unwrap() else { continue };
        if piece.is_final {
            pieces += 1;
            bytes += piece.text.split(' ').map(|n| n.parse::<u64>().unwrap()).sum::<u64>();
        }
        if piece.from_finalize {
            break;
        }
    }
    assert_eq!(bytes, 600 * 3_200, "nothing is lost");
    assert!((4..=6).contains(&pieces), "{pieces} pieces of a minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_for_a_call_is_killed_with_it() {
    let folder = std::env::temp_dir().join(format!("trunkline-killed-{}", std::process::id()));
    let script = format!("echo $$ > {}; sleep 1000 & wait", folder.display());
    let local = local(json!({"tts": {"own": {"command": ["sh", "-c", script]}}}));
    let mut session = Tts::connect(&local, speaks("own", None, WIDE));
    session.speak(TtsContext(1), "Hello.", true);
    let pid = loop {
        tokio::task::yield_now().await;
        if let Some(pid) = std::fs::read_to_string(&folder).ok().and_then(|text| text.trim().parse::<i32>().ok()) {
            break pid;
        }
    };
    drop(session);
    let group = rustix::process::Pid::from_raw(pid).unwrap();
    while rustix::process::test_kill_process_group(group).is_ok() {
        tokio::task::yield_now().await;
    }
    std::fs::remove_file(&folder).ok();
}
