//! Deepgram's live recognition, version 1 (Nova models).

mod message;
mod query;
mod task;

use super::{Stt, SttRequest, SttStream};
use crate::config::Secret;
use crate::error::ProviderError;
use std::time::Duration;
use trunkline_egress::{Egress, Policy, Url, WebSocketLimits};

pub(crate) const NAME: &str = "deepgram";
pub(crate) const PUBLIC: &str = "wss://api.deepgram.com";

/// Deepgram, or any server that speaks as it does.
#[derive(Clone, Debug)]
pub struct Deepgram {
    egress: Egress,
    policy: Policy,
    url: Url,
    key: Secret,
    limits: WebSocketLimits,
    keep_alive: Duration,
}

/// The provider closes after 10 s without audio or a sign of life.
const KEEP_ALIVE: Duration = Duration::from_secs(4);

impl Deepgram {
    /// `url` is the address without `/v1/listen`.
    pub fn new(egress: Egress, policy: Policy, url: Url, key: Secret) -> Self {
        // Results are a few kilobytes.
        let limits = WebSocketLimits { max_message_bytes: 256 * 1024, ..WebSocketLimits::default() };
        Self { egress, policy, url, key, limits, keep_alive: KEEP_ALIVE }
    }

    /// For servers with less patience: how long nothing is sent before a sign of life is.
    #[must_use]
    pub fn with_keep_alive(mut self, every: Duration) -> Self {
        self.keep_alive = every;
        self
    }

    fn error(&self, error: &trunkline_egress::EgressError) -> ProviderError {
        ProviderError::from_egress(NAME, error, &self.key)
    }
}

impl Stt for Deepgram {
    fn connect(&self, request: SttRequest) -> SttStream {
        let (stream, ends) = SttStream::new(&request);
        tokio::spawn(task::run(self.clone(), request, ends));
        stream
    }
}
