//! `trunkline component`: what is shipped, and which release of it is used.

use super::manage::{Columns, print};
use super::{Context, cell, items};
use crate::cli::{ComponentCommand, GrantArgs, UploadArgs};
use crate::guests;
use crate::interface::{Ask, Interface};
use crate::progress::Progress;
use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use trunkline_contract::ComponentId;
use trunkline_runtime::{LoadError, World};

const COMPONENT: Columns = &[
    ("id", "ID"),
    ("name", "NAME"),
    ("kind", "KIND"),
    ("live", "LIVE"),
    ("draft", "DRAFT"),
    ("previous", "BEFORE"),
    ("updated_at_ms", "CHANGED"),
];
const RELEASE: Columns = &[
    ("number", "NO"),
    ("digest", "SHA-256"),
    ("bytes", "BYTES"),
    ("created_by", "BY"),
    ("created_at_ms", "UPLOADED"),
    ("promoted_at_ms", "LAST LIVE SINCE"),
];

pub(super) async fn run(context: &Context<'_>, command: ComponentCommand) -> anyhow::Result<ExitCode> {
    let out = context.out;
    match command {
        ComponentCommand::Check { file } => check(context, &file).await,
        ComponentCommand::Bench { file, events } => {
            let runtime = trunkline_runtime::Runtime::new(&trunkline_runtime::Config::new([0; 32]))?;
            super::bench::measure(context, &runtime, &read(&file)?, events as usize).await
        }
        ComponentCommand::Upload(arguments) => upload(context, arguments).await,
        ComponentCommand::List(page) => {
            let ask = Ask::new(Method::GET, &["components"]).with("limit", Some(page.limit));
            let answer =
                ask_of(context, None, async |interface, _| interface.ask(ask.with("cursor", page.cursor)).await);
            print(context, &answer.await?, COMPONENT)
        }
        ComponentCommand::Show { component } => {
            let mut answer = below(context, &component, Method::GET, &[], None).await?;
            let users = if out.json { Value::Null } else { answer["used_by"].take() };
            if let Some(fields) = answer.as_object_mut().filter(|_| !out.json) {
                fields.shift_remove("used_by");
            }
            print(context, &answer, COMPONENT)?;
            if !out.json {
                for user in users.as_array().into_iter().flatten() {
                    let bound = user["release"].as_u64().map(|number| format!(", bound to release {number}"));
                    let (name, version) = (cell(&user["name"]), &user["version"]);
                    out.line(crate::output::clean(&format!(
                        "used by {name} version {version}{}",
                        bound.unwrap_or_default()
                    )))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        ComponentCommand::Releases { component } => {
            print(context, &below(context, &component, Method::GET, &["releases"], None).await?, RELEASE)
        }
        ComponentCommand::Promote { component, release } => {
            let body = Some(json!({"release": release}));
            print(context, &below(context, &component, Method::POST, &["promote"], body).await?, COMPONENT)
        }
        ComponentCommand::Rollback { component, release } => {
            let body = Some(json!({"release": release}));
            print(context, &below(context, &component, Method::POST, &["rollback"], body).await?, COMPONENT)
        }
        ComponentCommand::Grant(arguments) => grant(context, arguments).await,
        ComponentCommand::Delete { component, release } => {
            let number = release.map(|number| number.to_string());
            let rest: Vec<&str> = number.iter().flat_map(|number| ["releases", number.as_str()]).collect();
            print(context, &below(context, &component, Method::DELETE, &rest, None).await?, COMPONENT)
        }
    }
}

async fn grant(context: &Context<'_>, arguments: GrantArgs) -> anyhow::Result<ExitCode> {
    let GrantArgs { component, host, secret, nothing } = arguments;
    let answer = if host.is_empty() && !nothing {
        below(context, &component, Method::GET, &[], None).await?
    } else {
        let lent = |text: &String| {
            let (name, host) =
                text.split_once('=').with_context(|| format!("`{text}` is no secret: give NAME=HOST"))?;
            anyhow::Ok(json!({"name": name, "host": host}))
        };
        let secrets = secret.iter().map(lent).collect::<anyhow::Result<Vec<_>>>()?;
        below(context, &component, Method::PUT, &["grants"], Some(json!({"hosts": host, "secrets": secrets}))).await?
    };
    context.out.document(&answer["grants"])?;
    Ok(ExitCode::SUCCESS)
}

/// Asks something of a component that is named by its id or its name; of none, anything.
async fn ask_of(
    context: &Context<'_>,
    component: Option<&str>,
    make: impl AsyncFnOnce(&Interface, &str) -> anyhow::Result<Value>,
) -> anyhow::Result<Value> {
    let interface = context.interface().await?;
    let answer = async {
        let id = match component {
            Some(component) => id(&interface, component).await?,
            None => String::new(),
        };
        make(&interface, &id).await
    };
    let answer = answer.await;
    interface.close().await;
    answer
}

async fn below(
    context: &Context<'_>,
    component: &str,
    method: Method,
    rest: &[&str],
    body: Option<Value>,
) -> anyhow::Result<Value> {
    ask_of(context, Some(component), async |interface, id| {
        let ask = Ask::new(method, &[&["components", id], rest].concat());
        interface.ask(Ask { body, ..ask }).await
    })
    .await
}

async fn id(interface: &Interface, component: &str) -> anyhow::Result<String> {
    if component.parse::<ComponentId>().is_ok() {
        return Ok(component.to_owned());
    }
    let mut cursor = None::<String>;
    loop {
        let ask = Ask::new(Method::GET, &["components"]).with("limit", Some(500));
        let page = interface.ask(ask.with("cursor", cursor.take())).await?;
        if let Some(found) = items(&page).iter().find(|known| known["name"] == component) {
            return Ok(cell(&found["id"]));
        }
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            bail!("there is no component `{component}`: `trunkline component list` shows all");
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file != Path::new("-") {
        return std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()));
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).context("standard input cannot be read")?;
    Ok(bytes)
}

async fn upload(context: &Context<'_>, arguments: UploadArgs) -> anyhow::Result<ExitCode> {
    let bytes = read(&arguments.file)?;
    let mut query = Vec::new();
    query.extend(arguments.name.map(|name| ("name", name)));
    if arguments.promote {
        query.push(("promote", "true".to_owned()));
    }
    let interface = context.interface().await?;
    let progress = Progress::spinner(context.out, "sending");
    let bytes = Bytes::from(bytes);
    let mut answer = interface.upload(&query, bytes.clone(), |stage| progress.say(stage)).await;
    let stem = arguments.file.file_stem().and_then(|stem| stem.to_str());
    if let (Err(error), Some(stem), true) = (&answer, stem, query.iter().all(|(name, _)| *name != "name"))
        && nameless(error)
    {
        query.push(("name", stem.replace('_', "-").to_lowercase()));
        answer = interface.upload(&query, bytes, |stage| progress.say(stage)).await;
    }
    drop(progress);
    interface.close().await;
    let answer = answer?;
    if context.out.json {
        context.out.document(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (component, release) = (&answer["component"], &answer["release"]);
    let (name, number) = (cell(&component["name"]), &release["number"]);
    let state = if component["live"] == *number { "live" } else { "the draft" };
    context
        .out
        .line(crate::output::clean(&format!("{name} release {number}, {state}  {}", cell(&release["digest"]))))?;
    if component["live"] != *number {
        context.out.aside(&format!("`trunkline component promote {name}` makes it the live one"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether only the name is missing.
fn nameless(error: &anyhow::Error) -> bool {
    let faults = error.downcast_ref::<crate::backend::Faults>();
    faults.is_some_and(
        |faults| matches!(faults.faults.as_slice(), [only] if only.pointer == "/name" && only.code == "missing"),
    )
}

/// All that a host checks, on this machine.
async fn check(context: &Context<'_>, file: &Path) -> anyhow::Result<ExitCode> {
    let out = context.out;
    let bytes: Arc<[u8]> = read(file)?.into();
    let mut settings = trunkline_runtime::Config::new([0; 32]);
    settings.compiler = Some(guests::compiler()?);
    let runtime = Arc::new(trunkline_runtime::Runtime::new(&settings)?);
    let progress = Progress::spinner(out, "checking");
    let begun = Instant::now();
    let admitted = runtime.admit(Arc::clone(&bytes), false, |stage| progress.say(stage.name())).await;
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let described = match admitted {
        Ok(component) => match component.describe().await {
            Ok(manifest) => Ok((component, manifest)),
            Err(failure) => Err(format!("it fails when it is asked what it is: {failure}")),
        },
        Err(LoadError::Compiler(why)) => bail!("this machine cannot compile it: {why}"),
        Err(error) => Err(error.to_string()),
    };
    drop(progress);
    let (component, manifest) = match described {
        Ok(described) => described,
        Err(why) => {
            if out.json {
                out.document(&json!({"file": file, "admitted": false, "reason": why}))?;
            } else {
                out.line(crate::output::clean(&format!("{}: refused: {why}", file.display())))?;
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    let world = match component.world() {
        World::Agent010 => "trunkline:agent@0.1.0",
        _ => "trunkline:tool@0.1.0",
    };
    let digest = component.digest().to_string();
    if out.json {
        let report = json!({
            "file": file,
            "admitted": true,
            "world": world,
            "digest": digest,
            "bytes": bytes.len(),
            "code_bytes": component.size(),
            "took_ms": took_ms,
            "manifest": manifest,
        });
        out.document(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    out.line(format!("{}: admitted as {world}", file.display()))?;
    out.line(format!("sha-256   {digest}"))?;
    out.line(format!("size      {} KiB, compiled {} KiB in {took_ms} ms", bytes.len() >> 10, component.size() >> 10))?;
    match manifest["tools"].as_array() {
        Some(tools) => {
            for tool in tools {
                let line = format!("tool      {}: {}", cell(&tool["name"]), cell(&tool["description"]));
                out.line(crate::output::clean(&line))?;
            }
        }
        None => {
            let line = format!("behaviour {} {}", cell(&manifest["name"]), cell(&manifest["version"]));
            out.line(crate::output::clean(&line))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
