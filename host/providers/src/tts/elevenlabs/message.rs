//! What is said to ElevenLabs and what it says, the latter read with borrowed text.

use crate::error::ErrorKind;
use crate::tts::TtsSettings;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The first message of a context.
#[derive(Serialize)]
pub(super) struct Begin<'a> {
    text: &'static str,
    context_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    voice_settings: Option<VoiceSettings>,
}

#[derive(Serialize)]
struct VoiceSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    similarity_boost: Option<f64>,
}

impl<'a> Begin<'a> {
    pub(super) fn new(context_id: &'a str, settings: &TtsSettings) -> Self {
        let TtsSettings { speed, stability, similarity_boost } = *settings;
        // The provider accepts no more than this.
        let speed = speed.map(|speed| speed.clamp(0.7, 1.2));
        let given = speed.is_some() || stability.is_some() || similarity_boost.is_some();
        let voice_settings = given.then_some(VoiceSettings { speed, stability, similarity_boost });
        Self { text: " ", context_id, voice_settings }
    }
}

#[derive(Serialize)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) context_id: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) flush: bool,
}

#[derive(Serialize)]
pub(super) struct Flush<'a> {
    pub(super) context_id: &'a str,
    pub(super) flush: bool,
}

#[derive(Serialize)]
pub(super) struct CloseContext<'a> {
    pub(super) context_id: &'a str,
    pub(super) close_context: bool,
}

/// A message of the provider.
#[derive(Debug, Deserialize)]
pub(super) struct Incoming<'a> {
    #[serde(borrow, default, rename = "contextId", alias = "context_id")]
    pub(super) context_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) audio: Option<Cow<'a, str>>,
    #[serde(default, rename = "isFinal", alias = "is_final")]
    pub(super) is_final: Option<bool>,
    #[serde(borrow, default)]
    pub(super) alignment: Option<Alignment<'a>>,
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
}

/// When each character is spoken, from the start of this piece of audio.
#[derive(Debug, Deserialize)]
pub(super) struct Alignment<'a> {
    #[serde(borrow, default)]
    pub(super) chars: Vec<Cow<'a, str>>,
    #[serde(default, rename = "charStartTimesMs")]
    pub(super) starts_ms: Vec<f64>,
    #[serde(default, rename = "charDurationsMs", alias = "charsDurationsMs")]
    pub(super) durations_ms: Vec<f64>,
}

impl<'a> Incoming<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The audio, decoded; empty when there is none.
    pub(super) fn audio(&self) -> Result<Vec<u8>, base64::DecodeError> {
        match &self.audio {
            Some(text) => STANDARD.decode(text.as_bytes()),
            None => Ok(Vec::new()),
        }
    }

    /// What kind of failure it reports, and in which words.
    pub(super) fn failure(&self) -> Option<(ErrorKind, String)> {
        if self.audio.is_some() || self.is_final.is_some() {
            return None;
        }
        let code = self.error.as_deref().unwrap_or_default();
        let message = self.message.as_deref().unwrap_or_default();
        if code.is_empty() && message.is_empty() {
            return None;
        }
        let said = format!("{code} {message}").to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let kind = if says(&["quota_exceeded", "payment"]) {
            ErrorKind::QuotaExceeded
        } else if says(&["api_key", "unauthorized", "authentication", "permission"]) {
            ErrorKind::Unauthorised
        } else if says(&["rate_limit", "too_many", "max_active", "concurrent", "system_busy"]) {
            ErrorKind::RateLimited { retry_after: None }
        } else if says(&["timeout_exceeded", "inactivity"]) {
            ErrorKind::Closed
        } else if says(&["not_found", "invalid", "does not exist", "unsupported", "does not support"]) {
            ErrorKind::InvalidRequest
        } else {
            ErrorKind::Unavailable
        };
        // Explanations of refused keys may quote parts of the key.
        let message = match kind {
            ErrorKind::Unauthorised => "the key was refused: check `providers.elevenlabs.api_key`".to_owned(),
            _ => [code, message].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(": "),
        };
        Some((kind, message))
    }
}

/// A provider's time in ms; nonsense counts as 0.
pub(super) fn whole_ms(ms: f64) -> u32 {
    if ms.is_finite() { ms.clamp(0.0, 1e9).round() as u32 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn messages_have_the_providers_shape() {
        let settings = TtsSettings { speed: Some(2.0), stability: Some(0.5), similarity_boost: None };
        assert_eq!(
            json!(Begin::new("c1", &settings)),
            json!({"text": " ", "context_id": "c1", "voice_settings": {"speed": 1.2, "stability": 0.5}})
        );
        assert_eq!(json!(Begin::new("c1", &TtsSettings::default())), json!({"text": " ", "context_id": "c1"}));
        assert_eq!(
            json!(Text { text: "Hi ", context_id: "c1", flush: true }),
            json!({"text": "Hi ", "context_id": "c1", "flush": true})
        );
        assert_eq!(
            json!(Text { text: "Hi ", context_id: "c1", flush: false }),
            json!({"text": "Hi ", "context_id": "c1"})
        );
    }

    #[test]
    fn failures_are_typed() {
        let table = [
            (r#"{"message":"m","error":"quota_exceeded","code":1008}"#, Some(ErrorKind::QuotaExceeded)),
            (r#"{"message":"m","error":"invalid_api_key"}"#, Some(ErrorKind::Unauthorised)),
            (
                r#"{"message":"m","error":"too_many_concurrent_requests"}"#,
                Some(ErrorKind::RateLimited { retry_after: None }),
            ),
            (r#"{"message":"m","error":"input_timeout_exceeded"}"#, Some(ErrorKind::Closed)),
            (r#"{"message":"A voice with id x does not exist."}"#, Some(ErrorKind::InvalidRequest)),
            (r#"{"message":"boom","contextId":"c1"}"#, Some(ErrorKind::Unavailable)),
            (r#"{"audio":"AA==","contextId":"c1"}"#, None),
            (r#"{"isFinal":true,"contextId":"c1"}"#, None),
            (r#"{"something":"new"}"#, None),
        ];
        for (text, kind) in table {
            assert_eq!(Incoming::parse(text).unwrap().failure().map(|(kind, _)| kind), kind, "{text}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".*", audio in ".*", at in 0usize..200, with in ".{0,5}") {
            if let Ok(message) = Incoming::parse(&text) {
                message.failure();
            }
            let message = json!({"audio": audio, "contextId": "c1", "alignment":
                {"chars": ["a"], "charStartTimesMs": [-1e300, 5], "charDurationsMs": []}}).to_string();
            Incoming::parse(&message).unwrap().audio().ok();
            let mut characters: Vec<char> = message.chars().collect();
            let at = at.min(characters.len());
            characters.splice(at..at, with.chars());
            Incoming::parse(&characters.into_iter().collect::<String>()).ok();
        }
    }
}
