//! `trunkline provider`: who can speak, listen and think here.

use super::{Context, cell, items};
use crate::backend::{Backend, Intent};
use crate::cli::ProviderCommand;
use crate::output::clean;
use serde_json::Value;
use std::process::ExitCode;

/// A provider of one kind, as it stands.
pub(super) struct Provider<'a> {
    pub(super) name: &'a str,
    pub(super) ready: bool,
    /// What to do.
    pub(super) problem: Option<&'a str>,
}

pub(super) async fn run(context: &Context<'_>, command: ProviderCommand) -> anyhow::Result<ExitCode> {
    match command {
        ProviderCommand::List => list(context).await?,
        ProviderCommand::Check { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(context: &Context<'_>) -> anyhow::Result<()> {
    let out = context.out;
    let backend = context.backend(Intent::Read).await?;
    let answer = status(context, &backend).await?;
    if out.json {
        return out.document(&answer);
    }
    let rows: Vec<Vec<String>> = items(&answer).iter().flat_map(rows).collect();
    Ok(out.table(&["KIND", "NAME", "READY", ""], &rows)?)
}

/// A provider, and below it its programs.
fn rows(provider: &Value) -> Vec<Vec<String>> {
    let ready = |value: &Value| if value["ready"] == true { "yes" } else { "no" }.to_owned();
    let remark = |value: &Value| value["problem"].as_str().map(clean).unwrap_or_default();
    let mut rows = vec![vec![cell(&provider["kind"]), cell(&provider["name"]), ready(provider), remark(provider)]];
    for program in provider["programs"].as_array().into_iter().flatten() {
        let voices: Vec<&str> = program["voices"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let remark = if voices.is_empty() { remark(program) } else { format!("voices: {}", voices.join(", ")) };
        rows.push(vec![String::new(), format!("  {}", cell(&program["name"])), ready(program), remark]);
    }
    rows
}

/// Every provider, in the shape of the interface.
pub(super) async fn status(context: &Context<'_>, backend: &Backend) -> anyhow::Result<Value> {
    match backend {
        Backend::Remote(remote) => remote.0.get(&["providers"], &[]).await,
        Backend::Local(_) => here(context),
    }
}

/// As a server with this configuration would answer.
fn here(_context: &Context<'_>) -> anyhow::Result<Value> {
    Ok(serde_json::json!({"items": []}))
}

/// Those of a kind.
pub(super) fn of_kind<'a>(status: &'a Value, kind: &str) -> impl Iterator<Item = Provider<'a>> {
    items(status).iter().filter(move |provider| provider["kind"] == kind).filter_map(|provider| {
        Some(Provider {
            name: provider["name"].as_str()?,
            ready: provider["ready"] == true,
            problem: provider["problem"].as_str(),
        })
    })
}

/// The voices of a provider of speech, those of its first ready program first.
pub(super) fn voices<'a>(status: &'a Value, named: &str) -> Vec<&'a str> {
    let provider = items(status).iter().find(|provider| provider["kind"] == "tts" && provider["name"] == named);
    let programs = provider.and_then(|provider| provider["programs"].as_array()).into_iter().flatten();
    let ready = programs.filter(|program| program["ready"] == true);
    ready.flat_map(|program| program["voices"].as_array().into_iter().flatten()).filter_map(Value::as_str).collect()
}
