//! Bounds the sockets that have not yet shown whose they are: anyone can open one, so only so many may wait.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets in so many at a time.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

/// A place; given back when dropped.
#[derive(Debug)]
pub struct Permit(#[allow(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Gate {
    /// Lets in `places` at a time.
    pub fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// A place, if there is one.
    pub fn enter(&self) -> Option<Permit> {
        Arc::clone(&self.0).try_acquire_owned().ok().map(Permit)
    }
}
