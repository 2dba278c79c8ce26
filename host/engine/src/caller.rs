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

/// What `listen` may set the shortest silence to, ms.
const ENDPOINTING_MS: std::ops::RangeInclusive<u32> = 100..=10_000;
/// A recogniser may report the same audio again this much later than its end, ms.
const ECHO_OF_WORDS_MS: u64 = 200;
/// A recogniser whose clock is this far behind has begun a new one: its words are not old, ms.
const NEW_CLOCK_MS: u64 = 10_000;
/// Speech without any new word for this long is noise, or nobody recognises it: it counts as ended, ms.
const WORDLESS_MS: Ms = 15_000;
/// While the caller speaks, audio that stops for this long ends the speech, ms.
const AUDIO_GAP_MS: Ms = 1_000;

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
    /// Requests to finalise that the recogniser has not answered.
    asked: u32,
    finalized: bool,
    /// Everything up to here is recognised for good; stream clock.
    final_until: u64,
    /// The newest word, or the start of the speech; call clock.
    news_at: Ms,
    /// The detector heard nothing of this turn.
    by_words: bool,
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

    /// The number of a turn that begins.
    pub(crate) fn count(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    pub(crate) fn restore(&mut self, number: u32) {
        self.number = number;
    }

    /// Takes up what a `listen` before the host was lost had set.
    pub(crate) fn listen_again(&mut self, endpointing_ms: Option<u32>) {
        self.endpointing_ms = endpointing_ms.filter(|ms| ENDPOINTING_MS.contains(ms));
    }

    /// Everything said in this turn, as far as it is known.
    pub(crate) fn words(&self) -> String {
        [self.finals.as_str(), self.interim.as_str()].join(" ").trim().to_owned()
    }

    /// The recogniser has said its last word about what was said.
    pub(crate) fn settled(&self) -> bool {
        !self.speaking && self.finalized
    }

    /// The newest words may still change.
    pub(crate) fn tentative(&self) -> bool {
        !self.interim.is_empty()
    }

    /// All of the speech is recognised for good, whether or not a request to finalise was answered.
    fn covered(&self) -> bool {
        self.finalized || (self.interim.is_empty() && self.final_until >= self.last_speech_ms)
    }

    pub(crate) fn forget_stream(&mut self) {
        let (number, endpointing_ms) = (self.number, self.endpointing_ms);
        *self = Self { number, endpointing_ms, ..Self::default() };
    }

    pub(crate) fn deadline(&self, config: &CallConfig) -> Option<Ms> {
        let stalled = self.finalize_at.map(|at| at + config.timeouts.stt_stall);
        let wordless = self.speaking.then_some(self.news_at + WORDLESS_MS);
        [self.wall_deadline, stalled, wordless].into_iter().flatten().min()
    }

    fn open_at(&mut self, onset_ms: u64) {
        if !self.open {
            self.open = true;
            // An answer that never came is not waited for in another turn.
            self.asked = 0;
            self.turn_onset_ms = onset_ms;
            self.last_speech_ms = onset_ms;
        }
    }

    /// These words belong to a turn that is over.
    fn is_old(&self, transcript: &Transcript) -> bool {
        transcript.end_ms <= self.consumed_ms && transcript.end_ms.saturating_add(NEW_CLOCK_MS) > self.consumed_ms
    }

    fn ask(&mut self, now: Ms, out: &mut Vec<Command>) {
        self.finalized = false;
        self.finalize_at = Some(now);
        self.asked += 1;
        out.push(Command::FinalizeStt);
    }

    /// Ends the turn; `used`: its words were handed on, and are not to be taken for new ones when they come again.
    fn close(&mut self, used: bool) {
        let Self { number, endpointing_ms, last_speech_ms, speaking, onset_ms, asked, final_until, news_at, .. } =
            *self;
        let consumed_ms = if used { last_speech_ms + ECHO_OF_WORDS_MS } else { self.consumed_ms };
        *self = Self {
            number,
            endpointing_ms,
            last_speech_ms,
            speaking,
            onset_ms,
            asked,
            final_until,
            news_at,
            consumed_ms,
            ..Self::default()
        };
    }
}

impl Call {
    pub(crate) fn speech_started(&mut self, onset_ms: u64) {
        self.silence.noise(self.now);
        let onset_ms = onset_ms.min(self.media.stream_now(self.now));
        let caller = &mut self.caller;
        caller.open_at(onset_ms);
        caller.speaking = true;
        caller.by_words = false;
        caller.onset_ms = onset_ms;
        caller.finalized = false;
        caller.finalize_at = None;
        caller.endpoint_at = None;
        caller.wall_deadline = None;
        caller.news_at = self.now;
        self.barge.new_speech();
    }

