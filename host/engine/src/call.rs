//! The call itself: its state, the way inputs take to the concern that handles them, and the next deadline.

use crate::barge::Barge;
use crate::caller::CallerTurn;
use crate::decide::Decisions;
use crate::ending::Ending;
use crate::history::History;
use crate::latency::Latency;
use crate::media::Media;
use crate::silence::SilenceClock;
use crate::speech::Speeches;
use crate::timers::Timers;
use crate::tools::ToolDesk;
use crate::{CallConfig, Command, Control, Input};
use serde_json::{Map, Value};
use std::collections::HashSet;
use trunkline_audio::playout::Playout;
use trunkline_contract::event::Event;
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{EffectId, Ms};

/// One call.
#[derive(Debug)]
pub struct Call {
    pub(crate) config: CallConfig,
    pub(crate) now: Ms,
    begun: bool,
    pub(crate) out: Vec<Command>,
    pub(crate) next_seq: u64,
    pub(crate) committed: u64,
    /// No audio goes out before this row is durable.
    pub(crate) speak_after: u64,
    pub(crate) decisions: Decisions,
    pub(crate) effects: HashSet<EffectId>,
    pub(crate) caller: CallerTurn,
    pub(crate) barge: Barge,
    pub(crate) playout: Playout,
    pub(crate) speeches: Speeches,
    pub(crate) history: History,
    pub(crate) tools: ToolDesk,
    pub(crate) timers: Timers,
    pub(crate) silence: SilenceClock,
    pub(crate) ending: Ending,
    pub(crate) media: Media,
    pub(crate) latency: Latency,
    pub(crate) results: Map<String, Value>,
    /// What is to be shown once everything up to `speak_after` is durable.
    pub(crate) unshown: Vec<Command>,
}

impl Call {
    /// A call that has not begun: send [`Input::Begin`] next.
    pub fn new(config: CallConfig) -> Self {
        Self {
            now: 0,
            begun: false,
            out: Vec::new(),
            next_seq: 1,
            committed: 0,
            speak_after: 0,
            decisions: Decisions::default(),
            effects: HashSet::new(),
            caller: CallerTurn::default(),
            barge: Barge::default(),
            playout: Playout::new(config.playout),
            speeches: Speeches::default(),
            history: History::default(),
            tools: ToolDesk::default(),
            timers: Timers::default(),
            silence: SilenceClock::default(),
            ending: Ending::default(),
            media: Media::default(),
            latency: Latency::default(),
            results: Map::new(),
            unshown: Vec::new(),
            config,
        }
    }

    /// Takes one input at `now` (ms on the call's clock; never goes back) and gives what is to be done, in order.
    pub fn handle(&mut self, now: Ms, input: Input) -> Vec<Command> {
        self.now = self.now.max(now);
        if self.ending.finished() {
            return Vec::new();
        }
        // A driver that forgets to begin has begun with its first input.
        self.begin();
        match input {
            Input::Begin => {}
            Input::Committed { seq } => self.committed = self.committed.max(seq),
            Input::MediaStarted { stream_id } => self.media_started(stream_id),
            Input::MediaStopped { end } => self.media_stopped(end),
            Input::Audio { stream_ms, edges } => self.audio(stream_ms, &edges),
            Input::Digit(key) => self.digit(key),
            Input::Mark { name } => self.playout.on_mark(self.now, self.media.stream_ms(), &name),
            Input::Transcript(transcript) => self.transcript(&transcript),
            Input::SttFailed(fault) => self.stt_failed(&fault),
            Input::Llm { generation, delta } => self.llm(generation, delta),
            Input::Speech { context, audio, words } => self.speech_audio(context, &audio, &words),
            Input::SpeechDone { context } => self.speech_done(context),
            Input::SpeechFailed { context, fault } => self.speech_failed(context, &fault),
            Input::Decided { event_seq, outcome } => self.decided(event_seq, outcome),
            Input::ToolDone { request_id, outcome } => self.tool_done(&request_id, outcome),
            Input::Text(text) => self.wrote(text),
            Input::Control(control) => self.control(control),
            Input::Tick => {}
        }
        self.due();
        self.show();
        std::mem::take(&mut self.out)
    }

