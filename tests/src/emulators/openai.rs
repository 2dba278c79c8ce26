//! OpenAI's chat completions, emulated: answers from a script at the speed that is asked for.

mod answer;
mod script;
#[cfg(test)]
mod tests;
mod validate;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::server::{self, Control, Listen, Server};

pub use script::{Call, Rule};

/// What it answers and how quick it is.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenAiSettings {
    /// Accepted keys; none: any, even no key at all.
    pub keys: Vec<String>,
    /// The first rule that fits decides; without one the user's words are repeated.
    pub script: Vec<Rule>,
    /// Until the first token, ms.
    pub ttft_ms: u64,
    /// Tokens per second after that.
    pub tokens_per_s: f64,
}

impl Default for OpenAiSettings {
    fn default() -> Self {
        Self { keys: Vec::new(), script: Vec::new(), ttft_ms: 150, tokens_per_s: 80.0 }
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenAiMode {
    /// Nothing.
    #[default]
    Normal,
    /// 429 with `Retry-After`, s.
    RateLimited(u32),
    /// 429 that no waiting helps.
    NoQuota,
    /// This status.
    Status(u16),
    /// The answer's headers never come.
    SilentBefore,
    /// The answer's headers come, then nothing after so many tokens.
    SilentAfter(usize),
    /// The connection is lost after so many tokens.
    DropAfter(usize),
    /// An error in the stream after so many tokens.
    ErrorAfter(usize),
    /// A piece that is not JSON after so many tokens.
    MalformedAfter(usize),
    /// Neither usage nor end mark.
    Bare,
}

/// What happened to a request.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OpenAiRecord {
    /// The `Authorization` header.
    pub authorization: String,
    /// The body.
    pub body: Value,
    /// The status that was answered.
    pub status: u16,
    /// Text that was sent.
    pub sent: String,
    /// Everything was sent.
    pub complete: bool,
    /// The client went away before the end.
    pub cancelled: bool,
}

/// Modes and records.
pub type OpenAiControl = Control<OpenAiMode, OpenAiRecord>;

/// A running emulator.
#[derive(Debug)]
pub struct OpenAiEmulator {
    /// Modes and records.
    pub control: Arc<OpenAiControl>,
    server: Server,
}

struct Shared {
    settings: OpenAiSettings,
    control: Arc<OpenAiControl>,
    script: script::Script,
}

impl OpenAiEmulator {
    /// Starts it.
    pub async fn start(listen: &Listen, settings: OpenAiSettings) -> anyhow::Result<Self> {
        let control = Control::new();
        let script = script::Script::new(settings.script.clone());
        let shared = Arc::new(Shared { settings, control: Arc::clone(&control), script });
        let routes = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/models", get(models))
            .layer(DefaultBodyLimit::max(16 * 1024 * 1024))
            .with_state(shared)
            .merge(server::control_routes(Arc::clone(&control)));
        Ok(Self { control, server: Server::start(listen, routes).await? })
    }

    /// The address to configure: up to and including `/v1`.
    pub fn url(&self) -> String {
        format!("{}/v1", self.server.http_url())
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}

/// Runs it as a process.
pub async fn run(listen: &Listen, settings: Option<&str>) -> anyhow::Result<()> {
    server::run(OpenAiEmulator::start(listen, server::settings(settings)?).await?.server).await
}

async fn models(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if !shared.knows(&authorization(&headers)) {
        return wrong_key();
    }
    let model = json!({"id": "gpt-emulated", "object": "model", "created": 1_700_000_000, "owned_by": "trunkline"});
    axum::Json(json!({"object": "list", "data": [model]})).into_response()
}

async fn complete(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let authorization = authorization(&headers);
    let parsed: Result<Value, _> = serde_json::from_slice(&body);
    let record = OpenAiRecord { authorization: authorization.clone(), ..Default::default() };
    let record = shared.control.record(OpenAiRecord { body: parsed.as_ref().cloned().unwrap_or_default(), ..record });
    let mode = shared.control.take_mode();
    let response = match (parsed, refusal(&mode)) {
        _ if !shared.knows(&authorization) => Err(wrong_key()),
        (_, Some(refusal)) => Err(refusal),
        (Err(_), _) => {
            let message = "We could not parse the JSON body of your request.";
            Err(failure(400, "invalid_request_error", message, None, None))
        }
        (Ok(body), None) => match validate::check(&body) {
            Err(fault) => {
                Err(failure(400, "invalid_request_error", &fault.message, fault.param.as_deref(), fault.code))
            }
            Ok(()) => Ok(body),
        },
    };
    let body = match response {
        Ok(body) => body,
        Err(refused) => {
            record.update(|r| r.status = refused.status().as_u16());
            return refused;
        }
    };
    if mode == OpenAiMode::SilentBefore {
        // The record's end is the client's going away, which drops this future.
        let _gone = answer::Watch(record);
        return std::future::pending().await;
    }
    record.update(|r| r.status = 200);
    let reply = shared.script.reply(&body);
    let pace = answer::Pace {
        first: Duration::from_millis(shared.settings.ttft_ms),
        each: Duration::from_secs_f64(1.0 / shared.settings.tokens_per_s.max(0.1)),
    };
    answer::respond(&body, reply, pace, mode, record).await
}

impl Shared {
    fn knows(&self, authorization: &str) -> bool {
        let key = authorization.strip_prefix("Bearer ").unwrap_or_default();
        self.settings.keys.is_empty() || self.settings.keys.iter().any(|known| known == key)
    }
}

fn authorization(headers: &HeaderMap) -> String {
    headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

fn wrong_key() -> Response {
    let message = "Incorrect API key provided: sk-em***ed. You can find your API key in your account.";
    failure(401, "invalid_request_error", message, None, Some("invalid_api_key"))
}

fn refusal(mode: &OpenAiMode) -> Option<Response> {
    match mode {
        OpenAiMode::RateLimited(seconds) => {
            let message = "Rate limit reached for requests.";
            let mut response = failure(429, "requests", message, None, Some("rate_limit_exceeded"));
            response.headers_mut().insert("retry-after", (*seconds).into());
            response.headers_mut().insert("x-ratelimit-remaining-requests", 0.into());
            Some(response)
        }
        OpenAiMode::NoQuota => {
            let message = "You exceeded your current quota, please check your plan and billing details.";
            Some(failure(429, "insufficient_quota", message, None, Some("insufficient_quota")))
        }
        OpenAiMode::Status(status) => {
            Some(failure(*status, "server_error", "The server had an error while processing your request.", None, None))
        }
        _ => None,
    }
}

/// An error as the API writes it.
fn failure(status: u16, kind: &str, message: &str, param: Option<&str>, code: Option<&str>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({"error": {"message": message, "type": kind, "param": param, "code": code}});
    (status, axum::Json(body)).into_response()
}
