//! Agents of other systems, in and out.

use super::super::Context;
use super::{read_text, report};
use crate::backend::Faults;
use crate::cli::{ExportArgs, ImportArgs};
use crate::interface::{Ask, Interface};
use crate::output::{Out, Tone, clean};
use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use trunkline_contract::Fault;
use trunkline_contract::shapes::{Entry, Outcome, import};
use trunkline_egress::{HttpLimits, Policy};
use trunkline_engine::Granted;

pub(super) async fn import_agent(context: &Context<'_>, arguments: ImportArgs) -> anyhow::Result<ExitCode> {
    let named = Path::new(&arguments.source);
    let text = source(context, &arguments.source).await?;
    let read = match import(&Value::String(text.clone()), arguments.shape, Granted::BUILTIN) {
        Ok(read) => read,
        Err(fault) => return refused(context.out, named, "what was read makes no agent", &[fault]),
    };
    let config = context.load(None)?.config;
    let interface = Interface::open(&context.global, &context.env, &config).await?;
    // Two sources without a name are two agents.
    let unnamed = |entry: &Entry| entry.outcome == Outcome::Added && entry.to.as_deref() == Some("/name");
    let name = read.document["name"].as_str().filter(|_| !read.entries.iter().any(unnamed));
    let answer = async {
        let into = match (&arguments.into, name) {
            (Some(named), _) => Some(interface.agent(named).await?),
            (None, Some(name)) => interface.agent_named(name, None).await?,
            (None, None) => None,
        };
        let body = json!({
            "source": text,
            "shape": read.shape,
            "into": into,
            "set_default": arguments.default,
            "secrets": !arguments.no_secrets,
            "dry_run": arguments.dry_run,
        });
        let ask = Ask::new(Method::POST, &["agents", "import"]).with("summary", arguments.why.summary.as_deref());
        interface.ask(ask.body(body)).await
    };
    let answer = answer.await;
    interface.close().await;
    match answer.map_err(|error| error.downcast::<Faults>()) {
        Ok(answer) => imported(context.out, &answer, arguments.dry_run),
        Err(Ok(faults)) => {
            // The file is the document, not a part of a request.
            let own = |fault: &Fault| {
                let pointer = fault.pointer.strip_prefix("/source").unwrap_or(&fault.pointer).to_owned();
                Fault { pointer, ..fault.clone() }
            };
            refused(context.out, named, &faults.detail, &faults.faults.iter().map(own).collect::<Vec<_>>())
        }
        Err(Err(error)) => Err(error),
    }
}

fn refused(out: &Out, named: &Path, detail: &str, faults: &[Fault]) -> anyhow::Result<ExitCode> {
    report(out, named, faults, Some(detail))
}

fn imported(out: &Out, answer: &Value, dry_run: bool) -> anyhow::Result<ExitCode> {
    if out.json {
        out.document(answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    told(out, answer)?;
    for warning in serde_json::from_value::<Vec<Fault>>(answer["warnings"].clone()).unwrap_or_default() {
        out.fault(&warning)?;
    }
    if dry_run {
        out.line("nothing was kept: this was a dry run")?;
    } else {
        let agent = &answer["agent"];
        let id = agent["agent_id"].as_str().unwrap_or_default();
        out.line(clean(&format!("{id} version {}", agent["version"])))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What became of each value.
fn told(out: &Out, answer: &Value) -> anyhow::Result<()> {
    let entries: Vec<Entry> = serde_json::from_value(answer["entries"].clone()).unwrap_or_default();
    for entry in &entries {
        let (word, tone) = match entry.outcome {
            Outcome::Mapped => ("mapped ", Tone::Good),
            Outcome::Note => ("note   ", Tone::Warning),
            Outcome::Secret => ("secret ", Tone::Good),
            Outcome::Dropped => ("dropped", Tone::Bad),
            Outcome::Added => ("added  ", Tone::Warning),
        };
        let arrow = if entry.from.is_empty() { "" } else { " -> " };
        let to = entry.to.as_ref().map(|to| format!("{arrow}{to}")).unwrap_or_default();
        let why = entry.message.as_ref().map(|why| format!("  ({why})")).unwrap_or_default();
        out.aside(&format!("  {}  {}", out.paint_aside(tone, word), clean(&format!("{}{to}{why}", entry.from))));
    }
    Ok(())
}

/// The text of a file, of standard input or of an address.
async fn source(context: &Context<'_>, named: &str) -> anyhow::Result<String> {
    if !named.starts_with("http://") && !named.starts_with("https://") {
        return read_text(Path::new(named)).with_context(|| format!("the agent {named} cannot be read"));
    }
    let http = crate::outgoing::egress(&context.load(None)?.config)?.http(Policy::trusted())?;
    let request =
        Request::builder().uri(named).body(Bytes::new()).with_context(|| format!("`{named}` is no address"))?;
    let answer = http.send(request, &HttpLimits::default()).await?;
    if !answer.status().is_success() {
        bail!("{named} answers {}", answer.status());
    }
    String::from_utf8(answer.bytes().await?.to_vec()).with_context(|| format!("what is at {named} is no text"))
}

pub(super) async fn export(context: &Context<'_>, arguments: ExportArgs) -> anyhow::Result<ExitCode> {
    let shape = arguments.shape.unwrap_or_default();
    let config = context.load(None)?.config;
    let interface = Interface::open(&context.global, &context.env, &config).await?;
    let answer = async {
        let id = match &arguments.agent {
            Some(named) => interface.agent(named).await?,
            None => {
                let current = interface.ask(Ask::new(Method::GET, &["agents", "current"])).await?;
                current["agent_id"].as_str().context("the agent has no id")?.to_owned()
            }
        };
        let ask = Ask::new(Method::GET, &["agents", &id, "export"]).with("shape", Some(shape.name()));
        interface.ask(ask.with("version", arguments.of)).await
    };
    let answer = answer.await;
    interface.close().await;
    let answer = answer?;
    told(context.out, &answer)?;
    match &answer["content"] {
        Value::String(text) => super::super::write_text(context.out, arguments.out.as_deref(), text)?,
        document => super::super::write_document(context.out, arguments.out.as_deref(), document)?,
    }
    Ok(ExitCode::SUCCESS)
}
