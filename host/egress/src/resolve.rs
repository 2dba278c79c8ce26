//! Name resolution whose answers have passed the policy, so that what was checked is what is connected to.

use crate::error::EgressError;
use crate::policy::{Policy, Target};
use futures::future::BoxFuture;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A source of name resolution.
pub trait Lookup: Send + Sync {
    /// All addresses of `host` (ASCII, lower case, possibly with a trailing dot).
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The operating system's resolver.
pub(crate) struct System;

impl Lookup for System {
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let answers = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(answers.map(|address| address.ip()).collect())
        })
    }
}

/// The addresses to connect to for `target`; never empty.
pub(crate) async fn resolve(
    lookup: &dyn Lookup,
    policy: &Policy,
    target: &Target,
) -> Result<Vec<SocketAddr>, EgressError> {
    let answers = match target.literal {
        Some(address) => vec![address],
        None => {
            let failed = |e: io::Error| EgressError::Resolve { host: target.host.clone(), message: e.to_string() };
            lookup.lookup(target.host.clone()).await.map_err(failed)?
        }
    };
    let admitted = policy.admit(&target.host, target.secure, &answers)?;
    if admitted.is_empty() {
        return Err(EgressError::Resolve { host: target.host.clone(), message: "no address".to_owned() });
    }
    Ok(target.addresses(&admitted))
}

/// The same for the HTTP client, which asks for names itself, at each new connection.
pub(crate) struct Pinned {
    pub(crate) policy: Policy,
    pub(crate) secure: bool,
    pub(crate) lookup: Arc<dyn Lookup>,
}

impl reqwest::dns::Resolve for Pinned {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let (policy, secure, host) = (self.policy.clone(), self.secure, name.as_str().to_owned());
        let answers = self.lookup.lookup(host.clone());
        Box::pin(async move {
            let answers = answers.await.map_err(|e| Unresolved(e.to_string()))?;
            let admitted = policy.admit(&host, secure, &answers)?;
            let addresses: reqwest::dns::Addrs = Box::new(admitted.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

/// Marks a failed look-up in the HTTP client's chain of causes.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unresolved(pub(crate) String);
