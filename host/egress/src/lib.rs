//! The one place that dials out: an HTTP client and a WebSocket dialler behind an address policy.
//!
//! Every outgoing connection of the host starts here, so that what an address may be is decided in one place. A
//! [`Policy`] says who gave the address: the operator (trusted) or a tenant (checked, resolved, filtered and pinned).
//! Redirects are never followed: each hop would have to pass the policy again, and that is the caller's decision.
//! Proxies of the environment are ignored, because a proxy would resolve names behind the policy's back.

mod address;
mod error;
mod http;
mod policy;
mod resolve;
#[cfg(test)]
mod tests;
mod tls;
mod websocket;

pub use address::{Forbidden, forbidden};
pub use error::{Denied, EgressError, Refusal};
pub use http::{HttpClient, HttpLimits, Response};
pub use ipnet::IpNet;
pub use policy::{Policy, Target};
pub use resolve::Lookup;
pub use rustls_pki_types::CertificateDer;
pub use tls::roots_from_pem;
pub use tokio_tungstenite::tungstenite::{Error as WebSocketError, Message, Utf8Bytes, protocol::CloseFrame};
pub use url::Url;
pub use websocket::{WebSocket, WebSocketLimits};

use std::sync::Arc;

/// Dials out. Cheap to clone; all clones share the TLS sessions that can be resumed.
#[derive(Clone)]
pub struct Egress {
    tls: Arc<rustls::ClientConfig>,
    lookup: Arc<dyn Lookup>,
}

impl Egress {
    /// Trusts the usual public certificate authorities and, besides, `extra_roots` (an operator's private authority).
    ///
    /// # Errors
    /// [`EgressError::Setup`] when a root certificate cannot be read.
    pub fn new(extra_roots: Vec<CertificateDer<'static>>) -> Result<Self, EgressError> {
        Self::with_lookup(extra_roots, Arc::new(resolve::System))
    }

    /// As [`Egress::new`], with another source of name resolution.
    ///
    /// # Errors
    /// [`EgressError::Setup`] when a root certificate cannot be read.
    pub fn with_lookup(
        extra_roots: Vec<CertificateDer<'static>>,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, EgressError> {
        Ok(Self { tls: Arc::new(tls::client_config(extra_roots)?), lookup })
    }

    /// An HTTP client for addresses under `policy`, with a pool of its own: connections are never shared between
    /// policies.
    ///
    /// # Errors
    /// [`EgressError::Setup`] when the client cannot be built.
    pub fn http(&self, policy: Policy) -> Result<HttpClient, EgressError> {
        HttpClient::new(policy, &self.tls, &self.lookup)
    }

    /// Opens a WebSocket to `url` (`ws`, `wss`, `http` or `https`) under `policy`. Dropping the future stops dialling.
    ///
    /// # Errors
    /// [`EgressError::Refused`] when the server answers the upgrade with another status; otherwise what went wrong.
    pub async fn websocket(
        &self,
        policy: &Policy,
        url: &Url,
        headers: ::http::HeaderMap,
        limits: &WebSocketLimits,
    ) -> Result<WebSocket, EgressError> {
        websocket::dial(self, policy, url, headers, limits).await
    }
}

impl std::fmt::Debug for Egress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Egress").finish_non_exhaustive()
    }
}
