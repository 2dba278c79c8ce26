//! A browser's side of a call: the media socket with 16 kHz PCM, a microphone, and a loudspeaker that echoes marks when
//! it has played what came before them.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Samples a millisecond.
const PER_MS: usize = 16;
const FRAME_MS: u64 = 20;
/// Name of the stream; any will do.
const STREAM: &str = "browser-1";
/// What must happen by itself happens within this.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a line has seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Audio that came, ms.
    pub came_ms: u64,
    /// Clears that came.
    pub clears: usize,
    /// Marks that are not echoed yet.
    pub unechoed: usize,
    /// How the socket was closed.
    pub closed: Option<u16>,
    /// The loudspeaker has something to play.
    pub playing: bool,
}

enum Do {
    Say(Vec<i16>),
    Send(Value),
    Drop,
}

/// An open line. Dropping it hangs up without a word.
pub struct WebLine {
    doing: mpsc::UnboundedSender<Do>,
    seen: watch::Receiver<Seen>,
}

impl WebLine {
    /// Opens the media socket at `127.0.0.1:port` with a ticket of `POST /web-calls`.
    pub async fn open(port: u16, ticket: &Value) -> Result<Self> {
        let path = ticket["media_path"].as_str();
        let call = ticket["call"].as_str().map(str::to_owned);
        let call = call.or_else(|| path?.split('/').nth_back(1).map(str::to_owned)).context("no call")?;
        let path = format!("/api/v1/web-calls/{call}/media");
        Self::open_at(port, &path, start(&call, ticket["token"].as_str().unwrap_or_default())).await
    }

    /// Opens a socket at any path and sends any `start`.
    #[expect(clippy::disallowed_methods, reason = "tests dial their own host, not what a tenant names")]
    pub async fn open_at(port: u16, path: &str, start: Value) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let (mut socket, _) = client_async(format!("ws://127.0.0.1:{port}{path}"), stream).await?;
        socket.send(Message::text(r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#)).await?;
        socket.send(Message::text(start.to_string())).await?;
        let (doing, todo) = mpsc::unbounded_channel();
        let (tell, seen) = watch::channel(Seen::default());
        tokio::spawn(
            Line {
                socket,
                todo,
                tell,
                said: Vec::new(),
                at: 0,
                sent: 0,
                plays_until: Instant::now(),
                marks: Vec::new(),
            }
            .run(),
        );
        Ok(Self { doing, seen })
    }

    /// Says something, after what is being said.
    pub fn say(&self, samples: &[i16]) {
        self.doing.send(Do::Say(samples.to_vec())).ok();
    }

    /// Sends any message.
    pub fn send(&self, message: Value) {
        self.doing.send(Do::Send(message)).ok();
    }

    /// Breaks the connection without a word.
    pub fn lose(&self) {
        self.doing.send(Do::Drop).ok();
    }

    /// What has been seen so far.
    pub fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits until something has been seen.
    pub async fn until(&mut self, what: &str, when: impl FnMut(&Seen) -> bool) -> Result<Seen> {
        let outcome = match timeout(PATIENCE, self.seen.wait_for(when)).await {
            Ok(Ok(seen)) => return Ok(seen.clone()),
            Ok(Err(_)) => "the line ended before",
            Err(_) => "not in time",
        };
        bail!("{outcome}: {what}; seen: {:?}", self.seen())
    }

    /// Waits until the agent has spoken more than `since` and is silent.
    pub async fn until_spoken(&mut self, since: &Seen) -> Result<Seen> {
        let before = since.came_ms;
        self.until("the agent speaks and falls silent", move |seen| {
            seen.came_ms > before && !seen.playing && seen.unechoed == 0
        })
        .await
    }
}

/// An ordinary `start`.
pub fn start(call: &str, token: &str) -> Value {
    json!({
        "event": "start", "sequenceNumber": "1", "streamSid": STREAM,
        "start": {
            "streamSid": STREAM, "accountSid": "web", "callSid": call, "tracks": ["inbound"],
            "customParameters": {"token": token},
            "mediaFormat": {"encoding": "audio/x-l16", "sampleRate": 16_000, "channels": 1},
        },
    })
}

struct Line {
    socket: WebSocketStream<TcpStream>,
    todo: mpsc::UnboundedReceiver<Do>,
    tell: watch::Sender<Seen>,
    said: Vec<i16>,
    at: usize,
    sent: u64,
    plays_until: Instant,
    marks: Vec<(Instant, String)>,
}

impl Line {
    async fn run(mut self) {
        let mut frames = interval(Duration::from_millis(FRAME_MS));
        frames.set_missed_tick_behavior(MissedTickBehavior::Burst);
        loop {
            let due = self.marks.first().map(|(at, _)| *at);
            let quiet = self.tell.borrow().playing.then_some(self.plays_until);
            let wake = due.into_iter().chain(quiet).min();
            let went = tokio::select! {
                _ = frames.tick() => self.frame().await,
                todo = self.todo.recv() => match todo {
                    Some(Do::Say(samples)) => {
                        self.said.extend(samples);
                        true
                    }
                    Some(Do::Send(message)) => self.send(message).await,
                    Some(Do::Drop) | None => false,
                },
                came = self.socket.next() => match came {
                    Some(Ok(Message::Text(text))) => self.came(text.as_str()),
                    Some(Ok(Message::Close(frame))) => {
                        let code = frame.map_or(1005, |frame| frame.code.into());
                        self.tell.send_modify(|seen| seen.closed = Some(code));
                        false
                    }
                    Some(Ok(_)) => true,
                    Some(Err(_)) | None => false,
                },
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.played().await,
            };
            if !went {
                return;
            }
        }
    }

