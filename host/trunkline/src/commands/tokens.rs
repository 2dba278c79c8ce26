//! `trunkline token`: what operators show to the HTTP interface.

use super::Context;
use crate::backend::server;
use crate::cli::TokenCommand;
use crate::first_run;
use crate::output::time;
use anyhow::bail;
use serde_json::json;
use std::process::ExitCode;
use trunkline_session::unix_ms;
use trunkline_store::StoreError;

pub(super) async fn run(context: &Context<'_>, command: TokenCommand) -> anyhow::Result<ExitCode> {
    let TokenCommand::Issue { name } = command;
    if server(&context.global, &context.env)?.is_some() {
        bail!("a server issues no tokens: stop it and run this with --data on its data directory");
    }
    let config = context.load(None)?.config;
    let name = name.unwrap_or_else(|| time(unix_ms()));
    let store = first_run::open(&config.data, true).await?;
    let token = store.operator_tokens().create(name.clone(), unix_ms()).await.map_err(|error| match error {
        StoreError::Taken(_) => anyhow::anyhow!("there is a token `{name}`: choose another --name"),
        other => other.into(),
    })?;
    store.close().await;
    if context.out.json {
        context.out.document(&json!({"name": name, "token": token}))?;
    } else {
        context.out.line(&token)?;
        context.out.aside(&format!("token `{name}`: keep it safe, it cannot be seen again"));
    }
    Ok(ExitCode::SUCCESS)
}
