//! Where the providers are and with which keys; set by the operator.

use crate::local::LocalConfig;
use serde::Deserialize;
use std::fmt;

/// A key. Shows nothing of itself when printed.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a key.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The key itself, for the wire.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "none" } else { "***" })
    }
}

/// One provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EndpointConfig {
    /// Address without the provider's own path (`https://api.openai.com/v1` for OpenAI); none given: the public one.
    pub url: Option<String>,
    /// The key. May stay empty when `url` is given.
    pub api_key: Secret,
}

/// All providers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProvidersConfig {
    /// Speech recognition; `wss://api.deepgram.com`.
    pub deepgram: EndpointConfig,
    /// Language models; `https://api.openai.com/v1`.
    pub openai: EndpointConfig,
    /// Speech synthesis; `wss://api.elevenlabs.io`.
    pub elevenlabs: EndpointConfig,
    /// Programs on this machine.
    pub local: LocalConfig,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_configuration_shows_no_key() {
        let endpoint = EndpointConfig { url: None, api_key: Secret::new("very-secret") };
        assert!(!format!("{endpoint:?}").contains("very-secret"));
    }
}
