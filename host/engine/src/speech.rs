//! Speech out: jobs that speak and the passages they speak.
//!
//! A job is one `say`, one `generate` or a line of the host's own. A passage is one stretch of text with its audio in the
//! playout; a generation that uses tools has several. Each job ends exactly once, when all its passages are settled.

use crate::generate::Generation;
use crate::{Call, CallConfig, Command, ProviderFault};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use trunkline_audio::playout;
use trunkline_contract::event::{Event, Failure, Interruption, Said};
use trunkline_contract::log::Entry;
use trunkline_contract::speech::WordSpan;
use trunkline_contract::{EffectId, Ms};

/// What a job does.
#[derive(Debug)]
pub(crate) enum Kind {
    Say,
    Generate(Box<Generation>),
}

/// One `say`, one `generate`, or a line of the host's own (without an effect).
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) effect: Option<EffectId>,
    pub(crate) interruptible: bool,
    pub(crate) kind: Kind,
    pub(crate) interrupted: bool,
    pub(crate) failure: Option<(&'static str, ProviderFault)>,
    heard: Vec<(u32, String)>,
    open_passages: u32,
}

impl Job {
    pub(crate) fn new(effect: Option<EffectId>, interruptible: bool, kind: Kind) -> Self {
        Self { effect, interruptible, kind, interrupted: false, failure: None, heard: Vec::new(), open_passages: 0 }
    }

    /// Nothing of it was stopped or went wrong.
    fn running(&self) -> bool {
        !self.interrupted && self.failure.is_none()
    }

    fn heard_text(&self) -> String {
        let texts: Vec<&str> = self.heard.iter().map(|(_, text)| text.trim()).filter(|text| !text.is_empty()).collect();
        texts.join(" ")
    }
}

/// One stretch of text with its audio.
#[derive(Debug)]
struct Passage {
    job: u32,
    /// Where its text stands in the history.
    message: u32,
    text: String,
    /// No more text will come.
    text_done: bool,
    /// No more audio will come.
    audio_done: bool,
    /// The synthesiser owes audio since then.
    owed_since: Option<Ms>,
}

/// All jobs and passages that have not ended.
#[derive(Debug, Default)]
pub(crate) struct Speeches {
    jobs: BTreeMap<u32, Job>,
    passages: BTreeMap<u32, Passage>,
    next_job: u32,
    next_passage: u32,
    pub(crate) next_generation: u64,
}

impl Speeches {
    /// The newest job.
    pub(crate) fn last_job(&self) -> u32 {
        self.next_job
    }

    pub(crate) fn add(&mut self, job: Job) -> u32 {
        self.next_job += 1;
        self.jobs.insert(self.next_job, job);
        self.next_job
    }

    pub(crate) fn job(&mut self, id: u32) -> Option<&mut Job> {
        self.jobs.get_mut(&id)
    }

    pub(crate) fn text_of(&self, passage: u32) -> Option<(u32, &str)> {
        self.passages.get(&passage).map(|passage| (passage.message, passage.text.as_str()))
    }

    pub(crate) fn jobs(&self) -> impl DoubleEndedIterator<Item = (u32, &Job)> {
        self.jobs.iter().map(|(id, job)| (*id, job))
    }

    pub(crate) fn of_effect(&self, effect: EffectId) -> Option<u32> {
        self.jobs().find(|(_, job)| job.effect == Some(effect)).map(|(id, _)| id)
    }

    pub(crate) fn deadline(&self, config: &CallConfig) -> Option<Ms> {
        let tts = self.passages.values().filter_map(|p| p.owed_since).map(|at| at + config.timeouts.tts_stall);
        let llm = self.jobs.values().filter_map(|job| match &job.kind {
            Kind::Generate(generation) => generation.waiting_since().map(|at| at + config.timeouts.llm_stall),
            Kind::Say => None,
        });
        tts.chain(llm).min()
    }
}

