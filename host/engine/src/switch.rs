//! Another agent takes the call over, between two events.
//!
//! What the former one says, asks and waits for ends here: its effects are nobody's any more, so the newcomer hears of none
//! of them. It begins with `started` and finds in `handoff` who led the call before it, with which context and results. The
//! history stays: whoever comes knows what was said.

use crate::speech::Job;
use crate::{Call, CallConfig, Command};
use serde_json::{Value, json};
use trunkline_contract::event::Event;
use trunkline_contract::log::Entry;

impl Call {
    /// Lets the successor take over when nothing is being decided. A call that is about to end keeps its agent.
    pub(crate) fn take_over(&mut self) {
        let Some(config) = self.decisions.take_successor() else { return };
        if self.ending.over() || self.ending.closing() {
            return;
        }
        self.end_what_was_begun();
        let handoff = self.handoff();
        let former = std::mem::replace(&mut self.config, *config);
        // The carrier, the caller and chance stay the same.
        (self.config.playout, self.config.seed) = (former.playout, former.seed);
        self.config.call.handoff = Some(handoff);
        let call = self.config.call.clone();
        self.append(Entry::Agent { agent_id: call.agent_id.clone(), agent_version: call.agent_version.clone() });
        let dropped = self.decisions.begin_anew(Event::Started(Box::new(call)));
        let component = self.component().clone();
        self.append(Entry::Component { digest: component.digest, reason: "swap".to_owned() });
        self.out.push(Command::Switched);
        for event in dropped {
            self.log_dropped(event, "another agent took over");
        }
        self.silence.heard_agent(self.now);
    }

    /// Speech is cut, tools are dropped or finish for themselves, timers are forgotten.
    fn end_what_was_begun(&mut self) {
        self.tools.disown();
        self.stop_tools();
        self.timers.clear();
        self.drop_speech();
    }

    fn handoff(&self) -> Value {
        let from = &self.config.call;
        json!({
            "reason": "switched",
            "from": {"agent_id": from.agent_id, "agent_version": from.agent_version},
            "context": from.context,
            "results": self.results,
        })
    }
}

impl Job {
    /// Nobody is told how it ends.
    pub(crate) fn disown(&mut self) {
        self.effect = None;
    }
}

impl CallConfig {
    /// Whether another agent could lead the same call: it runs over the same kind of line.
    pub fn same_line(&self, other: &Self) -> bool {
        self.playout == other.playout && self.call.speech_mode == other.call.speech_mode
    }
}
