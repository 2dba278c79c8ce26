//! Another agent takes a live call over: between two events, with its own behaviour, model, voice and recogniser.

use crate::driver::{Mail, Successor};
use crate::line::Line;
use crate::resolve::plan;
use crate::sessions::{SessionError, Sessions};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Instant;
use tokio::sync::oneshot;
use trunkline_contract::{AgentId, CallId, TenantId};
use trunkline_store::CallState;

/// Who leads a call from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Switched {
    /// The call.
    pub call_id: CallId,
    /// The agent.
    pub agent_id: AgentId,
    /// Its version.
    pub agent_version: u32,
}

impl Sessions {
    /// Lets another agent of the tenant take a live call over. What the former agent was saying is cut; the newcomer is
    /// told `started` with a `handoff`. Answers once it leads.
    ///
    /// # Errors
    /// No such call or agent; the call is over, is not led by this host, or ends first; the agent cannot lead it.
    pub async fn switch_agent(&self, tenant: TenantId, id: CallId, agent: AgentId) -> Result<Switched, SessionError> {
        let asked = Instant::now();
        let call = self.0.store.tenant(tenant).calls().get(id).await?.ok_or(SessionError::Missing("call"))?;
        if call.state == CallState::Ended {
            return Err(SessionError::Over);
        }
        let (_, resolved) = self.answerer(tenant, agent, None).await?;
        let (version, agent) = (&resolved.version, &resolved.agent);
        let handle = self.handle(id).ok_or(SessionError::Elsewhere)?;
        let components = self.0.library.ladder(tenant, &agent.behaviour).await?;
        let kit = self.kit(tenant, agent).await?;
        let documents = self.0.knowledge.of_agent(tenant, version.agent_id);
        let led = trunkline_store::Call { agent_id: version.agent_id, agent_version: version.version, ..call };
        let plan = plan(agent, &led, components, kit, &self.0.providers, &documents)
            .map_err(|error| SessionError::Agent(error.to_string()))?;
        if handle.line != Line::Text && (plan.stt.is_none() || plan.tts.is_none()) {
            return Err(SessionError::Agent("it has no speech (`stt` and `tts`), and the call is spoken".to_owned()));
        }
        let (done, leads) = oneshot::channel();
        let successor = Successor { agent: version.agent_id, version: version.version, plan, done };
        handle.mailbox.send(Mail::Switch(Box::new(successor))).await.map_err(|_| SessionError::Over)?;
        leads.await.map_err(|_| SessionError::Over)?;
        self.0.metrics.switch.observe(asked.elapsed().as_secs_f64());
        Ok(Switched { call_id: id, agent_id: version.agent_id, agent_version: version.version })
    }
}
