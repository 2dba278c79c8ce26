//! Calls from a browser: made by the API, led like calls of a telephone.

use crate::incoming::Begun;
use crate::line::Line;
use crate::resolve::{now_s, token_expiry_s};
use crate::sessions::{SessionError, Sessions};
use rand::Rng;
use trunkline_contract::{AgentId, CallId, SessionId, TenantId};
use trunkline_store::{Call, CallState};

/// A lost socket may come back within this, ms.
pub(crate) const RECONNECT_MS: u64 = 10_000;
/// Account of calls that no carrier carries.
pub(crate) const ACCOUNT: &str = "web";

/// A call that waits for its browser.
#[derive(Clone, Debug)]
pub struct WebCall {
    /// The call.
    pub call: CallId,
    /// Opens its media socket once.
    pub token: String,
    /// Unix ms.
    pub expires_at_ms: u64,
    /// A lost socket may come back within this, ms.
    pub reconnect_ms: u64,
}

impl Sessions {
    /// Makes a call from a browser to an agent, as a session has it.
    ///
    /// # Errors
    /// No such agent, no room, or the agent cannot speak.
    pub async fn web_call(
        &self,
        tenant: TenantId,
        agent: AgentId,
        session: Option<SessionId>,
    ) -> Result<WebCall, SessionError> {
        let (owner, resolved) = self.answerer(tenant, agent, session).await?;
        let agent = &resolved.agent;
        if agent.stt.is_none() || agent.tts.is_none() {
            return Err(SessionError::Agent("it has no speech (`stt` and `tts`): write to it instead".to_owned()));
        }
        let place = self.enter(&owner, &self.0.admission).await?;
        let new = self.new_call(&resolved.version, Line::WEB_VOICE, session);
        match self.begin(place, tenant, new, agent).await? {
            Begun::New(call) | Begun::Known(call) => self.web_token_of(&call),
            Begun::Unable { why, .. } => Err(SessionError::Agent(why)),
        }
    }

    /// Lets the browser of a call come back.
    ///
    /// # Errors
    /// No such call, or it is over.
    pub async fn web_token(&self, tenant: TenantId, id: CallId) -> Result<WebCall, SessionError> {
        let call = self.0.store.tenant(tenant).calls().get(id).await?;
        let call = call.filter(|call| call.channel == Line::WEB_VOICE).ok_or(SessionError::Missing("call"))?;
        if call.state == CallState::Ended || self.handle(id).is_none() {
            return Err(SessionError::Over);
        }
        self.web_token_of(&call)
    }

    fn web_token_of(&self, call: &Call) -> Result<WebCall, SessionError> {
        let expires_at_s = token_expiry_s(now_s() * 1_000);
        let token = self.token(call, rand::rng().random(), expires_at_s)?;
        Ok(WebCall { call: call.id, token, expires_at_ms: expires_at_s * 1_000, reconnect_ms: RECONNECT_MS })
    }
}
