//! The call's ears: the voice detector, and the recogniser that hears the same audio.

use crate::line::Line;
use std::sync::Arc;
use trunkline_audio::g711;
use trunkline_audio::vad::{Edge, Listener};
use trunkline_contract::speech::Transcript;
use trunkline_engine::ProviderFault;
use trunkline_providers::{ErrorKind, ProviderError, Reconnect, ReconnectingStt, Stt, SttEvent, SttRequest};

/// A stream clock that jumps by more than this is not believed, ms.
const MAX_GAP_MS: u64 = 10_000;
/// Audio that arrives a little late or early is no gap, ms.
const JITTER_MS: u64 = 40;

/// What the recogniser tells the engine.
#[derive(Debug)]
pub(crate) enum Heard {
    Words(Transcript),
    Failed(ProviderFault),
    /// Worth a line in the log only.
    Note(String),
}

/// The call's ears.
pub(crate) struct Ears {
    line: Line,
    provider: Option<(Arc<dyn Stt>, SttRequest)>,
    stt: Option<ReconnectingStt>,
    listener: Option<Listener>,
    protect_ms: u64,
    protected: bool,
    expecting: bool,
    /// Stream clock minus the recogniser's clock, ms.
    offset_ms: u64,
    heard_ms: u64,
    /// Kept for its memory.
    samples: Vec<i16>,
}

impl Ears {
    /// Opens the recogniser at once: the phone may still be ringing.
    pub(crate) fn new(line: Line, provider: Option<(Arc<dyn Stt>, SttRequest)>, protect_ms: u64) -> Self {
        let mut ears = Self {
            line,
            provider,
            stt: None,
            listener: None,
            protect_ms,
            protected: false,
            expecting: false,
            offset_ms: 0,
            heard_ms: 0,
            samples: Vec::new(),
        };
        ears.connect();
        ears
    }

    /// Another recogniser hears from now on.
    pub(crate) fn hear_with(&mut self, provider: Option<(Arc<dyn Stt>, SttRequest)>) {
        self.provider = provider;
        self.connect();
    }

    /// Opens a new stream of recognition.
    pub(crate) fn connect(&mut self) {
        let open = |(stt, request): &(Arc<dyn Stt>, SttRequest)| {
            ReconnectingStt::connect(Arc::clone(stt), request.clone(), Reconnect::default())
        };
        self.stt = self.provider.as_ref().map(open);
        self.expecting = false;
        self.offset_ms += std::mem::take(&mut self.heard_ms);
    }

    /// A new media stream: its clock starts at zero.
    pub(crate) fn new_stream(&mut self) {
        if self.listener.is_some() {
            self.connect();
            self.offset_ms = 0;
        }
        self.listener = Listener::new(self.line.rate(), &self.line.vad())
            .inspect_err(|error| tracing::error!(%error, "no voice detector"))
            .ok();
        self.protected = false;
    }

    /// Takes the caller's audio that ends at `until_ms` of the stream's clock; gives what was found in it.
    pub(crate) fn hear(&mut self, audio: &[u8], until_ms: u64) -> Vec<Edge> {
        let length_ms = audio.len() as u64 / self.line.bytes_per_ms();
        let mut edges = Vec::new();
        if let Some(listener) = &mut self.listener {
            let begins_ms = until_ms.saturating_sub(length_ms);
            let gap_ms = begins_ms.saturating_sub(listener.audio_ms());
            if (JITTER_MS..MAX_GAP_MS).contains(&gap_ms) {
                edges.extend_from_slice(listener.skip_to(begins_ms));
                self.offset_ms += gap_ms;
            }
            let found = match self.line {
                Line::Phone | Line::Text => listener.push_mulaw(audio),
                Line::Browser => {
                    self.samples.clear();
                    self.samples.extend(samples(audio));
                    listener.push_pcm(&self.samples)
                }
            };
            match found {
                Ok(found) => edges.extend_from_slice(found),
                Err(error) => {
                    tracing::error!(%error, "the voice detector failed");
                    self.listener = None;
                }
            }
        }
        if let Some(stt) = &mut self.stt {
            stt.send(audio);
            self.heard_ms += length_ms;
        }
        edges
    }

