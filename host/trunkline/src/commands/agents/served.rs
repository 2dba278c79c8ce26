//! Which version of an agent answers, what differs between them, which contract is in force, and the fields of answers.

use super::super::manage::{document, print};
use super::super::{Context, cell, items};
use crate::cli::{Between, EffectiveArgs, FieldCommand, RolloutArgs};
use crate::interface::{Ask, Interface};
use crate::output::{Out, Tone, clean};
use anyhow::bail;
use clap::ValueEnum;
use http::Method;
use serde_json::{Value, json};
use std::process::ExitCode;

const FIELD: super::super::manage::Columns = &[
    ("name", "NAME"),
    ("type", "TYPE"),
    ("required", "REQUIRED"),
    ("use_in_tts", "SPOKEN"),
    ("hidden", "HIDDEN"),
    ("description", "DESCRIPTION"),
];

/// Asks something of an agent that is named by its id or its name; archived ones are found too.
async fn ask(
    context: &Context<'_>,
    agent: &str,
    make: impl AsyncFnOnce(&Interface, &str) -> anyhow::Result<Value>,
) -> anyhow::Result<Value> {
    let interface = context.interface().await?;
    let answer = match interface.agent(agent).await {
        Ok(id) => make(&interface, &id).await,
        Err(error) => Err(error),
    };
    interface.close().await;
    answer
}

/// What is asked below an agent.
fn below(method: Method, id: &str, rest: &[&str]) -> Ask {
    Ask::new(method, &[&["agents", id], rest].concat())
}

