//! ElevenLabs' streaming synthesis, emulated: many contexts on one socket, speech with exact alignment.

mod session;
#[cfg(test)]
mod tests;
mod voice;

use std::sync::Arc;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::server::{self, Control, Listen, Server};

pub use voice::{Format, Speech, Voice};

/// How it speaks and how quick it is.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ElevenLabsSettings {
    /// Accepted keys; none: any, even no key at all.
    pub keys: Vec<String>,
    /// Who speaks.
    pub voice: Voice,
    /// Length of a character in the synthetic voice, ms.
    pub char_ms: u64,
    /// From text to the first audio, ms.
    pub first_byte_ms: u64,
    /// Audio comes so many times quicker than it plays.
    pub realtime_factor: f64,
    /// Audio of a message, ms.
    pub chunk_ms: u64,
    /// Contexts that may be open at once.
    pub max_contexts: usize,
}

impl Default for ElevenLabsSettings {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            voice: Voice::Synthetic,
            char_ms: 65,
            first_byte_ms: 120,
            realtime_factor: 8.0,
            chunk_ms: 200,
            max_contexts: 5,
        }
    }
}

/// What goes wrong with a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ElevenLabsMode {
    /// Nothing.
    #[default]
    Normal,
    /// The upgrade is answered with this status.
    Refuse(u16),
    /// All audio comes this much later, ms.
    Slow(u64),
    /// The connection is lost after so much audio, ms.
    DropAfter(u64),
    /// Open, but silent after so much audio, ms.
    SilentAfter(u64),
    /// A message that is not JSON after so much audio, ms.
    MalformedAfter(u64),
    /// An error with this code in answer to the first text, then the end.
    Error(String),
    /// Audio without alignment.
    NoAlignment,
}

/// What happened in a context.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ContextRecord {
    /// Its name.
    pub context_id: String,
    /// Text received, without the space that opened it.
    pub text: String,
    /// Audio sent, ms.
    pub audio_ms: u64,
    /// Messages with audio sent.
    pub chunks: u64,
    /// The client closed it.
    pub closed: bool,
    /// Its end was told.
    pub done: bool,
}

/// What happened on a connection.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ElevenLabsRecord {
    /// The voice that was asked for.
    pub voice: String,
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The `xi-api-key` header.
    pub key: String,
    /// Contexts, in the order of their first message.
    pub contexts: Vec<ContextRecord>,
    /// Messages received, as they were.
    pub messages: Vec<String>,
    /// The status of a refused upgrade, or the code of the close.
    pub ended: Option<u16>,
}

/// Modes and records.
pub type ElevenLabsControl = Control<ElevenLabsMode, ElevenLabsRecord>;

/// A running emulator.
#[derive(Debug)]
pub struct ElevenLabsEmulator {
    /// Modes and records.
    pub control: Arc<ElevenLabsControl>,
    server: Server,
}

#[derive(Debug)]
struct Shared {
    settings: ElevenLabsSettings,
    control: Arc<ElevenLabsControl>,
}

/// What a connection asks for.
#[derive(Debug, Clone)]
struct Asked {
    format: Format,
    auto_mode: bool,
    alignment: bool,
    /// s.
    inactivity_timeout: u64,
}

impl ElevenLabsEmulator {
    /// Starts it.
    pub async fn start(listen: &Listen, settings: ElevenLabsSettings) -> anyhow::Result<Self> {
        let control = Control::new();
        let shared = Arc::new(Shared { settings, control: Arc::clone(&control) });
        let routes = Router::new()
            .route("/v1/text-to-speech/{voice}/multi-stream-input", get(open))
            .with_state(shared)
            .merge(server::control_routes(Arc::clone(&control)));
        Ok(Self { control, server: Server::start(listen, routes).await? })
    }

    /// The address to configure: without `/v1/text-to-speech`.
    pub fn url(&self) -> String {
        self.server.ws_url()
    }
}

/// Runs it as a process.
pub async fn run(listen: &Listen, settings: Option<&str>) -> anyhow::Result<()> {
    server::run(ElevenLabsEmulator::start(listen, server::settings(settings)?).await?.server).await
}

async fn open(
    State(shared): State<Arc<Shared>>,
    Path(voice): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let key = headers.get("xi-api-key").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let record = ElevenLabsRecord { voice, query: query.clone(), key: key.clone(), ..Default::default() };
    let record = shared.control.record(record);
    let mode = shared.control.take_mode();
    let refused = |status: u16, code: &str, message: &str| {
        record.update(|r| r.ended = Some(status));
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, axum::Json(json!({"detail": {"status": code, "message": message}}))).into_response()
    };
    if let ElevenLabsMode::Refuse(status) = mode {
        return refused(status, "refused", "Refused on request.");
    }
    if !shared.settings.keys.is_empty() && !shared.settings.keys.contains(&key) {
        return refused(401, "invalid_api_key", "Invalid API key");
    }
    match parse(&query) {
        Err(message) => refused(403, "invalid_parameters", &message),
        Ok(asked) => upgrade
            .read_buffer_size(8 * 1024)
            .write_buffer_size(0)
            .on_upgrade(move |socket| session::run(socket, shared, asked, mode, record)),
    }
}

fn parse(query: &[(String, String)]) -> Result<Asked, String> {
    let mut asked = Asked { format: Format::Mulaw, auto_mode: false, alignment: false, inactivity_timeout: 20 };
    for (name, value) in query {
        let refused = || format!("The value `{value}` of `{name}` is invalid.");
        let flag = || value.parse::<bool>().map_err(|_| refused());
        match name.as_str() {
            "output_format" => asked.format = Format::parse(value).ok_or_else(refused)?,
            "auto_mode" => asked.auto_mode = flag()?,
            "sync_alignment" => asked.alignment = flag()?,
            "enable_logging" | "enable_ssml_parsing" => drop(flag()?),
            "inactivity_timeout" => {
                let seconds = value.parse().ok().filter(|s| (1..=180).contains(s));
                asked.inactivity_timeout = seconds.ok_or_else(refused)?;
            }
            "model_id" | "language_code" | "authorization" | "single_use_token" if !value.is_empty() => {}
            "apply_text_normalization" if matches!(value.as_str(), "auto" | "on" | "off") => {}
            "seed" if value.parse::<u32>().is_ok() => {}
            _ => return Err(refused()),
        }
    }
    let model = query.iter().find(|(name, _)| name == "model_id").map(|(_, model)| model.as_str());
    let told = query.iter().any(|(name, _)| name == "language_code");
    if told && !model.is_some_and(|model| model.contains("v2_5")) {
        return Err("This model does not support `language_code`.".into());
    }
    Ok(asked)
}
