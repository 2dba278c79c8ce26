//! Everything around a call, simulated: a clock that steps from one thing to the next, a behaviour by a script, a model, a
//! synthesiser, tools, a log, and the carrier with its caller. Every command is carried out.

use super::caller::Caller;
use super::carrier::{BYTES_PER_CHAR, Carrier, MS_PER_CHAR, Path};
pub(super) use super::setup::{Answer, Script, asks, config, external, fault, generate, says, written};
use crate::{
    Call, CallConfig, Command, Control, Decision, Input, MediaEnd, ProviderFault, Recovered, ToolOutcome, playout,
};
use bytes::Bytes;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use trunkline_contract::Ms;
use trunkline_contract::chat::{Delta, Request, check_history};
use trunkline_contract::event::Event;
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::speech::WordSpan;

/// How the synthesiser behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tts {
    Works,
    Silent,
    /// No word timings.
    Untimed,
}

#[derive(Debug)]
enum Stimulus {
    Input(Input),
    /// Only while the generation is wanted.
    Llm(u64, Box<Result<Delta, ProviderFault>>),
    /// Only while the passage is wanted.
    Speech(u32, Bytes, Vec<WordSpan>),
    SpeechDone(u32),
    ToolDone(String, ToolOutcome),
    Carrier(playout::Out),
    Marks,
    AudioTick,
    Finalize,
    Connect,
}

/// Behaviour by a script.
pub(super) type Behaviour = Box<dyn FnMut(&Event, &mut Answer)>;
/// Model by a script: the request and how many came before.
pub(super) type Model = Box<dyn FnMut(&Request, usize) -> Script>;

/// See the module.
pub(super) struct World {
    pub(super) call: Call,
    pub(super) now: Ms,
    pub(super) rows: Vec<Row>,
    /// Committed with the rows of these numbers.
    pub(super) states: BTreeMap<u64, Vec<u8>>,
    pub(super) commands: Vec<(Ms, Command)>,
    /// Events as given to the behaviour, retries too.
    pub(super) told: Vec<(Ms, Event)>,
    pub(super) requests: Vec<Request>,
    pub(super) carrier: Carrier,
    pub(super) caller: Caller,
    pub(super) tts: Tts,
    /// Delay and outcome by name; others never answer.
    pub(super) tools: HashMap<String, (Ms, ToolOutcome)>,
    pub(super) tool_runs: Vec<(Ms, String, String)>,
    pub(super) commit_ms: Option<Ms>,
    pub(super) finished: Option<(Ms, String)>,
    behaviour: Behaviour,
    model: Model,
    queue: BTreeMap<(Ms, u64), Stimulus>,
    order: u64,
    stream_began: Option<Ms>,
    committed: u64,
    waiting_tools: Vec<(u64, String, String)>,
    cancelled: BTreeSet<String>,
    /// Audio so far by passage, ms, and when the next piece may come.
    voices: BTreeMap<u32, (u32, usize, Ms)>,
    down: Path,
    up: Path,
    ticks_without_progress: u32,
}

impl World {
    /// A call that has begun; the carrier connects after 300 ms.
    pub(super) fn new(behaviour: impl FnMut(&Event, &mut Answer) + 'static) -> Self {
        Self::with(config(), behaviour)
    }

    pub(super) fn with(config: CallConfig, behaviour: impl FnMut(&Event, &mut Answer) + 'static) -> Self {
        let mut world = Self::around(Call::new(config), behaviour);
        world.at(300, Stimulus::Connect);
        world.give(Input::Begin);
        world
    }

    /// A conversation in writing: nobody connects.
    pub(super) fn in_writing(behaviour: impl FnMut(&Event, &mut Answer) + 'static) -> Self {
        let mut world = Self::around(Call::new(written()), behaviour);
        world.give(Input::Begin);
        world
    }

    /// As [`World::in_writing`], with a configuration of its own.
    pub(super) fn around_written(config: CallConfig, behaviour: impl FnMut(&Event, &mut Answer) + 'static) -> Self {
        let mut world = Self::around(Call::new(config), behaviour);
        world.give(Input::Begin);
        world
    }

