use crate::{Answer, Fixture};
use axum::body::Body;
use futures::stream::{FuturesUnordered, StreamExt};
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use http::{Method, Request};
use serde_json::{Value, json};
use std::io::Cursor;
use trunkline_providers::ProvidersConfig;

const SAY: &str = "/api/v1/providers/tts/local/say";
const HEAR: &str = "/api/v1/providers/stt/local/hear";

/// Programs that any machine has: one gives half a second of silence, one says how many bytes it was given.
fn programs() -> ProvidersConfig {
    let half_a_second = json!({"command": ["head", "-c", "16000", "/dev/zero"], "rate": 16_000, "voices": ["quiet"]});
    let slow = json!({"command": ["sleep", "30"], "rate": 16_000});
    let counter = json!({"command": ["wc", "-c"], "rate": 16_000});
    let local = json!({"tts": {"silence": half_a_second, "slow": slow}, "stt": {"counter": counter}});
    serde_json::from_value(json!({ "local": local })).unwrap()
}

fn wav(hz: u32, channels: u16, samples: usize) -> Vec<u8> {
    let spec = WavSpec { channels, sample_rate: hz, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut file = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut file, spec).unwrap();
    // Loud enough to be taken for speech.
    (0..samples).for_each(|n| writer.write_sample(if n / 40 % 2 == 0 { 9_000_i16 } else { -9_000 }).unwrap());
    writer.finalize().unwrap();
    file.into_inner()
}

async fn hear(fixture: &Fixture, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    let request = Request::post(path).header("authorization", format!("Bearer {}", fixture.token));
    fixture.ask(request.header("content-type", kind).body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn every_provider_says_whether_it_is_ready_and_what_to_do() {
    let fixture = Fixture::with_providers(&programs()).await;
    let answer = fixture.operator(Method::GET, "/api/v1/providers", None).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    let items = body["items"].as_array().unwrap();
    let of = |name: &str, kind: &str| items.iter().find(|item| item["name"] == name && item["kind"] == kind).unwrap();
    assert_eq!(of("builtin", "llm")["ready"], true);
    let problem = of("elevenlabs", "tts")["problem"].as_str().unwrap();
    assert_eq!(problem, "there is no key: set `providers.elevenlabs.api_key`");
    let speakers = of("local", "tts")["programs"].as_array().unwrap();
    let silence = speakers.iter().find(|program| program["name"] == "silence").unwrap();
    assert_eq!((&silence["ready"], &silence["voices"]), (&json!(true), &json!(["quiet"])));
}

#[tokio::test]
async fn a_text_is_spoken_as_wav() {
    let fixture = Fixture::with_providers(&programs()).await;
    let body = json!({"text": "Hello.", "model": "silence", "speed": 1.5, "locale": "en-GB"});
    let answer = fixture.operator(Method::POST, SAY, Some(&body)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "audio/wav"), "{answer:?}");
    answer.header("x-first-audio-ms").parse::<u64>().unwrap();
    let reader = WavReader::new(Cursor::new(&answer.body)).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (1, 16_000, 16));
    let ms = reader.len() / 16;
    assert!((400..=600).contains(&ms), "{ms} ms");
}

#[tokio::test]
async fn a_recording_is_heard_at_every_rate() {
    let fixture = Fixture::with_providers(&programs()).await;
    for hz in [8_000, 16_000, 24_000, 48_000] {
        let answer =
            hear(&fixture, &format!("{HEAR}?model=counter&locale=en-US"), "audio/wav", wav(hz, 1, hz as usize)).await;
        assert_eq!(answer.status, 200, "{hz}: {answer:?}");
        let body = answer.json();
        assert_eq!(body["audio_ms"], 1_000);
        assert!(body["took_ms"].is_u64() && body["words"].is_array(), "{body}");
        let bytes: u32 = body["text"].as_str().unwrap().split(' ').map(|n| n.parse::<u32>().unwrap()).sum();
        assert!((24_000..=36_000).contains(&bytes), "{hz} Hz: the program got {bytes} bytes for a second at 16 kHz");
    }
}

