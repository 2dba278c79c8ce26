//! One connection: hears, and sends what it heard when its delay is over.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::super::server::Recorder;
use super::hearing::{Heard, Hearing, Piece};
use super::query::Asked;
use super::{DeepgramMode, DeepgramRecord, Shared};

type Record = Recorder<DeepgramMode, DeepgramRecord>;

/// Why the connection ends.
enum End {
    /// With a close frame.
    Close(u16, &'static str),
    /// Without one.
    Lost,
}

struct Session {
    shared: Arc<Shared>,
    asked: Asked,
    mode: DeepgramMode,
    record: Record,
    hearing: Hearing,
    outgoing: VecDeque<(Instant, String)>,
    garbled: bool,
}

pub(super) async fn run(mut socket: WebSocket, shared: Arc<Shared>, asked: Asked, mode: DeepgramMode, record: Record) {
    let script = shared.scripts.queue().pop_front().unwrap_or_default();
    let hearing = Hearing::new(shared.settings.clone(), asked.clone(), script);
    let mut session = Session { shared, asked, mode, record, hearing, outgoing: VecDeque::new(), garbled: false };
    let end = session.serve(&mut socket).await;
    let unfinished = session.hearing.unfinished();
    if let DeepgramMode::DropAfter(_) | DeepgramMode::SilentAfter(_) | DeepgramMode::Malformed = session.mode
        && !unfinished.is_empty()
    {
        session.shared.scripts.queue().push_front(unfinished);
    }
    let code = match end {
        End::Close(code, reason) => {
            let frame = CloseFrame { code, reason: reason.into() };
            socket.send(Message::Close(Some(frame))).await.ok();
            // The client answers the close, then the connection can go.
            while let Some(Ok(_)) = socket.recv().await {}
            code
        }
        End::Lost => 1006,
    };
    session.record.update(|r| r.ended = Some(code));
}

impl Session {
    async fn serve(&mut self, socket: &mut WebSocket) -> End {
        let idle = Duration::from_millis(self.shared.settings.idle_close_ms);
        let mut last_input = Instant::now();
        loop {
            let due = self.outgoing.front().map(|(at, _)| *at);
            let next = due.map_or(last_input + idle, |at| at.min(last_input + idle));
            tokio::select! {
                message = socket.recv() => match message {
                    Some(Ok(Message::Binary(audio))) if !audio.is_empty() => {
                        last_input = Instant::now();
                        if self.audio(&audio) {
                            self.send_until(Instant::now(), socket).await;
                            return End::Lost;
                        }
                    }
                    Some(Ok(Message::Binary(_))) => return self.close(socket).await,
                    Some(Ok(Message::Text(text))) => {
                        last_input = Instant::now();
                        self.record.update(|r| r.texts.push(text.to_string()));
                        if self.text(&text) {
                            return self.close(socket).await;
                        }
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(frame))) => return End::Close(frame.map_or(1000, |f| f.code), ""),
                    Some(Err(_)) | None => return End::Lost,
                },
                () = sleep_until(next) => {
                    let now = Instant::now();
                    if last_input + idle <= now {
                        return End::Close(1011, "Deepgram did not receive audio data or a text message within the timeout window: NET-0001");
                    }
                    if !self.send_until(now, socket).await {
                        return End::Lost;
                    }
                }
            }
        }
    }

