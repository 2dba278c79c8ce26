//! `generate`: rounds of the language model, its text to the synthesiser as it comes, its tool requests to whoever runs
//! them, until the answer is complete.

use crate::answer::{Answer, Read};
use crate::segment::Segmenter;
use crate::speech::{Job, Kind};
use crate::tools::Asked;
use crate::{Call, Command, Granted, ProviderFault};
use serde_json::Value;
use std::collections::HashSet;
use trunkline_contract::action::{Generate, ToolMode};
use trunkline_contract::chat::{Delta, Finish, Request, ToolCall};
use trunkline_contract::event::{self, Usage};
use trunkline_contract::log::Entry;
use trunkline_contract::{EffectId, Ms, template};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Another generation has the floor: its answer belongs into this one's history.
    Waiting,
    /// The model writes.
    Streaming {
        since: Ms,
    },
    /// Tools run.
    Tools,
    Done,
}

/// The state of one `generate`.
#[derive(Debug)]
pub(crate) struct Generation {
    /// The newest round; each is a stream of its own.
    id: u64,
    first_id: u64,
    spec: Generate,
    stage: Stage,
    rounds: u32,
    passage: Option<u32>,
    segmenter: Segmenter,
    /// What is said of the answer.
    text: String,
    /// A structured answer as the model writes it, and how it is read.
    answer: Option<Answer>,
    calls: Vec<ToolCall>,
    usage: Usage,
    finish: &'static str,
}

impl Generation {
    fn new(spec: Generate) -> Self {
        Self {
            id: 0,
            first_id: 0,
            spec,
            stage: Stage::Waiting,
            rounds: 0,
            passage: None,
            segmenter: Segmenter::default(),
            text: String::new(),
            answer: None,
            calls: Vec::new(),
            usage: Usage::default(),
            finish: "stop",
        }
    }

    pub(crate) fn speaks(&self) -> bool {
        self.spec.speak
    }

    pub(crate) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    pub(crate) fn name(&self) -> String {
        format!("gen-{}", self.first_id)
    }

    /// Nothing of it was or will be heard, as far as the model has come.
    pub(crate) fn is_mute(&self) -> bool {
        !self.spec.speak || self.text.trim().is_empty()
    }

    pub(crate) fn waiting_since(&self) -> Option<Ms> {
        match self.stage {
            Stage::Streaming { since } => Some(since),
            Stage::Waiting | Stage::Tools | Stage::Done => None,
        }
    }

    pub(crate) fn report(self, effect: EffectId, heard: String) -> event::Generation {
        let asked = self.spec.output_schema.as_ref().and_then(|_| serde_json::from_str::<Value>(&self.text).ok());
        let generation_id = self.name();
        let output = self.answer.and_then(Answer::output).or(asked);
        event::Generation {
            generation_id,
            effect,
            text: self.text,
            heard,
            output,
            usage: self.usage,
            cost_micros: None,
            finish_reason: self.finish.to_owned(),
        }
    }
}

impl Call {
    pub(crate) fn generate(&mut self, effect: EffectId, spec: Generate) {
        let interruptible = spec.interruptible;
        let speak = spec.speak;
        let job =
            self.speeches.add(Job::new(Some(effect), interruptible, Kind::Generate(Box::new(Generation::new(spec)))));
        if speak {
            // Its place in what is played is fixed by the order of actions, not by the speed of the model.
            let passage = self.begin_passage(job);
            self.with_generation(job, |generation| generation.passage = Some(passage));
        }
    }

    /// Starts the first generation that waits, when no other one is under way.
    pub(crate) fn start_waiting_generation(&mut self) {
        let stage = |job: &Job| match &job.kind {
            Kind::Generate(generation) if !job.interrupted && job.failure.is_none() => Some(generation.stage),
            Kind::Generate(_) | Kind::Say => None,
        };
        let busy = |job: &Job| matches!(stage(job), Some(Stage::Streaming { .. } | Stage::Tools));
        if self.speeches.jobs().any(|(_, job)| busy(job)) {
            return;
        }
        let next = self.speeches.jobs().find(|(_, job)| stage(job) == Some(Stage::Waiting)).map(|(id, _)| id);
        if let Some(job) = next {
            self.ask_model(job);
        }
    }

    fn with_generation<T>(&mut self, job: u32, f: impl FnOnce(&mut Generation) -> T) -> Option<T> {
        match &mut self.speeches.job(job)?.kind {
            Kind::Generate(generation) => Some(f(generation)),
            Kind::Say => None,
        }
    }

