//! `trunkline call replay`: the same events again, and whether the behaviour decides the same.

use super::Context;
use crate::backend::{Backend, Intent};
use crate::config::Config;
use crate::output::{Out, Tone, clean};
use crate::{components, guests};
use anyhow::{Context as _, bail};
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{Action, CallId};
use trunkline_runtime::{Behaviour, Components, Digest, Failure, ReplayOutcome, Runtime, replay};

/// What is asked.
pub(super) struct Request {
    pub(super) call: CallId,
    pub(super) component: Option<String>,
    pub(super) until: Option<u64>,
}

/// Exit code of a log that cannot be replayed.
const CANNOT: u8 = 2;

/// Exit code 0: equal, 1: different, 2: it could not be run.
pub(super) async fn run(context: &Context<'_>, request: &Request) -> anyhow::Result<ExitCode> {
    match outcome(context, request).await {
        Ok(outcome) => show(context.out, &outcome),
        Err(error) => {
            context.out.failure(&error);
            Ok(ExitCode::from(CANNOT))
        }
    }
}

async fn outcome(context: &Context<'_>, request: &Request) -> anyhow::Result<ReplayOutcome> {
    let config = context.load(None)?.config;
    let backend = context.backend(Intent::Read).await?;
    let rows = rows(&backend, request).await?;
    let runtime = guests::runtime(&config)?;
    if let Some(named) = &request.component {
        let bytes = named_bytes(named, &backend, &config).await?;
        let behaviour = load(&runtime, &bytes).with_context(|| format!("`{named}`"))?;
        return Ok(replay(&Components::Override(&behaviour), &rows, request.until).await?);
    }
    let mut recorded: HashMap<&str, Behaviour> = HashMap::new();
    for row in &rows {
        if let Entry::Component { digest, .. } = &row.entry
            && !recorded.contains_key(digest.as_str())
        {
            let bytes = by_digest(digest, &backend, &config).await?;
            recorded.insert(digest, load(&runtime, &bytes).with_context(|| format!("component {digest}"))?);
        }
    }
    let find = |digest: &str| recorded.get(digest).cloned();
    Ok(replay(&Components::Recorded(&find), &rows, request.until).await?)
}

async fn rows(backend: &Backend, request: &Request) -> anyhow::Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    // An event's answer stands in a later row: the log is read to its end even when the replay stops before.
    loop {
        let page = backend.rows(request.call, rows.last().map_or(1, |row| row.seq + 1)).await?;
        if page.is_empty() {
            return Ok(rows);
        }
        rows.extend(page);
    }
}

fn load(runtime: &Runtime, bytes: &[u8]) -> anyhow::Result<Behaviour> {
    Ok(runtime.load(bytes)?.behaviour()?)
}

async fn named_bytes(named: &str, backend: &Backend, config: &Config) -> anyhow::Result<Vec<u8>> {
    if named.parse::<Digest>().is_ok() {
        return by_digest(named, backend, config).await;
    }
    std::fs::read(Path::new(named))
        .with_context(|| format!("`{named}` is neither a digest nor a file that can be read"))
}

/// The registry's bytes, or those of a file in the folder of components.
async fn by_digest(digest: &str, backend: &Backend, config: &Config) -> anyhow::Result<Vec<u8>> {
    if let Backend::Local(local) = backend
        && let Some(bytes) = local.component(digest).await?
    {
        return Ok(bytes);
    }
    for (_, path) in components::list(&config.components)? {
        let bytes = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        if Digest::of(&bytes).to_string() == digest {
            return Ok(bytes);
        }
    }
    let short: String = digest.chars().take(12).collect();
    bail!("the component {short} is not here: replay on its host's data directory, or name a file with --component")
}

fn show(out: &Out, outcome: &ReplayOutcome) -> anyhow::Result<ExitCode> {
    match outcome {
        ReplayOutcome::Equal { events } => {
            if out.json {
                out.document(&json!({"equal": true, "events": events}))?;
            } else {
                out.line(format!("{}, events compared: {events}", out.paint(Tone::Good, "equal")))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        ReplayOutcome::Differs { seq, event, expected, found } => {
            if out.json {
                let (actions, failure) = match found {
                    Ok(actions) => (json!(actions), json!(null)),
                    Err(failure) => (json!(null), json!({"kind": failure.kind.as_str(), "message": failure.message})),
                };
                let found = json!({"actions": actions, "failure": failure});
                out.document(
                    &json!({"equal": false, "seq": seq, "event": event, "expected": expected, "found": found}),
                )?;
            } else {
                differs(out, *seq, event, expected, found)?;
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The actions of both sides, line by line, with those that differ marked.
fn differs(
    out: &Out,
    seq: u64,
    event: &str,
    expected: &[Action],
    found: &Result<Vec<Action>, Failure>,
) -> anyhow::Result<()> {
    out.line(format!("{} at row {seq}, event {event}", out.paint(Tone::Bad, "different")))?;
    let nothing = Vec::new();
    let actions = found.as_ref().unwrap_or(&nothing);
    for at in 0..expected.len().max(actions.len()) {
        let (then, now) = (expected.get(at), actions.get(at));
        if then == now {
            out.line(format!("  {}", text(then)?))?;
            continue;
        }
        if then.is_some() {
            out.line(out.paint(Tone::Bad, &format!("- {}", text(then)?)))?;
        }
        if now.is_some() {
            out.line(out.paint(Tone::Good, &format!("+ {}", text(now)?)))?;
        }
    }
    if let Err(failure) = found {
        out.line(out.paint(Tone::Good, &clean(&format!("+ fails: {failure}"))))?;
    }
    if expected.is_empty() && found.as_ref().is_ok_and(Vec::is_empty) {
        out.line("  no actions on either side")?;
    }
    Ok(())
}

fn text(action: Option<&Action>) -> anyhow::Result<String> {
    Ok(clean(&serde_json::to_string(&action)?))
}
