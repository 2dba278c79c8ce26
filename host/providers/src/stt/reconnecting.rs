//! A stream of recognition that survives the loss of its connection.
//!
//! Audio that no final transcript has covered is kept (the buffers are shared with the sender, not copied) and sent
//! again over a new connection, whose times are moved on so that they stay those of one stream. It lives in the task
//! of the call: no task and no channel of its own.

use super::batch::{Batch, ms};
use super::{Stt, SttEvent, SttRequest, SttStream};
use crate::error::ProviderError;
use bytes::Bytes;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// How hard to try.
#[derive(Clone, Debug)]
pub struct Reconnect {
    /// Audio that is kept for another connection at most, ms; beyond it the oldest is given up.
    pub keep_ms: u64,
    /// Attempts in a row without a transcript in between.
    pub attempts: u32,
    /// Pause before the second attempt (the first comes at once); doubles each time.
    pub first_pause: Duration,
    /// Longest pause.
    pub longest_pause: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            keep_ms: 10_000,
            attempts: 8,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(2),
        }
    }
}

/// [`SttStream`] with reconnection. Its events are the same, with [`SttEvent::Reconnecting`] and
/// [`SttEvent::Reconnected`] in place of errors that can be helped.
pub struct ReconnectingStt {
    provider: Arc<dyn Stt>,
    request: SttRequest,
    rules: Reconnect,
    link: Link,
    kept: Kept,
    batch: Batch,
    expecting: bool,
    closing: bool,
    attempts: u32,
}

enum Link {
    Open(SttStream),
    /// Told to the caller as an event of a new connection's first sign of life.
    Opening {
        stream: SttStream,
        replayed_ms: u64,
    },
    Waiting(Pin<Box<Sleep>>),
    Ended,
}

impl ReconnectingStt {
    /// Opens the stream; as [`Stt::connect`], returns at once.
    pub fn connect(provider: Arc<dyn Stt>, request: SttRequest, rules: Reconnect) -> Self {
        let stream = provider.connect(request.clone());
        Self {
            batch: Batch::new(request.format, request.batch_ms),
            kept: Kept::new(&request, rules.keep_ms),
            link: Link::Open(stream),
            provider,
            request,
            rules,
            expecting: false,
            closing: false,
            attempts: 0,
        }
    }

    /// As [`SttStream::send`]; while there is no connection the audio is kept.
    pub fn send(&mut self, audio: &[u8]) {
        if let Some(batch) = self.batch.push(audio) {
            self.send_batch(batch);
        }
    }

    /// As [`SttStream::finalize`]; asked again over a new connection when the answer was lost.
    pub fn finalize(&mut self) {
        self.send_rest();
        self.kept.push(Entry::Finalize);
        if let Some(stream) = self.link.stream() {
            stream.finalize();
        }
    }

    /// As [`SttStream::expect`].
    pub fn expect(&mut self, speech: bool) {
        self.expecting = speech;
        if let Some(stream) = self.link.stream() {
            stream.expect(speech);
        }
    }

    /// As [`SttStream::close`]; a connection that is lost meanwhile is not opened again.
    pub fn close(&mut self) {
        self.send_rest();
        self.closing = true;
        match self.link.stream() {
            Some(stream) => stream.close(),
            None => self.link = Link::Ended,
        }
    }

    /// The next event; an error is final. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<SttEvent, ProviderError>> {
        loop {
            let event = match &mut self.link {
                Link::Ended => return None,
                Link::Waiting(pause) => {
                    pause.as_mut().await;
                    self.reopen();
                    continue;
                }
                Link::Open(stream) | Link::Opening { stream, .. } => stream.next().await,
            };
            match event {
                Some(Ok(SttEvent::Opened)) => match std::mem::replace(&mut self.link, Link::Ended) {
                    Link::Opening { stream, replayed_ms } => {
                        self.link = Link::Open(stream);
                        let lost_ms = self.kept.take_lost_ms();
                        return Some(Ok(SttEvent::Reconnected { replayed_ms, lost_ms }));
                    }
                    link => {
                        self.link = link;
                        return Some(Ok(SttEvent::Opened));
                    }
                },
                Some(Ok(event)) => {
                    self.note(&event);
                    return Some(Ok(event));
                }
                Some(Err(error)) => return Some(self.lost(error)),
                None => {
                    self.link = Link::Ended;
                    return None;
                }
            }
        }
    }

    fn send_rest(&mut self) {
        if let Some(batch) = self.batch.take() {
            self.send_batch(batch);
        }
    }

    fn send_batch(&mut self, batch: Bytes) {
        if let Some(stream) = self.link.stream() {
            stream.send_batch(batch.clone());
        }
        self.kept.push(Entry::Audio(batch));
    }

    fn note(&mut self, event: &SttEvent) {
        if let SttEvent::Transcript(transcript) = event {
            self.attempts = 0;
            if transcript.is_final {
                self.kept.recognised(transcript.end_ms);
            }
            if transcript.from_finalize {
                self.kept.finalized();
            }
        }
    }

    fn lost(&mut self, error: ProviderError) -> Result<SttEvent, ProviderError> {
        if self.closing || !error.retryable() || self.attempts >= self.rules.attempts {
            self.link = Link::Ended;
            return Err(error);
        }
        let pause = match self.attempts {
            0 => Duration::ZERO,
            n => self.rules.first_pause.saturating_mul(1 << (n - 1).min(16)).min(self.rules.longest_pause),
        };
        let pause = error.retry_after().map_or(pause, |said| said.min(self.rules.longest_pause).max(pause));
        self.attempts += 1;
        self.link = Link::Waiting(Box::pin(sleep(pause)));
        Ok(SttEvent::Reconnecting { error })
    }

    fn reopen(&mut self) {
        let mut request = self.request.clone();
        request.time_offset_ms = self.kept.start_ms();
        let mut stream = self.provider.connect(request);
        stream.expect(self.expecting);
        for entry in &self.kept.entries {
            match entry {
                Entry::Audio(batch) => stream.send_batch(batch.clone()),
                Entry::Finalize => stream.finalize(),
            }
        }
        self.link = Link::Opening { stream, replayed_ms: self.kept.audio_ms() };
    }
}