    /// One round of the model.
    fn ask_model(&mut self, job: u32) {
        self.speeches.next_generation += 1;
        let (id, now) = (self.speeches.next_generation, self.now);
        let output = self.config.output.clone();
        let Some((spec, structured)) = self.with_generation(job, |generation| {
            generation.id = id;
            let structured = generation.spec.output_schema.is_none() && generation.spec.speak && !output.is_empty();
            generation.answer = structured.then(|| Answer::new(&output));
            if generation.rounds == 0 {
                generation.first_id = id;
            }
            generation.rounds += 1;
            generation.stage = Stage::Streaming { since: now };
            generation.segmenter = Segmenter::default();
            (generation.spec.clone(), structured)
        }) else {
            return;
        };
        let request = Request {
            instructions: self.instructions(spec.instructions.as_deref()),
            messages: self.history.newest_for_model(self.config.thread_window),
            tools: self.visible_tools(&spec).into_iter().map(|tool| tool.info.clone()).collect(),
            output_schema: spec.output_schema.or_else(|| structured.then(|| output.json_schema())),
            context: self.config.call.context.clone(),
        };
        self.out.push(Command::Generate { generation: id, request: Box::new(request) });
    }

    fn instructions(&self, added: Option<&str>) -> String {
        let mut context = self.config.call.context.as_object().cloned().unwrap_or_default();
        if !self.config.output.is_empty() && !context.contains_key("output") {
            let value = |name: &str| self.results.get(name).cloned().unwrap_or(Value::Null);
            let known = self.config.output.fields.iter().map(|field| (field.name.clone(), value(&field.name)));
            context.insert("output".to_owned(), Value::Object(known.collect()));
        }
        // A context that lost a variable since the contract was checked: the text itself is better than none.
        let mut text =
            template::render(&self.config.instructions, &context).unwrap_or_else(|_| self.config.instructions.clone());
        if let Some(added) = added {
            text.push_str("\n\n");
            text.push_str(added);
        }
        text
    }

    pub(crate) fn visible_tools(&self, spec: &Generate) -> Vec<&Granted> {
        let allowed = |tool: &&Granted| spec.allowed_tools.as_ref().is_none_or(|names| names.contains(&tool.info.name));
        match spec.tools {
            ToolMode::None => Vec::new(),
            ToolMode::Auto | ToolMode::Ask => self.config.tools.iter().filter(allowed).collect(),
        }
    }

    pub(crate) fn llm(&mut self, id: u64, delta: Result<Delta, ProviderFault>) {
        let streaming = |job: &Job| match &job.kind {
            Kind::Generate(g) => g.id == id && matches!(g.stage, Stage::Streaming { .. }) && !job.interrupted,
            Kind::Say => false,
        };
        let Some(job) = self.speeches.jobs().find(|(_, job)| streaming(job)).map(|(id, _)| id) else { return };
        let now = self.now;
        self.with_generation(job, |generation| generation.stage = Stage::Streaming { since: now });
        match delta {
            Ok(Delta::Text(token)) => self.token(job, &token),
            Ok(Delta::ToolCall(call)) => {
                self.with_generation(job, |generation| generation.calls.push(call));
            }
            Ok(Delta::Done { finish, usage }) => self.round_done(job, finish, usage),
            Err(fault) => {
                let message = fault.message.clone();
                self.append(Entry::Provider { part: "llm".to_owned(), what: "failed".to_owned(), message });
                self.with_generation(job, |generation| generation.stage = Stage::Done);
                self.fail_job(job, "llm", &fault);
            }
        }
    }

    fn token(&mut self, job: u32, token: &str) {
        self.stage_of(job, |latency| &mut latency.first_token_ms);
        let in_writing = self.in_writing();
        let pieces = self.with_generation(job, |generation| {
            let said = match &mut generation.answer {
                Some(answer) => answer.push(token),
                None => token.to_owned(),
            };
            generation.text.push_str(&said);
            if generation.spec.speak && in_writing {
                Some(said).filter(|said| !said.is_empty()).into_iter().collect()
            } else if generation.spec.speak {
                generation.segmenter.push(&said)
            } else {
                Vec::new()
            }
        });
        for piece in pieces.unwrap_or_default() {
            self.speak_piece(job, &piece);
        }
    }

    fn speak_piece(&mut self, job: u32, piece: &str) {
        let passage = match self.with_generation(job, |generation| generation.passage).flatten() {
            Some(passage) => passage,
            None => {
                let passage = self.begin_passage(job);
                self.with_generation(job, |generation| generation.passage = Some(passage));
                passage
            }
        };
        self.speak(passage, piece);
    }

