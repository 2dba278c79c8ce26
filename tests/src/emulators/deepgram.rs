//! Deepgram's live recognition, emulated: hears speech by its loudness and takes the words from a script.

mod hearing;
mod query;
mod session;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::server::{self, Control, Listen, Server};

pub use hearing::tone;

/// How it hears and how quick it is.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeepgramSettings {
    /// Accepted keys; none: any.
    pub keys: Vec<String>,
    /// What callers say, one text per utterance, from the beginning again after the last.
    pub utterances: Vec<String>,
    /// Speech must be louder than this, dB of full scale.
    pub threshold_db: f32,
    /// Length of a spoken word, ms: how quickly interims grow.
    pub word_ms: u64,
    /// Silence that separates two utterances, ms.
    pub gap_ms: u64,
    /// How often interims come while there is speech, ms of audio.
    pub interim_ms: u64,
    /// Delay of interims, ms.
    pub interim_delay_ms: u64,
    /// Delay of final results, ms.
    pub final_delay_ms: u64,
    /// Without audio or keep-alive the connection is closed after this, ms.
    pub idle_close_ms: u64,
}

impl Default for DeepgramSettings {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            utterances: vec!["Hello.".into(), "I would like to book a table.".into(), "Thank you, good-bye.".into()],
            threshold_db: -42.0,
            word_ms: 250,
            gap_ms: 600,
            interim_ms: 500,
            interim_delay_ms: 40,
            final_delay_ms: 120,
            idle_close_ms: 10_000,
        }
    }
}

/// What goes wrong with a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeepgramMode {
    /// Nothing.
    #[default]
    Normal,
    /// The upgrade is answered with this status.
    Refuse(u16),
    /// All results come this much later, ms.
    Slow(u64),
    /// The connection is lost after so much audio, ms. What was not final is said again to the next connection.
    DropAfter(u64),
    /// Open, but silent from the beginning.
    Silent,
    /// Open, but silent after so much audio, ms.
    SilentAfter(u64),
    /// The first result is not JSON.
    Malformed,
}

/// What happened on a connection.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeepgramRecord {
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The `Authorization` header.
    pub authorization: String,
    /// Audio received, ms.
    pub audio_ms: u64,
    /// Binary messages received.
    pub audio_messages: u64,
    /// Text messages received.
    pub texts: Vec<String>,
    /// Texts of the final results sent.
    pub finals: Vec<String>,
    /// Results sent that were not final and had words.
    pub interims: u64,
    /// The status of a refused upgrade, or the code of the close.
    pub ended: Option<u16>,
}

/// Modes and records.
pub type DeepgramControl = Control<DeepgramMode, DeepgramRecord>;

/// A running emulator.
#[derive(Debug)]
pub struct DeepgramEmulator {
    /// Modes and records.
    pub control: Arc<DeepgramControl>,
    scripts: Arc<Scripts>,
    server: Server,
}

/// What will be said on the connections to come.
#[derive(Debug, Default)]
struct Scripts(Mutex<VecDeque<VecDeque<String>>>);

#[derive(Debug)]
struct Shared {
    settings: DeepgramSettings,
    control: Arc<DeepgramControl>,
    scripts: Arc<Scripts>,
}

impl Scripts {
    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<VecDeque<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeepgramEmulator {
    /// Starts it.
    pub async fn start(listen: &Listen, settings: DeepgramSettings) -> anyhow::Result<Self> {
        let (control, scripts) = (Control::new(), Arc::new(Scripts::default()));
        let shared = Shared { settings, control: Arc::clone(&control), scripts: Arc::clone(&scripts) };
        let routes = Router::new().route("/v1/listen", get(open)).with_state(Arc::new(shared));
        let routes = routes.merge(server::control_routes(Arc::clone(&control)));
        Ok(Self { control, scripts, server: Server::start(listen, routes).await? })
    }

    /// The address to configure: without `/v1/listen`.
    pub fn url(&self) -> String {
        self.server.ws_url()
    }

    /// The utterances of the next connection that has no others waiting; after them come those of the settings.
    pub fn next_script(&self, utterances: impl IntoIterator<Item = impl Into<String>>) {
        self.scripts.queue().push_back(utterances.into_iter().map(Into::into).collect());
    }
}

/// Runs it as a process.
pub async fn run(listen: &Listen, settings: Option<&str>) -> anyhow::Result<()> {
    server::run(DeepgramEmulator::start(listen, server::settings(settings)?).await?.server).await
}

async fn open(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let mode = shared.control.take_mode();
    let authorization = text("authorization");
    let record = DeepgramRecord { query: query.clone(), authorization: authorization.clone(), ..Default::default() };
    let record = shared.control.record(record);
    let refused = |status: u16, code: &str, message: &str| {
        record.update(|r| r.ended = Some(status));
        refusal(status, code, message)
    };
    if let DeepgramMode::Refuse(status) = mode {
        return refused(status, "REFUSED", "Refused on request.");
    }
    if !authorised(&authorization, &shared.settings.keys) {
        return refused(401, "INVALID_AUTH", "Invalid credentials.");
    }
    match query::parse(&query) {
        Err(message) => refused(400, "INVALID_QUERY_PARAMETER", &message),
        Ok(asked) => upgrade
            .read_buffer_size(8 * 1024)
            .write_buffer_size(0)
            .on_upgrade(move |socket| session::run(socket, shared, asked, mode, record)),
    }
}

fn authorised(header: &str, keys: &[String]) -> bool {
    let Some((scheme, key)) = header.split_once(' ') else { return false };
    let known = keys.is_empty() || keys.iter().any(|known| known == key);
    ["token", "bearer"].contains(&scheme.to_ascii_lowercase().as_str()) && !key.is_empty() && known
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    let request_id = server::random_hex(16);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::json!({"err_code": code, "err_msg": message, "request_id": request_id});
    let mut response = (status, axum::Json(body)).into_response();
    for (name, value) in [("dg-error", message), ("dg-request-id", request_id.as_str())] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert("retry-after", HeaderValue::from_static("1"));
    }
    response
}
