//! `trunkline provider`: who can speak, listen and think here.

use super::{Context, cell, items};
use crate::backend::{Backend, Remote, server};
use crate::cli::ProviderCommand;
use crate::config::Config;
use crate::outgoing;
use crate::output::{Tone, clean};
use crate::progress::Progress;
use crate::running::Running;
use crate::trial::{self, Trial};
use anyhow::bail;
use serde_json::{Value, json};
use std::process::ExitCode;
use trunkline_egress::Policy;
use trunkline_providers::Providers;

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
        ProviderCommand::Check { name, voice } => return check(context, name.as_deref(), voice.as_deref()).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(context: &Context<'_>, only: Option<&str>, voice: Option<&str>) -> anyhow::Result<ExitCode> {
    let out = context.out;
    let (server, known) = look(context).await?;
    if let Some(name) = only {
        named(&known, name)?;
    }
    let progress = Progress::spinner(out, "a sentence is said, and heard again");
    let tried = match &server {
        Some(remote) => trial::all(&Trial::There(remote), &known, only, voice).await,
        None => {
            let providers = configured(&context.load(None)?.config)?;
            trial::all(&Trial::Here(&providers), &known, only, voice).await
        }
    };
    drop(progress);
    let healthy = tried.iter().all(|tried| tried.ok);
    if out.json {
        out.document(&json!({"ok": healthy, "items": tried}))?;
    } else {
        for tried in &tried {
            let (tone, word) = if tried.ok { (Tone::Good, "ok    ") } else { (Tone::Bad, "failed") };
            let line =
                format!("{}  {}  {:<22}  {}", out.paint(tone, word), tried.kind, tried.name, clean(&tried.found));
            out.line(line)?;
        }
        if tried.is_empty() {
            out.aside(
                "there is nothing to try: a language model would cost tokens; `trunkline provider list` shows all",
            );
        }
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// That there is such a provider, and that it is ready.
fn named(known: &Value, name: &str) -> anyhow::Result<()> {
    let of_it: Vec<&Value> = items(known).iter().filter(|provider| provider["name"] == name).collect();
    if of_it.is_empty() {
        let mut names: Vec<&str> = items(known).iter().filter_map(|provider| provider["name"].as_str()).collect();
        names.sort_unstable();
        names.dedup();
        bail!("there is no provider `{name}` (there are: {})", names.join(", "));
    }
    if let Some(problem) = of_it.iter().find_map(|provider| provider["problem"].as_str()) {
        bail!("`{name}` is not ready: {problem}");
    }
    Ok(())
}

async fn list(context: &Context<'_>) -> anyhow::Result<()> {
    let out = context.out;
    let (_, answer) = look(context).await?;
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

/// A server, if one is meant, and how its providers stand; without one, those of this configuration.
async fn look(context: &Context<'_>) -> anyhow::Result<(Option<Remote>, Value)> {
    let config = context.load(None)?.config;
    if server(&context.global, &context.env)?.is_none() && Running::find(&config.data).is_none() {
        return Ok((None, here(context)?));
    }
    let remote = context.server()?;
    let status = remote.0.get(&["providers"], &[]).await?;
    Ok((Some(remote), status))
}

/// Every provider, in the shape of the interface.
pub(super) async fn status(context: &Context<'_>, backend: &Backend) -> anyhow::Result<Value> {
    match backend {
        Backend::Remote(remote) => remote.0.get(&["providers"], &[]).await,
        Backend::Local(_) => here(context),
    }
}

/// As a server with this configuration would answer.
fn here(context: &Context<'_>) -> anyhow::Result<Value> {
    Ok(json!({"items": configured(&context.load(None)?.config)?.status()}))
}

/// The providers of a configuration.
///
/// # Errors
/// They cannot be set up.
pub(crate) fn configured(config: &Config) -> anyhow::Result<Providers> {
    Ok(Providers::new(&config.providers, &outgoing::egress(config)?, Policy::tenant(Vec::new()))?)
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
