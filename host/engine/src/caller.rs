//! The caller's turn: what is being said, and when it is over.
//!
//! Speech and silence come from the voice detector, in audio time; words come from the recogniser. A turn is over when the
//! silence is long enough and the recogniser has had its last word, or has failed to give it in time: a turn is never left
//! open.

use crate::endpoint::delay_ms;
use crate::{Call, CallConfig, Command, ProviderFault};
use trunkline_contract::Ms;
use trunkline_contract::action::Listen;
use trunkline_contract::chat::Message;
use trunkline_contract::event::{EffectResult, Event, Failure, Turn};
use trunkline_contract::log::Entry;
use trunkline_contract::speech::Transcript;

/// A recogniser may report the same audio again this much later than its end, ms.
const ECHO_OF_WORDS_MS: u64 = 200;

/// What is known of the caller's turn.
#[derive(Debug, Default)]
pub(crate) struct CallerTurn {
    open: bool,
    pub(crate) speaking: bool,
    /// The newest speech began here; stream clock.
    pub(crate) onset_ms: u64,
    turn_onset_ms: u64,
    last_speech_ms: u64,
    finals: String,
    interim: String,
    confidence: Option<f32>,
    language: Option<String>,
    finalize_at: Option<Ms>,
    finalized: bool,
    endpoint_at: Option<Ms>,
    transcript_at: Option<Ms>,
    /// Words up to here belong to turns that are over; stream clock.
    consumed_ms: u64,
    number: u32,
    endpointing_ms: Option<u32>,
    wall_deadline: Option<Ms>,
}

impl CallerTurn {
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) fn restore(&mut self, number: u32) {
        self.number = number;
    }

    /// Everything said in this turn, as far as it is known.
    pub(crate) fn words(&self) -> String {
        [self.finals.as_str(), self.interim.as_str()].join(" ").trim().to_owned()
    }

    /// The recogniser has said its last word about what was said.
    pub(crate) fn settled(&self) -> bool {
        !self.speaking && self.finalized
    }

    pub(crate) fn forget_stream(&mut self) {
        let (number, endpointing_ms) = (self.number, self.endpointing_ms);
        *self = Self { number, endpointing_ms, ..Self::default() };
    }

    pub(crate) fn deadline(&self, config: &CallConfig) -> Option<Ms> {
        let stalled = self.finalize_at.map(|at| at + config.timeouts.stt_stall);
        [self.wall_deadline, stalled].into_iter().flatten().min()
    }

    fn open_at(&mut self, onset_ms: u64) {
        if !self.open {
            self.open = true;
            self.turn_onset_ms = onset_ms;
            self.last_speech_ms = onset_ms;
        }
    }

    fn close(&mut self) {
        let Self { number, endpointing_ms, last_speech_ms, speaking, onset_ms, .. } = *self;
        let consumed_ms = last_speech_ms + ECHO_OF_WORDS_MS;
        *self = Self { number, endpointing_ms, last_speech_ms, speaking, onset_ms, consumed_ms, ..Self::default() };
    }
}

impl Call {
    pub(crate) fn speech_started(&mut self, onset_ms: u64) {
        self.silence.heard_caller(self.now);
        let caller = &mut self.caller;
        caller.open_at(onset_ms);
        caller.speaking = true;
        caller.onset_ms = onset_ms;
        caller.finalized = false;
        caller.finalize_at = None;
        caller.endpoint_at = None;
        caller.wall_deadline = None;
        self.barge.new_speech();
    }

    pub(crate) fn speech_ended(&mut self, last_speech_ms: u64) {
        self.silence.heard_caller(self.now);
        let caller = &mut self.caller;
        if !caller.speaking {
            return;
        }
        caller.speaking = false;
        caller.last_speech_ms = last_speech_ms.max(caller.onset_ms);
        caller.finalize_at = Some(self.now);
        self.out.push(Command::FinalizeStt);
    }

    pub(crate) fn transcript(&mut self, transcript: &Transcript) {
        let text = transcript.text.trim();
        let old = transcript.end_ms <= self.caller.consumed_ms && !self.caller.speaking;
        if !text.is_empty() && !old {
            self.words(transcript, text);
        }
        let caller = &mut self.caller;
        if transcript.from_finalize && caller.finalize_at.take().is_some() {
            caller.finalized = true;
            caller.transcript_at = Some(self.now);
        }
        self.barge_words();
    }