    /// What is shown in writing, message by message.
    pub(super) fn written(&self) -> Vec<String> {
        let mut shown: BTreeMap<u32, String> = BTreeMap::new();
        for (_, command) in &self.commands {
            if let Command::Write { index, text } = command {
                shown.entry(*index).or_default().push_str(text);
            }
        }
        shown.into_values().collect()
    }

    /// A second life of a call, from its log. The carrier comes back after 500 ms.
    pub(super) fn resumed(
        config: CallConfig,
        rows: Vec<Row>,
        states: BTreeMap<u64, Vec<u8>>,
        behaviour: impl FnMut(&Event, &mut Answer) + 'static,
    ) -> Self {
        let now = rows.last().map_or(0, |row| row.at_ms) + 2_000;
        let recovered = Recovered { rows: rows.clone(), state: states.values().last().cloned().unwrap_or_default() };
        let call = Call::resume(config, recovered, now, "host-restart").unwrap();
        let mut world = Self::around(call, behaviour);
        (world.now, world.committed) = (now, rows.len() as u64);
        (world.rows, world.states) = (rows, states);
        world.at(now + 500, Stimulus::Connect);
        world.give(Input::Begin);
        world
    }

    fn around(call: Call, behaviour: impl FnMut(&Event, &mut Answer) + 'static) -> Self {
        Self {
            call,
            now: 0,
            rows: Vec::new(),
            states: BTreeMap::new(),
            commands: Vec::new(),
            told: Vec::new(),
            requests: Vec::new(),
            carrier: Carrier::default(),
            caller: Caller::default(),
            tts: Tts::Works,
            tools: HashMap::new(),
            tool_runs: Vec::new(),
            commit_ms: Some(5),
            finished: None,
            behaviour: Box::new(behaviour),
            model: Box::new(|_, _| says("Certainly, that can be done.")),
            queue: BTreeMap::new(),
            order: 0,
            stream_began: None,
            committed: 0,
            waiting_tools: Vec::new(),
            cancelled: BTreeSet::new(),
            voices: BTreeMap::new(),
            down: Path::new(35, 15, 11),
            up: Path::new(35, 15, 23),
            ticks_without_progress: 0,
        }
    }

    pub(super) fn model(&mut self, model: impl FnMut(&Request, usize) -> Script + 'static) {
        self.model = Box::new(model);
    }

    /// Rows up to `seq`, and the states committed with them.
    pub(super) fn log_until(&self, seq: u64) -> (Vec<Row>, BTreeMap<u64, Vec<u8>>) {
        let rows = self.rows.iter().filter(|row| row.seq <= seq).cloned().collect();
        (rows, self.states.range(..=seq).map(|(seq, state)| (*seq, state.clone())).collect())
    }

    pub(super) fn tool(&mut self, name: &str, after: Ms, value: Value) {
        let outcome = ToolOutcome { status: "ok".to_owned(), value };
        self.tools.insert(name.to_owned(), (after, outcome));
    }

    /// The caller speaks, call time.
    pub(super) fn caller_says(&mut self, from: Ms, to: Ms, text: &str) {
        let began = self.stream_began.unwrap_or(300);
        self.caller.says(from - began, to - began, text);
    }

    fn at(&mut self, at: Ms, stimulus: Stimulus) {
        self.order += 1;
        self.queue.insert((at.max(self.now), self.order), stimulus);
    }

    pub(super) fn input_at(&mut self, at: Ms, input: Input) {
        self.at(at, Stimulus::Input(input));
    }

    pub(super) fn hang_up_at(&mut self, at: Ms) {
        self.input_at(at, Input::MediaStopped { end: MediaEnd::Stopped });
    }

    /// Steps to `until`, or to the end of the call.
    pub(super) fn run_until(&mut self, until: Ms) {
        while self.finished.is_none() {
            let stimulus = self.queue.first_key_value().map(|(key, _)| *key);
            let deadline = self.call.deadline().map(|at| at.max(self.now));
            let next = [stimulus.map(|key| key.0), deadline].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.ticks_without_progress = if next > self.now { 0 } else { self.ticks_without_progress };
            self.now = next;
            if let Some(key) = stimulus.filter(|key| key.0 == next) {
                let stimulus = self.queue.remove(&key).unwrap();
                self.happen(stimulus);
            } else {
                self.ticks_without_progress += 1;
                assert!(self.ticks_without_progress < 5, "busy at {next}: {:?}", self.call);
                self.give(Input::Tick);
            }
        }
        self.now = self.now.max(if self.finished.is_none() { until } else { 0 });
    }