    fn round_done(&mut self, job: u32, finish: Finish, usage: Usage) {
        let last = self.with_generation(job, |generation| {
            generation.usage.input_tokens += usage.input_tokens;
            generation.usage.output_tokens += usage.output_tokens;
            generation.usage.cached_tokens += usage.cached_tokens;
            generation.finish = finish.name();
            if generation.spec.speak { generation.segmenter.finish() } else { None }
        });
        if let Some(piece) = last.flatten() {
            self.speak_piece(job, &piece);
        }
        if let Some(passage) = self.with_generation(job, |generation| generation.passage.take()).flatten() {
            self.finish_text(passage);
        }
        self.take_answer(job);
        let calls = self.with_generation(job, |generation| std::mem::take(&mut generation.calls)).unwrap_or_default();
        if calls.is_empty() {
            self.generation_done(job);
        } else {
            self.run_requested(job, calls);
        }
    }

    /// The fields of a structured answer become the call's result; what does not fit is noted and left out.
    fn take_answer(&mut self, job: u32) {
        let read = self.with_generation(job, |generation| generation.answer.as_mut().and_then(Answer::read)).flatten();
        let Some(Read { fields, faults }) = read else { return };
        for (name, value) in fields {
            self.set_result(name, value);
        }
        for fault in faults {
            let text = format!("the answer does not fit `output_schema`: {fault}");
            self.append(Entry::Note { level: "warn".to_owned(), text });
        }
    }

    fn generation_done(&mut self, job: u32) {
        self.with_generation(job, |generation| generation.stage = Stage::Done);
        self.settle_job(job);
    }

    fn run_requested(&mut self, job: u32, calls: Vec<ToolCall>) {
        let Some((spec, name)) = self.with_generation(job, |g| (g.spec.clone(), g.name())) else { return };
        let visible: Vec<Granted> = self.visible_tools(&spec).into_iter().cloned().collect();
        let calls = with_unique_ids(calls);
        let (index, slots) = self.history.request_tools(calls.clone());
        for index in std::iter::once(index).chain(slots.iter().copied()) {
            if let Some(message) = self.history.get(index).cloned() {
                self.append(Entry::message(index, message));
            }
        }
        for (call, slot) in calls.into_iter().zip(slots) {
            let asked = Asked { job: Some(job), effect: None, slot: Some(slot), generation: name.clone() };
            let tool = visible.iter().find(|tool| tool.info.name == call.name).cloned();
            self.tool_requested(asked, call, tool, spec.tools == ToolMode::Ask);
        }
        // Only now: a tool that answers at once must not start the next round before the others are asked.
        self.with_generation(job, |generation| generation.stage = Stage::Tools);
        self.generation_goes_on(job);
    }

    /// Goes on with the next round once all requests of this one are answered.
    pub(crate) fn generation_goes_on(&mut self, job: u32) {
        let waiting = self.with_generation(job, |generation| generation.stage == Stage::Tools).unwrap_or(false);
        if !waiting || self.tools.open_for(job) {
            return;
        }
        let rounds = self.with_generation(job, |generation| generation.rounds).unwrap_or(0);
        if self.ending.closing() || self.ending.over() || rounds >= self.config.limits.max_tool_rounds {
            self.generation_done(job);
        } else {
            self.ask_model(job);
        }
    }

    /// The model's words are not wanted any more.
    pub(crate) fn stop_generation(&mut self, job: u32) {
        let stopped = self.with_generation(job, |generation| {
            let streaming = matches!(generation.stage, Stage::Streaming { .. });
            generation.stage = Stage::Done;
            generation.finish = "cancelled";
            streaming.then_some(generation.id)
        });
        if let Some(generation) = stopped.flatten() {
            self.out.push(Command::CancelGenerate { generation });
        }
    }

    /// Watches for a model that has fallen silent.
    pub(crate) fn generations_due(&mut self) {
        let stall = self.config.timeouts.llm_stall;
        let late = |job: &Job| match &job.kind {
            Kind::Generate(generation) => generation.waiting_since().is_some_and(|at| self.now >= at + stall),
            Kind::Say => false,
        };
        let late: Vec<u32> = self.speeches.jobs().filter(|(_, job)| late(job)).map(|(id, _)| id).collect();
        for job in late {
            let message = format!("no token for {stall} ms");
            let fault = ProviderFault { code: "timeout".to_owned(), message, retryable: true };
            self.append(Entry::Provider {
                part: "llm".to_owned(),
                what: "stalled".to_owned(),
                message: fault.message.clone(),
            });
            self.fail_job(job, "llm", &fault);
        }
    }
}

/// Models have been seen to give two requests the same id, or none; a history with such is refused.
fn with_unique_ids(mut calls: Vec<ToolCall>) -> Vec<ToolCall> {
    let mut seen = HashSet::new();
    for (n, call) in calls.iter_mut().enumerate() {
        while call.id.is_empty() || !seen.insert(call.id.clone()) {
            call.id = format!("{}-{n}", if call.id.is_empty() { "call" } else { call.id.as_str() });
        }
    }
    calls
}
