//! `/providers`: what this host speaks, hears and thinks with, and trying it out.

mod contract;
mod wav;

use crate::body::Body;
use crate::calls::Items;
use crate::params::Params;
use crate::{Api, Problem};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;
use trunkline_contract::Fault;
use trunkline_contract::agent::{SttProvider, TtsProvider};
use trunkline_contract::speech::{AudioFormat, Word};
use trunkline_providers::{ErrorKind, Heard, ProviderError, ProviderStatus, Spoken, SttRequest, TtsRequest};

pub(crate) use wav::MAX_BYTES as MAX_RECORDING;

/// Longest text to be spoken, characters.
const MAX_TEXT: usize = 1_000;
/// What is spoken, Hz.
const RATE: u32 = 16_000;
/// So long may a try-out take; a slow voice speaks the longest text in less.
const PATIENCE: Duration = Duration::from_secs(120);
/// A recording is handed over at once, so what would be a stall or too much of a queue in a call is none here, ms.
const WHOLE_MS: u32 = 120_000;
/// Seconds after which a try-out finds a place again, most likely.
const RETRY_S: u64 = 2;
const FIRST_AUDIO: HeaderName = HeaderName::from_static("x-first-audio-ms");

/// What is to be spoken, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TryOut")]
pub(crate) struct Say {
    /// 1-1000 characters.
    text: String,
    /// As in contracts.
    voice: Option<String>,
    /// As in contracts.
    model: Option<String>,
    /// As in contracts.
    speed: Option<f64>,
    /// BCP 47.
    locale: Option<String>,
}

/// How a recording is to be heard.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Hear {
    /// As in contracts.
    model: Option<String>,
    /// BCP 47.
    locale: Option<String>,
}

/// What was heard.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Recognised {
    /// What was said.
    text: String,
    /// Words, when the provider tells.
    words: Vec<Word>,
    /// How long the recording is, ms.
    audio_ms: u64,
    /// From its end to the last words, ms.
    took_ms: u64,
}

pub(crate) async fn list(State(api): State<Api>) -> Result<Json<Items<ProviderStatus>>, Problem> {
    // It looks for programs on the disk.
    let providers = api.sessions.providers().clone();
    let items: Vec<ProviderStatus> =
        tokio::task::spawn_blocking(move || providers.status()).await.map_err(|error| {
            tracing::error!(%error, "the providers could not be looked at");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the providers could not be looked at")
        })?;
    Ok(Json(Items::new(items)))
}

pub(crate) async fn say(
    State(api): State<Api>,
    Path(provider): Path<String>,
    Body(say): Body<Say>,
) -> Result<Response, Problem> {
    let provider: TtsProvider = named(&provider)?;
    let Say { text, voice, model, speed, locale } = say;
    check(&text)?;
    let (tts, locale) =
        contract::tts(provider, &[("voice", json!(voice)), ("model", json!(model)), ("speed", json!(speed))], locale)?;
    let _place = place(&api)?;
    let synthesiser = api.sessions.providers().tts(&tts, &locale)?;
    let request = TtsRequest::new(&tts, &locale, AudioFormat::Pcm16 { hz: RATE });
    let spoken = within(Spoken::of(synthesiser.as_ref(), request, &text)).await?;
    let headers = [(header::CONTENT_TYPE, "audio/wav".to_owned()), (FIRST_AUDIO, spoken.first_audio_ms.to_string())];
    Ok((headers, wav::write(RATE, &spoken.audio)).into_response())
}

pub(crate) async fn hear(
    State(api): State<Api>,
    Path(provider): Path<String>,
    Params(Hear { model, locale }): Params<Hear>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Recognised>, Problem> {
    let provider: SttProvider = named(&provider)?;
    wav::is_wav(&headers)?;
    let body = body?;
    let recording = wav::read(&body).map_err(|error| {
        let message = error.to_string();
        Problem::invalid(message.clone(), vec![Fault::error("", error.code(), message)])
    })?;
    let (stt, locale) = contract::stt(provider, &[("model", json!(model))], locale)?;
    let _place = place(&api)?;
    let recogniser = api.sessions.providers().stt(&stt)?;
    let request = SttRequest::new(&stt, &locale, AudioFormat::Pcm16 { hz: recording.hz });
    let request = SttRequest { stall_ms: WHOLE_MS, max_queue_ms: WHOLE_MS, ..request };
    let heard = within(Heard::of(recogniser.as_ref(), request, &recording.pcm)).await?;
    let Heard { text, words, took_ms } = heard;
    Ok(Json(Recognised { text, words, audio_ms: recording.ms(), took_ms }))
}

/// A provider of a path.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, Problem> {
    serde_json::from_value(json!(name)).map_err(|_| Problem::missing("provider"))
}

fn check(text: &str) -> Result<(), Problem> {
    let length = text.chars().count();
    let fault = if text.trim().is_empty() || length > MAX_TEXT {
        let code = if length > MAX_TEXT { "too-long" } else { "empty" };
        let message = format!("the text has {length} characters: 1-{MAX_TEXT} are allowed, not all of them blank");
        Fault::error("/text", code, message)
    } else if let Some(at) = text.chars().position(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
        let message = format!("character {} is a control character; allowed are newline and tab", at + 1);
        Fault::error("/text", "control-character", message)
    } else {
        return Ok(());
    };
    Err(Problem::invalid(fault.message.clone(), vec![fault]))
}

/// Try-outs use what calls use; there are never many at a time.
fn place(api: &Api) -> Result<trunkline_telephony::Permit, Problem> {
    api.tryouts.enter().ok_or_else(|| {
        let detail = "other try-outs are under way: wait until they are done";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", detail).retry_after(RETRY_S)
    })
}

async fn within<T>(work: impl Future<Output = Result<T, ProviderError>>) -> Result<T, Problem> {
    let late = |_| {
        let detail = format!("the provider was not done within {} s", PATIENCE.as_secs());
        Problem::new(StatusCode::GATEWAY_TIMEOUT, "provider", detail)
    };
    Ok(timeout(PATIENCE, work).await.map_err(late)??)
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        let status = match error.kind {
            ErrorKind::InvalidRequest | ErrorKind::Denied => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::Timeout | ErrorKind::Stalled => StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::Unauthorised
            | ErrorKind::QuotaExceeded
            | ErrorKind::RateLimited { .. }
            | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Protocol | ErrorKind::Closed => StatusCode::BAD_GATEWAY,
        };
        let problem = Self::new(status, "provider", error.to_string());
        match error.retry_after() {
            Some(wait) => problem.retry_after(wait.as_secs().max(1)),
            None => problem,
        }
    }
}
