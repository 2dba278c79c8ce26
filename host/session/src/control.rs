//! What an operator may do to a live call, and look at.

use crate::driver::Mail;
use crate::sessions::{SessionError, Sessions};
use trunkline_contract::{CallId, TenantId};
use trunkline_engine::Control;
use trunkline_providers::Providers;
use trunkline_store::CallState;

/// Why a call ended that an operator ended.
const REASON: &str = "operator-hangup";

impl Sessions {
    /// What calls are heard, answered and spoken with.
    pub fn providers(&self) -> &Providers {
        &self.0.providers
    }

    /// Ends a call at once; it is over a moment later. False: nobody on this host leads it now.
    ///
    /// # Errors
    /// No such call, or it is over.
    pub async fn hang_up(&self, tenant: TenantId, id: CallId) -> Result<bool, SessionError> {
        let call = self.0.store.tenant(tenant).calls().get(id).await?.ok_or(SessionError::Missing("call"))?;
        if call.state == CallState::Ended {
            return Err(SessionError::Over);
        }
        let Some(handle) = self.handle(id) else { return Ok(false) };
        let end = Mail::Control(Control::HangUp { reason: REASON.to_owned() });
        handle.mailbox.send(end).await.map_err(|_| SessionError::Over)?;
        Ok(true)
    }
}
