use super::{key, trusted, url, within};
use serde_json::{Value, json};
use std::time::Duration;
use trunkline_contract::chat::Delta;
use trunkline_contract::speech::AudioFormat;
use trunkline_egress::{Egress, roots_from_pem};
use trunkline_providers::{
    Deepgram, ElevenLabs, ErrorKind, Llm, OpenAi, Stt, SttEvent, SttRequest, Tts, TtsContext, TtsEvent,
};
use trunkline_tests::certificate::Certificate;
use trunkline_tests::emulators::deepgram::{DeepgramEmulator, DeepgramSettings};
use trunkline_tests::emulators::elevenlabs::{ElevenLabsEmulator, ElevenLabsSettings};
use trunkline_tests::emulators::openai::{OpenAiEmulator, OpenAiSettings};
use trunkline_tests::emulators::server::Listen;
use trunkline_tests::process::Process;

use super::elevenlabs::request as speech_request;
use super::openai::{request as chat_request, user};

#[tokio::test]
async fn every_adapter_speaks_tls_with_an_authority_of_the_operator() {
    let folder = tempfile::tempdir().unwrap();
    let made = Certificate::create(folder.path()).unwrap();
    let listen = Listen { tls_cert: Some(made.cert), tls_key: Some(made.key), ..Listen::default() };
    let egress = Egress::new(roots_from_pem(made.pem.as_bytes()).unwrap()).unwrap();

    let emulator = DeepgramEmulator::start(&listen, DeepgramSettings::default()).await.unwrap();
    assert!(emulator.url().starts_with("wss://"));
    let stt = serde_json::from_value(json!({"provider": "deepgram"})).unwrap();
    let deepgram = Deepgram::new(egress.clone(), trusted(), url(&emulator.url()), key());
    let mut stream = deepgram.connect(SttRequest::new(&stt, "en", AudioFormat::Mulaw8k));
    assert_eq!(within(stream.next()).await.unwrap().unwrap(), SttEvent::Opened);

    let emulator = ElevenLabsEmulator::start(&listen, ElevenLabsSettings::default()).await.unwrap();
    let elevenlabs = ElevenLabs::new(egress.clone(), trusted(), url(&emulator.url()), key());
    let mut session = elevenlabs.connect(speech_request());
    session.speak(TtsContext(1), "Hello.", true);
    session.finish(TtsContext(1));
    while !matches!(within(session.next()).await.unwrap().unwrap(), TtsEvent::Done { .. }) {}

    let emulator = OpenAiEmulator::start(&listen, OpenAiSettings::default()).await.unwrap();
    let openai = OpenAi::new(egress.http(trusted()).unwrap(), url(&emulator.url()), key());
    let mut answer = openai.generate(&chat_request(vec![user("Hello")]));
    assert_eq!(within(answer.next()).await.unwrap().unwrap(), Delta::Text("You".into()));

    let stranger = Deepgram::new(super::egress(), trusted(), url("wss://localhost:1"), key());
    let error = within(stranger.connect(SttRequest::new(&stt, "en", AudioFormat::Mulaw8k)).next()).await.unwrap();
    assert_eq!(error.unwrap_err().kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn an_emulator_of_its_own_process_is_told_what_to_do_over_http() {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_trunkline-emulators"));
    command.args(["openai", "--settings", r#"{"ttft_ms":0,"script":[{"say":"Yes."}]}"#]);
    let mut emulator = Process::start("emulator", command, &["{\"address\""]).unwrap();
    let rest = emulator.announced("{\"address\"", Duration::from_secs(20)).await.unwrap();
    let said: Value = serde_json::from_str(&format!("{{\"address\"{rest}")).unwrap();
    let base = said["url"].as_str().unwrap();

    let client = super::egress().http(trusted()).unwrap();
    let openai = OpenAi::new(client.clone(), url(&format!("{base}/v1")), key());
    let ask = |method: &str, path: &str, body: Value| {
        let request = http_request(method, &format!("{base}{path}"), &body);
        let client = client.clone();
        async move {
            let answer = client.send(request, &Default::default()).await.unwrap();
            assert!(answer.status().is_success());
            answer.bytes().await.unwrap()
        }
    };
    within(ask("POST", "/_mode", json!({"mode": {"rate_limited": 3}, "times": 1}))).await;
    let mut answer = openai.generate(&chat_request(vec![user("Hello")]));
    let retry_after = within(answer.next()).await.unwrap().unwrap_err().retry_after();
    assert_eq!(retry_after, Some(Duration::from_secs(3)));
    let mut answer = openai.generate(&chat_request(vec![user("Hello")]));
    assert_eq!(within(answer.next()).await.unwrap().unwrap(), Delta::Text("Yes.".into()));
    let records: Value = serde_json::from_slice(&within(ask("GET", "/_record", Value::Null)).await).unwrap();
    let statuses: Vec<_> = records.as_array().unwrap().iter().map(|record| &record["status"]).collect();
    assert_eq!(statuses, [429, 200]);
    emulator.kill().await.unwrap();
}

fn http_request(method: &str, url: &str, body: &Value) -> axum::http::Request<bytes::Bytes> {
    let request = axum::http::Request::builder().method(method).uri(url).header("content-type", "application/json");
    request.body(if body.is_null() { bytes::Bytes::new() } else { body.to_string().into() }).unwrap()
}
