//! The task that owns one socket to Deepgram: dials, sends, reads, keeps alive and watches.

use super::message::{self, Incoming};
use super::{Deepgram, NAME, query};
use crate::duplex::Duplex;
use crate::error::{ErrorKind, ProviderError, quote};
use crate::outlet::Outlet;
use crate::stt::batch::ms;
use crate::stt::timeline::Timeline;
use crate::stt::watchdog::Watchdog;
use crate::stt::{Command, Ends, SttEvent, SttRequest};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use trunkline_contract::speech::AudioFormat;
use trunkline_egress::{CloseFrame, Message, WebSocket, WebSocketError};

/// How long the last results may take after `CloseStream`.
const CLOSING: Duration = Duration::from_secs(3);

pub(super) async fn run(deepgram: Deepgram, request: SttRequest, (mut commands, events): Ends) {
    let mut session = Session::new(&request, deepgram.keep_alive, Outlet::new(events.clone()));
    let ended = match open(&deepgram, &request, &mut session, &mut commands, &events).await {
        Ok(Some(socket)) => {
            session.outlet.push(Ok(SttEvent::Opened));
            session.drive(Duplex::new(socket), &mut commands).await
        }
        Ok(None) => return,
        Err(error) => Err(error),
    };
    if let Err(mut error) = ended {
        error.message = quote(&error.message, &deepgram.key);
        session.outlet.push(Err(error));
    }
    // Handles see the end of the stream when both ends of the channel are gone.
    drop((commands, events));
    session.outlet.finish().await;
}

