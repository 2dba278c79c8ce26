//! The media socket as the call sees it: open, lost or gone, and the stream's clock against the call's.

use crate::{Call, CallConfig, MediaEnd};
use trunkline_audio::vad::Edge;
use trunkline_contract::Ms;
use trunkline_contract::event::{Event, Resumption};
use trunkline_contract::log::Entry;

/// No stream's clock goes further, ms: what a carrier stamps is its own word.
const LATEST_MS: u64 = 1 << 40;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nobody has connected yet, or nobody has come back yet.
    #[default]
    Awaited,
    Open,
    /// The call is ending and the socket is closed for good.
    Closed,
}

/// The media socket.
#[derive(Debug, Default)]
pub(crate) struct Media {
    state: State,
    since: Ms,
    stream_ms: Option<u64>,
    /// When the newest audio arrived, on the call's clock.
    audio_at: Ms,
    /// Call clock minus stream clock at the quickest arrival so far.
    base: Option<i64>,
    /// Why the behaviour must be told when the socket opens.
    resume: Option<&'static str>,
}

impl Media {
    pub(crate) fn open(&self) -> bool {
        self.state == State::Open
    }

    /// End of the newest audio on the stream's clock.
    pub(crate) fn stream_ms(&self) -> Option<u64> {
        self.stream_ms
    }

    /// Where the stream's clock is now, also when no audio arrives.
    pub(crate) fn stream_now(&self, now: Ms) -> u64 {
        let quiet = now.saturating_sub(self.audio_at);
        // Up to 100 ms without audio is jitter: the audio itself tells the time.
        self.stream_ms.unwrap_or(0) + if quiet > 100 { quiet } else { 0 }
    }

    /// A time of the stream on the call's clock.
    pub(crate) fn call_ms(&self, stream_ms: u64) -> Ms {
        let base = self.base.unwrap_or(0);
        u64::try_from(i64::try_from(stream_ms).unwrap_or(i64::MAX).saturating_add(base)).unwrap_or(0)
    }

    pub(crate) fn audio_at(&self) -> Ms {
        self.audio_at
    }

    pub(crate) fn awaited_since(&mut self, at: Ms) {
        self.since = at;
    }

    pub(crate) fn resume_with(&mut self, reason: &'static str, now: Ms) {
        self.resume = Some(reason);
        self.since = now;
    }

    pub(crate) fn close(&mut self) -> bool {
        let was_open = self.open();
        self.state = State::Closed;
        was_open
    }

    fn deadline(&self, config: &CallConfig) -> Option<Ms> {
        match self.state {
            State::Awaited => Some(self.since + config.timeouts.media_grace),
            State::Open if self.stream_ms.is_none() => Some(self.since + config.timeouts.first_media),
            State::Open | State::Closed => None,
        }
    }
}

impl Call {
    pub(crate) fn media_started(&mut self, stream_id: String) {
        if self.media.state == State::Closed || self.in_writing() {
            return;
        }
        // The carrier has come back before the loss of the old socket was noticed.
        self.media_stopped(MediaEnd::Lost);
        let resume = self.media.resume.take();
        self.media = Media { state: State::Open, since: self.now, ..Media::default() };
        self.append(Entry::MediaStarted { stream_id });
        self.silence.heard_caller(self.now);
        if let Some(reason) = resume {
            let call = self.config.call.clone();
            self.enqueue(Event::Resumed(Box::new(Resumption { reason: reason.to_owned(), call })));
        }
    }

    pub(crate) fn media_stopped(&mut self, end: MediaEnd) {
        if !self.media.open() {
            return;
        }
        let reason = match end {
            MediaEnd::Stopped => "stop",
            MediaEnd::Lost => "lost",
        };
        self.append(Entry::MediaStopped { reason: reason.to_owned() });
        self.lose_speech();
        self.end_turn_now();
        self.caller.forget_stream();
        self.barge.reset();
        self.media = Media { since: self.now, ..Media::default() };
        match end {
            MediaEnd::Stopped => {
                self.media.close();
                self.end_now("caller-hangup");
            }
            MediaEnd::Lost => self.media.resume = Some("media-lost"),
        }
    }

    pub(crate) fn audio(&mut self, stream_ms: u64, edges: &[Edge]) {
        if !self.media.open() {
            return;
        }
        let stream_ms = stream_ms.min(LATEST_MS).max(self.media.stream_ms.unwrap_or(0));
        let behind = i64::try_from(self.now).unwrap_or(i64::MAX) - i64::try_from(stream_ms).unwrap_or(i64::MAX);
        self.media.base = Some(self.media.base.map_or(behind, |base| base.min(behind)));
        self.media.stream_ms = Some(stream_ms);
        self.media.audio_at = self.now;
        self.playout.on_stream_clock(self.now, stream_ms);
        for edge in edges {
            match *edge {
                Edge::SpeechStarted { onset_ms, .. } => self.speech_started(onset_ms),
                Edge::SpeechEnded { last_speech_ms, .. } => self.speech_ended(last_speech_ms),
            }
        }
    }

    pub(crate) fn media_deadline(&self) -> Option<Ms> {
        if self.in_writing() { None } else { self.media.deadline(&self.config) }
    }

    pub(crate) fn media_due(&mut self) {
        if self.media_deadline().is_some_and(|at| at <= self.now) && !self.ending.over() {
            self.end_now("media-lost");
        }
    }
}