    fn words(&mut self, transcript: &Transcript, text: &str) {
        self.silence.heard_caller(self.now);
        let caller = &mut self.caller;
        if !caller.open {
            // The detector heard nothing, the recogniser did.
            caller.open_at(transcript.start_ms);
            caller.last_speech_ms = transcript.end_ms;
            if transcript.is_final {
                caller.finalized = true;
            } else {
                caller.finalize_at = Some(self.now);
                self.out.push(Command::FinalizeStt);
            }
        }
        let caller = &mut self.caller;
        caller.confidence = transcript.confidence.or(caller.confidence);
        caller.language = transcript.language.clone().or(caller.language.take());
        if transcript.is_final {
            if !caller.finals.is_empty() {
                caller.finals.push(' ');
            }
            caller.finals.push_str(text);
            caller.interim.clear();
            caller.transcript_at = Some(self.now);
        } else {
            text.clone_into(&mut caller.interim);
        }
    }

    pub(crate) fn stt_failed(&mut self, fault: &ProviderFault) {
        let what = if fault.retryable { "reconnecting" } else { "failed" };
        let entry = Entry::Provider { part: "stt".to_owned(), what: what.to_owned(), message: fault.message.clone() };
        self.append(entry);
        if self.caller.finalize_at.take().is_some() {
            self.caller.finalized = true;
        }
        if !fault.retryable {
            self.enqueue(Event::Failed(Failure {
                effect: None,
                part: "stt".to_owned(),
                code: fault.code.clone(),
                message: fault.message.clone(),
                retryable: false,
            }));
            // Without ears there is no conversation: say so and end, instead of asking whether anybody is there.
            self.end_politely("failed");
        }
    }

    pub(crate) fn listen(&mut self, effect: u32, listen: Listen) {
        match listen.endpointing_ms {
            Some(ms) if !(100..=10_000).contains(&ms) => {
                self.deny(effect, "listen", "invalid", "`endpointing-ms` must be 100-10,000");
                return;
            }
            ms => self.caller.endpointing_ms = ms,
        }
        if !listen.hints.is_empty() {
            self.out.push(Command::SttHints(listen.hints));
        }
        let done = EffectResult { effect, status: "ok".to_owned(), value: serde_json::Value::Null };
        self.enqueue(Event::EffectDone(done));
    }

    /// Ends the turn when the silence is long enough and the words are known.
    pub(crate) fn caller_due(&mut self) {
        if self.caller.finalize_at.is_some_and(|at| self.now >= at + self.config.timeouts.stt_stall) {
            self.stt_stalled();
        }
        if !self.caller.open || self.caller.speaking {
            return;
        }
        let delay = delay_ms(&self.caller.words(), &self.config.rules.endpointing, self.caller.endpointing_ms);
        let silence = self.media.stream_now(self.now).saturating_sub(self.caller.last_speech_ms);
        if silence < delay {
            // Audio tells the time; should it stop, the clock does, 120 ms later.
            let missing = delay - silence.min(delay);
            self.caller.wall_deadline = Some(self.media.audio_at().max(self.now) + missing + 120);
            return;
        }
        self.caller.wall_deadline = None;
        self.caller.endpoint_at.get_or_insert(self.now);
        if self.caller.finalized {
            self.end_turn();
        }
    }

    fn stt_stalled(&mut self) {
        self.caller.finalize_at = None;
        self.caller.finalized = true;
        let entry = Entry::Provider {
            part: "stt".to_owned(),
            what: "stalled".to_owned(),
            message: format!("no answer within {} ms of finalising", self.config.timeouts.stt_stall),
        };
        self.append(entry);
        self.out.push(Command::ReconnectStt);
    }

    fn end_turn(&mut self) {
        let text = self.caller.words();
        if text.is_empty() || (self.agent_active() && self.is_backchannel(&text)) {
            self.caller.close();
            self.barge_refuted();
            return;
        }
        if self.ending.over() {
            self.caller.close();
            return;
        }
        self.interrupt_for_turn();
        self.playout.settle();
        self.poll_playout();
        self.caller.number += 1;
        let turn = Turn {
            number: self.caller.number,
            text: text.clone(),
            confidence: self.caller.confidence,
            language: self.caller.language.clone(),
            source: "speech".to_owned(),
            start_ms: self.media.call_ms(self.caller.turn_onset_ms),
            end_ms: self.media.call_ms(self.caller.last_speech_ms),
        };
        let message = Message::User { text };
        let index = self.history.push(message.clone());
        self.append(Entry::Message { index, message });
        self.begin_latency(turn.number, turn.end_ms, self.caller.endpoint_at, self.caller.transcript_at);
        self.caller.close();
        self.enqueue(Event::UserTurn(turn));
    }
}
