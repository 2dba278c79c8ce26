//! Puts the host together and serves until told to stop.

use crate::config::Config;
use crate::first_run::{Prepared, agents, at, prepare};
use crate::keys::Keys;
use crate::running::Running;
use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::HashMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trunkline_api::{Api, CarrierAccount, Tls, login_url, serve};
use trunkline_egress::{Egress, Policy};
use trunkline_jobs::{Sender, sweep, tidy};
use trunkline_providers::Providers;
use trunkline_runtime::Runtime;
use trunkline_session::{Library, SessionConfig, Sessions, unix_ms};
use trunkline_store::{Store, StoreConfig};
use trunkline_twilio::token::TokenKey;

/// Serves until SIGTERM or SIGINT, then lets live calls end.
///
/// # Errors
/// What the host needs is not there; each says what to do.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    raise_file_limit();
    let store = Store::open(StoreConfig::new(&config.data)).await.map_err(|error| at(&config.data, error))?;
    let prepared = prepare(&store, &config).await?;
    let keys = Keys::load(&config.data)?;
    let egress = crate::outgoing::egress(&config)?;
    let sessions = sessions(&config, &store, &keys, &egress).await?;
    agents::seed(&store, &sessions, prepared.default_tenant, &config.agent).await?;
    let tls = config.tls.as_ref().map(|files| Tls::from_files(&files.cert, &files.key)).transpose()?;
    let tls_on = tls.is_some();
    let scheme = if tls_on { "https" } else { "http" };
    let accounts = config
        .twilio
        .iter()
        .map(|(sid, account)| (sid.clone(), CarrierAccount { auth_token: account.auth_token.expose().to_owned() }));
    let accounts: HashMap<_, _> = accounts.collect();
    let api = Api::new(
        store.clone(),
        sessions.clone(),
        accounts,
        &config.public_url,
        prepared.default_tenant,
        config.limits.unauthenticated_sockets,
    )
    .over_tls(tls_on)
    .with_cors(&config.admin.cors_origins)
    .with_issuers(config.admin.issuers.clone(), &egress.http(Policy::trusted())?)
    .with_outgoing(egress.http(tenants(&config))?);
    let token = Running::token(&store).await?;
    let link = store.logins().link(None, None, unix_ms()).await?;
    let stop = CancellationToken::new();
    // Before anybody is told the address: who knows it may stop the host at once.
    let signals = Signals::new().context("signals cannot be received")?;
    let stopper = tokio::spawn(stop_when_told(signals, sessions.clone(), config.limits.drain, stop.clone()));
    let recovering = sessions.clone();
    let recovery = tokio::spawn(async move {
        match recovering.recover().await {
            Ok(0) => {}
            Ok(calls) => tracing::info!(calls, "adopted the calls of the last run"),
            Err(error) => tracing::error!(%error, "the calls of the last run could not be adopted"),
        }
    });
    let sender = Sender::new(store.clone(), &egress, tenants(&config), unix_ms)?;
    let jobs = TaskTracker::new();
    jobs.spawn(sender.run(stop.clone()));
    jobs.spawn(tidy(store.clone(), config.admin.session_idle, unix_ms, stop.clone()));
    let library = sessions.library().clone();
    jobs.spawn(sweep(store.clone(), move |digests| library.forget(digests), unix_ms, stop.clone()));
    jobs.close();
    let mut file = None;
    let bound = |address| {
        // A certificate is for the public name.
        let url = if tls_on { config.public_url.clone() } else { format!("http://{}", here(address)) };
        match (Running { url, token: token.clone() }).write(&config.data) {
            Ok(written) => file = Some(written),
            Err(error) => tracing::warn!(error = format!("{error:#}"), "commands of this machine need TRUNKLINE_TOKEN"),
        }
        announce(scheme, address, &link.code, &config, &prepared);
    };
    let served = serve(config.listen, tls, api, bound, stop).await;
    drop(file);
    Running::revoke(&store).await;
    stopper.abort();
    recovery.abort();
    stop_jobs(&jobs).await;
    store.close().await;
    Ok(served?)
}

/// A call holds four sockets; many systems allow a process 1,024 files unless it asks for more.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        tracing::warn!(%error, current = limit.current, "the limit of open files could not be raised");
    }
}

/// Where what tenants name may be: outside, and where the operator allows it inside.
pub(crate) fn tenants(config: &Config) -> Policy {
    match config.admin.webhooks.as_slice() {
        [] => Policy::tenant(Vec::new()),
        allowed => Policy::tenant_with_plain(allowed.to_vec()),
    }
}

/// What is being sent is sent to its end, but a receiver that hangs keeps nobody from stopping.
async fn stop_jobs(jobs: &TaskTracker) {
    let limit = std::time::Duration::from_secs(5);
    if tokio::time::timeout(limit, jobs.wait()).await.is_err() {
        tracing::warn!("events were being sent at the end: they are sent again after the next start");
    }
}

async fn sessions(config: &Config, store: &Store, keys: &Keys, egress: &Egress) -> anyhow::Result<Sessions> {
    let mut runtime = trunkline_runtime::Config::new(keys.cache);
    runtime.max_instances = config.runtime.max_instances;
    runtime.guest_threads = config.runtime.guest_threads;
    runtime.cache_dir = Some(config.data.join("compiled"));
    runtime.compiler = Some(crate::guests::compiler()?);
    let library = Library::new(Runtime::new(&runtime)?, store.clone());
    let components = library.install(&config.components).await?;
    tracing::info!(?components, "components are ready");
    let providers = Providers::new(&config.providers, egress, Policy::tenant(Vec::new()))?;
    for problem in providers.problems() {
        tracing::warn!(%problem, "a provider cannot be used");
    }
    let session = SessionConfig {
        host: keys.host.clone(),
        max_calls: config.limits.max_calls,
        max_calls_per_tenant: config.limits.max_calls_per_tenant,
        token_key: TokenKey::new(&keys.tokens)?,
        prices: config.admin.prices.clone(),
        outgoing: egress.http(tenants(config))?,
    };
    Ok(Sessions::new(store.clone(), library, providers, session))
}

/// What somebody who starts the host needs to know, on standard output.
fn announce(scheme: &str, address: SocketAddr, code: &str, config: &Config, prepared: &Prepared) {
    let mut out = std::io::stdout().lock();
    // Who closed standard output does not want to know.
    let _ = writeln!(out, "listening on {scheme}://{address}");
    let _ = writeln!(out, "open {}", login_url(&format!("{scheme}://{}", here(address)), code));
    let _ = writeln!(out, "public address {}", config.public_url);
    if let Some(token) = &prepared.token {
        let _ = writeln!(out, "operator token: {token}");
        let _ = writeln!(out, "(shown this once; `trunkline token issue` makes another)");
    }
    let _ = out.flush();
}

/// An address that a browser of this machine can open.
fn here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// What tells the host to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on they no longer end the process by themselves.
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn stop_when_told(mut signals: Signals, sessions: Sessions, limit: std::time::Duration, stop: CancellationToken) {
    signals.next().await;
    tokio::select! {
        () = sessions.drain(limit) => {}
        // Told twice: at once.
        () = signals.next() => {}
    }
    stop.cancel();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_opens_an_address_that_is_one() {
        for (listen, open) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("192.168.1.4:80", "192.168.1.4:80"),
        ] {
            assert_eq!(here(listen.parse().unwrap()).to_string(), open);
        }
    }
}
