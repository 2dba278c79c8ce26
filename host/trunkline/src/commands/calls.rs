//! `trunkline call`: what was and is said.

mod export;
mod simulate;

use super::{Context, cell, items, more, replay, tail, time};
use crate::backend::{CallsOf, Intent};
use crate::cli::CallCommand;
use crate::output::{Out, Tone, clean, seconds};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::process::ExitCode;
use trunkline_contract::CallId;

pub(super) async fn run(context: &Context<'_>, command: CallCommand) -> anyhow::Result<ExitCode> {
    let out = context.out;
    match command {
        CallCommand::List { state, channel, agent, page } => {
            let backend = context.backend(Intent::Read).await?;
            let agent = match agent {
                Some(agent) => Some(backend.agent_id(&agent).await?),
                None => None,
            };
            let of = CallsOf { state: state.map(|s| s.name()), channel: channel.map(|c| c.name()), agent };
            list(out, &backend.calls(&of, &page.into()).await?)?;
        }
        CallCommand::Show { call } => {
            let id = call_id(&call)?;
            let backend = context.backend(Intent::Read).await?;
            let (call, transcript) = (backend.call(id).await?, backend.transcript(id).await?);
            let latency = backend.latency(id).await?;
            if out.json {
                let parts = json!({"call": call, "transcript": transcript["items"], "latency": latency["items"]});
                out.document(&parts)?;
            } else {
                show(out, &call, items(&transcript), items(&latency))?;
            }
        }
        CallCommand::Tail { call, from } => {
            let id = call_id(&call)?;
            tail::follow(out, &context.backend(Intent::Read).await?, id, from).await?;
        }
        CallCommand::Export { call, out: to, format } => {
            let id = call_id(&call)?;
            let backend = context.backend(Intent::Read).await?;
            export::run(out, &backend, id, to.as_deref(), format).await?;
        }
        CallCommand::Hangup { call } => {
            let id = call_id(&call)?;
            context.server()?.hang_up(id).await?;
            if out.json {
                out.document(&json!({"id": id, "state": "ending"}))?;
            } else {
                out.line(format!("{id} is being ended"))?;
            }
        }
        CallCommand::Simulate(simulate) => return Box::pin(simulate::run(context, simulate)).await,
        CallCommand::Replay { call, component, until } => {
            let request = replay::Request { call: call_id(&call)?, component, until };
            return Box::pin(replay::run(context, &request)).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(out: &Out, answer: &Value) -> anyhow::Result<()> {
    if out.json {
        return out.document(answer);
    }
    let rows: Vec<_> = items(answer).iter().map(row).collect();
    out.table(&["ID", "STATE", "CHANNEL", "CALLER", "CALLEE", "STARTED", "LASTED", "END"], &rows)?;
    more(out, answer);
    Ok(())
}

fn call_id(text: &str) -> anyhow::Result<CallId> {
    text.parse().context("name a call by its id; `trunkline call list` shows them")
}

fn lasted(call: &Value) -> String {
    match (call["started_at_ms"].as_u64(), call["ended_at_ms"].as_u64()) {
        (Some(start), Some(end)) => seconds(end.saturating_sub(start)),
        _ => "-".to_owned(),
    }
}

fn row(call: &Value) -> Vec<String> {
    let fields = ["id", "state", "channel", "caller", "callee"];
    let mut row: Vec<String> = fields.iter().map(|field| cell(&call[*field])).collect();
    row.extend([time(&call["started_at_ms"]), lasted(call), cell(&call["end_reason"])]);
    row
}

fn show(out: &Out, call: &Value, transcript: &[Value], latency: &[Value]) -> anyhow::Result<()> {
    let agent = format!("{} version {}", cell(&call["agent_id"]), cell(&call["agent_version"]));
    let fields = [
        ("call", cell(&call["id"])),
        ("state", cell(&call["state"])),
        ("agent", agent),
        ("channel", cell(&call["channel"])),
        ("caller", cell(&call["caller"])),
        ("callee", cell(&call["callee"])),
        ("carrier's id", cell(&call["carrier_call_sid"])),
        ("started", time(&call["started_at_ms"])),
        ("lasted", lasted(call)),
        ("end", cell(&call["end_reason"])),
        ("result", cell(&call["result"])),
    ];
    for (name, value) in fields {
        out.line(format!("{}  {}", out.paint(Tone::Quiet, &format!("{name:>12}")), clean(&value)))?;
    }
    for line in transcript {
        said(out, line)?;
    }
    if latency.is_empty() {
        return Ok(());
    }
    out.line("")?;
    out.table(&STAGES.map(|(heading, _)| heading), &latency.iter().map(turn).collect::<Vec<_>>())?;
    out.line(out.paint(Tone::Quiet, "ms after the caller's last sound; HOST is the host's own share of VOICE"))?;
    Ok(())
}

fn said(out: &Out, line: &Value) -> anyhow::Result<()> {
    let at = seconds(line["at_ms"].as_u64().unwrap_or_default());
    let who = line["tool"].as_str().or(line["role"].as_str()).unwrap_or("-");
    let who = out.paint(Tone::Heading, &clean(&format!("{who:<9}")));
    let text = clean(line["text"].as_str().unwrap_or_default());
    let rest = line["not_heard"].as_str().map(|rest| format!(" [not heard: {}]", clean(rest))).unwrap_or_default();
    out.line(format!("{at:>9}  {who}  {text}{}", out.paint(Tone::Quiet, &rest)))?;
    Ok(())
}

/// Stages of a turn as columns.
const STAGES: [(&str, &str); 8] = [
    ("TURN", "turn"),
    ("SILENCE", "endpoint_ms"),
    ("WORDS", "transcript_ms"),
    ("DECISION", "decision_ms"),
    ("TOKEN", "first_token_ms"),
    ("TEXT", "first_segment_ms"),
    ("VOICE", "first_frame_ms"),
    ("HOST", "host_added_ms"),
];

fn turn(latency: &Value) -> Vec<String> {
    let begin = latency["speech_end_ms"].as_u64().unwrap_or_default();
    let cell = |(heading, field): (&str, &str)| match latency[field].as_u64() {
        None => "-".to_owned(),
        Some(value) if matches!(heading, "TURN" | "HOST") => value.to_string(),
        // A recogniser may be done before the voice detector is.
        Some(value) if value < begin => format!("-{}", begin - value),
        Some(value) => (value - begin).to_string(),
    };
    STAGES.map(cell).to_vec()
}
