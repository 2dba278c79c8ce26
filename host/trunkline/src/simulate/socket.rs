//! The media socket of one call: opening it, and what its closing means.

use super::wire::{FromHost, Malformed, Writer, read};
use crate::backend::Remote;
use anyhow::Context as _;
use futures::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;
use trunkline_contract::CallId;
use trunkline_egress::{CloseFrame, Message, WebSocket};

/// How long a host may refuse to read before the socket counts as lost.
const WRITE_PATIENCE: Duration = Duration::from_secs(5);
/// How long the host's side of the close is waited for.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// The right to open a call's socket once.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Ticket {
    pub(super) call: CallId,
    token: String,
    media_path: String,
    /// For how long the call waits for a socket that was lost.
    pub(super) reconnect_ms: u64,
}

/// Why a socket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// The host has ended the call.
    Done,
    /// Without a word.
    Lost,
    /// For a reason that makes coming back pointless.
    Refused(String),
}

/// What comes out of a socket.
pub(super) enum Heard {
    Message(FromHost),
    Malformed(Malformed),
    Nothing,
    Closed(Closed),
}

/// An open socket that has said `start`.
pub(super) struct Socket {
    socket: WebSocket,
    pub(super) writer: Writer,
    call: CallId,
}

impl Ticket {
    /// Reads what the server gives.
    ///
    /// # Errors
    /// It is another server.
    pub(super) fn of(answer: Value) -> anyhow::Result<Self> {
        serde_json::from_value(answer).context("the server does not answer like one that takes browser calls")
    }

    /// Makes a call to an agent.
    ///
    /// # Errors
    /// The server's.
    pub(super) async fn new_call(remote: &Remote, agent: &str) -> anyhow::Result<Self> {
        let body = serde_json::json!({"agent": agent});
        Self::of(remote.0.post(&["web-calls"], Some(&body)).await?)
    }

    /// Another one for the same call.
    ///
    /// # Errors
    /// The server's; `ended` when the call is over.
    pub(super) async fn again(&self, remote: &Remote) -> anyhow::Result<Self> {
        Self::of(remote.0.post(&["web-calls", &self.call.to_string(), "token"], None).await?)
    }
}

impl Socket {
    /// Opens it; `stream` counts the sockets of a call.
    ///
    /// # Errors
    /// The host is not there or does not let us in.
    pub(super) async fn open(remote: &Remote, ticket: &Ticket, stream: u32) -> anyhow::Result<Self> {
        let opened = remote.0.websocket(&ticket.media_path).await;
        let socket = opened.with_context(|| format!("the media socket {} cannot be opened", ticket.media_path))?;
        let mut writer = Writer::new(format!("simulated-{stream}"));
        let start = writer.start(&ticket.call.to_string(), &ticket.token);
        let mut socket = Self { socket, writer, call: ticket.call };
        for message in [Writer::connected(), start] {
            anyhow::ensure!(socket.send(&message).await, "the media socket closed at once");
        }
        Ok(socket)
    }

    /// False: the socket is lost.
    pub(super) async fn send(&mut self, message: &Value) -> bool {
        let sent = timeout(WRITE_PATIENCE, self.socket.send(Message::text(message.to_string()))).await;
        matches!(sent, Ok(Ok(())))
    }

    /// The next thing that comes. Cancel-safe.
    pub(super) async fn next(&mut self) -> Heard {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => match read(&text) {
                Ok(message) => Heard::Message(message),
                Err(error) => Heard::Malformed(error),
            },
            Some(Ok(Message::Close(frame))) => Heard::Closed(meaning(frame.as_ref())),
            Some(Ok(_)) => Heard::Nothing,
            Some(Err(_)) | None => Heard::Closed(Closed::Lost),
        }
    }

    /// Hangs up.
    pub(super) async fn stop(mut self) {
        let stop = self.writer.stop(&self.call.to_string());
        if self.send(&stop).await {
            let gone = async { while !matches!(self.next().await, Heard::Closed(_)) {} };
            // A host that does not close has heard the `stop` all the same.
            let _ = timeout(CLOSE_PATIENCE, gone).await;
        }
    }
}

fn meaning(frame: Option<&CloseFrame>) -> Closed {
    let Some(frame) = frame else { return Closed::Lost };
    match u16::from(frame.code) {
        1000 => Closed::Done,
        1008 => Closed::Refused("the host does not let this caller in (1008)".to_owned()),
        1013 => Closed::Refused("the host is full or stops (1013): try later".to_owned()),
        4001 => Closed::Refused("another connection has taken the call over (4001)".to_owned()),
        _ => Closed::Lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_loss_is_worth_coming_back() {
        let close = |code: u16| meaning(Some(&CloseFrame { code: code.into(), reason: "".into() }));
        assert_eq!((close(1000), close(1006), meaning(None)), (Closed::Done, Closed::Lost, Closed::Lost));
        for code in [1008, 1013, 4001] {
            assert!(matches!(close(code), Closed::Refused(_)), "{code}");
        }
    }
}
