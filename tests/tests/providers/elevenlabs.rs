use super::{egress, key, trusted, url, within};
use trunkline_contract::speech::{AudioFormat, WordSpan};
use trunkline_providers::{
    ElevenLabs, ErrorKind, ProviderError, Secret, Tts, TtsContext, TtsEvent, TtsRequest, TtsSession, TtsSettings,
};
use trunkline_tests::emulators::elevenlabs::{ElevenLabsEmulator, ElevenLabsMode, ElevenLabsSettings};
use trunkline_tests::emulators::server::Listen;

const ONE: TtsContext = TtsContext(1);
const TWO: TtsContext = TtsContext(2);

async fn emulator(settings: ElevenLabsSettings) -> (ElevenLabsEmulator, ElevenLabs) {
    let emulator = ElevenLabsEmulator::start(&Listen::default(), settings).await.unwrap();
    let adapter = ElevenLabs::new(egress(), trusted(), url(&emulator.url()), key());
    (emulator, adapter)
}

fn quick() -> ElevenLabsSettings {
    ElevenLabsSettings { first_byte_ms: 0, realtime_factor: 1_000.0, ..ElevenLabsSettings::default() }
}

pub(super) fn request() -> TtsRequest {
    let tts = serde_json::from_str(r#"{"provider":"elevenlabs","voice":"anna","stall_ms":1000}"#).unwrap();
    let settings = TtsSettings { speed: Some(1.1), ..TtsSettings::default() };
    TtsRequest { settings, ..TtsRequest::new(&tts, "en-US", AudioFormat::Mulaw8k) }
}

async fn event(session: &mut TtsSession) -> TtsEvent {
    within(session.next()).await.expect("the session ended").unwrap()
}

/// Audio and words of a context until it is done; nothing of another may come.
async fn listen(session: &mut TtsSession, wanted: TtsContext) -> (Vec<u8>, Vec<WordSpan>) {
    let (mut all, mut spans) = (Vec::new(), Vec::new());
    loop {
        match event(session).await {
            TtsEvent::Opened => {}
            TtsEvent::Audio { context, audio, words } if context == wanted => {
                all.extend_from_slice(&audio);
                spans.extend(words);
            }
            TtsEvent::Done { context } if context == wanted => return (all, spans),
            other => panic!("{other:?}"),
        }
    }
}

async fn failure(session: &mut TtsSession) -> ProviderError {
    loop {
        match within(session.next()).await.expect("the session ended without an error") {
            Ok(_) => {}
            Err(error) => {
                assert!(within(session.next()).await.is_none());
                return error;
            }
        }
    }
}

#[tokio::test]
async fn text_becomes_audio_with_the_places_of_its_words() {
    let (emulator, adapter) = emulator(quick()).await;
    let mut session = adapter.connect(request());
    // Handed over before the socket is open.
    let first = session.speak(ONE, "Hello there, Zoë.", false);
    let second = session.speak(ONE, "How are you?\n", true);
    assert_eq!((first, second), (0..19, 19..32));
    session.finish(ONE);
    let sent = "Hello there, Zoë. How are you? ";
    let (audio, spans) = listen(&mut session, ONE).await;
    assert_eq!(audio.len(), sent.chars().count() * 65 * 8);
    let words: Vec<&str> = spans.iter().map(|w| &sent[w.text_start..w.text_end]).collect();
    assert_eq!(words, ["Hello", "there,", "Zoë.", "How", "are", "you?"]);
    for span in &spans {
        let before = u32::try_from(sent[..span.text_start].chars().count()).unwrap();
        let length = u32::try_from(sent[span.text_start..span.text_end].chars().count()).unwrap();
        assert_eq!((span.start_ms, span.end_ms), (before * 65, (before + length) * 65), "{span:?}");
    }
    let record = &emulator.control.records()[0];
    assert_eq!((record.voice.as_str(), record.key.as_str()), ("anna", "key"));
    assert_eq!(record.contexts[0].text, sent);
    assert!(record.contexts[0].closed && record.contexts[0].done);
}

#[tokio::test]
async fn one_connection_serves_many_passages() {
    let (emulator, adapter) = emulator(quick()).await;
    let mut session = adapter.connect(request());
    for n in 0..8 {
        session.speak(TtsContext(n), "Again.", true);
        session.finish(TtsContext(n));
        let (audio, _) = listen(&mut session, TtsContext(n)).await;
        assert_eq!(audio.len(), 7 * 65 * 8);
    }
    assert_eq!(emulator.control.records().len(), 1);
}

#[tokio::test]
async fn a_cancelled_passage_is_silent_and_the_next_one_speaks() {
    let settings = ElevenLabsSettings { realtime_factor: 20.0, ..quick() };
    let (emulator, adapter) = emulator(settings).await;
    let mut session = adapter.connect(request());
    session.speak(ONE, "This is a long sentence that will not be heard to its end, however nice it is.", true);
    while !matches!(event(&mut session).await, TtsEvent::Audio { .. }) {}
    session.cancel(ONE);
    session.speak(TWO, "Yes?", true);
    session.finish(TWO);
    let (audio, spans) = listen(&mut session, TWO).await;
    assert_eq!((audio.len(), spans.len()), (5 * 65 * 8, 1));
    let records = within(emulator.control.wait_for(|r| r[0].contexts.len() == 2 && r[0].contexts[1].done)).await;
    assert!(records[0].contexts[0].closed);
}

#[tokio::test]
async fn a_passage_without_text_is_done_at_once() {
    let (_emulator, adapter) = emulator(quick()).await;
    let mut session = adapter.connect(request());
    assert_eq!(session.speak(ONE, " \n", true), 0..0);
    session.finish(ONE);
    let (audio, spans) = listen(&mut session, ONE).await;
    assert!(audio.is_empty() && spans.is_empty());
}

#[tokio::test]
async fn without_alignment_there_is_still_audio() {
    let (emulator, adapter) = emulator(quick()).await;
    emulator.control.next_mode(ElevenLabsMode::NoAlignment);
    let mut session = adapter.connect(request());
    session.speak(ONE, "Hello.", true);
    session.finish(ONE);
    let (audio, spans) = listen(&mut session, ONE).await;
    assert_eq!((audio.len(), spans.len()), (7 * 65 * 8, 0));
}

#[tokio::test]
async fn dropping_the_session_closes_the_connection() {
    let (emulator, adapter) = emulator(quick()).await;
    let mut session = adapter.connect(request());
    assert_eq!(event(&mut session).await, TtsEvent::Opened);
    drop(session);
    within(emulator.control.wait_for(|r| r[0].ended.is_some())).await;
}

#[tokio::test]
async fn refusals_are_typed() {
    let settings = ElevenLabsSettings { keys: vec!["key".into()], ..quick() };
    let (emulator, adapter) = emulator(settings).await;
    let wrong = ElevenLabs::new(egress(), trusted(), url(&emulator.url()), Secret::new("wrong"));
    let error = failure(&mut wrong.connect(request())).await;
    assert_eq!((error.kind, error.retryable()), (ErrorKind::Unauthorised, false));
    for (status, kind) in [(429, ErrorKind::RateLimited { retry_after: None }), (503, ErrorKind::Unavailable)] {
        emulator.control.next_mode(ElevenLabsMode::Refuse(status));
        assert_eq!(failure(&mut adapter.connect(request())).await.kind, kind);
    }
}

#[tokio::test]
async fn failures_in_the_middle_are_typed() {
    let (emulator, adapter) = emulator(quick()).await;
    let table = [
        (ElevenLabsMode::DropAfter(400), ErrorKind::Closed, true),
        (ElevenLabsMode::SilentAfter(0), ErrorKind::Stalled, true),
        (ElevenLabsMode::SilentAfter(400), ErrorKind::Stalled, true),
        (ElevenLabsMode::MalformedAfter(400), ErrorKind::Protocol, true),
        (ElevenLabsMode::Error("quota_exceeded".into()), ErrorKind::QuotaExceeded, false),
        (ElevenLabsMode::Error("voice_not_found".into()), ErrorKind::InvalidRequest, false),
    ];
    for (mode, kind, retryable) in table {
        emulator.control.next_mode(mode.clone());
        let stall_ms = 200;
        let mut session = adapter.connect(TtsRequest { stall_ms, ..request() });
        session.speak(ONE, "A sentence that is long enough to fail in the middle.", true);
        session.finish(ONE);
        let error = failure(&mut session).await;
        assert_eq!((error.kind, error.retryable()), (kind, retryable), "{mode:?}: {error}");
    }
}
