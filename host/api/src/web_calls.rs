//! `/web-calls`: a browser telephones with an agent.

use crate::auth::Principal;
use crate::body::Body;
use crate::media::{Socket, serve_socket};
use crate::params::id;
use crate::{Api, Problem};
use axum::Json;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_contract::CallId;
use trunkline_session::WebCall;

/// What the media socket carries, Hz.
const SAMPLE_RATE: u32 = 16_000;

/// A call to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewWebCall")]
pub(crate) struct New {
    /// Id of the agent that answers.
    agent: String,
    /// Id of a session with the agent, which answers as the session has it.
    session: Option<String>,
}

pub(crate) async fn create(
    State(api): State<Api>,
    principal: Principal,
    Body(new): Body<New>,
) -> Result<Response, Problem> {
    let session = new.session.as_deref().map(|session| id(session, "session")).transpose()?;
    let made = api.sessions.web_call(principal.tenant.id(), id(&new.agent, "agent")?, session).await?;
    Ok((StatusCode::CREATED, Json(Ticket::of(made))).into_response())
}

pub(crate) async fn token(
    State(api): State<Api>,
    principal: Principal,
    Path(call): Path<String>,
) -> Result<Response, Problem> {
    let made = api.sessions.web_token(principal.tenant.id(), id(&call, "call")?).await?;
    Ok(Json(Ticket::of(made)).into_response())
}

/// What a browser needs to speak in a call.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Ticket {
    /// The call.
    call: CallId,
    /// Opens the media socket once: the `token` among the parameters of `start`.
    token: String,
    /// Where the media socket is.
    media_path: String,
    /// Until when the token opens it, Unix ms.
    expires_at_ms: u64,
    /// What the socket carries, Hz: mono, 16 bits.
    sample_rate: u32,
    /// A lost socket may come back within this, ms.
    reconnect_ms: u64,
}

impl Ticket {
    fn of(made: WebCall) -> Self {
        let WebCall { call, token, expires_at_ms, reconnect_ms } = made;
        let media_path = format!("/api/v1/web-calls/{call}/media");
        Self { call, token, media_path, expires_at_ms, sample_rate: SAMPLE_RATE, reconnect_ms }
    }
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
