//! `trunkline agent`: contracts in, versions out.

use super::{Context, cell, items, more, time};
use crate::backend::{Backend, Faults, Intent, server};
use crate::cli::AgentCommand;
use crate::output::{Out, Tone, clean};
use crate::{backend, components};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use trunkline_contract::{Fault, Severity};

pub(super) async fn run(context: &Context<'_>, command: AgentCommand) -> anyhow::Result<ExitCode> {
    let out = context.out;
    match command {
        AgentCommand::List(page) => {
            let answer = context.backend(Intent::Read).await?.agents(&page.into()).await?;
            if out.json {
                out.document(&answer)?;
                return Ok(ExitCode::SUCCESS);
            }
            let row = |agent: &Value| {
                let name = cell(&agent["document"]["name"]);
                vec![cell(&agent["agent_id"]), name, cell(&agent["version"]), time(&agent["created_at_ms"])]
            };
            let rows: Vec<_> = items(&answer).iter().map(row).collect();
            out.table(&["ID", "NAME", "VERSION", "CHANGED"], &rows)?;
            more(out, &answer);
        }
        AgentCommand::Show { agent } => {
            let backend = context.backend(Intent::Read).await?;
            let id = backend.agent_id(&agent).await?;
            out.document(&backend.agent(id).await?)?;
        }
        AgentCommand::Create { file } => {
            let document = read(&file)?;
            let made = context.backend(Intent::Write).await?.create_agent(&document).await;
            return match refused(made)? {
                Ok(made) if out.json => out.document(&made).map(|()| ExitCode::SUCCESS),
                Ok(made) => {
                    out.line(clean(&format!("{} version {}", cell(&made["agent_id"]), cell(&made["version"]))))?;
                    Ok(ExitCode::SUCCESS)
                }
                Err(faults) => report(out, &file, &faults.faults, Some(&faults.detail)),
            };
        }
        AgentCommand::Validate { file } => {
            let document = read(&file)?;
            return match refused(validate(context, &document).await)? {
                Ok(warnings) => report(out, &file, &warnings, None),
                Err(faults) => report(out, &file, &faults.faults, Some(&faults.detail)),
            };
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks a contract. Without a server, a database that is there and free is asked for further components.
async fn validate(context: &Context<'_>, document: &Value) -> anyhow::Result<Vec<Fault>> {
    if server(&context.global, &context.env).is_some() {
        return context.backend(Intent::Read).await?.validate(document).await;
    }
    let config = context.load(None)?.config;
    if let Ok(backend) = Backend::open(&context.global, &context.env, &config, Intent::Read).await {
        return backend.validate(document).await;
    }
    let names: Vec<String> = components::list(&config.components)?.into_iter().map(|(name, _)| name).collect();
    backend::check(document, &names, &config.components)
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
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(file).map(|content| text = content)
    };
    read.with_context(|| format!("the contract {} cannot be read", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))
}
