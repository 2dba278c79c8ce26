//! One connection: contexts that collect text, and audio that goes out when it is due.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::super::server::Recorder;
use super::voice::{Speech, speak};
use super::{Asked, ContextRecord, ElevenLabsMode, ElevenLabsRecord, Shared};

/// A message of the client.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Said {
    text: Option<String>,
    #[serde(alias = "contextId")]
    context_id: Option<String>,
    flush: Option<bool>,
    close_context: Option<bool>,
    close_socket: Option<bool>,
    voice_settings: Option<VoiceSettings>,
    generation_config: Option<Value>,
    pronunciation_dictionary_locators: Option<Value>,
    #[serde(alias = "xi-api-key")]
    xi_api_key: Option<String>,
    authorization: Option<String>,
}

/// Accepted only in these bounds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct VoiceSettings {
    stability: Option<f64>,
    similarity_boost: Option<f64>,
    style: Option<f64>,
    use_speaker_boost: Option<bool>,
    speed: Option<f64>,
}

impl VoiceSettings {
    fn are_valid(&self) -> bool {
        let share = |value: Option<f64>| value.is_none_or(|v| (0.0..=1.0).contains(&v));
        // Any value of the flag is one.
        let _ = self.use_speaker_boost;
        share(self.stability)
            && share(self.similarity_boost)
            && share(self.style)
            && self.speed.is_none_or(|speed| (0.7..=1.2).contains(&speed))
    }
}

struct Context {
    id: String,
    record: usize,
    /// Text that waits for more.
    buffer: String,
    outgoing: VecDeque<(Instant, Piece)>,
    closing: bool,
}

enum Piece {
    Audio { ms: u64, message: String },
    Final,
}

enum End {
    Close(u16, String),
    Lost,
}

struct Session {
    shared: Arc<Shared>,
    asked: Asked,
    mode: ElevenLabsMode,
    record: Recorder<ElevenLabsMode, ElevenLabsRecord>,
    contexts: Vec<Context>,
    sent_ms: u64,
    garbled: bool,
}

pub(super) async fn run(
    mut socket: WebSocket,
    shared: Arc<Shared>,
    asked: Asked,
    mode: ElevenLabsMode,
    record: Recorder<ElevenLabsMode, ElevenLabsRecord>,
) {
    let mut session = Session { shared, asked, mode, record, contexts: Vec::new(), sent_ms: 0, garbled: false };
    let code = match session.serve(&mut socket).await {
        End::Lost => 1006,
        End::Close(code, reason) => {
            let frame = CloseFrame { code, reason: reason.into() };
            socket.send(Message::Close(Some(frame))).await.ok();
            while let Some(Ok(_)) = socket.recv().await {}
            code
        }
    };
    session.record.update(|r| r.ended = Some(code));
}