/// Dials while commands are already taken; `None` when nobody waits for the socket any more.
async fn open(
    deepgram: &Deepgram,
    request: &SttRequest,
    session: &mut Session,
    commands: &mut mpsc::Receiver<Command>,
    events: &mpsc::Sender<Result<SttEvent, ProviderError>>,
) -> Result<Option<WebSocket>, ProviderError> {
    let mut headers = HeaderMap::new();
    if !deepgram.key.is_empty() {
        let invalid = |_| ProviderError::new(NAME, ErrorKind::Unauthorised, "the key has characters no key can have");
        let mut value = HeaderValue::try_from(format!("Token {}", deepgram.key.expose())).map_err(invalid)?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    let url = query::address(&deepgram.url, request);
    let dialling = deepgram.egress.websocket(&deepgram.policy, &url, headers, &deepgram.limits);
    let mut dialling = Box::pin(dialling);
    loop {
        tokio::select! {
            biased;
            socket = &mut dialling => return socket.map(Some).map_err(|e| deepgram.error(&e)),
            command = commands.recv() => match command {
                Some(command) => session.obey(command),
                None => return Ok(None),
            },
            () = events.closed() => return Ok(None),
        }
    }
}

/// How the stream ends.
type Ended = Result<(), ProviderError>;

struct Session {
    format: AudioFormat,
    keep_alive: Duration,
    max_queue_bytes: u64,
    outlet: Outlet<Result<SttEvent, ProviderError>>,
    outbox: VecDeque<Message>,
    /// Audio in the outbox, bytes.
    queued: u64,
    /// Audio handed to the outbox and not dropped from it, bytes: the provider's own count, once it is sent.
    accepted: u64,
    dropped_ms: u64,
    timeline: Timeline,
    watchdog: Watchdog,
    last_sent: Instant,
    closing: Option<Instant>,
}

impl Session {
    fn new(request: &SttRequest, keep_alive: Duration, outlet: Outlet<Result<SttEvent, ProviderError>>) -> Self {
        Self {
            format: request.format,
            keep_alive,
            max_queue_bytes: u64::from(request.max_queue_ms) * crate::stt::batch::bytes_per_ms(request.format),
            outlet,
            outbox: VecDeque::new(),
            queued: 0,
            accepted: 0,
            dropped_ms: 0,
            timeline: Timeline::new(request.time_offset_ms),
            watchdog: Watchdog::new(request.stall_ms),
            last_sent: Instant::now(),
            closing: None,
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Audio { audio, lost } => {
                if lost > 0 {
                    self.timeline.gap(ms(self.format, self.accepted), ms(self.format, lost));
                }
                self.queue(audio);
            }
            Command::Finalize => {
                self.last_sent = Instant::now();
                self.outbox.push_back(Message::text(r#"{"type":"Finalize"}"#));
                self.watchdog.finalize(self.last_sent);
            }
            Command::Expect(speech) => self.watchdog.expect(speech),
            Command::Close => {
                self.outbox.push_back(Message::text(r#"{"type":"CloseStream"}"#));
                self.closing = Some(Instant::now() + CLOSING);
            }
        }
    }

    fn queue(&mut self, audio: Bytes) {
        let bytes = audio.len() as u64;
        self.last_sent = Instant::now();
        self.outbox.push_back(Message::Binary(audio));
        self.queued += bytes;
        self.accepted += bytes;
        while self.queued > self.max_queue_bytes {
            self.drop_oldest();
        }
        self.watchdog.sent(ms(self.format, bytes), self.last_sent);
    }

    fn drop_oldest(&mut self) {
        let oldest = self.outbox.iter().position(Message::is_binary);
        let Some(Message::Binary(audio)) = oldest.and_then(|at| self.outbox.remove(at)) else {
            self.queued = 0;
            return;
        };
        let bytes = audio.len() as u64;
        let at = self.accepted - self.queued;
        self.queued -= bytes;
        self.accepted -= bytes;
        let dropped = ms(self.format, bytes);
        self.timeline.gap(ms(self.format, at), dropped);
        self.dropped_ms += dropped;
    }

    /// Reports what was dropped since the last report.
    fn report_dropped(&mut self) {
        if self.dropped_ms > 0 && !self.outlet.is_full() {
            self.outlet.push(Ok(SttEvent::AudioDropped { ms: std::mem::take(&mut self.dropped_ms) }));
        }
    }

    async fn drive(&mut self, mut socket: Duplex, commands: &mut mpsc::Receiver<Command>) -> Ended {
        self.last_sent = Instant::now();
        // Nothing was owed before there was a connection.
        self.watchdog.heard(self.last_sent);
        let timer = sleep_until(self.last_sent + self.keep_alive);
        tokio::pin!(timer);
        loop {
            tokio::select! {
                biased;
                command = commands.recv() => {
                    let Some(command) = command else { return Ok(()) };
                    self.obey(command);
                    if let Some(at) = self.next_deadline() && at < timer.deadline() {
                        timer.as_mut().reset(at);
                    }
                }
                message = socket.next(&mut self.outbox), if !self.outlet.is_full() => {
                    self.recount();
                    if let Some(ended) = self.receive(message) {
                        return ended;
                    }
                }
                () = self.outlet.drain_one() => {}
                () = &mut timer => {
                    self.tick()?;
                    timer.as_mut().reset(self.next_deadline().unwrap_or_else(|| self.last_sent + self.keep_alive));
                }
            }
            if self.queued > 0 {
                self.recount();
            }
            self.report_dropped();
        }
    }

    /// What is no longer in the outbox was sent.
    fn recount(&mut self) {
        if self.outbox.is_empty() {
            self.queued = 0;
        } else {
            self.queued = self.outbox.iter().filter(|m| m.is_binary()).map(|m| m.len() as u64).sum();
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        [Some(self.last_sent + self.keep_alive), self.watchdog.deadline(), self.closing].into_iter().flatten().min()
    }

    fn tick(&mut self) -> Ended {
        let now = Instant::now();
        if self.closing.is_some_and(|until| until <= now) {
            return Err(ProviderError::new(NAME, ErrorKind::Timeout, "the last results did not come"));
        }
        if self.watchdog.deadline().is_some_and(|at| at <= now) {
            if self.outlet.is_full() {
                // What is not read because the caller does not read cannot be missed.
                self.watchdog.heard(now);
                return Ok(());
            }
            return Err(stalled());
        }
        if self.last_sent + self.keep_alive <= now {
            self.outbox.push_back(Message::text(r#"{"type":"KeepAlive"}"#));
            self.last_sent = now;
        }
        Ok(())
    }

    fn receive(&mut self, message: Option<Result<Message, WebSocketError>>) -> Option<Ended> {
        match message {
            Some(Ok(Message::Text(text))) => match self.read(&text) {
                Ok(()) => None,
                Err(error) => Some(Err(error)),
            },
            Some(Ok(Message::Close(frame))) => Some(self.closed(frame.as_ref())),
            Some(Ok(_)) => None,
            None => Some(self.closed(None)),
            Some(Err(error)) if self.closing.is_none() => {
                Some(Err(ProviderError::new(NAME, ErrorKind::Closed, error.to_string())))
            }
            Some(Err(_)) => Some(Ok(())),
        }
    }

    fn read(&mut self, text: &str) -> Ended {
        let incoming = message::parse(text, &self.timeline)
            .map_err(|e| ProviderError::new(NAME, ErrorKind::Protocol, format!("a message cannot be read: {e}")))?;
        self.watchdog.heard(Instant::now());
        match incoming {
            Incoming::Transcript(transcript) => {
                if transcript.from_finalize {
                    self.watchdog.finalized();
                }
                // Interims without words say nothing; finals without words say that there were none.
                if transcript.is_final || !transcript.text.is_empty() {
                    self.outlet.push(Ok(SttEvent::Transcript(transcript)));
                }
            }
            Incoming::UtteranceEnd { last_word_end_ms } => {
                self.outlet.push(Ok(SttEvent::UtteranceEnd { last_word_end_ms }));
            }
            Incoming::Error { message } => {
                return Err(ProviderError::new(NAME, ErrorKind::Unavailable, message));
            }
            Incoming::Other => {}
        }
        Ok(())
    }

    fn closed(&self, frame: Option<&CloseFrame>) -> Ended {
        if self.closing.is_some() {
            return Ok(());
        }
        let (kind, message) = match frame {
            // 1008: the audio cannot be decoded.
            Some(frame) if u16::from(frame.code) == 1008 => (ErrorKind::InvalidRequest, frame.reason.to_string()),
            Some(frame) => (ErrorKind::Closed, format!("closed with {}: {}", u16::from(frame.code), frame.reason)),
            None => (ErrorKind::Closed, "the connection ended".to_owned()),
        };
        Err(ProviderError::new(NAME, kind, message))
    }
}

fn stalled() -> ProviderError {
    ProviderError::new(NAME, ErrorKind::Stalled, "audio was sent and nothing came back")
}
