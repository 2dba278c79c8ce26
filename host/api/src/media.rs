//! The media sockets: from the upgrade to the moment when the call's own task takes one over.
//!
//! Until its token is checked a socket holds one of few places, may take only seconds, and reaches nothing.

use crate::{Api, Problem};
use axum::extract::State;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use std::time::Duration;
use trunkline_contract::CallId;
use trunkline_telephony::{CloseReason, MediaSocket, Opened, Permit, upgrade};
use trunkline_twilio::token::TOKEN_PARAMETER;

/// `start` must come within this.
const START_WITHIN: Duration = Duration::from_secs(10);

/// Who opens a socket.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Socket {
    Carrier,
    /// For this call only.
    Browser(CallId),
}

pub(crate) async fn media(State(api): State<Api>, socket: WebSocketUpgrade) -> Result<Response, Problem> {
    serve_socket(api, socket, Socket::Carrier)
}

pub(crate) fn serve_socket(api: Api, socket: WebSocketUpgrade, from: Socket) -> Result<Response, Problem> {
    let permit = api.sockets.enter().ok_or_else(|| {
        tracing::warn!("refused a media socket: too many wait for their token");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many sockets wait to be authenticated")
    })?;
    Ok(upgrade(socket).on_upgrade(move |socket| opened(api, socket, from, permit)))
}

async fn opened(api: Api, socket: WebSocket, from: Socket, permit: Permit) {
    let Opened { socket, start } = match MediaSocket::open(socket, START_WITHIN).await {
        Ok(opened) => opened,
        Err(error) => {
            tracing::warn!(%error, "closed a media socket");
            return;
        }
    };
    let parameter = match from {
        Socket::Carrier => TOKEN_PARAMETER,
        Socket::Browser(_) => "token",
    };
    let token = start.custom_parameters.get(parameter).map(String::as_str);
    let elsewhere = matches!(from, Socket::Browser(call) if start.call_sid != call.to_string());
    if elsewhere {
        tracing::warn!("closed a media socket: its `start` names another call than its address");
        socket.close(CloseReason::Policy).await;
    } else if let Err((socket, error)) = api.sessions.attach(token, &start, socket).await {
        tracing::warn!(%error, "closed a media socket");
        socket.close(CloseReason::Policy).await;
    }
    drop(permit);
}
