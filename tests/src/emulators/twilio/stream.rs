//! One media stream: the socket, the caller's frames every 20 ms, the agent's audio in real time.
//!
//! Everything happens at a point of the call's clock. The loop wakes for the next frame, the next message of either
//! direction or the next mark, and then does all that is due, so a late wake-up shifts no time in the record.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_tungstenite::tungstenite::{Error, Message};
use trunkline_twilio::media::{FRAME_BYTES, SILENCE};

use super::clock::{CallClock, PER_MS, Samples};
use super::hostile;
use super::link::Link;
use super::messages::{FromHost, Writer, read};
use super::playout::Playout;
use super::record::{CallRecord, Outcome, StreamRecord};
use super::script::{Act, Caller};
use super::socket::Socket;
use super::spec::{CallSpec, CarrierSettings, Hostile};
use super::{Control, Redirection};

const FRAME: Samples = FRAME_BYTES as Samples;
/// How long a host may refuse to read before the carrier gives the socket up.
const WRITE_PATIENCE: Duration = Duration::from_secs(5);
/// How long the carrier waits for the host's side of the close.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// Why a stream ended.
#[derive(Debug)]
pub(super) enum StreamEnd {
    /// The host closed the socket.
    HostClosed,
    /// The socket was lost without a close.
    Lost,
    /// The call is over.
    Over(Outcome),
    /// The call goes on elsewhere, by REST.
    Redirected(Redirection),
}

/// What a stream takes from its call.
pub(super) struct Parts<'a> {
    pub(super) settings: &'a CarrierSettings,
    pub(super) spec: &'a CallSpec,
    pub(super) call_sid: &'a str,
    pub(super) clock: CallClock,
    pub(super) record: &'a mut CallRecord,
    pub(super) caller: &'a mut Caller,
    pub(super) control: &'a mut mpsc::Receiver<Control>,
    pub(super) seed: u64,
}

pub(super) struct Stream<'a> {
    parts: Parts<'a>,
    socket: Socket,
    begin: Samples,
    next_frame: Samples,
    writer: Writer,
    to_host: Link<Message>,
    from_host: Link<Message>,
    playout: Playout,
    summary: StreamRecord,
    flood: Option<(u64, Samples)>,
    audio: Vec<u8>,
    acts: Vec<Act>,
    echoes: Vec<usize>,
}

impl<'a> Stream<'a> {
    pub(super) fn new(parts: Parts<'a>, socket: Socket, summary: StreamRecord) -> Self {
        let begin = parts.clock.now();
        let settings = parts.settings;
        let link = |seed| Link::new(settings.round_trip_ms, settings.jitter_ms, seed);
        Self {
            socket,
            begin,
            next_frame: begin + FRAME,
            writer: Writer::new(summary.stream_sid.clone()),
            to_host: link(parts.seed),
            from_host: link(parts.seed ^ 0x5eed),
            playout: Playout::new(begin, settings.underrun_gap_ms, settings.keep_audio),
            summary: StreamRecord { begin, ..summary },
            flood: None,
            audio: Vec::new(),
            acts: Vec::new(),
            echoes: Vec::new(),
            parts,
        }
    }

    /// Carries the stream to its end.
    pub(super) async fn run(mut self, parameters: &[(String, String)]) -> StreamEnd {
        self.to_host.send(self.begin, Message::text(Writer::connected()));
        if !self.parts.spec.faults.no_start {
            let start = self.writer.start(self.parts.spec, self.parts.call_sid, parameters);
            self.to_host.send(self.begin, Message::text(start));
        }
        let end = self.carry().await;
        match &end {
            StreamEnd::Over(_) | StreamEnd::Redirected(_) => self.say_stop().await,
            StreamEnd::HostClosed => drop(timeout(CLOSE_PATIENCE, self.socket.close(None)).await),
            StreamEnd::Lost => {}
        }
        let now = self.parts.clock.now();
        self.playout.advance(now, self.parts.record, &mut self.echoes);
        self.summary.end = now;
        self.summary.unplayed = self.playout.buffered();
        if self.summary.ended.is_empty() {
            self.summary.ended = format!("{end:?}");
        }
        self.parts.record.streams.push(self.summary);
        end
    }