    /// Runs on until the caller has hung up and the call is finished; checks the log.
    pub(super) fn finish(&mut self) {
        if self.finished.is_none() {
            self.give(Input::Control(Control::HangUp { reason: "drained".to_owned() }));
        }
        self.run_until(self.now + 30_000);
        assert!(self.finished.is_some(), "the call goes on for ever: {:?}", self.call);
        super::ledger::check(&self.rows);
    }

    /// Nothing becomes durable by itself from now on.
    pub(super) fn forget_commits(&mut self) {
        self.commit_ms = None;
        self.queue.retain(|_, stimulus| !matches!(stimulus, Stimulus::Input(Input::Committed { .. })));
    }

    /// The socket stays open, but no audio comes any more.
    pub(super) fn stop_audio(&mut self) {
        self.queue.retain(|_, stimulus| !matches!(stimulus, Stimulus::AudioTick));
    }

    fn happen(&mut self, stimulus: Stimulus) {
        match stimulus {
            Stimulus::Input(input) => {
                match &input {
                    Input::MediaStopped { .. } => self.disconnect(),
                    Input::MediaStarted { .. } => return self.happen(Stimulus::Connect),
                    Input::Committed { seq } => self.committed = self.committed.max(*seq),
                    _ => {}
                }
                self.give(input);
                self.run_waiting_tools();
            }
            Stimulus::Llm(generation, delta) => {
                if !self.cancelled.contains(&format!("gen {generation}")) {
                    self.give(Input::Llm { generation, delta: *delta });
                }
            }
            Stimulus::Speech(context, audio, words) => {
                if !self.cancelled.contains(&format!("speech {context}")) {
                    self.give(Input::Speech { context, audio, words });
                }
            }
            Stimulus::SpeechDone(context) => {
                if !self.cancelled.contains(&format!("speech {context}")) {
                    self.give(Input::SpeechDone { context });
                }
            }
            Stimulus::ToolDone(request_id, outcome) => {
                if !self.cancelled.contains(&request_id) {
                    self.give(Input::ToolDone { request_id, outcome });
                }
            }
            Stimulus::Carrier(out) => {
                let names = self.carrier.receive(self.now, out);
                self.echo(names);
                if let Some(at) = self.carrier.next_mark() {
                    self.at(at, Stimulus::Marks);
                }
            }
            Stimulus::Marks => {
                let names = self.carrier.reached(self.now);
                self.echo(names);
                if let Some(at) = self.carrier.next_mark() {
                    self.at(at, Stimulus::Marks);
                }
            }
            Stimulus::AudioTick => self.audio_tick(),
            Stimulus::Finalize => {
                if let Some(began) = self.stream_began
                    && let Some(answer) = self.caller.finalized(self.now - began)
                {
                    let at = self.now + 100;
                    self.input_at(at, Input::Transcript(answer));
                }
            }
            Stimulus::Connect => {
                if self.stream_began.is_some() {
                    self.disconnect();
                }
                self.stream_began = Some(self.now);
                self.give(Input::MediaStarted { stream_id: format!("stream-{}", self.now) });
                self.at(self.now + 20, Stimulus::AudioTick);
            }
        }
    }

    fn disconnect(&mut self) {
        self.stream_began = None;
        self.carrier.lose(self.now);
        self.caller.lose();
        self.queue.retain(|_, stimulus| !matches!(stimulus, Stimulus::AudioTick | Stimulus::Marks));
    }

    fn echo(&mut self, names: Vec<String>) {
        for name in names {
            let at = self.up.arrival(self.now);
            self.input_at(at, Input::Mark { name });
        }
    }

    fn audio_tick(&mut self) {
        let Some(began) = self.stream_began else { return };
        let stream_ms = self.now - began;
        let edges = self.caller.edges(stream_ms);
        let at = self.up.arrival(self.now);
        self.input_at(at, Input::Audio { stream_ms, edges });
        for transcript in self.caller.results(stream_ms) {
            self.input_at(at + 150, Input::Transcript(transcript));
        }
        self.at(self.now + 20, Stimulus::AudioTick);
    }