impl Call {
    /// The agent speaks, or is about to.
    pub(crate) fn agent_active(&self) -> bool {
        self.speeches.jobs().any(|(_, job)| !job.interrupted && job.is_audible()) || self.playout.playing()
    }

    /// All that is being said or waits to be said may be interrupted: the carrier's buffer is one queue.
    pub(crate) fn interruptible(&self) -> bool {
        self.speeches.jobs().filter(|(_, job)| !job.interrupted && job.is_audible()).all(|(_, job)| job.interruptible)
    }

    /// Starts a stretch of speech; its place among what is played is fixed now.
    pub(crate) fn begin_passage(&mut self, job: u32) -> u32 {
        let message = self.history.reserve();
        self.speeches.next_passage += 1;
        let id = self.speeches.next_passage;
        let passage =
            Passage { job, message, text: String::new(), text_done: false, audio_done: false, owed_since: None };
        self.speeches.passages.insert(id, passage);
        if let Some(job) = self.speeches.job(job) {
            job.open_passages += 1;
        }
        if !self.in_writing() {
            self.playout.begin(id);
        }
        id
    }

    /// Sends text to the synthesiser.
    pub(crate) fn speak(&mut self, passage: u32, text: &str) {
        let now = self.now;
        let Some(entry) = self.speeches.passages.get_mut(&passage) else { return };
        entry.text.push_str(text);
        let (message, so_far) = (entry.message, entry.text.trim_end().to_owned());
        let job = entry.job;
        self.history.set_text(message, &so_far);
        self.stage_of(job, |latency| &mut latency.first_segment_ms);
        if self.in_writing() {
            self.write(job, message, text);
            return;
        }
        if let Some(entry) = self.speeches.passages.get_mut(&passage) {
            entry.owed_since.get_or_insert(now);
        }
        self.playout.push_text(passage, text);
        self.out.push(Command::Speak { context: passage, text: text.to_owned() });
    }

    /// No more text will come for this passage.
    pub(crate) fn finish_text(&mut self, passage: u32) {
        let (now, in_writing) = (self.now, self.in_writing());
        let Some(entry) = self.speeches.passages.get_mut(&passage) else { return };
        if std::mem::replace(&mut entry.text_done, true) {
            return;
        }
        if in_writing {
            let len = entry.text.len();
            self.passage_heard(passage, len);
        } else if entry.text.is_empty() {
            entry.audio_done = true;
            self.playout.finish(passage);
        } else {
            entry.owed_since.get_or_insert(now);
            self.out.push(Command::FinishSpeech { context: passage });
        }
    }

    pub(crate) fn speech_audio(&mut self, passage: u32, audio: &Bytes, words: &[WordSpan]) {
        let now = self.now;
        let Some(entry) = self.speeches.passages.get_mut(&passage).filter(|p| !p.audio_done) else { return };
        entry.owed_since = entry.text_done.then_some(now);
        let job = entry.job;
        let timings: Vec<playout::WordTiming> = words
            .iter()
            .map(|w| playout::WordTiming {
                text_start: w.text_start,
                text_end: w.text_end,
                start_ms: w.start_ms,
                end_ms: w.end_ms,
            })
            .collect();
        self.stage_of(job, |latency| &mut latency.first_audio_ms);
        self.playout.push_audio(passage, audio, &timings);
    }

    pub(crate) fn speech_done(&mut self, passage: u32) {
        let Some(entry) = self.speeches.passages.get_mut(&passage) else { return };
        entry.owed_since = None;
        if !std::mem::replace(&mut entry.audio_done, true) {
            self.playout.finish(passage);
        }
    }