#[tokio::test]
async fn what_cannot_be_spoken_is_refused_with_its_place() {
    let fixture = Fixture::with_providers(&programs()).await;
    for (body, pointer) in [
        (json!({"text": ""}), "/text"),
        (json!({"text": " \n"}), "/text"),
        (json!({"text": "x".repeat(1_001)}), "/text"),
        (json!({"text": "a\u{7}b"}), "/text"),
        (json!({"text": "x", "speed": 9}), "/speed"),
        (json!({"text": "x", "voice": ""}), "/voice"),
        (json!({"text": "x", "model": "m".repeat(201)}), "/model"),
        (json!({"text": "x", "locale": "nowhere!"}), "/locale"),
    ] {
        let answer = fixture.operator(Method::POST, SAY, Some(&body)).await;
        assert_eq!(answer.problem(422), "invalid", "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    let keyed = "/api/v1/providers/tts/elevenlabs/say";
    let voiceless = fixture.operator(Method::POST, keyed, Some(&json!({"text": "x"}))).await;
    assert_eq!(voiceless.problem(422), "invalid");
    assert_eq!(voiceless.json()["errors"][0]["pointer"], "/voice");
    let unset = fixture.operator(Method::POST, keyed, Some(&json!({"text": "x", "voice": "v"}))).await;
    assert_eq!(unset.problem(503), "provider");
    assert!(unset.json()["detail"].as_str().unwrap().contains("set `providers.elevenlabs.api_key`"));
    fixture.operator(Method::POST, SAY, Some(&json!({"text": "x", "colour": 1}))).await.problem(422);
    fixture.operator(Method::POST, SAY, None).await.problem(415);
    let unknown: Value = json!({"text": "x", "model": "no-such"});
    let answer = fixture.operator(Method::POST, SAY, Some(&unknown)).await;
    assert!([422, 503].contains(&answer.status), "{answer:?}");
    assert_eq!(answer.problem(answer.status), "provider");
}

#[tokio::test]
async fn what_cannot_be_heard_is_refused_with_what_is_allowed() {
    let fixture = Fixture::with_providers(&programs()).await;
    let path = format!("{HEAR}?model=counter");
    for (body, code) in [
        (b"ID3 this is an mp3".to_vec(), "no-wav"),
        (Vec::new(), "no-wav"),
        (wav(16_000, 2, 100), "format"),
        (wav(44_100, 1, 100), "rate"),
        (wav(16_000, 1, 0), "empty"),
        (wav(8_000, 1, 8_000 * 61), "too-long"),
        (wav(16_000, 1, 1_000)[..500].to_vec(), "cut-off"),
    ] {
        let answer = hear(&fixture, &path, "audio/wav", body).await;
        assert_eq!(answer.problem(422), "invalid", "{code}");
        assert_eq!(answer.json()["errors"][0]["code"], code);
    }
    hear(&fixture, &path, "audio/wav", vec![0; 7 * 1024 * 1024]).await.problem(413);
    for kind in ["audio/mpeg", "application/json", ""] {
        hear(&fixture, &path, kind, wav(16_000, 1, 100)).await.problem(415);
    }
    for kind in ["audio/x-wav", "Audio/WAV; codecs=1"] {
        assert_eq!(hear(&fixture, &path, kind, wav(16_000, 1, 16_000)).await.status, 200, "{kind}");
    }
}

#[tokio::test]
async fn there_are_never_many_try_outs_at_a_time() {
    let fixture = Fixture::with_providers(&programs()).await;
    let body = json!({"text": "Hello.", "model": "slow"});
    let mut under_way: FuturesUnordered<_> = (0..5).map(|_| fixture.operator(Method::POST, SAY, Some(&body))).collect();
    // Four wait for their program, whichever they are; nothing but a refusal comes at once.
    let refused = under_way.next().await.unwrap();
    assert_eq!((refused.problem(429).as_str(), refused.header("retry-after")), ("busy", "2"));
    drop(under_way);
    let quick = json!({"text": "Hello.", "model": "silence"});
    assert_eq!(fixture.operator(Method::POST, SAY, Some(&quick)).await.status, 200);
}

#[tokio::test]
async fn every_route_of_providers_asks_who_it_is() {
    let fixture = Fixture::with_providers(&programs()).await;
    let body = json!({"text": "Hello.", "model": "silence"});
    for (method, path, body) in
        [(Method::GET, "/api/v1/providers", None), (Method::POST, SAY, Some(&body)), (Method::POST, HEAR, None)]
    {
        fixture.send(method.clone(), path, &[], body).await.problem(401);
        fixture.send(method.clone(), path, &[("authorization", "Bearer trk_0")], body).await.problem(401);
        let bearer = format!("Bearer {}", fixture.token);
        let nobody = [("authorization", bearer.as_str()), ("x-tenant", "nobody")];
        fixture.send(method.clone(), path, &nobody, body).await.problem(404);
        if method != Method::GET {
            let browser = fixture.browser().await;
            let cookie = [("cookie", browser.cookie.as_str())];
            assert_eq!(fixture.send(method, path, &cookie, body).await.problem(403), "csrf");
        }
    }
    for path in
        ["/api/v1/providers/tts/abacus/say", "/api/v1/providers/tts/deepgram/say", "/api/v1/providers/stt/Local/hear"]
    {
        fixture.operator(Method::POST, path, Some(&body)).await.problem(404);
    }
}
