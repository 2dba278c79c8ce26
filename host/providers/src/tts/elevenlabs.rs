//! ElevenLabs' streaming synthesis over one WebSocket with many contexts.

mod message;
mod task;

use super::{Tts, TtsRequest, TtsSession};
use crate::config::Secret;
use trunkline_contract::speech::AudioFormat;
use trunkline_egress::{Egress, Policy, Url, WebSocketLimits};

pub(crate) const NAME: &str = "elevenlabs";
pub(crate) const PUBLIC: &str = "wss://api.elevenlabs.io";

/// The longest that the provider offers, s.
const INACTIVITY: &str = "180";

/// ElevenLabs, or any server that speaks as it does.
#[derive(Clone, Debug)]
pub struct ElevenLabs {
    egress: Egress,
    policy: Policy,
    url: Url,
    key: Secret,
    limits: WebSocketLimits,
}

impl ElevenLabs {
    /// `url` is the address without `/v1/text-to-speech`.
    pub fn new(egress: Egress, policy: Policy, url: Url, key: Secret) -> Self {
        Self { egress, policy, url, key, limits: WebSocketLimits::default() }
    }
}

impl Tts for ElevenLabs {
    fn connect(&self, request: TtsRequest) -> TtsSession {
        let (session, ends) = TtsSession::new(NAME);
        tokio::spawn(task::run(self.clone(), request, ends));
        session
    }
}

/// The model of those who name none.
const DEFAULT_MODEL: &str = "eleven_flash_v2_5";

fn address(base: &Url, request: &TtsRequest) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend([
            "v1",
            "text-to-speech",
            request.voice.as_deref().unwrap_or_default(),
            "multi-stream-input",
        ]);
    }
    let model = request.model.as_deref().unwrap_or(DEFAULT_MODEL);
    let format = match request.format {
        AudioFormat::Mulaw8k => "ulaw_8000".to_owned(),
        AudioFormat::Pcm16 { hz } => format!("pcm_{hz}"),
    };
    let mut query = url.query_pairs_mut();
    query.append_pair("model_id", model);
    query.append_pair("output_format", &format);
    query.append_pair("auto_mode", "true");
    query.append_pair("sync_alignment", "true");
    query.append_pair("inactivity_timeout", INACTIVITY);
    // Other models refuse to be told.
    if let Some(language) = request.language.as_ref().filter(|_| model.contains("v2_5")) {
        query.append_pair("language_code", language);
    }
    drop(query);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_what_shall_come() {
        let tts = serde_json::from_str(r#"{"provider":"elevenlabs","voice":"a/b"}"#).unwrap();
        let mut request = TtsRequest::new(&tts, "de-AT", AudioFormat::Mulaw8k);
        assert_eq!(
            address(&"wss://api.elevenlabs.io".parse().unwrap(), &request).as_str(),
            "wss://api.elevenlabs.io/v1/text-to-speech/a%2Fb/multi-stream-input?model_id=eleven_flash_v2_5\
             &output_format=ulaw_8000&auto_mode=true&sync_alignment=true&inactivity_timeout=180&language_code=de"
        );
        request.model = Some("eleven_multilingual_v2".into());
        request.format = AudioFormat::Pcm16 { hz: 16_000 };
        assert_eq!(
            address(&"http://127.0.0.1:9/tts/".parse().unwrap(), &request).as_str(),
            "http://127.0.0.1:9/tts/v1/text-to-speech/a%2Fb/multi-stream-input?model_id=eleven_multilingual_v2\
             &output_format=pcm_16000&auto_mode=true&sync_alignment=true&inactivity_timeout=180"
        );
    }
}
