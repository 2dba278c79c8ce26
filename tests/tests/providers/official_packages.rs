use super::{egress, key, trusted, url, within};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trunkline_contract::chat::{Message, ToolCall};
use trunkline_contract::speech::AudioFormat;
use trunkline_providers::{Deepgram, ElevenLabs, Llm, OpenAi, Stt, SttRequest, Tts, TtsContext, TtsEvent};
use trunkline_tests::emulators::deepgram::{DeepgramEmulator, DeepgramSettings, tone};
use trunkline_tests::emulators::elevenlabs::{ElevenLabsEmulator, ElevenLabsSettings};
use trunkline_tests::emulators::openai::{OpenAiEmulator, OpenAiSettings, Rule};
use trunkline_tests::emulators::server::Listen;
use trunkline_tests::sdk;

use super::elevenlabs::request as speech_request;
use super::openai::{request as chat_request, user};

async fn run(script: &'static str, input: Value) -> Value {
    tokio::task::spawn_blocking(move || sdk::run(script, &input)).await.unwrap().unwrap()
}

#[tokio::test]
async fn deepgrams_package_understands_the_emulator_and_our_requests() {
    let settings = DeepgramSettings { keys: vec!["key".into()], ..DeepgramSettings::default() };
    let emulator = DeepgramEmulator::start(&Listen::default(), settings).await.unwrap();

    let adapter = Deepgram::new(egress(), trusted(), url(&emulator.url()), key());
    let stt = serde_json::from_value(json!({"provider": "deepgram", "keyterms": ["Trunkline"]})).unwrap();
    let mut stream = adapter.connect(SttRequest::new(&stt, "en-US", AudioFormat::Mulaw8k));
    stream.send(&tone(500));
    stream.finalize();
    stream.close();
    while let Some(event) = within(stream.next()).await {
        event.unwrap();
    }
    let ours = emulator.control.records().remove(0);

    let mut audio = tone(900);
    audio.extend(vec![0xff; 1_600 * 8]);
    emulator.next_script(["Hello Trunkline."]);
    let input =
        json!({"url": emulator.url(), "audio": STANDARD.encode(audio), "query": ours.query, "texts": ours.texts});
    let answer = run("deepgram_check.py", input).await;
    assert_eq!(answer["faults"], json!([]));
    assert_eq!(answer["transcripts"], json!(["Hello Trunkline."]));
    assert_eq!(answer["refused"], 401);
    for kind in ["ListenV1Results", "ListenV1SpeechStarted", "ListenV1UtteranceEnd", "ListenV1Metadata"] {
        assert!(answer["kinds"][kind].as_u64() > Some(0), "{kind}: {answer}");
    }
}

#[tokio::test]
async fn openais_package_understands_the_emulator_and_our_requests() {
    let script = vec![Rule::call("save", json!({"a": "ü"})).when("save"), Rule::say("Grüezi!").when("hello")];
    let settings = OpenAiSettings { keys: vec!["key".into()], script, ttft_ms: 0, tokens_per_s: 5_000.0 };
    let emulator = OpenAiEmulator::start(&Listen::default(), settings).await.unwrap();

    let adapter = OpenAi::new(egress().http(trusted()).unwrap(), url(&emulator.url()), key());
    let calls = vec![ToolCall { id: "c1".into(), name: "save".into(), arguments: "{}".into() }];
    let history = vec![
        user("hello"),
        Message::Assistant { text: String::new(), tool_calls: calls },
        Message::Tool { id: "c1".into(), name: "save".into(), content: "ok".into() },
        user("hello"),
    ];
    let mut structured = chat_request(vec![user("hello")]);
    structured.chat.output_schema = Some(json!({"type": "object", "additionalProperties": false, "required": ["a"],
        "properties": {"a": {"type": "string"}}}));
    for request in [chat_request(history), structured] {
        let mut stream = adapter.generate(&request);
        while let Some(delta) = within(stream.next()).await {
            delta.unwrap();
        }
    }
    let bodies: Vec<Value> = emulator.control.records().into_iter().map(|record| record.body).collect();

    let answer = run("openai_check.py", json!({"url": emulator.url(), "bodies": bodies})).await;
    assert_eq!(answer["faults"], json!([]));
    assert_eq!((&answer["text"], &answer["whole"]), (&json!("Grüezi!"), &json!("Grüezi!")));
    assert_eq!(answer["calls"], json!([["save", "{\"a\":\"ü\"}"]]));
    assert!(answer["usage"].as_u64() > Some(0));
    assert_eq!(
        answer["errors"],
        json!({"key": "AuthenticationError None", "history": "BadRequestError messages.[2].role",
            "temperature": "BadRequestError temperature"})
    );
}

#[tokio::test]
async fn elevenlabs_package_understands_the_emulator_and_our_messages() {
    let settings = ElevenLabsSettings { first_byte_ms: 0, realtime_factor: 1_000.0, ..ElevenLabsSettings::default() };
    let emulator = ElevenLabsEmulator::start(&Listen::default(), settings).await.unwrap();

    let adapter = ElevenLabs::new(egress(), trusted(), url(&emulator.url()), key());
    let mut session = adapter.connect(speech_request());
    session.speak(TtsContext(1), "Hello.", true);
    session.speak(TtsContext(2), "Not this.", false);
    session.cancel(TtsContext(2));
    session.finish(TtsContext(1));
    while !matches!(within(session.next()).await.unwrap().unwrap(), TtsEvent::Done { .. }) {}
    let messages = emulator.control.records().remove(0).messages;
    assert!(messages.len() >= 7, "{messages:?}");

    let answer = run("elevenlabs_check.py", json!({"url": emulator.url(), "messages": messages})).await;
    assert_eq!(answer["faults"], json!([]));
    assert_eq!((&answer["text"], &answer["finals"]), (&json!("Hello there. "), &json!(["one", "two"])));
    assert_eq!(answer["audio_bytes"], (13 + 5) * 65 * 8);
}
