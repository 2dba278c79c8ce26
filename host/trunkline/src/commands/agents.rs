//! `trunkline agent`: contracts in, versions out.

mod create;
mod edit;
mod exchange;
mod fields;
mod served;

use super::{Context, cell, items, more, time};
use crate::backend::{Backend, Faults, Intent, PageOf};
use crate::cli::AgentCommand;
use crate::output::{Out, Tone, clean};
use crate::running::Running;
use crate::{backend, components};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use trunkline_contract::{AgentId, Fault, Severity};

pub(super) async fn run(context: &Context<'_>, command: AgentCommand) -> anyhow::Result<ExitCode> {
    let out = context.out;
    match command {
        AgentCommand::List(page) => list(context, &page.into()).await?,
        AgentCommand::Show { agent } => {
            let backend = context.backend(Intent::Read).await?;
            out.document(&backend.find_agent(agent.as_deref()).await?)?;
        }
        AgentCommand::Create(new) => return Box::pin(create::run(context, new)).await,
        AgentCommand::Edit { agent, why } => {
            return Box::pin(edit::run(context, agent.as_deref(), why.summary.as_deref())).await;
        }
        AgentCommand::Set { agent, fields, why } => {
            let patch = fields::patch(&fields)?;
            let backend = context.backend(Intent::Write).await?;
            let id = backend.agent_id(&agent).await?;
            return changed(out, Path::new(&agent), backend.patch_agent(id, &patch, why.summary.as_deref()).await);
        }
        AgentCommand::Validate { file } => {
            let document = read(&file)?;
            return match refused(validate(context, &document).await)? {
                Ok(warnings) => report(out, &file, &warnings, None),
                Err(faults) => report(out, &file, &faults.faults, Some(&faults.detail)),
            };
        }
        AgentCommand::Versions { agent, page } => {
            let backend = context.backend(Intent::Read).await?;
            let id = backend.agent_id(&agent).await?;
            versions(out, &backend.versions(id, &page.into()).await?)?;
        }
        AgentCommand::Export(arguments) => return Box::pin(exchange::export(context, arguments)).await,
        AgentCommand::Import(arguments) => return Box::pin(exchange::import_agent(context, arguments)).await,
        AgentCommand::Diff(of) => return served::diff(context, of).await,
        AgentCommand::Rollback { agent, number, why } => {
            let backend = context.backend(Intent::Write).await?;
            let id = backend.agent_id(&agent).await?;
            return changed(out, Path::new(&agent), backend.roll_back(id, number, why.summary.as_deref()).await);
        }
        AgentCommand::Serving { agent } => return served::serving(context, &agent).await,
        AgentCommand::Pin { agent, number } => return served::pin(context, &agent, Some(number)).await,
        AgentCommand::Unpin { agent } => return served::pin(context, &agent, None).await,
        AgentCommand::Rollout(what) => return served::rollout(context, what).await,
        AgentCommand::Effective(of) => return served::effective(context, of).await,
        AgentCommand::Field(command) => return Box::pin(served::fields(context, command)).await,
        AgentCommand::Archive { agent } => return served::archive(context, &agent, true).await,
        AgentCommand::Restore { agent } => return served::archive(context, &agent, false).await,
        AgentCommand::Default { agent } => default(context, agent.as_deref()).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(context: &Context<'_>, page: &PageOf) -> anyhow::Result<()> {
    let out = context.out;
    let answer = context.backend(Intent::Read).await?.agents(page).await?;
    if out.json {
        return out.document(&answer);
    }
    let row = |agent: &Value| {
        let default = if agent["default"] == true { "default" } else { "" };
        let name = cell(&agent["document"]["name"]);
        vec![cell(&agent["agent_id"]), name, cell(&agent["version"]), time(&agent["created_at_ms"]), default.to_owned()]
    };
    let rows: Vec<_> = items(&answer).iter().map(row).collect();
    out.table(&["ID", "NAME", "VERSION", "CHANGED", ""], &rows)?;
    more(out, &answer);
    Ok(())
}

fn versions(out: &Out, answer: &Value) -> anyhow::Result<()> {
    if out.json {
        return out.document(answer);
    }
    let row = |version: &Value| {
        let texts = [cell(&version["author"]), cell(&version["summary"])];
        [cell(&version["version"]), time(&version["created_at_ms"])].into_iter().chain(texts).collect()
    };
    out.table(&["VERSION", "MADE", "BY", "WHY"], &items(answer).iter().map(row).collect::<Vec<_>>())?;
    more(out, answer);
    Ok(())
}

async fn default(context: &Context<'_>, agent: Option<&str>) -> anyhow::Result<()> {
    let out = context.out;
    let intent = if agent.is_some() { Intent::Write } else { Intent::Read };
    let backend = context.backend(intent).await?;
    let found = match agent {
        Some(agent) => backend.set_default(backend.agent_id(agent).await?).await?,
        None => backend.default_agent().await?,
    };
    if out.json {
        return out.document(&found);
    }
    let (id, name) = (cell(&found["agent_id"]), cell(&found["document"]["name"]));
    Ok(out.line(clean(&format!("{id} {name} answers whoever names no agent")))?)
}

/// Tells which version there is now, or why there is none.
fn changed(out: &Out, named: &Path, made: anyhow::Result<Value>) -> anyhow::Result<ExitCode> {
    match refused(made)? {
        Ok(made) if out.json => out.document(&made)?,
        Ok(made) => out.line(clean(&format!("{} version {}", cell(&made["agent_id"]), cell(&made["version"]))))?,
        Err(faults) => return report(out, named, &faults.faults, Some(&faults.detail)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks a contract. Without a server, a database that is there and free is asked for further components.
async fn validate(context: &Context<'_>, document: &Value) -> anyhow::Result<Vec<Fault>> {
    let config = context.load(None)?.config;
    let served = backend::server(&context.global, &context.env)?.is_some() || Running::find(&config.data).is_some();
    match Backend::open(&context.global, &context.env, &config, Intent::Read).await {
        Ok(backend) => return backend.validate(document).await,
        Err(error) if served => return Err(error),
        Err(_) => {}
    }
    let names: Vec<String> = components::list(&config.components)?.into_iter().map(|(name, _)| name).collect();
    backend::check(document, &names, &[], &config.components)
}

/// Tells a refused contract from what else can go wrong.
fn refused<T>(outcome: anyhow::Result<T>) -> anyhow::Result<Result<T, Faults>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(error) => error.downcast::<Faults>().map(Err),
    }
}

/// Shows what was found in a contract; `refused` says that it cannot be used.
fn report(out: &Out, file: &Path, faults: &[Fault], refused: Option<&str>) -> anyhow::Result<ExitCode> {
    if out.json {
        let of = |severity| faults.iter().filter(|fault| fault.severity == severity).collect::<Vec<_>>();
        let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
        out.document(&json!({"valid": refused.is_none(), "errors": errors, "warnings": warnings}))?;
    } else {
        let verdict = match refused {
            Some(detail) => out.paint(Tone::Bad, &clean(detail)),
            None => out.paint(Tone::Good, "the contract is valid"),
        };
        out.line(format!("{}: {verdict}", file.display()))?;
        faults.iter().try_for_each(|fault| out.fault(fault))?;
    }
    Ok(if refused.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read(file: &Path) -> anyhow::Result<Value> {
    let text = read_text(file).with_context(|| format!("the contract {} cannot be read", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))
}

fn read_text(file: &Path) -> std::io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

/// The id of an answer that has one.
fn id_of(agent: &Value) -> anyhow::Result<AgentId> {
    Ok(agent["agent_id"].as_str().context("the agent has no id")?.parse()?)
}
