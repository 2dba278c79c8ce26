//! Keeps still what a check relies on until what was checked is written.
//!
//! An agent is checked with what stands above it, and what stands above agents is checked with all of them: each is true
//! only while the other side stays as it is. One process has the store, so its memory is the place for this.

use crate::sessions::Sessions;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use trunkline_contract::TenantId;

/// One lock for each tenant of which something was set up.
#[derive(Default)]
pub(crate) struct Setup(Mutex<HashMap<TenantId, Arc<RwLock<()>>>>);

impl Setup {
    fn of(&self, tenant: TenantId) -> Arc<RwLock<()>> {
        // The map stays whole when a holder panics: every change is a single call.
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant).or_default())
    }
}

impl Sessions {
    /// To be held while an agent is checked and written: what stands above it stays as it is. Many may hold it.
    pub async fn agent_changes(&self, tenant: TenantId) -> OwnedRwLockReadGuard<()> {
        self.0.setup.of(tenant).read_owned().await
    }

    /// To be held while a template or a tenant's defaults are checked and written: no agent changes meanwhile.
    pub async fn layer_changes(&self, tenant: TenantId) -> OwnedRwLockWriteGuard<()> {
        self.0.setup.of(tenant).write_owned().await
    }
}