impl Session {
    async fn serve(&mut self, socket: &mut WebSocket) -> End {
        let patience = Duration::from_secs(self.asked.inactivity_timeout);
        let mut last_input = Instant::now();
        loop {
            let due = self.contexts.iter().filter_map(|c| c.outgoing.front().map(|(at, _)| *at)).min();
            let next = due.map_or(last_input + patience, |at| at.min(last_input + patience));
            tokio::select! {
                message = socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => {
                        last_input = Instant::now();
                        self.record.update(|r| r.messages.push(text.to_string()));
                        if let Err((code, message)) = self.obey(&text).await {
                            return fail(socket, &code, &message).await;
                        }
                    }
                    Some(Ok(Message::Binary(_))) => return fail(socket, "invalid_message", "Messages must be text.").await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_))) => return End::Close(1000, String::new()),
                    Some(Err(_)) | None => return End::Lost,
                },
                () = sleep_until(next) => {
                    if last_input + patience <= Instant::now() {
                        return fail(socket, "input_timeout_exceeded", "No input within the inactivity timeout.").await;
                    }
                    if let Some(end) = self.send_due(socket).await {
                        return end;
                    }
                }
            }
        }
    }

    async fn obey(&mut self, text: &str) -> Result<(), (String, String)> {
        let refused = |code: &str, message: String| Err((code.to_owned(), message));
        let said: Said = match serde_json::from_str(text) {
            Ok(said) => said,
            Err(e) => return refused("invalid_message", format!("Invalid message: {e}")),
        };
        if said.voice_settings.as_ref().is_some_and(|settings| !settings.are_valid()) {
            return refused("invalid_voice_settings", "Voice settings are out of bounds.".into());
        }
        if said.close_socket == Some(true) {
            self.contexts.iter_mut().for_each(Context::close);
            return Ok(());
        }
        let id = said.context_id.clone().unwrap_or_else(|| "default".to_owned());
        let text = said.text.as_deref().unwrap_or_default();
        let at = match self.contexts.iter().position(|c| c.id == id && !c.closing) {
            Some(at) => {
                if said.voice_settings.is_some() || said.generation_config.is_some() {
                    return refused("invalid_message", "Settings come with the first message of a context.".into());
                }
                at
            }
            None if text.is_empty() => return Ok(()),
            None => self.open(&id)?,
        };
        if let ElevenLabsMode::Error(code) = &self.mode
            && !text.trim().is_empty()
        {
            return Err((code.clone(), "Failed on request.".into()));
        }
        let Some(context) = self.contexts.get_mut(at) else { return Ok(()) };
        if !(text == " " && context.buffer.is_empty()) {
            context.buffer.push_str(text);
            let record = context.record;
            self.record.update(|r| {
                if let Some(context) = r.contexts.get_mut(record) {
                    context.text.push_str(text);
                }
            });
        }
        let ready = said.flush == Some(true) || self.asked.auto_mode || context.buffer.chars().count() >= 120;
        if ready && !context.buffer.trim().is_empty() {
            self.generate(at).await?;
        }
        if said.close_context == Some(true)
            && let Some(context) = self.contexts.get_mut(at)
        {
            context.close();
            let record = context.record;
            self.record.update(|r| r.contexts.get_mut(record).map(|context| context.closed = true));
        }
        Ok(())
    }

    fn open(&mut self, id: &str) -> Result<usize, (String, String)> {
        if self.contexts.iter().filter(|c| !c.closing).count() >= self.shared.settings.max_contexts {
            return Err(("max_active_contexts".to_owned(), "Too many contexts are open.".to_owned()));
        }
        let record = self.record.update(|r| {
            r.contexts.push(ContextRecord { context_id: id.to_owned(), ..Default::default() });
            r.contexts.len() - 1
        });
        self.contexts.push(Context {
            id: id.to_owned(),
            record: record.unwrap_or(0),
            buffer: String::new(),
            outgoing: VecDeque::new(),
            closing: false,
        });
        Ok(self.contexts.len() - 1)
    }

    async fn generate(&mut self, at: usize) -> Result<(), (String, String)> {
        let settings = &self.shared.settings;
        let Some(context) = self.contexts.get_mut(at) else { return Ok(()) };
        let text = std::mem::take(&mut context.buffer);
        let speech = speak(settings.voice, self.asked.format, settings.char_ms, &text).await;
        let speech = speech.map_err(|e| ("internal_error".to_owned(), e.to_string()))?;
        let slow = match self.mode {
            ElevenLabsMode::Slow(ms) => ms,
            _ => 0,
        };
        let first = Instant::now() + Duration::from_millis(settings.first_byte_ms + slow);
        let pause = Duration::from_millis(settings.chunk_ms).div_f64(settings.realtime_factor.max(0.01));
        let mut due = context.outgoing.back().map_or(first, |(at, _)| first.max(*at + pause));
        let aligned = self.asked.alignment && self.mode != ElevenLabsMode::NoAlignment;
        let total = speech.characters.last().map_or(0, |(_, _, end)| *end);
        let mut from = 0;
        while from < total {
            let to = (from + settings.chunk_ms.max(20)).min(total);
            let audio =
                speech.audio.get(self.asked.format.bytes(from)..self.asked.format.bytes(to)).unwrap_or_default();
            let alignment = if aligned { alignment(&speech, from, to) } else { Value::Null };
            let message = json!({"audio": STANDARD.encode(audio), "isFinal": null, "contextId": context.id,
                "normalizedAlignment": alignment, "alignment": alignment});
            context.outgoing.push_back((due, Piece::Audio { ms: to - from, message: message.to_string() }));
            due += pause;
            from = to;
        }
        Ok(())
    }

    async fn send_due(&mut self, socket: &mut WebSocket) -> Option<End> {
        let now = Instant::now();
        for at in 0..self.contexts.len() {
            let Some(context) = self.contexts.get_mut(at) else { continue };
            while context.outgoing.front().is_some_and(|(due, _)| *due <= now) {
                let Some((_, piece)) = context.outgoing.pop_front() else { break };
                let (record, id) = (context.record, &context.id);
                let message = match piece {
                    Piece::Audio { ms, message } => {
                        match self.mode {
                            ElevenLabsMode::SilentAfter(limit) if self.sent_ms >= limit => continue,
                            ElevenLabsMode::DropAfter(limit) if self.sent_ms >= limit => return Some(End::Lost),
                            _ => {}
                        }
                        self.sent_ms += ms;
                        self.record.update(|r| {
                            if let Some(context) = r.contexts.get_mut(record) {
                                context.audio_ms += ms;
                                context.chunks += 1;
                            }
                        });
                        match self.mode {
                            ElevenLabsMode::MalformedAfter(limit) if self.sent_ms >= limit && !self.garbled => {
                                self.garbled = true;
                                message.chars().take(20).collect()
                            }
                            _ => message,
                        }
                    }
                    Piece::Final => {
                        if matches!(self.mode, ElevenLabsMode::SilentAfter(limit) if self.sent_ms >= limit) {
                            continue;
                        }
                        self.record.update(|r| r.contexts.get_mut(record).map(|context| context.done = true));
                        json!({"isFinal": true, "contextId": id}).to_string()
                    }
                };
                if socket.send(Message::Text(message.into())).await.is_err() {
                    return Some(End::Lost);
                }
            }
        }
        self.contexts.retain(|context| !context.closing || !context.outgoing.is_empty());
        None
    }
}

impl Context {
    /// What was flushed still comes, then the end; what was not is forgotten.
    fn close(&mut self) {
        if !self.closing {
            self.closing = true;
            self.buffer.clear();
            let due = self.outgoing.back().map_or_else(Instant::now, |(at, _)| *at);
            self.outgoing.push_back((due, Piece::Final));
        }
    }
}

/// The characters that begin in a piece of the audio, their times counted from its start.
fn alignment(speech: &Speech, from: u64, to: u64) -> Value {
    let inside = || speech.characters.iter().filter(|(_, start, _)| (from..to).contains(start));
    json!({
        "chars": inside().map(|(c, ..)| c.to_string()).collect::<Vec<_>>(),
        "charStartTimesMs": inside().map(|(_, start, _)| start - from).collect::<Vec<_>>(),
        "charDurationsMs": inside().map(|(_, start, end)| end - start).collect::<Vec<_>>(),
    })
}

async fn fail(socket: &mut WebSocket, code: &str, message: &str) -> End {
    let said = json!({"message": message, "error": code, "code": 1008}).to_string();
    if socket.send(Message::Text(said.into())).await.is_err() {
        return End::Lost;
    }
    End::Close(1008, message.to_owned())
}
