//! Durable jobs: what has to happen after a call, or after a while, whatever becomes of the host in between.
//!
//! The store is the queue: what is to be done was committed with what it follows from, is claimed for a minute by whoever
//! does it, and is claimed again by another when its outcome does not come.

mod signature;
mod webhooks;

pub use signature::{InvalidSecret, sign};
pub use webhooks::{Sender, SenderError};

use std::time::Duration;
use tokio_util::sync::CancellationToken;
use trunkline_store::Store;

/// How often it is looked for sessions that nobody uses.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// How often it is looked for components that nobody uses.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
/// For how long bytes of components are kept that nothing refers to: calls that began with them come to their end.
const SWEEP_AFTER: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Removes the bytes of components that nothing has referred to for a week, until told to stop. `gone` is told their
/// digests; `now_ms` is unix ms.
pub async fn sweep(store: Store, gone: impl Fn(&[String]), now_ms: fn() -> u64, stop: CancellationToken) {
    let after_ms = u64::try_from(SWEEP_AFTER.as_millis()).unwrap_or(u64::MAX);
    loop {
        let now = now_ms();
        match store.sweep_components(now.saturating_sub(after_ms), now).await {
            Ok(digests) if digests.is_empty() => {}
            Ok(digests) => {
                tracing::info!(components = digests.len(), "components that nothing refers to are gone");
                gone(&digests);
            }
            Err(error) => tracing::warn!(%error, "unused components could not be removed"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(SWEEP_EVERY) => {}
        }
    }
}

/// Ends sessions with agents that nobody has used for `idle`, until told to stop. `now_ms` is unix ms.
pub async fn tidy(store: Store, idle: Duration, now_ms: fn() -> u64, stop: CancellationToken) {
    let idle_ms = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
    loop {
        let now = now_ms();
        match store.end_idle_sessions(now.saturating_sub(idle_ms), now).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "sessions that nobody used have ended"),
            Err(error) => tracing::warn!(%error, "idle sessions could not be ended"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TIDY_EVERY) => {}
        }
    }
}
