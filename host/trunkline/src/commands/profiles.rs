//! `trunkline profile`: servers that somebody talks to.

use super::{Context, manage::hidden};
use crate::cli::ProfileCommand;
use crate::output::clean;
use crate::profiles::{Profile, Profiles};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::process::ExitCode;

pub(super) fn run(context: &Context<'_>, command: ProfileCommand) -> anyhow::Result<ExitCode> {
    let out = context.out;
    let mut known = Profiles::read(&context.env)?;
    match command {
        ProfileCommand::List => {
            let items: Vec<Value> = known.all().map(|(name, profile)| view(&known, name, profile)).collect();
            if out.json {
                out.document(&json!({"file": known.path(), "items": items}))?;
                return Ok(ExitCode::SUCCESS);
            }
            let row = |item: &Value| {
                let used = if item["current"] == true { "in use" } else { "" };
                let cells = ["name", "server", "tenant", "token"].map(|field| super::cell(&item[field]));
                cells.into_iter().chain([used.to_owned()]).collect()
            };
            out.table(&["NAME", "SERVER", "TENANT", "TOKEN", ""], &items.iter().map(row).collect::<Vec<_>>())?;
            return Ok(ExitCode::SUCCESS);
        }
        ProfileCommand::Show { name } => {
            let name = name.as_deref().or(context.global.profile.as_deref()).or(known.in_use());
            let name = name.context("no profile is in use: `trunkline profile use NAME` chooses one")?;
            let found = view(&known, name, known.get(name)?);
            if out.json {
                out.document(&found)?;
                return Ok(ExitCode::SUCCESS);
            }
            for (field, value) in found.as_object().into_iter().flatten() {
                out.line(clean(&format!("{field}: {}", super::cell(value))))?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        ProfileCommand::Add { name, url, no_token, replace, in_use } => {
            let token = (!no_token).then(|| hidden("the token")).transpose()?.map(|token| token.trim().to_owned());
            let server = url.trim_end_matches('/').to_owned();
            known.add(&name, Profile { server, token, tenant: context.global.tenant.clone() }, replace)?;
            if in_use {
                known.make_current(Some(&name))?;
            }
            known.write()?;
            if out.json {
                out.document(&view(&known, &name, known.get(&name)?))?;
                return Ok(ExitCode::SUCCESS);
            }
            out.line(format!("profile {name} is kept in {}", known.path().display()))?;
            if known.in_use() != Some(&name) {
                out.aside(&format!("`trunkline profile use {name}` lets commands talk to it without --profile"));
            }
            return Ok(ExitCode::SUCCESS);
        }
        ProfileCommand::Use { name, .. } => known.make_current(name.as_deref())?,
        ProfileCommand::Remove { name } => known.remove(&name)?,
    }
    known.write()?;
    if out.json {
        out.document(&json!({"current": known.in_use()}))?;
    } else {
        match known.in_use() {
            Some(name) => out.line(format!("profile {name} is in use"))?,
            None => out.line("no profile is in use")?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn view(known: &Profiles, name: &str, profile: &Profile) -> Value {
    json!({"name": name, "server": profile.server, "tenant": profile.tenant, "token": profile.masked(),
        "current": known.in_use() == Some(name)})
}
