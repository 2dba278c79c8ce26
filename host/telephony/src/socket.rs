//! The media socket: Twilio's messages over a WebSocket.

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use futures::SinkExt;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use trunkline_twilio::media::{self, FRAME_MS, Inbound, MAX_MESSAGE_BYTES, Start};

#[cfg(test)]
mod tests;

/// The other side has this long to take what is sent, else the socket counts as lost.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// The other side has this long to answer a close frame.
const LINGER: Duration = Duration::from_secs(5);
/// Messages that may come in a burst, and per second after that. Media comes 50 times a second.
const BURST: f64 = 500.0;
const PER_SECOND: f64 = 200.0;
/// So many messages that cannot be read end the stream.
const MAX_FAULTS: u32 = 100;
/// Buffers of one socket, bytes: many small messages, hundreds of calls.
const BUFFER: usize = 4 * 1024;

/// Why the host closes a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The call has come to its end here.
    Done,
    /// No token, a used one, a foreign one, or a `start` that names another call.
    Policy,
    /// The host is full or shutting down.
    TryLater,
    /// Another connection has the call now.
    TakenOver,
}

impl CloseReason {
    fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Self::Done => (1000, "done"),
            Self::Policy => (1008, "not authorised"),
            Self::TryLater => (1013, "try again later"),
            Self::TakenOver => (4001, "taken over"),
        };
        CloseFrame { code, reason: Utf8Bytes::from_static(reason) }
    }
}

/// What came from the carrier.
#[derive(Debug, PartialEq, Eq)]
pub enum MediaIn<'a> {
    /// The caller's audio.
    Audio {
        /// Where it ends on the stream's clock, ms.
        until_ms: u64,
        /// As it came.
        audio: &'a [u8],
    },
    /// A key.
    Digit(char),
    /// A mark came back.
    Mark(String),
    /// The stream is over.
    Stopped,
    /// The socket closed or broke without a word.
    Lost,
    /// Nothing that matters.
    Nothing,
}

/// A socket that has shown its `start`.
#[derive(Debug)]
pub struct Opened {
    /// The socket.
    pub socket: MediaSocket,
    /// What it claims to be; not proven.
    pub start: Start,
}

/// Why a socket did not get so far.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing usable came in time.
    #[error("no `start` within {0:?}")]
    Timeout(Duration),
    /// The other side went away.
    #[error("the socket closed before `start`")]
    Closed,
    /// Something else came first.
    #[error("expected `start`, got something else: {0}")]
    Unexpected(String),
}

/// Prepares an upgrade with the limits of a media socket.
pub fn upgrade(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(MAX_MESSAGE_BYTES * 4)
}

/// The media socket of one call.
#[derive(Debug)]
pub struct MediaSocket {
    socket: WebSocket,
    stream_sid: String,
    bytes_per_ms: u64,
    audio: Vec<u8>,
    out: String,
    budget: f64,
    budget_at: Instant,
    faults: u32,
    lost: bool,
}

impl MediaSocket {
    /// Waits for `connected` and `start`.
    ///
    /// # Errors
    /// Nothing usable came in time; the socket is closed then.
    pub async fn open(mut socket: WebSocket, within: Duration) -> Result<Opened, OpenError> {
        let start = match timeout(within, wait_for_start(&mut socket)).await {
            Ok(Ok(start)) => start,
            Ok(Err(error)) => {
                close(socket, CloseReason::Policy).await;
                return Err(error);
            }
            Err(_) => {
                close(socket, CloseReason::Policy).await;
                return Err(OpenError::Timeout(within));
            }
        };
        let bytes = if start.media_format.encoding == "audio/x-mulaw" { 1 } else { 2 };
        let socket = Self {
            socket,
            stream_sid: start.stream_sid.clone(),
            bytes_per_ms: (u64::from(start.media_format.sample_rate) * bytes / 1_000).max(1),
            audio: Vec::with_capacity(media::FRAME_BYTES),
            out: String::new(),
            budget: BURST,
            budget_at: Instant::now(),
            faults: 0,
            lost: false,
        };
        Ok(Opened { socket, start })
    }

    /// The carrier's id of the stream.
    pub fn stream_sid(&self) -> &str {
        &self.stream_sid
    }

