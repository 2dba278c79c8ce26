//! The task that owns one socket to ElevenLabs: dials, sends, reads, keeps alive and watches.

use super::message::{Begin, CloseContext, Flush, Incoming, Text, whole_ms};
use super::{ElevenLabs, NAME, address};
use crate::duplex::Duplex;
use crate::error::{ErrorKind, ProviderError, quote};
use crate::outlet::Outlet;
use crate::stt::ms_of_bytes;
use crate::tts::align::{Aligner, Spoken};
use crate::tts::{Command, Ends, TtsContext, TtsEvent, TtsRequest, TtsSettings};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use trunkline_contract::speech::AudioFormat;
use trunkline_egress::{CloseFrame, Message, WebSocket, WebSocketError};

/// Well within the provider's limit of inactivity.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

pub(super) async fn run(provider: ElevenLabs, request: TtsRequest, (mut commands, events): Ends) {
    let mut session = Session::new(&request, Outlet::new(events.clone()));
    let ended = match open(&provider, &request, &mut session, &mut commands, &events).await {
        Ok(Some(socket)) => {
            session.outlet.push(Ok(TtsEvent::Opened));
            session.drive(Duplex::new(socket), &mut commands).await
        }
        Ok(None) => return,
        Err(error) => Err(error),
    };
    if let Err(mut error) = ended {
        error.message = quote(&error.message, &provider.key);
        session.outlet.push(Err(error));
    }
    drop((commands, events));
    session.outlet.finish().await;
}

/// Dials while commands are already taken; `None` when nobody waits for the socket any more.
async fn open(
    provider: &ElevenLabs,
    request: &TtsRequest,
    session: &mut Session,
    commands: &mut mpsc::Receiver<Command>,
    events: &mpsc::Sender<Result<TtsEvent, ProviderError>>,
) -> Result<Option<WebSocket>, ProviderError> {
    let mut headers = HeaderMap::new();
    if !provider.key.is_empty() {
        let invalid = |_| ProviderError::new(NAME, ErrorKind::Unauthorised, "the key has characters no key can have");
        let mut value = HeaderValue::try_from(provider.key.expose()).map_err(invalid)?;
        value.set_sensitive(true);
        headers.insert("xi-api-key", value);
    }
    let url = address(&provider.url, request);
    let mut dialling = Box::pin(provider.egress.websocket(&provider.policy, &url, headers, &provider.limits));
    loop {
        tokio::select! {
            biased;
            socket = &mut dialling => {
                return socket.map(Some).map_err(|e| ProviderError::from_egress(NAME, &e, &provider.key));
            }
            command = commands.recv() => match command {
                Some(command) => session.obey(command),
                None => return Ok(None),
            },
            () = events.closed() => return Ok(None),
        }
    }
}

/// A context that is not done.
struct Context {
    id: TtsContext,
    /// Its name on the wire: never used twice, so that what comes late cannot be taken for something else.
    wire: String,
    aligner: Aligner,
    /// Audio received, bytes.
    received: u64,
    finishing: bool,
    /// Since when audio, or the end, is owed.
    owed_since: Option<Instant>,
}

struct Session {
    format: AudioFormat,
    settings: TtsSettings,
    stall: Duration,
    outlet: Outlet<Result<TtsEvent, ProviderError>>,
    outbox: VecDeque<Message>,
    contexts: Vec<Context>,
    named: u64,
    last_sent: Instant,
}

impl Session {
    fn new(request: &TtsRequest, outlet: Outlet<Result<TtsEvent, ProviderError>>) -> Self {
        Self {
            format: request.format,
            settings: request.settings.clone(),
            stall: Duration::from_millis(request.stall_ms.into()),
            outlet,
            outbox: VecDeque::new(),
            contexts: Vec::new(),
            named: 0,
            last_sent: Instant::now(),
        }
    }