    pub(crate) fn speech_failed(&mut self, passage: Option<u32>, fault: &ProviderFault) {
        let entry =
            Entry::Provider { part: "tts".to_owned(), what: "failed".to_owned(), message: fault.message.clone() };
        self.append(entry);
        let hit = |(id, p): (&u32, &Passage)| {
            let meant = passage.map_or(!p.text.is_empty(), |one| one == *id);
            (meant && !p.audio_done).then_some(p.job)
        };
        let hit: BTreeSet<u32> = self.speeches.passages.iter().filter_map(hit).collect();
        let gone = passage.is_none() && !fault.retryable;
        if gone && hit.is_empty() {
            self.enqueue(Event::Failed(Failure {
                effect: None,
                part: "tts".to_owned(),
                code: fault.code.clone(),
                message: fault.message.clone(),
                retryable: false,
            }));
        }
        for job in hit {
            self.fail_job(job, "tts", fault);
        }
        if gone {
            // Without a voice there is no conversation, and nothing that could be said about it.
            self.close("failed");
        }
    }

    /// A provider failed: the job ends once what can be played was played.
    pub(crate) fn fail_job(&mut self, id: u32, part: &'static str, fault: &ProviderFault) {
        let Some(job) = self.speeches.job(id) else { return };
        job.failure.get_or_insert((part, fault.clone()));
        self.stop_generation(id);
        self.silence_synthesiser(id);
        self.settle_job(id);
    }

    /// Nothing more will come from the synthesiser for this job; what has come is played unless it is cut.
    fn silence_synthesiser(&mut self, job: u32) {
        if self.in_writing() {
            let open = self.speeches.passages.iter().filter(|(_, p)| p.job == job).map(|(id, p)| (*id, p.text.len()));
            for (id, len) in open.collect::<Vec<_>>() {
                self.passage_heard(id, len);
            }
            return;
        }
        for (id, passage) in self.speeches.passages.iter_mut().filter(|(_, p)| p.job == job && !p.audio_done) {
            if !passage.text.is_empty() {
                self.out.push(Command::CancelSpeech { context: *id });
            }
            passage.text_done = true;
            passage.audio_done = true;
            passage.owed_since = None;
            self.playout.break_off(*id);
        }
    }

    /// The caller's speech is confirmed: everything that may be interrupted stops, in the order that lets the caller
    /// notice soonest.
    pub(crate) fn interrupt_speech(&mut self) {
        self.decisions.supersede();
        let stopped: Vec<u32> =
            self.speeches.jobs().filter(|(_, j)| j.interruptible && !j.interrupted).map(|(id, _)| id).collect();
        self.stop_jobs(&stopped);
    }

    /// Everything stops, what may not be interrupted too, and nobody is told.
    pub(crate) fn drop_speech(&mut self) {
        let all: Vec<u32> = self.speeches.jobs.keys().copied().collect();
        for job in self.speeches.jobs.values_mut() {
            job.disown();
        }
        let running: Vec<u32> =
            all.into_iter().filter(|id| self.speeches.jobs.get(id).is_some_and(|j| !j.interrupted)).collect();
        if !running.is_empty() {
            self.stop_jobs(&running);
        }
    }

    /// The carrier is gone: what was being said was not heard to its end.
    pub(crate) fn lose_speech(&mut self) {
        let lost: Vec<u32> =
            self.speeches.jobs().filter(|(_, j)| j.is_audible() && !j.interrupted).map(|(id, _)| id).collect();
        for id in &lost {
            if let Some(job) = self.speeches.job(*id) {
                job.interrupted = true;
            }
        }
        self.playout.lost(self.now);
        for id in lost {
            self.abandon_job(id);
        }
        self.poll_playout();
    }

    /// Stops the job of an action. Speech of others that waits with it in the carrier's buffer is not cut: then what the
    /// synthesiser has delivered is still played.
    pub(crate) fn cancel_job_of(&mut self, effect: EffectId) {
        let Some(id) = self.speeches.of_effect(effect) else { return };
        let alone = self.speeches.jobs().all(|(other, job)| other == id || job.interrupted || !job.is_audible());
        if alone {
            self.stop_jobs(&[id]);
        } else {
            if let Some(job) = self.speeches.job(id) {
                job.interrupted = true;
            }
            self.abandon_job(id);
        }
    }

