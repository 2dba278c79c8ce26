//! `trunkline backup`, `restore` and `secret rotate`: what is done to the data directory itself.

use super::Context;
use crate::cli::BackupArgs;
use crate::first_run::at;
use crate::output::{Tone, clean};
use crate::progress::Progress;
use anyhow::{Context as _, bail};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trunkline_session::unix_ms;
use trunkline_store::{Resealed, Store, StoreConfig, Unreadable, Vault};

/// Where the keys of secrets are, beside the database.
const KEYS: &str = "secrets.key";
/// Who does it, as the audit log says.
const AUTHOR: &str = "command line";

pub(super) async fn backup(context: &Context<'_>, arguments: BackupArgs) -> anyhow::Result<ExitCode> {
    here(context, "backup")?;
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
    here(context, "restoring")?;
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

/// That no server was named on the command line: what is done to a data directory is done where it is.
fn here(context: &Context<'_>, what: &str) -> anyhow::Result<()> {
    let named = context.global.server.is_some() || context.global.profile.is_some();
    if named {
        bail!("a server does no {what}: run this on its machine, with --data on its data directory");
    }
    Ok(())
}

/// Seals all secrets with a new key: the new one joins the old ones first, and they go when nothing needs them.
pub(super) async fn rotate(context: &Context<'_>) -> anyhow::Result<ExitCode> {
    here(context, "rotation of its keys")?;
    let data = context.load(None)?.config.data;
    let store = Store::open(StoreConfig::new(&data)).await.map_err(|error| at(&data, error))?;
    let path = data.join(KEYS);
    if !path.exists() {
        bail!("{} is not there: the keys are not kept in this data directory", path.display());
    }
    let both = Vault::of_file(&path)?.with_new_key()?;
    both.write(&path)?;
    let Resealed { sealed, unreadable } = store.reseal(both.clone(), AUTHOR, unix_ms()).await?;
    // What could not be opened may be repaired, and then needs an old key.
    if unreadable.is_empty() {
        both.newest_only().write(&path)?;
    }
    let tenants = store.tenants().list().await?;
    store.close().await;
    let out = context.out;
    if out.json {
        out.document(&json!({"sealed": sealed, "key": both.ids().first(), "unreadable": unreadable}))?;
    } else {
        out.line(format!("{sealed} values are sealed with a new key"))?;
        for Unreadable { kind, tenant, name, reason } in &unreadable {
            let owner = tenants.iter().find(|known| Some(known.id) == *tenant).map(|known| format!("{}: ", known.name));
            let what = clean(&format!("{}{kind} {name}", owner.unwrap_or_default()));
            out.line(format!("  {} cannot be read: {reason}", out.paint(Tone::Bad, &what)))?;
        }
    }
    if unreadable.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    out.aside(&format!(
        "{} could not be read and stay as they are, and so do the old keys: set or delete them, then rotate again",
        unreadable.len()
    ));
    Ok(ExitCode::FAILURE)
}
