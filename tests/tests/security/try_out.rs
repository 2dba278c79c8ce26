//! Trying providers out: real programs on this machine, and providers over the network.

use serde_json::{Value, json};
use trunkline_tests::emulators::deepgram::{DeepgramEmulator, DeepgramSettings};
use trunkline_tests::emulators::server::Listen;
use trunkline_tests::host::{Host, HostSpec, Providers};

use crate::by_hand::http;

struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    fn of(host: &Host) -> Self {
        let base = format!("{}/api/v1/providers", host.origin());
        Self { http: http(), base, token: host.api().unwrap().token().to_owned() }
    }

    /// A WAV file.
    async fn say(&self, provider: &str, body: &Value) -> Vec<u8> {
        let request = self.http.post(format!("{}/tts/{provider}/say", self.base)).bearer_auth(&self.token).json(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
        assert_eq!(answer.headers()["content-type"], "audio/wav");
        answer.bytes().await.unwrap().to_vec()
    }

    async fn hear(&self, provider: &str, wav: Vec<u8>) -> Value {
        let request = self.http.post(format!("{}/stt/{provider}/hear?locale=en-US", self.base));
        let request = request.bearer_auth(&self.token).header("content-type", "audio/wav").body(wav);
        let answer = request.send().await.unwrap();
        let (status, body): (_, Value) = (answer.status(), answer.json().await.unwrap());
        assert_eq!(status, 200, "{body}");
        body
    }
}

/// 16-bit mono PCM of a file that the host wrote.
fn pcm(wav: &[u8]) -> &[u8] {
    let data = wav.windows(4).position(|window| window == b"data").unwrap();
    &wav[data + 8..]
}

/// The same audio several times, with a second of silence after each.
fn repeated(wav: &[u8], times: usize) -> Vec<u8> {
    let one: Vec<u8> = pcm(wav).iter().copied().chain(std::iter::repeat_n(0, 32_000)).collect();
    let all = one.repeat(times);
    let size = u32::try_from(all.len()).unwrap();
    let mut file = b"RIFF".to_vec();
    file.extend((size + 36).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data");
    file.extend(size.to_le_bytes());
    file.extend(all);
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_of_this_machine_says_another_hears() {
    let host = Host::start(HostSpec::new(Providers::default())).await.unwrap();
    let client = Client::of(&host);
    let wav = client.say("local", &json!({"text": "Hello. What are your business hours?", "voice": "slt"})).await;
    let heard = client.hear("local", wav).await;
    let text = heard["text"].as_str().unwrap().to_lowercase();
    assert!(text.contains("hours") || text.contains("business"), "{heard}");
    assert!((1_000..10_000).contains(&heard["audio_ms"].as_u64().unwrap()), "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_recording_reaches_a_provider_whole() {
    let sentences: Vec<String> = (1..=12).map(|n| format!("This is sentence {n}.")).collect();
    let settings = DeepgramSettings { utterances: sentences.clone(), ..DeepgramSettings::default() };
    let deepgram = DeepgramEmulator::start(&Listen::default(), settings).await.unwrap();
    let spec = HostSpec::new(Providers { deepgram: deepgram.url(), ..Providers::default() });
    let host = Host::start(spec).await.unwrap();
    let client = Client::of(&host);
    let sentence = client.say("local", &json!({"text": "This is a sentence of some length."})).await;
    let recording = repeated(&sentence, 12);
    let heard = client.hear("deepgram", recording).await;
    assert!(heard["audio_ms"].as_u64().unwrap() > 30_000, "{heard}");
    assert_eq!(heard["text"], sentences.join(" "), "{heard}");
    let words = heard["words"].as_array().unwrap();
    let last = words.last().unwrap()["end_ms"].as_u64().unwrap();
    assert!(last <= heard["audio_ms"].as_u64().unwrap() && last > 30_000, "{heard}");
}
