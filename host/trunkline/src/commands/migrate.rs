//! `trunkline migrate`: the database's schema.

use super::Context;
use crate::config::DEFAULT_TENANT;
use crate::first_run;
use crate::output::time;
use serde_json::json;
use std::process::ExitCode;
use trunkline_store::{Store, StoreConfig};

pub(super) async fn run(context: &Context<'_>, only_status: bool) -> anyhow::Result<ExitCode> {
    let config = context.load(None)?.config;
    if !only_status {
        let store =
            Store::open(StoreConfig::new(&config.data)).await.map_err(|error| first_run::at(&config.data, error))?;
        first_run::tenant(&store, DEFAULT_TENANT).await?;
        store.close().await;
    }
    let status = Store::migration_status(&config.data).await?;
    if context.out.json {
        let items: Vec<_> = status
            .iter()
            .map(|m| json!({"version": m.version, "name": m.name, "applied_at_ms": m.applied_at_ms}))
            .collect();
        context.out.document(&json!({"items": items}))?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |m: &trunkline_store::MigrationStatus| {
        vec![m.version.to_string(), m.name.to_owned(), m.applied_at_ms.map_or_else(|| "missing".to_owned(), time)]
    };
    context.out.table(&["VERSION", "NAME", "APPLIED"], &status.iter().map(row).collect::<Vec<_>>())?;
    Ok(ExitCode::SUCCESS)
}
