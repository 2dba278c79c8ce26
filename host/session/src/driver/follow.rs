//! What a live call takes up of changes around it: the fields of its agent's answers, and what it may cost.

use super::Driver;
use trunkline_engine::{Control, Input};
use trunkline_store::Calling;

impl Driver {
    /// Something was set up anew. A call keeps the version that it began with, but its answers have the fields of the version
    /// that would answer it now, from the next one on.
    pub(super) async fn follow_contract(&mut self) {
        if self.call.session_id.is_some() {
            return;
        }
        let served = self.sessions.0.contracts.served(self.call.tenant, self.call.agent_id).await;
        let Ok(Some(served)) = served else { return };
        let id = self.call.id.to_string();
        let who = Calling { caller: self.call.caller.as_deref(), user: None, call: &id };
        let Ok(now) = served.choose(who) else { return };
        if now.agent.output_schema == self.plan.agent.output_schema {
            return;
        }
        tracing::info!(call = %self.call.id, version = now.version.version, "the fields of answers have changed");
        let output = now.agent.output_schema.clone();
        let mut agent = (*self.plan.agent).clone();
        agent.output_schema = output.clone();
        self.plan.agent = std::sync::Arc::new(agent);
        self.step(Input::Control(Control::Output(output))).await;
    }

    /// A call that has cost what it may ends.
    pub(super) async fn mind_cost(&mut self) {
        let Some(most) = self.plan.agent.limits.max_cost_usd else { return };
        if self.meter.dollars(self.clock.now()) >= most {
            let reason = "spend-cap".to_owned();
            self.step(Input::Control(Control::Close { reason })).await;
        }
    }
}