    /// The next thing that came. Cancel-safe.
    pub async fn next(&mut self) -> MediaIn<'_> {
        if self.lost {
            return MediaIn::Lost;
        }
        match self.socket.recv().await {
            Some(Ok(Message::Text(text))) => self.text(text.as_str()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => self.lose(),
            Some(Ok(Message::Binary(_))) => self.fault(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => MediaIn::Nothing,
        }
    }

    fn text(&mut self, text: &str) -> MediaIn<'_> {
        if !self.afford() {
            return self.lose();
        }
        match media::parse(text) {
            Ok(Inbound::Media(message)) => match message.decode_into(&mut self.audio) {
                Ok(()) => {
                    let length_ms = self.audio.len() as u64 / self.bytes_per_ms;
                    MediaIn::Audio { until_ms: message.timestamp_ms + length_ms.max(1), audio: &self.audio }
                }
                Err(_) => self.fault(),
            },
            Ok(Inbound::Dtmf(dtmf)) => dtmf.digit.chars().next().map_or(MediaIn::Nothing, MediaIn::Digit),
            Ok(Inbound::Mark { name }) => MediaIn::Mark(name.into_owned()),
            Ok(Inbound::Stop(_)) => MediaIn::Stopped,
            Ok(Inbound::Connected { .. } | Inbound::Start(_) | Inbound::Unknown { .. }) => MediaIn::Nothing,
            Err(_) => self.fault(),
        }
    }

    fn fault(&mut self) -> MediaIn<'_> {
        self.faults += 1;
        if self.faults > MAX_FAULTS { self.lose() } else { MediaIn::Nothing }
    }

    fn lose(&mut self) -> MediaIn<'_> {
        self.lost = true;
        MediaIn::Lost
    }

    /// A flood is cut off instead of being decoded.
    fn afford(&mut self) -> bool {
        let now = Instant::now();
        self.budget = BURST.min(self.budget + now.duration_since(self.budget_at).as_secs_f64() * PER_SECOND);
        self.budget_at = now;
        self.budget -= 1.0;
        self.budget >= 0.0
    }

    /// Queues audio to be played.
    pub async fn media(&mut self, audio: &[u8]) {
        self.out.clear();
        media::write_media(&mut self.out, &self.stream_sid, audio);
        self.feed().await;
    }

    /// Queues a mark.
    pub async fn mark(&mut self, name: &str) {
        self.out.clear();
        media::write_mark(&mut self.out, &self.stream_sid, name);
        self.feed().await;
    }

    /// Queues a clear.
    pub async fn clear(&mut self) {
        self.out.clear();
        media::write_clear(&mut self.out, &self.stream_sid);
        self.feed().await;
    }

    async fn feed(&mut self) {
        let message = Message::Text(self.out.as_str().into());
        if !self.lost && !matches!(timeout(SEND_TIMEOUT, self.socket.feed(message)).await, Ok(Ok(()))) {
            self.lost = true;
        }
    }

    /// Sends what is queued.
    pub async fn flush(&mut self) {
        if !self.lost && !matches!(timeout(SEND_TIMEOUT, self.socket.flush()).await, Ok(Ok(()))) {
            self.lost = true;
        }
    }

    /// Closes the socket.
    pub async fn close(self, reason: CloseReason) {
        close(self.socket, reason).await;
    }
}

/// Says why, and lets the other side close (RFC 6455, 7.1.1): to a side that is still sending, a connection that goes away
/// under it is a lost one, and the reason is lost with it.
async fn close(mut socket: WebSocket, reason: CloseReason) {
    // Whoever does not take a close frame in time is dropped without one.
    if let Ok(Ok(())) = timeout(SEND_TIMEOUT, socket.send(Message::Close(Some(reason.frame())))).await {
        tokio::spawn(timeout(LINGER, async move { while let Some(Ok(_)) = socket.recv().await {} }));
    }
}

async fn wait_for_start(socket: &mut WebSocket) -> Result<Start, OpenError> {
    loop {
        let text = match socket.recv().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Binary(_))) => return Err(OpenError::Unexpected("a binary frame".to_owned())),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(OpenError::Closed),
        };
        match media::parse(text.as_str()) {
            Ok(Inbound::Start(start)) => return Ok(*start),
            Ok(Inbound::Connected { .. } | Inbound::Unknown { .. }) => {}
            Ok(_) => return Err(OpenError::Unexpected("another event".to_owned())),
            Err(error) => return Err(OpenError::Unexpected(error.to_string())),
        }
    }
}

const _: () = assert!(FRAME_MS == 20, "the limits above are for frames of 20 ms");