    /// Sends what is due; false: the connection is gone.
    async fn send_until(&mut self, now: Instant, socket: &mut WebSocket) -> bool {
        while self.outgoing.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, text)) = self.outgoing.pop_front() else { break };
            if socket.send(Message::Text(text.into())).await.is_err() {
                return false;
            }
        }
        true
    }

    /// True: the connection is to be lost now.
    fn audio(&mut self, audio: &[u8]) -> bool {
        let mut heard = Vec::new();
        self.hearing.audio(audio, &mut heard);
        let now_ms = self.hearing.now_ms();
        self.record.update(|r| {
            r.audio_ms = now_ms;
            r.audio_messages += 1;
        });
        self.tell(heard);
        matches!(self.mode, DeepgramMode::DropAfter(ms) if now_ms >= ms)
    }

    /// True: the client is done.
    fn text(&mut self, text: &str) -> bool {
        let mut heard = Vec::new();
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        match message["type"].as_str() {
            Some("KeepAlive") => {}
            Some("Finalize") => self.hearing.finalize(&mut heard),
            Some("CloseStream") => return true,
            Some("Configure") => {
                let answer = json!({"type": "ConfigureSuccess", "keyterms": message["keyterms"],
                    "features": message["features"], "request_id": self.asked.request_id});
                self.send(Duration::ZERO, answer.to_string());
            }
            _ => {
                let answer = json!({"type": "Error", "variant": "SchemaError", "message": text,
                    "description": "Could not deserialize last text message: is it one of the documented ones?"});
                self.send(Duration::ZERO, answer.to_string());
            }
        }
        self.tell(heard);
        false
    }

    async fn close(&mut self, socket: &mut WebSocket) -> End {
        let mut heard = Vec::new();
        self.hearing.close(&mut heard);
        self.tell(heard);
        let metadata = json!({"type": "Metadata", "transaction_key": "deprecated", "request_id": self.asked.request_id,
            "sha256": "0".repeat(64), "created": "2026-01-01T00:00:00.000Z",
            "duration": seconds(self.hearing.now_ms()), "channels": 1});
        self.send(Duration::ZERO, metadata.to_string());
        for (at, text) in std::mem::take(&mut self.outgoing) {
            sleep_until(at).await;
            if socket.send(Message::Text(text.into())).await.is_err() {
                return End::Lost;
            }
        }
        End::Close(1000, "")
    }

    fn tell(&mut self, heard: Vec<Heard>) {
        let settings = &self.shared.settings;
        let (interim, final_) = (settings.interim_delay_ms, settings.final_delay_ms);
        for heard in heard {
            let delay = match &heard {
                Heard::Result(piece) if piece.is_final => final_,
                _ => interim,
            };
            self.send(Duration::from_millis(delay), self.message(&heard));
            if let Heard::Result(piece) = &heard {
                self.note(piece);
            }
        }
    }

    fn note(&self, piece: &Piece) {
        if self.is_silent() {
            return;
        }
        self.record.update(|r| {
            if piece.is_final {
                r.finals.push(transcript(piece));
            } else if !piece.words.is_empty() {
                r.interims += 1;
            }
        });
    }

    fn is_silent(&self) -> bool {
        match self.mode {
            DeepgramMode::Silent => true,
            DeepgramMode::SilentAfter(ms) => self.hearing.now_ms() >= ms,
            _ => false,
        }
    }

    fn send(&mut self, delay: Duration, mut text: String) {
        if self.is_silent() {
            return;
        }
        if self.mode == DeepgramMode::Malformed && !self.garbled {
            self.garbled = true;
            text.truncate(text.len() / 2);
        }
        let extra = match self.mode {
            DeepgramMode::Slow(ms) => Duration::from_millis(ms),
            _ => Duration::ZERO,
        };
        // Nothing overtakes.
        let earliest = self.outgoing.back().map_or_else(Instant::now, |(at, _)| *at);
        self.outgoing.push_back((earliest.max(Instant::now() + delay + extra), text));
    }

    fn message(&self, heard: &Heard) -> String {
        match heard {
            Heard::SpeechStarted { at_ms } => {
                json!({"type": "SpeechStarted", "channel": [0], "timestamp": seconds(*at_ms)}).to_string()
            }
            Heard::UtteranceEnd { last_word_end_ms } => {
                json!({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": seconds(*last_word_end_ms)})
                    .to_string()
            }
            Heard::Result(piece) => self.result(piece).to_string(),
        }
    }

    fn result(&self, piece: &Piece) -> Value {
        let words: Vec<Value> = piece
            .words
            .iter()
            .map(|word| {
                let bare = word.text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
                json!({"word": bare, "start": seconds(word.start_ms), "end": seconds(word.end_ms),
                    "confidence": 0.97, "punctuated_word": word.text})
            })
            .collect();
        let confidence = if words.is_empty() { 0.0 } else { 0.97 };
        let mut alternative = json!({"transcript": transcript(piece), "confidence": confidence, "words": words});
        if self.asked.multilingual && !piece.words.is_empty() {
            alternative["languages"] = json!(["en"]);
        }
        json!({
            "type": "Results", "channel_index": [0, 1],
            "start": seconds(piece.start_ms), "duration": seconds(piece.end_ms - piece.start_ms),
            "is_final": piece.is_final, "speech_final": piece.speech_final, "from_finalize": piece.from_finalize,
            "channel": {"alternatives": [alternative]},
            "metadata": {"request_id": self.asked.request_id, "model_uuid": "00000000-0000-0000-0000-000000000000",
                "model_info": {"name": "general-nova-3", "version": "emulated", "arch": "nova-3"}},
        })
    }
}

fn transcript(piece: &Piece) -> String {
    piece.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}
