//! `trunkline document`: what agents answer from.

use super::{Context, cell, items, more, time};
use crate::backend::{Backend, Remote};
use crate::cli::DocumentCommand;
use crate::output::{Tone, clean};
use crate::progress::Progress;
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

pub(super) async fn run(context: &Context<'_>, command: DocumentCommand) -> anyhow::Result<ExitCode> {
    let out = context.out;
    let remote = context.server()?;
    match command {
        DocumentCommand::Add { files, name, agent } => {
            if name.is_some() && files.len() > 1 {
                bail!("--name names one document, and there are {} files", files.len());
            }
            let agent = agent_id(&remote, agent.as_deref()).await?;
            add(context, &remote, &files, name.as_deref(), agent.as_deref()).await?;
        }
        DocumentCommand::List { agent, page } => {
            let mut query = vec![("limit", page.limit.to_string())];
            query.extend(page.cursor.map(|cursor| ("cursor", cursor)));
            query.extend(agent_id(&remote, agent.as_deref()).await?.map(|agent| ("agent", agent)));
            let answer = remote.0.get(&["documents"], &query).await?;
            if out.json {
                out.document(&answer)?;
                return Ok(ExitCode::SUCCESS);
            }
            let row = |item: &Value| {
                let fields = ["id", "name", "agent_id", "bytes", "chunks"];
                let cells = fields.iter().map(|field| cell(&item[*field]));
                cells.chain([time(&item["created_at_ms"])]).collect()
            };
            let rows: Vec<_> = items(&answer).iter().map(row).collect();
            out.table(&["ID", "NAME", "AGENT", "BYTES", "PARTS", "ADDED"], &rows)?;
            more(out, &answer);
        }
        DocumentCommand::Delete { ids } => {
            for id in ids {
                remote.0.delete(&["documents", &id]).await.with_context(|| format!("the document {id}"))?;
                if out.json {
                    out.record(&json!({"id": id, "deleted": true}))?;
                } else {
                    out.line(clean(&format!("{id} is gone")))?;
                }
            }
        }
        DocumentCommand::Search { query, agent, limit } => {
            let mut body = json!({"query": query, "limit": limit});
            if let (Some(agent), Value::Object(fields)) = (agent_id(&remote, agent.as_deref()).await?, &mut body) {
                fields.insert("agent".to_owned(), agent.into());
            }
            let answer = remote.0.post(&["documents", "search"], Some(&body)).await?;
            if out.json {
                out.document(&answer)?;
                return Ok(ExitCode::SUCCESS);
            }
            for item in items(&answer) {
                let name = out.paint(Tone::Heading, &clean(&cell(&item["name"])));
                let place =
                    format!("part {}, score {:.2}", cell(&item["chunk"]), item["score"].as_f64().unwrap_or(0.0));
                out.line(format!("{name}  {}", out.paint(Tone::Quiet, &place)))?;
                out.line(format!("  {}", clean(item["text"].as_str().unwrap_or_default())))?;
            }
            if items(&answer).is_empty() {
                out.aside("nothing was found");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(
    context: &Context<'_>,
    remote: &Remote,
    files: &[std::path::PathBuf],
    name: Option<&str>,
    agent: Option<&str>,
) -> anyhow::Result<()> {
    let out = context.out;
    let progress = Progress::bar(out, files.len(), "adding");
    for file in files {
        progress.say(format!("adding {}", file.display()));
        let text = read(file).with_context(|| format!("{} cannot be read as text", file.display()))?;
        let usual = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut body = json!({"name": name.unwrap_or(&usual), "text": text});
        if let (Some(agent), Value::Object(fields)) = (agent, &mut body) {
            fields.insert("agent".to_owned(), agent.into());
        }
        let made = remote.0.post(&["documents"], Some(&body)).await;
        let made = made.with_context(|| format!("{}", file.display()))?;
        progress.step();
        progress.aside(|| {
            if out.json {
                return out.record(&made);
            }
            let line = format!("{} {} ({} parts)", cell(&made["id"]), cell(&made["name"]), cell(&made["chunks"]));
            Ok(out.line(clean(&line))?)
        })?;
    }
    Ok(())
}

async fn agent_id(remote: &Remote, named: Option<&str>) -> anyhow::Result<Option<String>> {
    match named {
        Some(named) => Ok(Some(Backend::Remote(remote.clone()).agent_id(named).await?.to_string())),
        None => Ok(None),
    }
}

fn read(file: &Path) -> std::io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}
