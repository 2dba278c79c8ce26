//! The shape of `trunkline.toml`: what may stand in it, nothing else.
//!
//! Values keep their places, because what they may be is checked later, with those of the other sources.

use super::ConfigError;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;
use trunkline_providers::{SttProgram, TtsProgram};

type Text = Option<Spanned<String>>;
type Number = Option<Spanned<i64>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) listen: Text,
    pub(super) data: Text,
    pub(super) public_url: Text,
    pub(super) components: Text,
    pub(super) tls: TlsFile,
    pub(super) providers: ProvidersFile,
    pub(super) limits: LimitsFile,
    pub(super) runtime: RuntimeFile,
    pub(super) twilio: TwilioFile,
    pub(super) agent: AgentDefaultsFile,
    pub(super) api: ApiFile,
    pub(super) auth: AuthFile,
    pub(super) webhooks: WebhooksFile,
    pub(super) prices: Option<Spanned<toml::Table>>,
}

/// What the interface for tenants may do.
pub(super) struct AdminFile {
    pub(super) api: ApiFile,
    pub(super) auth: AuthFile,
    pub(super) webhooks: WebhooksFile,
    pub(super) prices: Option<Spanned<toml::Table>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ApiFile {
    pub(super) cors_origins: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AuthFile {
    pub(super) issuers: Option<Spanned<Vec<toml::Value>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WebhooksFile {
    pub(super) allow: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TlsFile {
    pub(super) cert: Text,
    pub(super) key: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ProvidersFile {
    pub(super) ca: Text,
    pub(super) deepgram: EndpointFile,
    pub(super) openai: EndpointFile,
    pub(super) elevenlabs: EndpointFile,
    pub(super) local: LocalFile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LocalFile {
    pub(super) max_processes: Number,
    pub(super) warm: Number,
    pub(super) tts: BTreeMap<String, Spanned<TtsProgram>>,
    pub(super) stt: BTreeMap<String, Spanned<SttProgram>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EndpointFile {
    pub(super) url: Text,
    pub(super) api_key: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitsFile {
    pub(super) max_calls: Number,
    pub(super) max_calls_per_tenant: Number,
    pub(super) unauthenticated_sockets: Number,
    pub(super) drain_s: Number,
    pub(super) session_idle_s: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RuntimeFile {
    pub(super) max_instances: Number,
    pub(super) guest_threads: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TwilioFile {
    pub(super) accounts: BTreeMap<String, AccountFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AccountFile {
    pub(super) auth_token: Text,
    pub(super) auth_token_env: Text,
    pub(super) tenant: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AgentDefaultsFile {
    pub(super) name: Text,
    pub(super) greeting: Text,
    pub(super) instructions: Text,
    pub(super) context: Option<Spanned<toml::Table>>,
}

impl File {
    /// Reads the text of the file at `path`.
    ///
    /// # Errors
    /// It is not TOML, or a key or a type does not belong there.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        parse_toml(path, text)
    }
}

/// Reads the text of a TOML file at `path`.
///
/// # Errors
/// It is not TOML, or a key or a type does not belong there.
pub(crate) fn parse_toml<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().trim().replace('\n', "; ").replace("expected i64", "expected a whole number");
        ConfigError::Toml { path: path.to_owned(), line: line_of(text, at), key: key_at(text, at), message }
    })
}

/// The line, from 1, of a byte.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The full key of the line that a byte is in, when the line has one. The TOML reader itself knows only the place.
fn key_at(text: &str, at: usize) -> Option<String> {
    let mut table = "";
    let line = line_of(text, at);
    for (number, content) in text.lines().enumerate() {
        let content = content.trim();
        let header = content.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name.trim());
        if number + 1 == line {
            let key = match header {
                Some(header) => header.to_owned(),
                None => {
                    let key = content.split_once('=')?.0.trim();
                    if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") }
                }
            };
            return Some(key);
        }
        table = header.unwrap_or(table);
    }
    None
}
