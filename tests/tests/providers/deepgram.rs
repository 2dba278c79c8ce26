use super::{egress, key, trusted, url, within};
use std::sync::Arc;
use std::time::Duration;
use trunkline_contract::speech::{AudioFormat, Transcript};
use trunkline_providers::{
    Deepgram, ErrorKind, ProviderError, Reconnect, ReconnectingStt, Secret, Stt, SttEvent, SttRequest, SttStream,
};
use trunkline_tests::emulators::deepgram::{DeepgramEmulator, DeepgramMode, DeepgramSettings, tone};
use trunkline_tests::emulators::server::Listen;

async fn emulator(settings: DeepgramSettings) -> (DeepgramEmulator, Deepgram) {
    let emulator = DeepgramEmulator::start(&Listen::default(), settings).await.unwrap();
    let adapter = Deepgram::new(egress(), trusted(), url(&emulator.url()), key());
    (emulator, adapter)
}

fn quick() -> DeepgramSettings {
    DeepgramSettings { interim_delay_ms: 0, final_delay_ms: 0, ..DeepgramSettings::default() }
}

fn request() -> SttRequest {
    let stt = serde_json::from_str(r#"{"provider":"deepgram","keyterms":["Trunkline"],"stall_ms":300}"#).unwrap();
    SttRequest::new(&stt, "en-US", AudioFormat::Mulaw8k)
}

/// A caller: speech or silence, in frames as a carrier sends them.
fn frames(pieces: &[(bool, usize)]) -> Vec<Vec<u8>> {
    let audio: Vec<u8> =
        pieces.iter().flat_map(|(speech, ms)| if *speech { tone(*ms) } else { vec![0xff; ms * 8] }).collect();
    audio.chunks(160).map(<[u8]>::to_vec).collect()
}

fn say(stream: &mut SttStream, pieces: &[(bool, usize)]) {
    frames(pieces).iter().for_each(|frame| stream.send(frame));
}

async fn until_finalized(stream: &mut SttStream) -> Vec<Transcript> {
    let mut finals = Vec::new();
    loop {
        match within(stream.next()).await.expect("the stream ended").unwrap() {
            SttEvent::Transcript(t) if t.is_final => {
                let last = t.from_finalize;
                finals.push(t);
                if last {
                    return finals;
                }
            }
            _ => {}
        }
    }
}

async fn failure(stream: &mut SttStream) -> ProviderError {
    loop {
        match within(stream.next()).await.expect("the stream ended without an error") {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(within(stream.next()).await, None);
                return error;
            }
        }
    }
}