    async fn carry(&mut self) -> StreamEnd {
        loop {
            let due = [self.to_host.next_due(), self.from_host.next_due(), self.playout.next_mark()];
            let wake = due.into_iter().flatten().fold(self.next_frame, Samples::min);
            let ended = tokio::select! {
                biased;
                Some(control) = self.parts.control.recv() => self.control(control),
                message = self.socket.next() => self.arrived(message),
                () = sleep_until(self.parts.clock.instant(wake)) => None,
            };
            if let Some(end) = ended {
                return end;
            }
            if let Some(end) = self.catch_up(self.parts.clock.now()).await {
                return end;
            }
        }
    }

    fn control(&mut self, control: Control) -> Option<StreamEnd> {
        Some(match control {
            Control::Complete => StreamEnd::Over(Outcome::Completed),
            Control::CallerHangsUp => StreamEnd::Over(Outcome::CallerHungUp),
            Control::Redirect(to) => StreamEnd::Redirected(to),
            Control::LoseSocket => self.lost("lost on request".into()),
        })
    }

    fn lost(&mut self, why: String) -> StreamEnd {
        self.summary.ended = why;
        StreamEnd::Lost
    }

    /// Takes what the socket gave; messages wait for their time on the link.
    fn arrived(&mut self, message: Option<Result<Message, Error>>) -> Option<StreamEnd> {
        match message {
            Some(Ok(Message::Close(frame))) => {
                let code = frame.as_ref().map_or(1005, |frame| u16::from(frame.code));
                self.summary.close_code = Some(code);
                self.summary.ended = format!("the host closed with {code}");
                Some(StreamEnd::HostClosed)
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => None,
            Some(Ok(message)) => {
                self.summary.messages_in += 1;
                self.from_host.send(self.parts.clock.now(), message);
                None
            }
            Some(Err(error)) => Some(self.lost(format!("the socket broke: {error}"))),
            None => Some(self.lost("the socket ended without a close".into())),
        }
    }

    /// Does everything that is due.
    async fn catch_up(&mut self, now: Samples) -> Option<StreamEnd> {
        while let Some((at, message)) = self.from_host.receive(now) {
            self.playout.advance(at, self.parts.record, &mut self.echoes);
            self.take(&message);
        }
        self.playout.advance(now, self.parts.record, &mut self.echoes);
        self.echo();
        let mut end = None;
        while self.next_frame <= now && end.is_none() {
            end = self.frame();
        }
        match timeout(WRITE_PATIENCE, self.write(now)).await {
            Ok(Ok(())) => end,
            Ok(Err(error)) => Some(self.lost(format!("the socket broke: {error}"))),
            Err(_) => Some(self.lost("the host stopped reading".into())),
        }
    }

    async fn write(&mut self, now: Samples) -> Result<(), Error> {
        let mut any = false;
        while let Some((_, message)) = self.to_host.receive(now) {
            self.summary.messages_out += 1;
            self.socket.feed(message).await?;
            any = true;
        }
        if any { self.socket.flush().await } else { Ok(()) }
    }

    fn take(&mut self, message: &Message) {
        let record = &mut *self.parts.record;
        let Ok(text) = message.to_text() else {
            record.errors.push("the host sent a binary message".into());
            return;
        };
        match read(text, &self.summary.stream_sid, &mut self.audio) {
            Ok(FromHost::Audio) => {
                self.summary.audio_in += self.audio.len() as u64;
                self.playout.push_audio(&self.audio, record);
            }
            Ok(FromHost::Mark(name)) => self.playout.push_mark(name, record),
            Ok(FromHost::Clear) => self.playout.clear(record, &mut self.echoes),
            Err(fault) => record.errors.push(fault),
        }
    }

    /// Sends the echoes of marks that were reached, with the faults that were asked for.
    fn echo(&mut self) {
        let faults = self.parts.settings.marks;
        for index in self.echoes.drain(..) {
            let Some(mark) = self.parts.record.marks.get_mut(index) else { continue };
            let at = mark.echoed.unwrap_or_default();
            if self.to_host.happens(faults.lose) {
                mark.lost = true;
                continue;
            }
            let message = Message::text(self.writer.mark(&mark.name));
            if self.to_host.happens(faults.duplicate) {
                self.to_host.send(at, message.clone());
            }
            if self.to_host.happens(faults.delay) {
                self.to_host.send_late(at, faults.delay_ms * PER_MS, message);
            } else {
                self.to_host.send(at, message);
            }
        }
    }

    /// The caller's next 20 ms: a frame leaves when its last sample was spoken.
    fn frame(&mut self) -> Option<StreamEnd> {
        let leaves = self.next_frame;
        let at = leaves - FRAME;
        self.next_frame += FRAME;
        let hang_up = self.parts.spec.hang_up_at_ms.is_some_and(|ms| at >= ms * PER_MS);
        if hang_up {
            return Some(StreamEnd::Over(Outcome::CallerHungUp));
        }
        let mut frame = [SILENCE; FRAME_BYTES];
        let mut acts = std::mem::take(&mut self.acts);
        self.parts.caller.frame(at, &mut frame, self.parts.record, &mut acts);
        let timestamp_ms = (at - self.begin) / PER_MS;
        if self.parts.spec.faults.no_media_after_ms.is_none_or(|ms| timestamp_ms < ms) {
            let media = self.writer.media(timestamp_ms, &frame);
            self.to_host.send(leaves, Message::text(media));
            self.add_flood(leaves, timestamp_ms);
        }
        let mut end = None;
        for act in acts.drain(..) {
            end = end.or(self.act(act, leaves, timestamp_ms));
        }
        self.acts = acts;
        end
    }

    fn act(&mut self, act: Act, now: Samples, timestamp_ms: u64) -> Option<StreamEnd> {
        match act {
            Act::Speaks => self.playout.caller_spoke(),
            Act::Digit(digit) => {
                let message = self.writer.digit(digit);
                self.to_host.send(now, Message::text(message));
            }
            Act::HangUp => return Some(StreamEnd::Over(Outcome::CallerHungUp)),
            Act::GiveUp(why) => return Some(StreamEnd::Over(Outcome::CallerGaveUp(why))),
            Act::Send(Hostile::Reset) => return Some(self.lost("reset on request".into())),
            Act::Send(Hostile::Flood { per_second, for_ms }) => {
                self.flood = Some((per_second / 50, now + for_ms * PER_MS));
            }
            Act::Send(other) => {
                if let Some(message) = hostile::message(&other, &mut self.writer, timestamp_ms) {
                    self.to_host.send(now, message);
                }
            }
        }
        None
    }

    fn add_flood(&mut self, now: Samples, timestamp_ms: u64) {
        let Some((per_frame, until)) = self.flood else { return };
        if now >= until {
            self.flood = None;
            return;
        }
        for _ in 0..per_frame {
            let media = self.writer.media(timestamp_ms, &[SILENCE; FRAME_BYTES]);
            self.to_host.send(now, Message::text(media));
        }
    }

    /// The carrier's side of the end: `stop` behind everything that is still under way, then the close.
    async fn say_stop(&mut self) {
        let faults = &self.parts.spec.faults;
        let now = self.parts.clock.now();
        if !faults.no_stop {
            let stop = self.writer.stop(self.parts.spec, self.parts.call_sid);
            self.to_host.send(now, Message::text(stop));
        }
        while let Some(due) = self.to_host.next_due() {
            sleep_until(self.parts.clock.instant(due)).await;
            let now = self.parts.clock.now();
            if !matches!(timeout(WRITE_PATIENCE, self.write(now)).await, Ok(Ok(()))) {
                return;
            }
        }
        let linger = Instant::now() + Duration::from_millis(self.parts.spec.faults.linger_after_stop_ms);
        while let Ok(Some(Ok(message))) = timeout_at(linger, self.socket.next()).await {
            if message.is_close() {
                return;
            }
        }
        if timeout(CLOSE_PATIENCE, self.socket.close(None)).await.is_err() {
            return;
        }
        let patience = Instant::now() + CLOSE_PATIENCE;
        while let Ok(Some(Ok(_))) = timeout_at(patience, self.socket.next()).await {}
    }
}
