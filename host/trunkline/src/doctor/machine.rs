//! What the host needs of this machine: disk, database, components, its port.

use super::Check;
use crate::components::BUILD;
use crate::config::{Config, reachable};
use crate::running::Running;
use crate::{components, guests, outgoing};
use bytes::Bytes;
use http::Request;
use rustix::fs::{Access, access, statvfs};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use trunkline_egress::{HttpLimits, Policy};
use trunkline_store::{MigrationStatus, Store};

/// Below this, calls are lost soon, MiB.
const LEAST_MIB: u64 = 100;
/// Below this, somebody should look, MiB.
const ENOUGH_MIB: u64 = 1_024;

pub(super) async fn check(config: &Config, checks: &mut Vec<Check>) {
    checks.push(data(&config.data));
    checks.push(database(&config.data).await);
    check_components(config, checks).await;
    checks.push(port(config).await);
}

/// The directory, or the one that it would be made in.
fn existing(path: &Path) -> &Path {
    let named = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let parent = || named.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    if named.exists() { named } else { parent().map_or(Path::new("."), existing) }
}

fn data(dir: &Path) -> Check {
    const NAME: &str = "data directory";
    const ELSEWHERE: &str = "make it writable for this user, or choose another with --data (TRUNKLINE_DATA)";
    let place = existing(dir);
    if !place.is_dir() {
        return Check::missing(NAME, format!("{} is no directory", place.display()), ELSEWHERE);
    }
    if let Err(error) = access(place, Access::WRITE_OK | Access::EXEC_OK) {
        return Check::missing(NAME, format!("{} is not writable ({error})", place.display()), ELSEWHERE);
    }
    let free = match statvfs(place) {
        Ok(volume) => volume.f_bavail.saturating_mul(volume.f_frsize) >> 20,
        Err(error) => {
            return Check::warn(NAME, format!("{}: free space is unknown ({error})", dir.display()), ELSEWHERE);
        }
    };
    let found = format!("{}, {free} MiB free", dir.display());
    match free {
        ..LEAST_MIB => Check::missing(NAME, found, "free space on its volume, or choose another with --data"),
        LEAST_MIB..ENOUGH_MIB => Check::warn(NAME, found, "free space on its volume before it is full"),
        _ => Check::ok(NAME, found),
    }
}

async fn database(dir: &Path) -> Check {
    const NAME: &str = "database";
    let status = match Store::migration_status(dir).await {
        Ok(status) => status,
        Err(error) => return Check::missing(NAME, error.to_string(), "see the sentence above"),
    };
    let applied = |migration: &&MigrationStatus| migration.applied_at_ms.is_some();
    let (known, done) = (status.len(), status.iter().filter(applied).count());
    match done {
        0 => Check::ok(NAME, "none yet; the first `trunkline serve` makes it"),
        _ if done < known => {
            let found = format!("version {done} of {known}");
            Check::warn(NAME, found, "run `trunkline migrate`; `trunkline serve` does it too")
        }
        _ => Check::ok(NAME, format!("version {done}")),
    }
}

async fn check_components(config: &Config, checks: &mut Vec<Check>) {
    const NAME: &str = "components";
    if components::stock(&config.components).is_err() {
        checks.push(Check::missing(NAME, components::missing(&config.components), BUILD));
        return;
    }
    let runtime = match guests::runtime(config) {
        Ok(runtime) => Arc::new(runtime),
        Err(error) => {
            let mend = "lower `runtime.max_instances`, or allow this user more memory and threads";
            checks.push(Check::missing(NAME, format!("{error:#}"), mend));
            return;
        }
    };
    let mut good = Vec::new();
    for (name, path) in components::list(&config.components).unwrap_or_default() {
        let loaded = match std::fs::read(&path) {
            Ok(bytes) => runtime.load_async(bytes).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match loaded {
            Ok(_) => good.push(name),
            Err(error) => checks.push(Check::missing(NAME, format!("{}: {error}", path.display()), BUILD)),
        }
    }
    if !good.is_empty() {
        checks.push(Check::ok(NAME, format!("{} in {}", good.join(", "), config.components.display())));
    }
}

async fn port(config: &Config) -> Check {
    const NAME: &str = "port";
    let address = config.listen;
    if let Some(running) = Running::find(&config.data) {
        return Check::ok(NAME, format!("a host is serving on {}", running.url));
    }
    let Err(error) = TcpListener::bind(address) else {
        return Check::ok(NAME, format!("{address} is free"));
    };
    let other = "choose another with --listen (TRUNKLINE_LISTEN)";
    match error.kind() {
        ErrorKind::AddrInUse if is_host(config).await => Check::ok(NAME, format!("a host is serving on {address}")),
        ErrorKind::AddrInUse => {
            Check::missing(NAME, format!("{address} is in use"), format!("stop what uses it, or {other}"))
        }
        ErrorKind::PermissionDenied => {
            Check::missing(NAME, format!("{address} is not allowed for this user"), format!("{other}, above 1023"))
        }
        _ => Check::missing(NAME, format!("{address} cannot be used ({error})"), other),
    }
}

/// Whether what listens there is a host like this.
async fn is_host(config: &Config) -> bool {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let address = format!("{scheme}://{}/healthz", reachable(config.listen));
    let limit = Duration::from_secs(2);
    let limits = HttpLimits { headers_within: limit, idle: limit, total: limit, ..HttpLimits::default() };
    let asked = async {
        let client = outgoing::egress(config)?.http(Policy::trusted())?;
        let answer = client.send(Request::get(address).body(Bytes::new())?, &limits).await?;
        anyhow::Ok(answer.bytes().await?)
    };
    asked.await.is_ok_and(|body| body.as_ref() == b"ok\n")
}
