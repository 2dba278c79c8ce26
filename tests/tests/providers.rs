//! The adapters of the providers against the emulators, and the emulators against the vendors' packages.

mod deepgram;
mod elevenlabs;
mod official_packages;
mod openai;
mod processes;

use std::future::Future;
use std::time::Duration;

use trunkline_egress::{Egress, Policy, Url};
use trunkline_providers::Secret;

fn egress() -> Egress {
    Egress::new(vec![]).unwrap()
}

fn trusted() -> Policy {
    Policy::trusted()
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn key() -> Secret {
    Secret::new("key")
}

/// A test that waits for ever is a failed one.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it did not happen in time")
}