pub(super) async fn diff(context: &Context<'_>, of: Between) -> anyhow::Result<ExitCode> {
    let Between { agent, from, to } = of;
    let answer = ask(context, &agent, async |interface, id| {
        interface.ask(below(Method::GET, id, &["diff"]).with("from", from).with("to", to)).await
    });
    let answer = answer.await?;
    let out = context.out;
    if out.json {
        out.document(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let changes = answer["changes"].as_array().map_or(&[][..], Vec::as_slice);
    let title = format!("version {} to version {}", cell(&answer["from"]), cell(&answer["to"]));
    out.line(out.paint(Tone::Heading, &title))?;
    changes.iter().try_for_each(|change| change_lines(out, change))?;
    if changes.is_empty() {
        out.aside("nothing differs");
    }
    Ok(ExitCode::SUCCESS)
}

/// One difference: where, what was there, what is there.
fn change_lines(out: &Out, change: &Value) -> anyhow::Result<()> {
    out.line(clean(&cell(&change["pointer"])))?;
    for (field, sign, tone) in [("from", "-", Tone::Bad), ("to", "+", Tone::Good)] {
        let Some(value) = change.get(field) else { continue };
        let text = match value {
            Value::String(text) => text.clone(),
            other => serde_json::to_string_pretty(other)?,
        };
        for line in text.lines() {
            out.line(out.paint(tone, &clean(&format!("  {sign} {line}"))))?;
        }
    }
    Ok(())
}

pub(super) async fn serving(context: &Context<'_>, agent: &str) -> anyhow::Result<ExitCode> {
    let answer = ask(context, agent, async |interface, id| interface.ask(below(Method::GET, id, &["serving"])).await);
    served(context, &answer.await?)
}

pub(super) async fn pin(context: &Context<'_>, agent: &str, version: Option<u32>) -> anyhow::Result<ExitCode> {
    let answer = ask(context, agent, async |interface, id| {
        interface.ask(below(Method::PUT, id, &["pin"]).body(json!({"version": version}))).await
    });
    served(context, &answer.await?)
}

pub(super) async fn rollout(context: &Context<'_>, what: RolloutArgs) -> anyhow::Result<ExitCode> {
    let RolloutArgs { agent, number, percent, sticky, end: _ } = what;
    let answer = ask(context, &agent, async |interface, id| match number {
        Some(version) => {
            let sticky = sticky.to_possible_value().map(|value| value.get_name().to_owned());
            let body = json!({"version": version, "percent": percent, "sticky": sticky});
            interface.ask(below(Method::PUT, id, &["rollout"]).body(body)).await
        }
        None => interface.ask(below(Method::DELETE, id, &["rollout"])).await,
    });
    served(context, &answer.await?)
}

/// Tells which versions answer.
fn served(context: &Context<'_>, answer: &Value) -> anyhow::Result<ExitCode> {
    let out = context.out;
    if out.json {
        out.document(answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let pinned = if answer["pinned"] == true { ", pinned" } else { ", the latest" };
    out.line(clean(&format!("version {} answers{pinned}", cell(&answer["version"]))))?;
    if answer["rollout"].is_object() {
        let of = |field: &str| cell(&answer["rollout"][field]);
        let share = format!("version {} answers {} of 100 (by {})", of("version"), of("percent"), of("sticky"));
        out.line(clean(&share))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn effective(context: &Context<'_>, of: EffectiveArgs) -> anyhow::Result<ExitCode> {
    let EffectiveArgs { agent, number, session, origin } = of;
    let answer = ask(context, &agent, async |interface, id| {
        interface.ask(below(Method::GET, id, &["effective"]).with("version", number).with("session", session)).await
    });
    let answer = answer.await?;
    let out = context.out;
    if out.json {
        out.document(&answer)?;
    } else if origin {
        let layers = answer["origin"].as_object().into_iter().flatten();
        let value = |pointer: &str| answer["document"].pointer(pointer).map(cell).unwrap_or_default();
        let row = |(pointer, layer): (&String, &Value)| {
            let value = value(pointer);
            vec![cell(layer), pointer.clone(), crate::config::short(&value).into_owned()]
        };
        out.table(&["LAYER", "WHERE", "VALUE"], &layers.map(row).collect::<Vec<_>>())?;
    } else {
        out.document(&answer["document"])?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts an agent away, or takes it back.
pub(super) async fn archive(context: &Context<'_>, agent: &str, away: bool) -> anyhow::Result<ExitCode> {
    let answer = ask(context, agent, async |interface, id| {
        let what = if away { below(Method::DELETE, id, &[]) } else { below(Method::POST, id, &["restore"]) };
        interface.ask(what).await
    });
    super::changed(context.out, std::path::Path::new(agent), answer.await)
}

pub(super) async fn fields(context: &Context<'_>, command: FieldCommand) -> anyhow::Result<ExitCode> {
    const AT: [&str; 2] = ["schema", "fields"];
    let (agent, answer) = match command {
        FieldCommand::List { agent } => {
            let list = async |interface: &Interface, id: &str| interface.ask(below(Method::GET, id, &AT)).await;
            return print(context, &ask(context, &agent, list).await?, FIELD);
        }
        FieldCommand::Set { agent, file } => {
            let field = document(&file)?;
            let Some(name) = field["name"].as_str().map(str::to_owned) else { bail!("the field has no `name`") };
            let set = async |interface: &Interface, id: &str| {
                let known = interface.ask(below(Method::GET, id, &AT)).await?;
                let place = [AT.as_slice(), &[&name]].concat();
                let what = match items(&known).iter().any(|known| known["name"] == name.as_str()) {
                    true => below(Method::PUT, id, &place),
                    false => below(Method::POST, id, &AT),
                };
                interface.ask(what.body(field)).await
            };
            (agent.clone(), ask(context, &agent, set).await)
        }
        FieldCommand::Remove { agent, name } => {
            let remove = async |interface: &Interface, id: &str| {
                interface.ask(below(Method::DELETE, id, &[AT.as_slice(), &[&name]].concat())).await
            };
            (agent.clone(), ask(context, &agent, remove).await)
        }
    };
    super::changed(context.out, std::path::Path::new(&agent), answer)
}