    async fn frame(&mut self) -> bool {
        let mut samples = vec![0i16; PER_MS * FRAME_MS as usize];
        let rest = self.said.len() - self.at;
        let taken = rest.min(samples.len());
        samples[..taken].copy_from_slice(&self.said[self.at..self.at + taken]);
        self.at += taken;
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        self.sent += 1;
        let (number, timestamp) = (self.sent.to_string(), ((self.sent - 1) * FRAME_MS).to_string());
        self.send(json!({
            "event": "media", "sequenceNumber": number, "streamSid": STREAM,
            "media": {"track": "inbound", "chunk": number, "timestamp": timestamp, "payload": BASE64.encode(bytes)},
        }))
        .await
    }

    fn came(&mut self, text: &str) -> bool {
        let Ok(message) = serde_json::from_str::<Value>(text) else { return false };
        let now = Instant::now();
        match message["event"].as_str() {
            Some("media") => {
                let audio = BASE64.decode(message["media"]["payload"].as_str().unwrap_or_default()).unwrap_or_default();
                let ms = (audio.len() / 2 / PER_MS) as u64;
                self.plays_until = self.plays_until.max(now) + Duration::from_millis(ms);
                self.tell.send_modify(|seen| {
                    seen.came_ms += ms;
                    seen.playing = true;
                });
            }
            Some("mark") => {
                let name = message["mark"]["name"].as_str().unwrap_or_default().to_owned();
                self.marks.push((self.plays_until.max(now), name));
                let unechoed = self.marks.len();
                self.tell.send_modify(|seen| seen.unechoed = unechoed);
            }
            Some("clear") => {
                self.plays_until = now;
                for (at, _) in &mut self.marks {
                    *at = now;
                }
                self.tell.send_modify(|seen| seen.clears += 1);
            }
            _ => return false,
        }
        true
    }

    async fn played(&mut self) -> bool {
        let now = Instant::now();
        let due = self.marks.iter().take_while(|(at, _)| *at <= now).count();
        for (_, name) in self.marks.drain(..due).collect::<Vec<_>>() {
            let mark = json!({"event": "mark", "sequenceNumber": "1", "streamSid": STREAM, "mark": {"name": name}});
            if !self.send(mark).await {
                return false;
            }
        }
        let (unechoed, playing) = (self.marks.len(), self.plays_until > now);
        self.tell.send_modify(|seen| (seen.unechoed, seen.playing) = (unechoed, playing));
        true
    }

    async fn send(&mut self, message: Value) -> bool {
        self.socket.send(Message::text(message.to_string())).await.is_ok()
    }
}