    async fn drive(&mut self, mut socket: Duplex, commands: &mut mpsc::Receiver<Command>) -> Result<(), ProviderError> {
        let opened = Instant::now();
        self.last_sent = opened;
        for context in &mut self.contexts {
            // Nothing was owed before there was a connection.
            context.owed_since = context.owed_since.map(|_| opened);
        }
        let timer = sleep_until(self.next_deadline());
        tokio::pin!(timer);
        loop {
            tokio::select! {
                biased;
                command = commands.recv() => {
                    let Some(command) = command else { return Ok(()) };
                    self.obey(command);
                    let at = self.next_deadline();
                    if at < timer.deadline() {
                        timer.as_mut().reset(at);
                    }
                }
                message = socket.next(&mut self.outbox), if !self.outlet.is_full() => self.receive(message)?,
                () = self.outlet.drain_one() => {}
                () = &mut timer => {
                    self.tick()?;
                    timer.as_mut().reset(self.next_deadline());
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Speak { context, text, flush } => {
                let at = self.context(context);
                let Some(context) = self.contexts.get_mut(at) else { return };
                context.aligner.sent(&text);
                if flush {
                    context.owed_since.get_or_insert_with(Instant::now);
                }
                let message = json(&Text { text: &text, context_id: &context.wire, flush });
                self.send(message);
            }
            Command::Finish(id) => {
                let Some(context) = self.contexts.iter_mut().find(|c| c.id == id) else {
                    // Nothing was said, so nothing is owed.
                    self.outlet.push(Ok(TtsEvent::Done { context: id }));
                    return;
                };
                context.finishing = true;
                context.owed_since = Some(Instant::now());
                let flush = json(&Flush { context_id: &context.wire, flush: true });
                let close = json(&CloseContext { context_id: &context.wire, close_context: true });
                self.send(flush);
                self.send(close);
            }
            Command::Cancel(id) => {
                let Some(at) = self.contexts.iter().position(|c| c.id == id) else { return };
                let context = self.contexts.swap_remove(at);
                if !context.finishing {
                    self.send(json(&CloseContext { context_id: &context.wire, close_context: true }));
                }
            }
        }
    }

    /// Where the context is; opens it if it is new.
    fn context(&mut self, id: TtsContext) -> usize {
        if let Some(at) = self.contexts.iter().position(|c| c.id == id) {
            return at;
        }
        self.named += 1;
        let wire = format!("c{}", self.named);
        self.send(json(&Begin::new(&wire, &self.settings)));
        let aligner = Aligner::default();
        self.contexts.push(Context { id, wire, aligner, received: 0, finishing: false, owed_since: None });
        self.contexts.len() - 1
    }

    fn send(&mut self, message: Message) {
        self.last_sent = Instant::now();
        self.outbox.push_back(message);
    }

    fn next_deadline(&self) -> Instant {
        let owed = self.contexts.iter().filter_map(|c| c.owed_since).min().map(|since| since + self.stall);
        let keep_alive = self.last_sent + KEEP_ALIVE;
        owed.map_or(keep_alive, |owed| owed.min(keep_alive))
    }

    fn tick(&mut self) -> Result<(), ProviderError> {
        let now = Instant::now();
        if self.outlet.is_full() {
            // Nothing is read meanwhile, so nothing can be missed.
            for context in &mut self.contexts {
                context.owed_since = context.owed_since.map(|_| now);
            }
        }
        if self.contexts.iter().any(|c| c.owed_since.is_some_and(|since| since + self.stall <= now)) {
            return Err(ProviderError::new(NAME, ErrorKind::Stalled, "text was sent and nothing came back"));
        }
        if self.last_sent + KEEP_ALIVE <= now {
            let open: Vec<_> = self.contexts.iter().filter(|c| !c.finishing).map(|c| c.wire.clone()).collect();
            for wire in &open {
                self.send(json(&Text { text: "", context_id: wire, flush: false }));
            }
            if open.is_empty() {
                // A context of its own, opened by the first such message and kept by the following ones.
                self.send(json(&Begin::new("idle", &TtsSettings::default())));
            }
        }
        Ok(())
    }

    fn receive(&mut self, message: Option<Result<Message, WebSocketError>>) -> Result<(), ProviderError> {
        match message {
            Some(Ok(Message::Text(text))) => self.read(&text),
            Some(Ok(Message::Close(frame))) => Err(closed(frame.as_ref())),
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(ProviderError::new(NAME, ErrorKind::Closed, error.to_string())),
            None => Err(closed(None)),
        }
    }

    fn read(&mut self, text: &str) -> Result<(), ProviderError> {
        let unreadable = |what: &str, e: &dyn std::fmt::Display| {
            ProviderError::new(NAME, ErrorKind::Protocol, format!("{what} cannot be read: {e}"))
        };
        let message = Incoming::parse(text).map_err(|e| unreadable("a message", &e))?;
        let named = message.context_id.as_deref();
        let at = self.contexts.iter().position(|c| Some(c.wire.as_str()) == named);
        if let Some((kind, said)) = message.failure() {
            let error = ProviderError::new(NAME, kind, said);
            return match (at, named) {
                (Some(at), _) => {
                    let context = self.contexts.swap_remove(at).id;
                    self.outlet.push(Ok(TtsEvent::Failed { context, error }));
                    Ok(())
                }
                (None, Some(_)) => Ok(()),
                (None, None) => Err(error),
            };
        }
        // A context that was cancelled or is done, or none of ours.
        let Some(at) = at else { return Ok(()) };
        let Some(context) = self.contexts.get_mut(at) else { return Ok(()) };
        let audio = message.audio().map_err(|e| unreadable("audio", &e))?;
        let mut words = Vec::new();
        context.align(self.format, &message, &mut words);
        context.received += audio.len() as u64;
        if !audio.is_empty() {
            context.owed_since = Some(Instant::now()).filter(|_| context.finishing);
        }
        let (id, is_final) = (context.id, message.is_final == Some(true));
        if is_final {
            context.aligner.finish(&mut words);
            self.contexts.swap_remove(at);
        }
        if !audio.is_empty() || !words.is_empty() {
            self.outlet.push(Ok(TtsEvent::Audio { context: id, audio: Bytes::from(audio), words }));
        }
        if is_final {
            self.outlet.push(Ok(TtsEvent::Done { context: id }));
        }
        Ok(())
    }
}

impl Context {
    fn align(
        &mut self,
        format: AudioFormat,
        message: &Incoming<'_>,
        words: &mut Vec<trunkline_contract::speech::WordSpan>,
    ) {
        let Some(alignment) = &message.alignment else { return };
        // Times count from the start of this piece.
        let before = u32::try_from(ms_of_bytes(format, self.received)).unwrap_or(u32::MAX);
        let times = alignment.starts_ms.iter().zip(&alignment.durations_ms);
        for (text, (start, duration)) in alignment.chars.iter().zip(times) {
            let start_ms = before.saturating_add(whole_ms(*start));
            let end_ms = start_ms.saturating_add(whole_ms(*duration));
            self.aligner.spoken(Spoken { text, start_ms, end_ms }, words);
        }
    }
}

fn json(message: &impl serde::Serialize) -> Message {
    // Plain structs with text keys always serialise.
    Message::text(serde_json::to_string(message).unwrap_or_default())
}

fn closed(frame: Option<&CloseFrame>) -> ProviderError {
    let (kind, message) = match frame {
        Some(frame) if u16::from(frame.code) == 1008 => (ErrorKind::InvalidRequest, frame.reason.to_string()),
        Some(frame) => (ErrorKind::Closed, format!("closed with {}: {}", u16::from(frame.code), frame.reason)),
        None => (ErrorKind::Closed, "the connection ended".to_owned()),
    };
    ProviderError::new(NAME, kind, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: TtsContext = TtsContext(1);

    fn session() -> (Session, mpsc::Receiver<Result<TtsEvent, ProviderError>>) {
        let tts = serde_json::from_str(r#"{"provider":"elevenlabs","voice":"a","stall_ms":1000}"#).unwrap();
        let (sender, events) = mpsc::channel(8);
        (Session::new(&TtsRequest::new(&tts, "en", AudioFormat::Mulaw8k), Outlet::new(sender)), events)
    }

    fn speak(flush: bool) -> Command {
        Command::Speak { context: ONE, text: "Hello. ".into(), flush }
    }

    fn owes(session: &Session) -> bool {
        session.next_deadline() < session.last_sent + KEEP_ALIVE
    }

    #[test]
    fn audio_is_owed_only_for_what_was_asked_for() {
        let (mut session, _events) = session();
        session.obey(speak(false));
        assert!(!owes(&session));
        session.obey(speak(true));
        assert!(owes(&session));
        session.read(r#"{"audio":"//8=","contextId":"c1"}"#).unwrap();
        assert!(!owes(&session));
        session.obey(Command::Finish(ONE));
        session.read(r#"{"audio":"//8=","contextId":"c1"}"#).unwrap();
        assert!(owes(&session));
        session.read(r#"{"isFinal":true,"contextId":"c1"}"#).unwrap();
        assert!(!owes(&session));
    }

    #[test]
    fn what_comes_late_for_a_cancelled_context_is_dropped() {
        let (mut session, mut events) = session();
        session.obey(speak(true));
        session.obey(Command::Cancel(ONE));
        session.obey(speak(true));
        session.read(r#"{"audio":"//8=","contextId":"c1"}"#).unwrap();
        session.read(r#"{"message":"gone","error":"x","contextId":"c1"}"#).unwrap();
        assert!(events.try_recv().is_err());
        session.read(r#"{"audio":"//8=","contextId":"c2"}"#).unwrap();
        assert!(matches!(events.try_recv(), Ok(Ok(TtsEvent::Audio { context: ONE, .. }))));
    }

    #[test]
    fn an_idle_connection_is_kept_alive() {
        let (mut session, _events) = session();
        session.last_sent = Instant::now() - KEEP_ALIVE;
        session.tick().unwrap();
        assert_eq!(session.outbox.back(), Some(&Message::text(r#"{"text":" ","context_id":"idle"}"#)));
        session.obey(speak(false));
        session.last_sent = Instant::now() - KEEP_ALIVE;
        session.tick().unwrap();
        assert_eq!(session.outbox.back(), Some(&Message::text(r#"{"text":"","context_id":"c1"}"#)));
    }
}