fn texts(finals: &[Transcript]) -> String {
    finals.iter().map(|t| t.text.as_str()).filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn speech_becomes_words_with_times() {
    let (emulator, adapter) = emulator(quick()).await;
    emulator.next_script(["One two three."]);
    let mut stream = adapter.connect(request());
    // Handed over before the socket is open.
    say(&mut stream, &[(false, 500), (true, 1_000), (false, 300)]);
    stream.finalize();
    let finals = until_finalized(&mut stream).await;
    assert_eq!(texts(&finals), "One two three.");
    let words: Vec<_> = finals.iter().flat_map(|t| &t.words).collect();
    assert_eq!(words.len(), 3);
    assert!((500..700).contains(&words[0].start_ms) && words[2].end_ms <= 1_500, "{words:?}");
    let record = &emulator.control.records()[0];
    assert_eq!((record.audio_ms, record.authorization.as_str()), (1_800, "Token key"));
    assert!(record.audio_messages <= 1_800 / 80 + 1, "{} messages", record.audio_messages);
}

#[tokio::test]
async fn interims_come_while_the_caller_speaks() {
    let (emulator, adapter) = emulator(quick()).await;
    emulator.next_script(["One two three four five six."]);
    let mut stream = adapter.connect(request());
    say(&mut stream, &[(true, 1_500)]);
    let interim = loop {
        if let SttEvent::Transcript(t) = within(stream.next()).await.unwrap().unwrap() {
            break t;
        }
    };
    assert!(!interim.is_final && interim.text.starts_with("One"), "{interim:?}");
}

#[tokio::test]
async fn closing_brings_what_is_left_and_then_the_end() {
    let (emulator, adapter) = emulator(quick()).await;
    emulator.next_script(["The last words."]);
    let mut stream = adapter.connect(request());
    say(&mut stream, &[(true, 900), (false, 100)]);
    stream.close();
    let mut finals = Vec::new();
    while let Some(event) = within(stream.next()).await {
        if let SttEvent::Transcript(t) = event.unwrap()
            && t.is_final
        {
            finals.push(t);
        }
    }
    assert_eq!(texts(&finals), "The last words.");
    let records = within(emulator.control.wait_for(|r| r[0].ended.is_some())).await;
    assert_eq!(records[0].ended, Some(1000));
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    let (emulator, adapter) = emulator(quick()).await;
    let mut stream = adapter.connect(request());
    assert_eq!(within(stream.next()).await.unwrap().unwrap(), SttEvent::Opened);
    drop(stream);
    within(emulator.control.wait_for(|r| r[0].ended.is_some())).await;
}

#[tokio::test]
async fn refusals_are_typed() {
    let settings = DeepgramSettings { keys: vec!["key".into()], ..quick() };
    let (emulator, adapter) = emulator(settings).await;
    let wrong = Deepgram::new(egress(), trusted(), url(&emulator.url()), Secret::new("wrong"));
    let error = failure(&mut wrong.connect(request())).await;
    assert_eq!((error.kind, error.retryable()), (ErrorKind::Unauthorised, false));
    let retry_after = Some(Duration::from_secs(1));
    let table =
        [(429, ErrorKind::RateLimited { retry_after }), (500, ErrorKind::Unavailable), (402, ErrorKind::QuotaExceeded)];
    for (status, kind) in table {
        emulator.control.next_mode(DeepgramMode::Refuse(status));
        assert_eq!(failure(&mut adapter.connect(request())).await.kind, kind);
    }
    let odd = SttRequest { model: Some("nova-3".into()), language: Some(String::new()), ..request() };
    assert_eq!(failure(&mut adapter.connect(odd)).await.kind, ErrorKind::InvalidRequest);
    let nowhere = Deepgram::new(egress(), trusted(), url("ws://127.0.0.1:1"), key());
    assert_eq!(failure(&mut nowhere.connect(request())).await.kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn failures_in_the_middle_are_typed() {
    let (emulator, adapter) = emulator(quick()).await;
    let table = [
        (DeepgramMode::DropAfter(500), ErrorKind::Closed),
        (DeepgramMode::Malformed, ErrorKind::Protocol),
        (DeepgramMode::Silent, ErrorKind::Stalled),
        (DeepgramMode::SilentAfter(300), ErrorKind::Stalled),
    ];
    for (mode, kind) in table {
        emulator.control.next_mode(mode);
        let mut stream = adapter.connect(request());
        assert_eq!(within(stream.next()).await.unwrap().unwrap(), SttEvent::Opened);
        stream.expect(true);
        say(&mut stream, &[(true, 2_400)]);
        let error = failure(&mut stream).await;
        assert_eq!((error.kind, error.retryable()), (kind, true), "{mode:?}");
    }
}

#[tokio::test]
async fn silence_of_the_provider_is_no_stall_while_nobody_speaks() {
    let (emulator, adapter) = emulator(quick()).await;
    emulator.control.next_mode(DeepgramMode::Silent);
    let mut stream = adapter.connect(request());
    assert_eq!(within(stream.next()).await.unwrap().unwrap(), SttEvent::Opened);
    say(&mut stream, &[(false, 8_000)]);
    within(emulator.control.wait_for(|r| r[0].audio_ms == 8_000)).await;
    // The answer to this is owed, and does not come.
    stream.finalize();
    assert_eq!(failure(&mut stream).await.kind, ErrorKind::Stalled);
}

#[tokio::test]
async fn an_idle_connection_is_kept_alive() {
    let settings = DeepgramSettings { idle_close_ms: 1_000, ..quick() };
    let (emulator, adapter) = emulator(settings).await;
    let mut stream = adapter.with_keep_alive(Duration::from_millis(100)).connect(request());
    let kept = |texts: &[String]| texts.iter().filter(|t| t.as_str() == r#"{"type":"KeepAlive"}"#).count();
    within(emulator.control.wait_for(|r| r.first().is_some_and(|r| kept(&r.texts) >= 3))).await;
    say(&mut stream, &[(true, 600), (false, 200)]);
    stream.finalize();
    assert_eq!(texts(&until_finalized(&mut stream).await), "Hello.");
}

#[tokio::test]
async fn a_connection_that_nobody_keeps_alive_is_reported_closed() {
    let settings = DeepgramSettings { idle_close_ms: 50, ..quick() };
    let (_emulator, adapter) = emulator(settings).await;
    let error = failure(&mut adapter.connect(request())).await;
    assert!(error.kind == ErrorKind::Closed && error.message.contains("NET-0001"), "{error}");
}

#[tokio::test]
async fn audio_that_the_socket_does_not_take_is_dropped_from_the_oldest_on() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}", listener.local_addr().unwrap());
    let adapter = Deepgram::new(egress(), trusted(), url(&address), key());
    let mut stream = adapter.connect(SttRequest { max_queue_ms: 1_000, ..request() });
    say(&mut stream, &[(false, 3_200)]);
    let (socket, _) = listener.accept().await.unwrap();
    let mut socket = tokio_tungstenite::accept_async(socket).await.unwrap();
    assert_eq!(within(stream.next()).await.unwrap().unwrap(), SttEvent::Opened);
    let mut bytes = 0;
    while bytes < 960 * 8 {
        bytes += within(futures::StreamExt::next(&mut socket)).await.unwrap().unwrap().len();
    }
    assert_eq!(within(stream.next()).await.unwrap().unwrap(), SttEvent::AudioDropped { ms: 2_240 });
    let result = r#"{"type":"Results","start":0,"duration":0.96,"is_final":true,"channel":{"alternatives":[{"transcript":"x"}]}}"#;
    futures::SinkExt::send(&mut socket, result.into()).await.unwrap();
    let SttEvent::Transcript(t) = within(stream.next()).await.unwrap().unwrap() else { panic!() };
    assert_eq!((t.start_ms, t.end_ms), (2_240, 3_200));
}

#[tokio::test]
async fn nothing_said_is_lost_with_the_connection() {
    let (emulator, adapter) = emulator(quick()).await;
    emulator.next_script(["One two three.", "Four five six seven."]);
    emulator.control.next_mode(DeepgramMode::DropAfter(2_600));
    let mut stream = ReconnectingStt::connect(Arc::new(adapter), request(), Reconnect::default());
    let caller = frames(&[(false, 200), (true, 900), (false, 900), (true, 1_200), (false, 1_000)]);
    caller.iter().for_each(|frame| stream.send(frame));
    stream.finalize();
    let (mut finals, mut reconnects) = (Vec::new(), 0);
    loop {
        match within(stream.next()).await.unwrap().unwrap() {
            SttEvent::Transcript(t) if t.is_final => {
                let last = t.from_finalize;
                finals.push(t);
                if last {
                    break;
                }
            }
            SttEvent::Reconnected { lost_ms, .. } => {
                assert_eq!(lost_ms, 0);
                reconnects += 1;
            }
            _ => {}
        }
    }
    assert_eq!(reconnects, 1);
    assert_eq!(texts(&finals), "One two three. Four five six seven.");
    let words: Vec<_> = finals.iter().flat_map(|t| &t.words).collect();
    assert!(words.windows(2).all(|w| w[0].start_ms <= w[1].start_ms), "{words:?}");
    assert!((2_000..2_300).contains(&words[3].start_ms), "{words:?}");
}

#[tokio::test]
async fn a_provider_that_stays_away_ends_the_stream() {
    let (emulator, adapter) = emulator(quick()).await;
    emulator.control.set_mode(DeepgramMode::Refuse(503));
    let rules = Reconnect { attempts: 3, first_pause: Duration::from_millis(1), ..Reconnect::default() };
    let mut stream = ReconnectingStt::connect(Arc::new(adapter), request(), rules);
    let mut attempts = 0;
    let error = loop {
        match within(stream.next()).await.unwrap() {
            Ok(SttEvent::Reconnecting { .. }) => attempts += 1,
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!((attempts, error.kind), (3, ErrorKind::Unavailable));
    assert_eq!(emulator.control.records().len(), 4);
}
