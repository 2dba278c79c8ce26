//! Puts the host together and serves until told to stop.

use crate::config::Config;
use crate::first_run::{Prepared, prepare};
use crate::keys::Keys;
use anyhow::Context;
use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use trunkline_api::{Api, CarrierAccount, Tls, serve};
use trunkline_egress::{Egress, Policy, roots_from_pem};
use trunkline_providers::Providers;
use trunkline_runtime::Runtime;
use trunkline_session::{Library, SessionConfig, Sessions};
use trunkline_store::{Store, StoreConfig};
use trunkline_twilio::token::TokenKey;

/// Serves until SIGTERM or SIGINT, then lets live calls end.
///
/// # Errors
/// What the host needs is not there; each says what to do.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let store = Store::open(StoreConfig::new(&config.data)).await?;
    let prepared = prepare(&store, &config).await?;
    let keys = Keys::load(&config.data)?;
    let sessions = sessions(&config, &store, &keys).await?;
    let tls = config.tls.as_ref().map(|files| Tls::from_files(&files.cert, &files.key)).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let accounts = config.twilio.iter().map(|(sid, account)| {
        (sid.clone(), CarrierAccount { auth_token: account.auth_token.expose().to_owned() })
    });
    let accounts: HashMap<_, _> = accounts.collect();
    let api = Api::new(
        store.clone(),
        sessions.clone(),
        accounts,
        &config.public_url,
        prepared.default_tenant,
        config.limits.unauthenticated_sockets,
    );
    let stop = CancellationToken::new();
    let stopper = tokio::spawn(stop_when_told(sessions.clone(), config.limits.drain, stop.clone()));
    let recovering = sessions.clone();
    let recovery = tokio::spawn(async move {
        match recovering.recover().await {
            Ok(0) => {}
            Ok(calls) => tracing::info!(calls, "adopted the calls of the last run"),
            Err(error) => tracing::error!(%error, "the calls of the last run could not be adopted"),
        }
    });
    let bound = |address| announce(scheme, address, &config, &prepared);
    let served = serve(config.listen, tls, api, bound, stop).await;
    stopper.abort();
    recovery.abort();
    store.close().await;
    Ok(served?)
}

async fn sessions(config: &Config, store: &Store, keys: &Keys) -> anyhow::Result<Sessions> {
    let mut runtime = trunkline_runtime::Config::new(keys.cache);
    runtime.max_instances = config.runtime.max_instances;
    runtime.guest_threads = config.runtime.guest_threads;
    runtime.cache_dir = Some(config.data.join("compiled"));
    let library = Library::new(Runtime::new(&runtime)?, store.clone());
    let components = library.install(&config.components).await?;
    tracing::info!(?components, "components are ready");
    let roots = match &config.provider_ca {
        None => Vec::new(),
        Some(path) => {
            let pem = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
            roots_from_pem(&pem).with_context(|| format!("{} holds no certificates", path.display()))?
        }
    };
    let egress = Egress::new(roots)?;
    let providers = Providers::new(&config.providers, &egress, Policy::tenant(Vec::new()))?;
    for problem in providers.problems() {
        tracing::warn!(%problem, "a provider cannot be used");
    }
    let session = SessionConfig {
        host: keys.host.clone(),
        max_calls: config.limits.max_calls,
        max_calls_per_tenant: config.limits.max_calls_per_tenant,
        token_key: TokenKey::new(&keys.tokens)?,
    };
    Ok(Sessions::new(store.clone(), library, providers, session))
}

/// What somebody who starts the host needs to know, on standard output.
fn announce(scheme: &str, address: SocketAddr, config: &Config, prepared: &Prepared) {
    let mut out = std::io::stdout().lock();
    // Who closed standard output does not want to know.
    let _ = writeln!(out, "listening on {scheme}://{address}");
    let _ = writeln!(out, "public address {}", config.public_url);
    if let Some(token) = &prepared.token {
        let _ = writeln!(out, "operator token: {token}");
        let _ = writeln!(out, "(shown this once; `trunkline token issue` makes another)");
    }
    let _ = out.flush();
}

async fn stop_when_told(sessions: Sessions, limit: std::time::Duration, stop: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be received");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::select! {
        () = sessions.drain(limit) => {}
        // Told twice: at once.
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    stop.cancel();
}