impl Link {
    fn stream(&mut self) -> Option<&mut SttStream> {
        match self {
            Link::Open(stream) | Link::Opening { stream, .. } => Some(stream),
            Link::Waiting(_) | Link::Ended => None,
        }
    }
}

enum Entry {
    Audio(Bytes),
    /// A request to finalise whose answer has not come.
    Finalize,
}

/// What another connection would have to be told.
struct Kept {
    entries: VecDeque<Entry>,
    format: trunkline_contract::speech::AudioFormat,
    offset_ms: u64,
    /// Bytes before the first entry.
    before: u64,
    bytes: u64,
    max_bytes: u64,
    /// Bytes given up since the last reconnect without having been recognised.
    lost: u64,
    /// How far final transcripts reach, in bytes.
    recognised: u64,
}

impl Kept {
    fn new(request: &SttRequest, keep_ms: u64) -> Self {
        Self {
            entries: VecDeque::new(),
            format: request.format,
            offset_ms: request.time_offset_ms,
            before: 0,
            bytes: 0,
            max_bytes: keep_ms * super::batch::bytes_per_ms(request.format),
            lost: 0,
            recognised: 0,
        }
    }

    fn push(&mut self, entry: Entry) {
        match entry {
            Entry::Audio(batch) => {
                self.bytes += batch.len() as u64;
                self.entries.push_back(Entry::Audio(batch));
                while self.bytes > self.max_bytes {
                    self.drop_first();
                }
            }
            // Repeated requests without audio between them have one answer.
            Entry::Finalize if matches!(self.entries.back(), Some(Entry::Finalize)) => {}
            Entry::Finalize => self.entries.push_back(Entry::Finalize),
        }
    }

    /// A final transcript covers everything before this time.
    fn recognised(&mut self, until_ms: u64) {
        let bytes = until_ms.saturating_sub(self.offset_ms).saturating_mul(super::batch::bytes_per_ms(self.format));
        self.recognised = self.recognised.max(bytes);
        let covered = |entry: Option<&Entry>, before: u64| match entry {
            Some(Entry::Audio(batch)) => before + batch.len() as u64 <= bytes,
            _ => false,
        };
        while covered(self.entries.front(), self.before) {
            self.drop_first();
        }
        self.lost = self.lost.min(self.before.saturating_sub(self.recognised));
    }

    /// The oldest request to finalise was answered, which covers all audio before it.
    fn finalized(&mut self) {
        if let Some(at) = self.entries.iter().position(|entry| matches!(entry, Entry::Finalize)) {
            let audio: u64 = self.entries.iter().take(at).map(Entry::bytes).sum();
            self.recognised = self.recognised.max(self.before + audio);
            self.entries.drain(..=at);
            self.before += audio;
            self.bytes -= audio;
        }
    }

    fn drop_first(&mut self) {
        let Some(entry) = self.entries.pop_front() else {
            self.bytes = 0;
            return;
        };
        let bytes = entry.bytes();
        self.before += bytes;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.lost += self.before.saturating_sub(self.recognised).min(bytes);
    }

    /// Time of the first kept audio in the stream.
    fn start_ms(&self) -> u64 {
        self.offset_ms + ms(self.format, self.before)
    }

    fn audio_ms(&self) -> u64 {
        ms(self.format, self.bytes)
    }

    fn take_lost_ms(&mut self) -> u64 {
        ms(self.format, std::mem::take(&mut self.lost))
    }
}

impl Entry {
    fn bytes(&self) -> u64 {
        match self {
            Entry::Audio(batch) => batch.len() as u64,
            Entry::Finalize => 0,
        }
    }
}

#[cfg(test)]
mod tests;
