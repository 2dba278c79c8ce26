//! `trunkline call simulate`: a caller who is not there, over a real media socket or in writing.
//!
//! `script` says what is done and expected; `caller` decides in each frame what is sent, `playout` is the agent's side of
//! the line, `line` joins both to a socket in real time; `typed` plays the same script in writing; `report` judges.

mod caller;
mod clock;
mod conversation;
mod course;
mod line;
mod playout;
mod recording;
mod report;
mod script;
mod socket;
pub(crate) mod sound;
mod typed;
mod watcher;
pub(crate) mod wav;
mod wire;

pub(crate) use script::{Act, Fault, Script, Step};

use crate::backend::Remote;
use crate::output::{Out, Tone};
use crate::progress::Progress;
use anyhow::Context as _;
use bytes::Bytes;
use caller::Pace;
use clock::{PER_MS, ms};
use report::{Played, PlayedStep, Report, Subject, judge};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use watcher::Watcher;

/// Exit code of somebody who was told to stop.
const STOPPED: u8 = 130;

/// A simulated conversation.
pub(crate) struct Simulation {
    /// The latest version of the agent.
    pub(crate) agent: Value,
    pub(crate) script: Script,
    /// Over the chat interface instead of a line.
    pub(crate) text: bool,
    /// Whose voice says what is to be said: provider and voice.
    pub(crate) tts: String,
    pub(crate) voice: Option<String>,
    pub(crate) record: Option<PathBuf>,
}

/// Plays it to its end and tells how it went.
///
/// # Errors
/// It could not be played at all.
pub(crate) async fn run(remote: &Remote, simulation: Simulation, out: &Out) -> anyhow::Result<ExitCode> {
    let agent_id = simulation.agent["agent_id"].as_str().context("the agent has no id")?.to_owned();
    let name = simulation.agent["document"]["name"].as_str().unwrap_or_default();
    let version = simulation.agent["version"].clone();
    if !out.json {
        out.line(out.paint(Tone::Quiet, &format!("agent {} version {version}", crate::output::clean(name))))?;
    }
    let (channel, (call, played)) = if simulation.text {
        let mut watcher = Watcher::new(out);
        ("chat", typed::play(remote, &agent_id, &simulation.script, &mut watcher).await?)
    } else {
        ("web-voice", Box::pin(spoken(remote, &agent_id, &simulation, out)).await?)
    };
    let cancelled = played.cancelled;
    let subject = Subject { call: call.to_string(), agent_id, agent_version: version, channel };
    let report = judge(subject, &simulation.script, played);
    finish(&report, cancelled, out)
}

fn finish(report: &Report, cancelled: bool, out: &Out) -> anyhow::Result<ExitCode> {
    if out.json {
        out.document(report)?;
    } else {
        report.show(out)?;
    }
    Ok(match (cancelled, report.ok) {
        (true, _) => ExitCode::from(STOPPED),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::FAILURE,
    })
}

async fn spoken(
    remote: &Remote,
    agent: &str,
    simulation: &Simulation,
    out: &Out,
) -> anyhow::Result<(trunkline_contract::CallId, Played)> {
    let script = &simulation.script;
    // Before the phone rings: a caller does not think about what to say while the agent waits.
    let steps = Box::pin(clips(remote, simulation, out)).await?;
    let audible = steps.iter().map(|step| matches!(step.act, caller::Act::Clip(_) | caller::Act::Digits(_))).collect();
    let pace = Pace {
        pause: script.pause_ms.unwrap_or(script::PAUSE_MS) * PER_MS,
        patience: script.patience_ms.unwrap_or(script::PATIENCE_MS) * PER_MS,
    };
    let ticket = socket::Ticket::new_call(remote, agent).await?;
    let call = ticket.call;
    let plan = line::Plan { steps, audible, pace, record: simulation.record.is_some() };
    let mut watcher = Watcher::new(out);
    let over = Box::pin(line::play(remote, ticket, plan, &mut watcher)).await?;
    drop(watcher);
    if let (Some(path), Some(recording)) = (&simulation.record, &over.recording) {
        recording.write(path)?;
        out.aside(&format!("recorded in {} (caller left, agent right)", path.display()));
    }
    Ok((call, played(over)))
}

fn played(over: line::Over) -> Played {
    let line::Over { course, playout, cancelled, .. } = over;
    let answers = course.conversation.answers();
    let step = |at: usize| {
        let timing = course.timings.get(at).cloned().unwrap_or_default();
        let audible = timing.done.is_some();
        let asked = if audible { Some(at) } else { course.last_audible(at) };
        PlayedStep {
            skipped: timing.began.is_none(),
            began_ms: timing.began.map(ms),
            answered_ms: course.answered_ms(at, &playout),
            answer: answers.get(&asked).map(|said| said.join(" ")).unwrap_or_default(),
            result: course.result_after(at).clone(),
        }
    };
    Played {
        steps: (0..course.timings.len()).map(step).collect(),
        transcript: course.conversation.transcript(),
        result: course.conversation.result().clone(),
        end: course.conversation.end().map(|(reason, duration)| (reason.to_owned(), duration)),
        latency: course.conversation.latency(),
        problems: course.problems,
        line: Some(playout.counts),
        cancelled,
    }
}

/// Everything that is to be heard, as it will be sent.
async fn clips(remote: &Remote, simulation: &Simulation, out: &Out) -> anyhow::Result<Vec<caller::Step>> {
    let steps = &simulation.script.steps;
    let progress = Progress::bar(out, steps.len(), "preparing what is said");
    let mut ready = Vec::with_capacity(steps.len());
    for step in steps {
        let act = match &step.act {
            Act::Say(text) => caller::Act::Clip(say(remote, simulation, text).await?),
            Act::Play(path, _) => caller::Act::Clip(sound::file(path)?),
            Act::Digits(digits) => caller::Act::Digits(digits.clone()),
            Act::HangUp => caller::Act::HangUp,
            Act::Listen => caller::Act::Listen,
        };
        ready.push(caller::Step { begin: step.begin, act });
        progress.step();
    }
    Ok(ready)
}

async fn say(remote: &Remote, simulation: &Simulation, text: &str) -> anyhow::Result<Arc<[i16]>> {
    let voice = simulation.voice.as_ref().or(simulation.script.voice.as_ref());
    let mut body = json!({"text": text});
    if let (Some(voice), Value::Object(fields)) = (voice, &mut body) {
        fields.insert("voice".to_owned(), json!(voice));
    }
    let body = Bytes::from(serde_json::to_vec(&body)?);
    let path = ["providers", "tts", &simulation.tts, "say"];
    let said = remote.0.post_bytes(&path, &[], "application/json", body).await;
    let (_, audio) = said.with_context(|| {
        format!("`{}` cannot say it (`trunkline provider list` says why; --wav plays a recording)", simulation.tts)
    })?;
    sound::clip(&audio).with_context(|| format!("what `{}` says cannot be played", simulation.tts))
}
