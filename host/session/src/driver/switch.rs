//! The handles of a call change hands with its agent: behaviour, model, voice and, where it differs, recogniser.

use super::Driver;
use crate::resolve::Plan;
use crate::voice::Voice;
use tokio::sync::oneshot;
use trunkline_contract::AgentId;
use trunkline_engine::{Control, Input};
use trunkline_store::CallUpdate;

/// An agent that takes a live call over.
pub(crate) struct Successor {
    pub(crate) agent: AgentId,
    pub(crate) version: u32,
    pub(crate) plan: Plan,
    /// Told once it leads; dropped when the call ends first.
    pub(crate) done: oneshot::Sender<()>,
}

impl Driver {
    /// The engine says when: not in the middle of a decision.
    pub(super) async fn succeed(&mut self, successor: Box<Successor>) {
        let config = Box::new(successor.plan.engine.clone());
        // A wish that was not carried out yet gives way; whoever had it is told that it did not come to lead.
        self.successor = Some(successor);
        self.step(Input::Control(Control::Switch(config))).await;
    }

    /// The successor leads: what follows is for its model, its voice and its recogniser.
    pub(super) fn switched(&mut self) {
        let Some(successor) = self.successor.take() else { return };
        let Successor { agent, version, plan, done } = *successor;
        self.brain.succeed(plan.engine.components.clone());
        self.tools.succeed(plan.bound.clone());
        self.voice = Voice::new(plan.tts.clone());
        if plan.hears_with != self.plan.hears_with {
            self.ears.hear_with(plan.stt.clone());
        }
        let prices = &self.sessions.0.config.prices;
        self.meter.change(prices, &plan.agent, &self.call.channel, self.clock.now());
        self.plan = plan;
        self.call.agent_id = agent;
        self.call.agent_version = version;
        self.journal.update(CallUpdate { agent: Some((agent, version)), ..CallUpdate::default() });
        tracing::info!(call = %self.call.id, %agent, version, "another agent leads the call");
        // Whoever asked may have gone.
        done.send(()).ok();
    }
}
