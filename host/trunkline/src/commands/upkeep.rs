//! `trunkline backup`, `restore` and `secret rotate`: what is done to the data directory itself.

use super::Context;
use crate::cli::BackupArgs;
use crate::first_run::at;
use crate::progress::Progress;
use anyhow::{Context as _, bail};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trunkline_session::unix_ms;
use trunkline_store::{Store, StoreConfig, Vault};

/// Where the keys of secrets are, beside the database.
const KEYS: &str = "secrets.key";

pub(super) async fn backup(context: &Context<'_>, arguments: BackupArgs) -> anyhow::Result<ExitCode> {
    let data = context.load(None)?.config.data;
    let named = || PathBuf::from(format!("trunkline-{}.db", crate::output::time(unix_ms()).replace([':', ' '], "-")));
    let to = arguments.to.unwrap_or_else(named);
    let progress = Progress::spinner(context.out, "copying the database");
    let bytes = Store::backup(&data, &to).await.map_err(|error| at(&data, error))?;
    drop(progress);
    if context.out.json {
        context.out.document(&json!({"file": to, "bytes": bytes}))?;
    } else {
        context.out.line(to.display().to_string())?;
        context
            .out
            .aside(&format!("{bytes} bytes; secrets open with {} only, keep that apart", data.join(KEYS).display()));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn restore(context: &Context<'_>, file: &Path) -> anyhow::Result<ExitCode> {
    let data = context.load(None)?.config.data;
    let before = Store::restore(file, &data).await.with_context(|| format!("{}", file.display()))?;
    if context.out.json {
        context.out.document(&json!({"restored": file, "before": before}))?;
        return Ok(ExitCode::SUCCESS);
    }
    context.out.line(format!("{} is the database of {} now", file.display(), data.display()))?;
    if let Some(before) = before {
        context.out.aside(&format!("the one before is {}", before.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Seals all secrets with a new key: the new one joins the old ones first, and they go when nothing needs them.
pub(super) async fn rotate(context: &Context<'_>) -> anyhow::Result<ExitCode> {
    let data = context.load(None)?.config.data;
    let store = Store::open(StoreConfig::new(&data)).await.map_err(|error| at(&data, error))?;
    let path = data.join(KEYS);
    if !path.exists() {
        bail!("{} is not there: the keys are not kept in this data directory", path.display());
    }
    let both = Vault::of_file(&path)?.with_new_key()?;
    both.write(&path)?;
    let sealed = store.reseal(both.clone()).await?;
    both.newest_only().write(&path)?;
    store.close().await;
    if context.out.json {
        context.out.document(&json!({"sealed": sealed, "key": both.ids().first()}))?;
    } else {
        context.out.line(format!("{sealed} values are sealed with a new key"))?;
    }
    Ok(ExitCode::SUCCESS)
}