    /// The agent's own voice goes out; its echo must not count as the caller's.
    pub(crate) fn played(&mut self, plays_at: u64, audio: &[u8]) {
        let Some(guard) = self.listener.as_mut().and_then(Listener::echo_guard) else { return };
        if !std::mem::replace(&mut self.protected, true) {
            guard.protect_until(plays_at + self.protect_ms);
        }
        match self.line {
            Line::Phone | Line::Text => guard.played(plays_at, audio),
            // The guard wants levels only: every other sample is the same sound at the telephone's rate.
            Line::Browser => {
                let codes: Vec<u8> = samples(audio).step_by(2).map(g711::encode_sample).collect();
                guard.played(plays_at, &codes);
            }
        }
    }

    /// What was to be played is not.
    pub(crate) fn cleared(&mut self) {
        let Some(listener) = self.listener.as_mut() else { return };
        let now = listener.audio_ms();
        if let Some(guard) = listener.echo_guard() {
            guard.cleared(now);
        }
    }

    pub(crate) fn expect(&mut self, words: bool) {
        if self.expecting != words {
            self.expecting = words;
            if let Some(stt) = &mut self.stt {
                stt.expect(words);
            }
        }
    }

    pub(crate) fn finalize(&mut self) {
        if let Some(stt) = &mut self.stt {
            stt.finalize();
        }
    }

    /// Expects these words too, from the next connection on.
    pub(crate) fn hint(&mut self, words: Vec<String>) {
        if let Some((_, request)) = &mut self.provider {
            request.keyterms = words;
        }
    }

    /// The next thing the recogniser says; never ends without one. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Heard {
        let Some(stt) = &mut self.stt else { return std::future::pending().await };
        let event = stt.next().await;
        match event {
            Some(Ok(SttEvent::Transcript(mut transcript))) => {
                transcript.start_ms += self.offset_ms;
                transcript.end_ms += self.offset_ms;
                Heard::Words(transcript)
            }
            Some(Ok(SttEvent::Opened | SttEvent::UtteranceEnd { .. })) => Heard::Note(String::new()),
            Some(Ok(SttEvent::AudioDropped { ms })) => Heard::Note(format!("{ms} ms of audio dropped")),
            Some(Ok(SttEvent::Reconnecting { error })) => Heard::Failed(fault(&error, true)),
            Some(Ok(SttEvent::Reconnected { replayed_ms, lost_ms })) => {
                Heard::Note(format!("reconnected: {replayed_ms} ms sent again, {lost_ms} ms lost"))
            }
            Some(Err(error)) => {
                self.stt = None;
                Heard::Failed(fault(&error, false))
            }
            None => {
                self.stt = None;
                Heard::Note("closed".to_owned())
            }
        }
    }
}

/// 16-bit little-endian PCM; an odd byte at the end is dropped.
fn samples(audio: &[u8]) -> impl Iterator<Item = i16> {
    audio.as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair))
}

/// A provider's error as the engine sees it.
pub(crate) fn fault(error: &ProviderError, retryable: bool) -> ProviderFault {
    let code = match error.kind {
        ErrorKind::Unauthorised | ErrorKind::Denied => "unauthorised",
        ErrorKind::QuotaExceeded => "quota-exceeded",
        ErrorKind::RateLimited { .. } => "rate-limited",
        ErrorKind::Timeout | ErrorKind::Stalled => "timeout",
        ErrorKind::Unavailable | ErrorKind::Closed => "unavailable",
        ErrorKind::InvalidRequest => "invalid-request",
        ErrorKind::Protocol => "protocol",
    };
    ProviderFault { code: code.to_owned(), message: error.to_string(), retryable }
}
