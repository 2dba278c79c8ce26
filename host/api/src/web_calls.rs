//! `/web-calls`: a browser telephones with an agent.

use crate::auth::Operator;
use crate::media::{Socket, serve_socket};
use crate::page::id;
use crate::{Api, Problem};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use trunkline_contract::CallId;
use trunkline_session::WebCall;

/// What the media socket carries, Hz.
const SAMPLE_RATE: u32 = 16_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    agent: String,
}

pub(crate) async fn create(
    State(api): State<Api>,
    operator: Operator,
    new: Result<Json<New>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(new) = new?;
    let made = api.sessions.web_call(operator.tenant.id(), id(&new.agent, "agent")?).await?;
    Ok((StatusCode::CREATED, Json(ticket(&made))).into_response())
}

pub(crate) async fn token(
    State(api): State<Api>,
    operator: Operator,
    Path(call): Path<String>,
) -> Result<Response, Problem> {
    let made = api.sessions.web_token(operator.tenant.id(), id(&call, "call")?).await?;
    Ok(Json(ticket(&made)).into_response())
}

fn ticket(made: &WebCall) -> serde_json::Value {
    json!({
        "call": made.call,
        "token": made.token,
        "media_path": format!("/api/v1/web-calls/{}/media", made.call),
        "expires_at_ms": made.expires_at_ms,
        "sample_rate": SAMPLE_RATE,
        "reconnect_ms": made.reconnect_ms,
    })
}

/// The token in `start` is what lets in: a browser cannot send headers with a socket.
pub(crate) async fn media(
    State(api): State<Api>,
    Path(call): Path<String>,
    socket: WebSocketUpgrade,
) -> Result<Response, Problem> {
    let call: CallId = id(&call, "call")?;
    serve_socket(api, socket, Socket::Browser(call))
}
