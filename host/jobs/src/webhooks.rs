//! Sends what stands in the outbox.

use crate::signature::sign;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use http::{Request, header};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use trunkline_egress::{Egress, EgressError, HttpClient, HttpLimits, Policy};
use trunkline_store::{Due, Outcome, Store};

/// Deliveries at a time.
const AT_ONCE: usize = 16;
/// How often the outbox is looked into when nothing was in it.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A receiver has so long to answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Letters of an error that are kept.
const MOST_WORDS: usize = 500;

/// Sends what stands in the outbox.
#[derive(Clone)]
pub struct Sender {
    store: Store,
    http: HttpClient,
    now_ms: fn() -> u64,
}

/// The client could not be made.
pub type SenderError = EgressError;

impl Sender {
    /// `policy` says where tenants may have their events sent; `now_ms` is unix ms.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn new(store: Store, egress: &Egress, policy: Policy, now_ms: fn() -> u64) -> Result<Self, SenderError> {
        Ok(Self { store, http: egress.http(policy)?, now_ms })
    }

    /// Sends what is due, again and again, until told to stop; what is under way then is sent to its end.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let sent = match self.round().await {
                Ok(sent) => sent,
                Err(error) => {
                    tracing::warn!(%error, "the outbox could not be read");
                    0
                }
            };
            if stop.is_cancelled() {
                return;
            }
            if sent == 0 {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
        }
    }

    /// Sends what is due now; gives how much that was.
    ///
    /// # Errors
    /// The store's.
    pub async fn round(&self) -> trunkline_store::Result<usize> {
        let due = self.store.claim_deliveries((self.now_ms)(), AT_ONCE).await?;
        let count = due.len();
        let mut sending: FuturesUnordered<_> = due.iter().map(|due| self.send(due)).collect();
        while let Some(told) = sending.next().await {
            told?;
        }
        Ok(count)
    }

    async fn send(&self, due: &Due) -> trunkline_store::Result<()> {
        let outcome = self.attempt(due).await;
        match &outcome {
            Outcome::Delivered(status) => tracing::debug!(delivery = %due.id, status, "an event was delivered"),
            Outcome::Failed(status, why) => {
                tracing::warn!(delivery = %due.id, ?status, why, attempt = due.attempts + 1, "an event was not delivered");
            }
        }
        self.store.delivered(due, outcome, (self.now_ms)()).await
    }

    async fn attempt(&self, due: &Due) -> Outcome {
        let failed = |why: String| Outcome::Failed(None, why.chars().take(MOST_WORDS).collect());
        let secret = match self.store.webhook_secret(due.webhook).await {
            Ok(Some(secret)) => secret,
            Ok(None) => return failed("the webhook is gone".to_owned()),
            Err(error) => return failed(error.to_string()),
        };
        let timestamp_s = (self.now_ms)() / 1_000;
        let body = due.payload.as_bytes();
        let Ok(signature) = sign(secret.expose(), &due.event_id, timestamp_s, body) else {
            return failed("the webhook's secret cannot be used".to_owned());
        };
        let request = Request::post(due.url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("trunkline/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &due.event_id)
            .header("webhook-timestamp", timestamp_s)
            .header("webhook-signature", signature)
            .body(Bytes::copy_from_slice(body));
        let request = match request {
            Ok(request) => request,
            Err(error) => return failed(format!("the address cannot be used: {error}")),
        };
        let limits = HttpLimits::default();
        match tokio::time::timeout(PATIENCE, self.http.send(request, &limits)).await {
            Err(_) => failed(format!("no answer within {} s", PATIENCE.as_secs())),
            Ok(Err(error)) => failed(error.to_string()),
            Ok(Ok(answer)) if answer.status().is_success() => Outcome::Delivered(answer.status().as_u16()),
            Ok(Ok(answer)) => {
                Outcome::Failed(Some(answer.status().as_u16()), format!("it answered {}", answer.status()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
