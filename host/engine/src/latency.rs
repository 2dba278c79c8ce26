//! How long each turn's answer took, stage by stage, on the call's one clock.

use crate::Call;
use trunkline_contract::Ms;
use trunkline_contract::event::Event;
use trunkline_contract::log::{Entry, TurnLatency};

/// The turn whose answer is on its way.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    turn: Option<TurnLatency>,
    /// The answer is in jobs after this one; known once the behaviour has decided.
    after_job: Option<u32>,
}

impl Call {
    pub(crate) fn begin_latency(&mut self, turn: u32, speech_end_ms: Ms, endpoint: Option<Ms>, words: Option<Ms>) {
        let row =
            TurnLatency { turn, speech_end_ms, endpoint_ms: endpoint, transcript_ms: words, ..TurnLatency::default() };
        self.latency = Latency { turn: Some(row), after_job: None };
    }

    /// Called before the actions are carried out.
    pub(crate) fn mark_decision(&mut self, event: &Event) {
        let now = self.now;
        if let Event::UserTurn(turn) = event
            && let Some(latency) = self.latency.turn.as_mut().filter(|latency| latency.turn == turn.number)
        {
            latency.decision_ms.get_or_insert(now);
            self.latency.after_job = Some(self.speeches.last_job());
        }
    }

    /// Notes the first time that the answer reaches a stage.
    pub(crate) fn stage_of(&mut self, job: u32, field: impl Fn(&mut TurnLatency) -> &mut Option<Ms>) {
        let now = self.now;
        if self.latency.after_job.is_some_and(|before| job > before)
            && let Some(latency) = &mut self.latency.turn
        {
            field(latency).get_or_insert(now);
        }
    }

    /// The first frame of a job went out: if it is the answer, the row is complete.
    pub(crate) fn finish_latency(&mut self, job: u32) {
        self.stage_of(job, |latency| &mut latency.first_frame_ms);
        let Some(mut latency) = self.latency.turn.take_if(|latency| latency.first_frame_ms.is_some()) else { return };
        latency.host_added_ms = host_added(&latency);
        self.append(Entry::Latency(latency));
    }
}

/// The host's own gaps: from the last of endpoint and transcript to the decision, and from the first audio to the first
/// frame. Between these the turn waits for providers.
fn host_added(latency: &TurnLatency) -> Option<Ms> {
    let ready = latency.endpoint_ms?.max(latency.transcript_ms.unwrap_or(0));
    let decided = latency.decision_ms?.saturating_sub(ready);
    let framed = latency.first_frame_ms?.saturating_sub(latency.first_audio_ms?);
    Some(decided + framed)
}