    /// Gives an input to the call and carries out what it commands.
    pub(super) fn give(&mut self, input: Input) {
        for command in self.call.handle(self.now, input) {
            self.commands.push((self.now, command.clone()));
            assert!(self.finished.is_none(), "after the end: {command:?}");
            self.carry_out(command);
        }
    }

    fn carry_out(&mut self, command: Command) {
        let now = self.now;
        match command {
            Command::Append { row, state, urgent } => {
                assert_eq!(row.seq, self.rows.len() as u64 + 1, "dense from 1");
                if let (Some(commit), seq) = (self.commit_ms, row.seq) {
                    self.at(now + if urgent { commit } else { 50 }, Stimulus::Input(Input::Committed { seq }));
                }
                self.states.extend(state.map(|state| (row.seq, state)));
                self.rows.push(row);
            }
            Command::Decide { event_seq, event, state, .. } => {
                self.told.push((now, (*event).clone()));
                let next = state.try_into().map_or(0, u32::from_le_bytes);
                let mut answer = Answer { next, ..Answer::default() };
                (self.behaviour)(&event, &mut answer);
                let state = answer.next.to_le_bytes().to_vec();
                let outcome = match answer.error {
                    Some(error) => Err(error),
                    None => Ok(Decision { state, actions: answer.actions, ..Decision::default() }),
                };
                self.input_at(now + 2, Input::Decided { event_seq, outcome });
            }
            Command::Carrier(out) => {
                let at = self.down.arrival(now);
                self.at(at, Stimulus::Carrier(out));
            }
            Command::FinalizeStt => self.at(now + 50, Stimulus::Finalize),
            Command::ReconnectStt | Command::SttHints(_) | Command::Switched => {}
            Command::Generate { generation, request } => {
                check_history(&request.messages).unwrap();
                let script = (self.model)(&request, self.requests.len());
                self.requests.push(*request);
                let mut at = now;
                for (after, delta) in script {
                    at += after;
                    self.at(at, Stimulus::Llm(generation, Box::new(delta)));
                }
            }
            Command::CancelGenerate { generation } => {
                self.cancelled.insert(format!("gen {generation}"));
            }
            Command::Write { .. } => {}
            Command::Speak { context, text } => self.synthesise(context, &text),
            Command::FinishSpeech { context } => {
                let ready = self.voices.get(&context).map_or(now, |(_, _, ready)| *ready);
                if self.tts != Tts::Silent {
                    self.at(ready.max(now) + 20, Stimulus::SpeechDone(context));
                }
            }
            Command::CancelSpeech { context } => {
                self.cancelled.insert(format!("speech {context}"));
            }
            Command::RunTool { request_id, name, after_seq, .. } => {
                self.waiting_tools.push((after_seq.unwrap_or(0), request_id, name));
                self.run_waiting_tools();
            }
            Command::CancelTool { request_id } => {
                self.waiting_tools.retain(|(_, id, _)| *id != request_id);
                self.cancelled.insert(request_id);
            }
            Command::CloseMedia(_) => self.disconnect(),
            Command::Finished { reason } => {
                assert!(matches!(self.rows.last().unwrap().entry, Entry::Ended { .. }), "the end is the last row");
                assert_eq!(self.call.deadline(), None);
                self.finished = Some((now, reason));
            }
        }
    }

    /// A tool that changes something runs once its intent is durable.
    fn run_waiting_tools(&mut self) {
        let (ready, waiting) =
            std::mem::take(&mut self.waiting_tools).into_iter().partition(|(after, ..)| *after <= self.committed);
        self.waiting_tools = waiting;
        let ready: Vec<(u64, String, String)> = ready;
        for (_, request_id, name) in ready {
            self.tool_runs.push((self.now, request_id.clone(), name.clone()));
            if let Some((after, outcome)) = self.tools.get(&name).cloned() {
                self.at(self.now + after, Stimulus::ToolDone(request_id, outcome));
            }
        }
    }