    /// Also with none to stop this drops what is held back and lets later speech out.
    fn stop_jobs(&mut self, ids: &[u32]) {
        for id in ids {
            if let Some(job) = self.speeches.job(*id) {
                job.interrupted = true;
            }
        }
        let mut outs = Vec::new();
        self.playout.cut(self.now, &mut outs);
        self.send(outs);
        for id in ids {
            self.abandon_job(*id);
        }
    }

    fn abandon_job(&mut self, id: u32) {
        self.stop_generation(id);
        self.interrupt_tools(id);
        self.silence_synthesiser(id);
        self.settle_job(id);
    }

    /// The playout tells what was heard.
    pub(crate) fn played(&mut self, event: playout::Event) {
        match event {
            playout::Event::Started { passage } => {
                if let Some(job) = self.speeches.passages.get(&passage).map(|p| p.job) {
                    self.finish_latency(job);
                }
            }
            playout::Event::Finished { passage, heard } | playout::Event::Cut { passage, heard } => {
                self.silence.heard_agent(self.now);
                self.passage_heard(passage, heard.text_end);
            }
        }
    }

    fn passage_heard(&mut self, id: u32, text_end: usize) {
        let Some(passage) = self.speeches.passages.remove(&id) else { return };
        let (heard, rest) = passage.text.split_at_checked(text_end).unwrap_or((&passage.text, ""));
        let heard = heard.trim_end().to_owned();
        let not_heard = Some(rest.trim()).filter(|rest| rest.contains(char::is_alphanumeric)).map(str::to_owned);
        if let Some(message) = self.history.set_text(passage.message, &heard)
            && (!heard.is_empty() || not_heard.is_some())
        {
            self.append(Entry::Message { index: passage.message, message, not_heard });
        }
        if let Some(job) = self.speeches.job(passage.job) {
            job.heard.push((id, heard));
            job.heard.sort_unstable_by_key(|(id, _)| *id);
            job.open_passages = job.open_passages.saturating_sub(1);
        }
        self.settle_job(passage.job);
    }

    /// Ends a job whose passages are all settled and that has nothing more to do.
    pub(crate) fn settle_job(&mut self, id: u32) {
        let Some(job) = self.speeches.job(id) else { return };
        let producing = job.running() && !job.is_done_producing();
        if job.open_passages > 0 || producing {
            return;
        }
        let Some(job) = self.speeches.jobs.remove(&id) else { return };
        self.silence.heard_agent(self.now);
        let Some(effect) = job.effect else { return };
        let heard = job.heard_text();
        let event = match (job.failure, job.interrupted, job.kind) {
            (_, true, _) => Event::Interrupted(Interruption { effect, heard }),
            (Some((part, fault)), false, _) => Event::Failed(Failure {
                effect: Some(effect),
                part: part.to_owned(),
                code: fault.code,
                message: fault.message,
                retryable: fault.retryable,
            }),
            (None, false, Kind::Say) => Event::Said(Said { effect, heard }),
            (None, false, Kind::Generate(generation)) => Event::Generated(generation.report(effect, heard)),
        };
        self.enqueue(event);
    }

    /// Watches for a synthesiser or a model that has fallen silent.
    pub(crate) fn speeches_due(&mut self) {
        let stall = self.config.timeouts.tts_stall;
        let late: Vec<u32> = self
            .speeches
            .passages
            .iter()
            .filter(|(_, p)| p.owed_since.is_some_and(|at| self.now >= at + stall))
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            let message = format!("no audio for {stall} ms");
            let fault = ProviderFault { code: "timeout".to_owned(), message, retryable: true };
            self.speech_failed(Some(id), &fault);
        }
        self.generations_due();
    }

    /// The call is over: every job ends now with what was heard.
    pub(crate) fn stop_everything(&mut self) {
        let all: Vec<u32> = self.speeches.jobs().map(|(id, _)| id).collect();
        self.stop_jobs(&all);
        self.playout.settle();
        self.poll_playout();
        self.stop_tools();
    }
}
