//! `trunkline call`: what was and is said.

use super::{Context, cell, items, more, replay, tail, time};
use crate::backend::{CallsOf, Intent};
use crate::cli::{CallCommand, StateArg};
use crate::output::{Out, Tone, clean, seconds};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::process::ExitCode;
use trunkline_contract::CallId;

pub(super) async fn run(context: &Context<'_>, command: CallCommand) -> anyhow::Result<ExitCode> {
    let out = context.out;
    match command {
        CallCommand::List { state, page } => {
            let state = state.map(|state| match state {
                StateArg::Ringing => "ringing",
                StateArg::Active => "active",
                StateArg::Ended => "ended",
            });
            let answer = context.backend(Intent::Read).await?.calls(&CallsOf { state, ..CallsOf::default() }, &page.into()).await?;
            if out.json {
                out.document(&answer)?;
                return Ok(ExitCode::SUCCESS);
            }
            let rows: Vec<_> = items(&answer).iter().map(row).collect();
            out.table(&["ID", "STATE", "DIRECTION", "CALLER", "CALLEE", "STARTED", "LASTED", "END"], &rows)?;
            more(out, &answer);
        }
        CallCommand::Show { call } => {
            let id = call_id(&call)?;
            let backend = context.backend(Intent::Read).await?;
            let (call, transcript) = (backend.call(id).await?, backend.transcript(id).await?);
            if out.json {
                out.document(&json!({"call": call, "transcript": transcript["items"]}))?;
            } else {
                show(out, &call, items(&transcript))?;
            }
        }
        CallCommand::Tail { call, from } => {
            let id = call_id(&call)?;
            tail::follow(out, &context.backend(Intent::Read).await?, id, from).await?;
        }
        CallCommand::Replay { call, component, until } => {
            let request = replay::Request { call: call_id(&call)?, component, until };
            return Box::pin(replay::run(context, &request)).await;
        }
    }
    Ok(ExitCode::SUCCESS)
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
    let fields = ["id", "state", "direction", "caller", "callee"];
    let mut row: Vec<String> = fields.iter().map(|field| cell(&call[*field])).collect();
    row.extend([time(&call["started_at_ms"]), lasted(call), cell(&call["end_reason"])]);
    row
}

fn show(out: &Out, call: &Value, transcript: &[Value]) -> anyhow::Result<()> {
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
        let at = seconds(line["at_ms"].as_u64().unwrap_or_default());
        let who = line["tool"].as_str().or(line["role"].as_str()).unwrap_or("-");
        let who = out.paint(Tone::Heading, &clean(&format!("{who:<9}")));
        out.line(format!("{at:>9}  {who}  {}", clean(line["text"].as_str().unwrap_or_default())))?;
    }
    Ok(())
}