    pub(crate) fn speech_ended(&mut self, last_speech_ms: u64) {
        if !self.caller.speaking {
            return;
        }
        self.silence.noise(self.now);
        let caller = &mut self.caller;
        caller.speaking = false;
        caller.last_speech_ms = last_speech_ms.clamp(caller.onset_ms, self.media.stream_now(self.now));
        caller.ask(self.now, &mut self.out);
    }

    pub(crate) fn transcript(&mut self, transcript: &Transcript) {
        if !self.media.open() {
            return;
        }
        let text = transcript.text.trim();
        // Without the detector's word these may be the agent's own, come back over the line.
        let echo = !self.caller.open && self.playout.playing();
        if !text.is_empty() && !echo && !self.caller.is_old(transcript) {
            self.words(transcript, text);
        }
        let stream_now = self.media.stream_now(self.now);
        let caller = &mut self.caller;
        if transcript.is_final {
            caller.final_until = caller.final_until.max(transcript.end_ms.min(stream_now));
        }
        if transcript.from_finalize {
            caller.asked = caller.asked.saturating_sub(1);
            // An answer to an earlier request says nothing of what was spoken after it.
            let all = caller.asked == 0 || transcript.end_ms >= caller.last_speech_ms;
            if all && caller.finalize_at.take().is_some() {
                caller.finalized = true;
                caller.transcript_at = Some(self.now);
            }
        }
        self.barge_words();
    }

    fn words(&mut self, transcript: &Transcript, text: &str) {
        self.silence.heard_caller(self.now);
        let spoken_until = transcript.words.last().map_or(transcript.end_ms, |word| word.end_ms);
        let spoken_until = spoken_until.min(self.media.stream_now(self.now));
        let caller = &mut self.caller;
        if !caller.open {
            // The detector heard nothing, the recogniser did.
            caller.open_at(transcript.start_ms.min(spoken_until));
            caller.by_words = true;
        }
        if caller.by_words {
            caller.last_speech_ms = caller.last_speech_ms.max(spoken_until);
        }
        caller.news_at = self.now;
        caller.confidence = transcript.confidence.or(caller.confidence);
        caller.language = transcript.language.clone().or(caller.language.take());
        if transcript.is_final {
            if !caller.finals.is_empty() {
                caller.finals.push(' ');
            }
            caller.finals.push_str(text);
            caller.interim.clear();
            caller.transcript_at = Some(self.now);
            caller.finalized |= caller.by_words && caller.finalize_at.is_none();
        } else {
            text.clone_into(&mut caller.interim);
            if !caller.speaking && caller.finalize_at.is_none() {
                caller.ask(self.now, &mut self.out);
            }
        }
    }

    pub(crate) fn stt_failed(&mut self, fault: &ProviderFault) {
        let what = if fault.retryable { "reconnecting" } else { "failed" };
        let entry = Entry::Provider { part: "stt".to_owned(), what: what.to_owned(), message: fault.message.clone() };
        self.append(entry);
        self.caller.asked = 0;
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
            Some(ms) if !ENDPOINTING_MS.contains(&ms) => {
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
        if self.caller.speaking {
            let wordless = self.now >= self.caller.news_at + WORDLESS_MS;
            let deaf = self.now >= self.media.audio_at() + AUDIO_GAP_MS;
            if !wordless && !deaf {
                self.caller.wall_deadline = Some(self.media.audio_at() + AUDIO_GAP_MS);
                return;
            }
            self.speech_ended(self.media.stream_ms().unwrap_or(0));
        }
        if self.caller.finalize_at.is_some_and(|at| self.now >= at + self.config.timeouts.stt_stall) {
            self.stt_stalled();
        }
        if !self.caller.open {
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
        if self.caller.covered() {
            self.end_turn();
        }
    }

    fn stt_stalled(&mut self) {
        self.caller.finalize_at = None;
        self.caller.asked = 0;
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
        if text.is_empty() || (self.agent_active() && self.is_aside(&text)) {
            self.caller.close(!text.is_empty());
            self.barge_refuted();
            return;
        }
        self.interrupt_for_turn();
        self.playout.settle();
        self.poll_playout();
        self.hand_on_turn(text);
    }

    /// The stream is gone: what was said counts, whether or not more was to come.
    pub(crate) fn end_turn_now(&mut self) {
        let text = self.caller.words();
        if !text.is_empty() {
            self.caller.last_speech_ms = self.caller.last_speech_ms.max(self.caller.onset_ms);
            self.hand_on_turn(text);
        }
    }

    fn hand_on_turn(&mut self, text: String) {
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
        self.append(Entry::message(index, message));
        self.begin_latency(turn.number, turn.end_ms, self.caller.endpoint_at, self.caller.transcript_at);
        self.caller.close(true);
        self.enqueue(Event::UserTurn(turn));
    }
}
