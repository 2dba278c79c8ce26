//! What all handlers share.

use crate::answers::Cors;
use crate::auth::{Guesses, Issuer, Issuers, SigningKeys};
use crate::components::Uploads;
use crate::guard::{RateLimits, Rates};
use crate::login::Passwords;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use trunkline_egress::HttpClient;
use trunkline_knowledge::Knowledge;
use trunkline_session::Sessions;
use trunkline_store::Store;
use trunkline_telephony::Gate;

/// A carrier's account as the configuration knows it.
#[derive(Clone)]
pub struct CarrierAccount {
    /// Signs the carrier's requests.
    pub auth_token: String,
}

/// Try-outs of providers at a time: they share processes and connections with calls.
const TRYOUTS: usize = 4;

/// What all handlers share. Cloning is cheap.
#[derive(Clone)]
pub struct Api {
    pub(crate) store: Store,
    pub(crate) sessions: Sessions,
    pub(crate) accounts: Arc<HashMap<String, CarrierAccount>>,
    pub(crate) public_url: Arc<str>,
    pub(crate) default_tenant: trunkline_contract::TenantId,
    pub(crate) sockets: Gate,
    /// This host serves TLS itself.
    pub(crate) tls: bool,
    pub(crate) guesses: Guesses,
    pub(crate) passwords: Passwords,
    pub(crate) knowledge: Knowledge,
    /// Try-outs of providers at a time.
    pub(crate) tryouts: Gate,
    pub(crate) uploads: Uploads,
    pub(crate) rates: Rates,
    /// Signs tokens of this host.
    pub(crate) signing: SigningKeys,
    /// Whose tokens are trusted, too.
    pub(crate) issuers: Issuers,
    pub(crate) cors: Cors,
    /// Fetches what tenants name.
    pub(crate) outgoing: Option<HttpClient>,
}

impl Api {
    /// `public_url` is the origin that the carrier was given, without a slash at its end; `unauthenticated_sockets` may
    /// wait at a time for their token to be seen.
    pub fn new(
        store: Store,
        sessions: Sessions,
        accounts: HashMap<String, CarrierAccount>,
        public_url: &str,
        default_tenant: trunkline_contract::TenantId,
        unauthenticated_sockets: usize,
    ) -> Self {
        Self {
            knowledge: sessions.knowledge().clone(),
            signing: SigningKeys::new(store.clone()),
            issuers: Issuers::default(),
            store,
            sessions,
            accounts: Arc::new(accounts),
            public_url: public_url.trim_end_matches('/').into(),
            default_tenant,
            sockets: Gate::new(unauthenticated_sockets),
            tryouts: Gate::new(TRYOUTS),
            tls: false,
            guesses: Guesses::new(Instant::now()),
            passwords: Passwords::new(),
            uploads: Uploads::new(),
            rates: Rates::new(RateLimits::default()),
            cors: Cors::default(),
            outgoing: None,
        }
    }

    /// This host serves TLS itself, so that browsers show their cookies over TLS only.
    #[must_use]
    pub fn over_tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// How often somebody may ask.
    #[must_use]
    pub fn with_rates(mut self, limits: RateLimits) -> Self {
        self.rates = Rates::new(limits);
        self
    }

    /// Origins of other pages that may use the interface, such as `https://app.example.com`.
    #[must_use]
    pub fn with_cors(mut self, origins: &[String]) -> Self {
        self.cors = Cors::new(origins);
        self
    }

    /// Issuers whose tokens are trusted; their keys are fetched with `http`.
    #[must_use]
    pub fn with_issuers(mut self, issuers: Vec<Issuer>, http: &HttpClient) -> Self {
        self.issuers = Issuers::new(issuers, http);
        self
    }

    /// Fetches what tenants name: its policy is that for their addresses.
    #[must_use]
    pub fn with_outgoing(mut self, http: HttpClient) -> Self {
        self.outgoing = Some(http);
        self
    }

    /// The media socket's address.
    pub(crate) fn media_url(&self) -> String {
        let origin = self.public_url.strip_prefix("http").unwrap_or(&self.public_url);
        format!("ws{origin}/twilio/media")
    }
}
