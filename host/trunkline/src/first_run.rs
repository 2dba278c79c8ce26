//! What must be in the database before anything else: the default tenant, an operator's token, the configured accounts.

pub(crate) mod agents;

use crate::config::{Config, DEFAULT_TENANT};
use anyhow::{Context, bail};
use std::path::Path;
use trunkline_contract::TenantId;
use trunkline_session::unix_ms;
use trunkline_store::{Store, StoreConfig, StoreError};

/// Name of the token that the first run makes.
const FIRST_TOKEN: &str = "first";

/// What a host starts with.
pub(crate) struct Prepared {
    /// The tenant of requests that name none.
    pub(crate) default_tenant: TenantId,
    /// An operator's token, if this run made it: the only time that it can be shown.
    pub(crate) token: Option<String>,
}

/// Makes what is missing: the default tenant, the tenants and accounts of the configuration, the first token.
///
/// # Errors
/// The store's; an account that belongs to another tenant.
pub(crate) async fn prepare(store: &Store, config: &Config) -> anyhow::Result<Prepared> {
    let default_tenant = tenant(store, DEFAULT_TENANT).await?;
    for (sid, account) in &config.twilio {
        let owner = tenant(store, &account.tenant).await?;
        store
            .tenant(owner)
            .put_account(sid.clone(), None, unix_ms())
            .await
            .with_context(|| format!("`twilio.accounts.{sid}`"))?;
    }
    let token = match store.operator_tokens().list().await?.is_empty() {
        true => Some(store.operator_tokens().create(FIRST_TOKEN, unix_ms()).await?),
        false => None,
    };
    Ok(Prepared { default_tenant, token })
}

/// The tenant of this name, made if there is none.
///
/// # Errors
/// The store's.
pub(crate) async fn tenant(store: &Store, name: &str) -> Result<TenantId, StoreError> {
    match store.tenants().by_name(name).await? {
        Some(tenant) => Ok(tenant.id),
        None => Ok(store.tenants().create(name, unix_ms()).await?.id),
    }
}

/// Opens the database of a data directory for a command. One that is not there yet is made when `make` is set.
///
/// # Errors
/// In use, not there, or the store's.
pub(crate) async fn open(data: &Path, make: bool) -> anyhow::Result<Store> {
    let migrations = Store::migration_status(data).await.map_err(|error| at(data, error))?;
    let new = migrations.iter().all(|migration| migration.applied_at_ms.is_none());
    if new && !make {
        bail!("{} has no database: run `trunkline migrate`, or name another directory with --data", data.display());
    }
    let config = StoreConfig { migrate: new, ..StoreConfig::new(data) };
    let store = Store::open(config).await.map_err(|error| match error {
        StoreError::Locked(dir) => anyhow::anyhow!(
            "{} is in use by a running server: add --server URL and set TRUNKLINE_TOKEN to talk to it, or stop it",
            dir.display()
        ),
        other => at(data, other),
    })?;
    tenant(&store, DEFAULT_TENANT).await?;
    Ok(store)
}

/// An error of the store, with the directory that it is about.
pub(crate) fn at(data: &Path, error: StoreError) -> anyhow::Error {
    match error {
        error @ (StoreError::Io(_) | StoreError::DiskFull | StoreError::Corrupt(_)) => {
            anyhow::Error::new(error).context(format!("data directory {}", data.display()))
        }
        other => other.into(),
    }
}