    /// When [`Input::Tick`] is due at the latest, if nothing else happens.
    pub fn deadline(&self) -> Option<Ms> {
        if self.ending.finished() {
            return None;
        }
        [
            self.playout_due(),
            self.caller.deadline(&self.config),
            self.barge.deadline(&self.config),
            self.speeches.deadline(&self.config),
            self.tools.deadline(),
            self.timers.deadline(),
            self.silence_deadline(),
            self.ending_deadline(),
            self.decisions.deadline(),
            self.media_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The call's result so far.
    pub fn results(&self) -> &Map<String, Value> {
        &self.results
    }

    /// The call's context data.
    pub fn context(&self) -> &Value {
        &self.config.call.context
    }

    /// The caller may be speaking: the recogniser is expected to answer.
    pub fn expects_words(&self) -> bool {
        self.caller.is_open()
    }

    fn begin(&mut self) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        if self.next_seq > 1 {
            self.decide_pending();
            return;
        }
        self.media.awaited_since(self.now);
        let component = self.component().clone();
        self.append(Entry::Component { digest: component.digest, reason: component.reason });
        self.ending.begun_at(self.now);
        self.enqueue(Event::Started(Box::new(self.config.call.clone())));
    }

    /// Everything that follows from time or from what just happened.
    fn due(&mut self) {
        self.poll_playout();
        self.caller_due();
        self.barge_due();
        self.speeches_due();
        self.tools_due();
        self.timers_due();
        self.silence_due();
        self.media_due();
        self.start_waiting_generation();
        self.poll_playout();
        self.ending_due();
        self.pump();
    }

    fn playout_due(&self) -> Option<Ms> {
        if self.may_speak() { self.playout.next_due() } else { None }
    }

    fn may_speak(&self) -> bool {
        self.media.open() && self.committed >= self.speak_after
    }

    /// Sends what is due and learns what was heard.
    pub(crate) fn poll_playout(&mut self) {
        if self.may_speak() {
            let mut sent = Vec::new();
            self.playout.poll(self.now, &mut sent);
            self.send(sent);
        }
        let events: Vec<_> = self.playout.take_events().collect();
        for event in events {
            self.played(event);
        }
    }

    pub(crate) fn send(&mut self, outs: Vec<trunkline_audio::playout::Out>) {
        self.out.extend(outs.into_iter().map(Command::Carrier));
    }

    fn control(&mut self, control: Control) {
        match control {
            Control::HangUp { reason } => self.end_now(&reason),
            Control::PatchContext(patch) => self.patch_context(&Value::Object(patch)),
            Control::Inject(payload) => {
                let control = trunkline_contract::event::Control { kind: "inject".to_owned(), payload };
                self.enqueue(Event::Control(control));
            }
            Control::Output(output) => self.config.output = output,
            Control::Close { reason } => self.end_politely(&reason),
            Control::Switch(config) => self.decisions.switch_to(config),
        }
    }

    fn digit(&mut self, key: char) {
        if !self.media.open() {
            return;
        }
        self.silence.heard_caller(self.now);
        if matches!(key, '0'..='9' | '*' | '#' | 'A'..='D') {
            let digits = trunkline_contract::event::Digits { digits: key.to_string(), reason: "key".to_owned() };
            self.enqueue(Event::Digits(digits));
        }
    }

    /// Merges into the context, logs it and tells the behaviour.
    pub(crate) fn patch_context(&mut self, patch: &Value) {
        json_patch::merge(&mut self.config.call.context, patch);
        let context = self.config.call.context.clone();
        self.append(Entry::Context { context: context.clone() });
        self.enqueue(Event::ContextChanged(context));
    }

    /// Appends a row; gives its seq.
    pub(crate) fn append(&mut self, entry: Entry) -> u64 {
        self.append_with(entry, None, false)
    }

    /// Appends a row that must be durable soon; gives its seq.
    pub(crate) fn append_urgent(&mut self, entry: Entry) -> u64 {
        self.append_with(entry, None, true)
    }

    pub(crate) fn append_with(&mut self, entry: Entry, state: Option<Vec<u8>>, urgent: bool) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        let component = Some(self.component().digest.clone());
        self.out.push(Command::Append { row: Row { seq, at_ms: self.now, entry, component }, state, urgent });
        seq
    }
}
