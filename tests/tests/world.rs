//! A host, three providers and a carrier for one scenario.

use serde_json::{Value, json};
use trunkline_tests::emulators::deepgram::{DeepgramEmulator, DeepgramSettings};
use trunkline_tests::emulators::elevenlabs::{ElevenLabsEmulator, ElevenLabsSettings};
use trunkline_tests::emulators::openai::{OpenAiEmulator, OpenAiSettings, Rule};
use trunkline_tests::emulators::server::Listen;
use trunkline_tests::emulators::twilio::{Carrier, CarrierSettings};
use trunkline_tests::host::{Api, Host, HostSpec, Providers};

pub(crate) const NUMBER: &str = "+15550100";

/// What a scenario begins with.
#[derive(Default)]
pub(crate) struct Setting {
    /// What the recogniser hears, one text per utterance.
    pub(crate) utterances: Vec<&'static str>,
    /// What the model answers.
    pub(crate) script: Vec<Rule>,
    /// How quickly it answers; none given: as the emulator does by itself.
    pub(crate) tokens_per_s: Option<f64>,
    /// Merged into the ordinary contract.
    pub(crate) contract: Value,
    pub(crate) carrier: CarrierSettings,
}

#[allow(dead_code, reason = "each scenario looks at other parts")]
pub(crate) struct World {
    pub(crate) deepgram: DeepgramEmulator,
    pub(crate) openai: OpenAiEmulator,
    pub(crate) elevenlabs: ElevenLabsEmulator,
    pub(crate) host: Host,
    pub(crate) api: Api,
    pub(crate) agent: String,
    pub(crate) carrier: Carrier,
}

pub(crate) fn contract() -> Value {
    json!({
        "name": "Front desk",
        "prompt": {
            "instructions": "You answer the phone of {{ company }}.",
            "greeting": "Welcome to {{ company }}. How can I help you?",
        },
        "context": {"company": "Acme"},
        "llm": {"provider": "openai", "model": "gpt-4o-mini"},
        "stt": {"provider": "deepgram"},
        "tts": {"provider": "elevenlabs", "voice": "v1"},
        "tools": ["end_call", "save_data"],
        "turn": {"endpointing": {"strategy": "vad"}},
    })
}

impl World {
    pub(crate) async fn start(setting: Setting) -> Self {
        Self::start_with(setting, |_| {}).await
    }

    pub(crate) async fn start_with(setting: Setting, change: impl FnOnce(&mut HostSpec)) -> Self {
        let listen = Listen::default();
        let utterances = setting.utterances.iter().map(|text| (*text).to_owned()).collect();
        let hearing = DeepgramSettings { utterances, ..DeepgramSettings::default() };
        let deepgram = DeepgramEmulator::start(&listen, hearing).await.unwrap();
        let ordinary = OpenAiSettings::default();
        let tokens_per_s = setting.tokens_per_s.unwrap_or(ordinary.tokens_per_s);
        let thinking = OpenAiSettings { script: setting.script, tokens_per_s, ..ordinary };
        let openai = OpenAiEmulator::start(&listen, thinking).await.unwrap();
        let elevenlabs = ElevenLabsEmulator::start(&listen, ElevenLabsSettings::default()).await.unwrap();
        let mut spec =
            HostSpec::new(Providers { deepgram: deepgram.url(), openai: openai.url(), elevenlabs: elevenlabs.url() });
        change(&mut spec);
        let host = Host::start(spec).await.unwrap();
        let api = host.api().unwrap();
        let mut document = contract();
        merge(&mut document, setting.contract);
        let agent = api.create_agent(&document).await.unwrap();
        api.assign(NUMBER, &agent).await.unwrap();
        let carrier = Carrier::new(setting.carrier).unwrap();
        Self { deepgram, openai, elevenlabs, host, api, agent, carrier }
    }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (into, from) => *into = from,
    }
}

/// The payloads of one kind of row.
pub(crate) fn of_kind<'a>(rows: &'a [Value], kind: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| row["kind"] == kind).collect()
}

/// The names of the events that the behaviour was told, in order.
pub(crate) fn event_names(rows: &[Value]) -> Vec<String> {
    of_kind(rows, "event").iter().map(|row| row["event"]["event"].as_str().unwrap().to_owned()).collect()
}