    fn synthesise(&mut self, context: u32, text: &str) {
        if self.tts == Tts::Silent {
            return;
        }
        let (mut ms, mut byte, ready) = *self.voices.get(&context).unwrap_or(&(0, 0, 0));
        let mut at = ready.max(self.now + 150);
        for word in text.split_inclusive(' ') {
            let audio: Vec<u8> = word.bytes().flat_map(|c| std::iter::repeat_n(c, BYTES_PER_CHAR)).collect();
            let len = word.len() as u32 * MS_PER_CHAR;
            let span = WordSpan {
                text_start: byte,
                text_end: byte + word.trim_end().len(),
                start_ms: ms,
                end_ms: ms + word.trim_end().len() as u32 * MS_PER_CHAR,
            };
            let words = if self.tts == Tts::Untimed { Vec::new() } else { vec![span] };
            self.at(at, Stimulus::Speech(context, Bytes::from(audio), words));
            (ms, byte) = (ms + len, byte + word.len());
            at += Ms::from(len) / 6;
        }
        self.voices.insert(context, (ms, byte, at));
    }
}

/// What tests ask of a world.
impl World {
    /// What the caller has heard so far.
    pub(super) fn heard(&self) -> String {
        self.carrier.heard(self.now).trim_end().to_owned()
    }

    /// The events as short words, without those that only acknowledge.
    pub(super) fn story(&self) -> Vec<String> {
        self.told.iter().map(|(_, event)| short(event)).collect()
    }

    pub(super) fn told_at(&self, what: &str) -> Option<Ms> {
        self.told.iter().find(|(_, event)| short(event).starts_with(what)).map(|(at, _)| *at)
    }

    pub(super) fn commanded_at(&self, which: impl Fn(&Command) -> bool) -> Option<Ms> {
        self.commands.iter().find(|(_, command)| which(command)).map(|(at, _)| *at)
    }

    pub(super) fn count(&self, which: impl Fn(&Command) -> bool) -> usize {
        self.commands.iter().filter(|(_, command)| which(command)).count()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.rows.iter().map(|row| &row.entry)
    }

    /// The history as the log has it: the last row for each index.
    pub(super) fn transcript(&self) -> Vec<String> {
        let mut messages = BTreeMap::new();
        for entry in self.entries() {
            if let Entry::Message { index, message, .. } = entry {
                messages.insert(*index, message.clone());
            }
        }
        messages.into_values().map(|message| line(&message)).collect()
    }

    /// The last request's history.
    pub(super) fn asked(&self) -> Vec<String> {
        self.requests.last().unwrap().messages.iter().map(line).collect()
    }
}

fn line(message: &trunkline_contract::chat::Message) -> String {
    use trunkline_contract::chat::Message;
    match message {
        Message::User { text } => format!("user: {text}"),
        Message::Assistant { text, tool_calls } if tool_calls.is_empty() => format!("agent: {text}"),
        Message::Assistant { tool_calls, .. } => {
            format!("asks: {}", tool_calls.iter().map(|call| call.name.as_str()).collect::<Vec<_>>().join(", "))
        }
        Message::Tool { name, content, .. } => format!("{name}: {content}"),
    }
}

fn short(event: &Event) -> String {
    match event {
        Event::UserTurn(turn) => format!("user-turn {}: {}", turn.number, turn.text),
        Event::Said(said) => format!("said {}: {}", said.effect, said.heard),
        Event::Interrupted(cut) => format!("interrupted {}: {}", cut.effect, cut.heard),
        Event::Generated(done) => format!("generated {}: {}", done.effect, done.heard),
        Event::ToolRequested(request) => format!("tool-requested {}", request.name),
        Event::ToolFinished(result) => format!("tool-finished {}: {}", result.name, result.status),
        Event::Timer { effect } => format!("timer {effect}"),
        Event::Failed(failure) => {
            format!("failed {}: {} {}", failure.effect.unwrap_or(0), failure.part, failure.code)
        }
        Event::Denied(denial) => format!("denied {}: {}", denial.effect, denial.rule),
        Event::Digits(digits) => format!("digits {}", digits.digits),
        Event::Silence(silence) => format!("silence {}", silence.count),
        Event::Resumed(resumption) => format!("resumed {}", resumption.reason),
        Event::Ended(ended) => format!("ended {}", ended.reason),
        event => event.name().to_owned(),
    }
}

pub(super) fn is_clear(command: &Command) -> bool {
    matches!(command, Command::Carrier(playout::Out::Clear))
}
