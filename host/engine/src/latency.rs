//! How long each turn's answer took, stage by stage, on the call's one clock.

use crate::Call;
use trunkline_contract::Ms;
use trunkline_contract::event::Event;
use trunkline_contract::log::{Entry, TurnLatency};

impl Call {
    pub(crate) fn begin_latency(&mut self, turn: u32, speech_end_ms: Ms, endpoint: Option<Ms>, words: Option<Ms>) {
        self.latency = Some(TurnLatency {
            turn,
            speech_end_ms,
            endpoint_ms: endpoint,
            transcript_ms: words,
            ..TurnLatency::default()
        });
    }

    pub(crate) fn mark_decision(&mut self, event: &Event) {
        if matches!(event, Event::UserTurn(_)) {
            self.stage(|latency| &mut latency.decision_ms);
        }
    }

    /// Notes the first time that a stage is reached.
    pub(crate) fn stage(&mut self, field: impl Fn(&mut TurnLatency) -> &mut Option<Ms>) {
        let now = self.now;
        if let Some(latency) = &mut self.latency {
            field(latency).get_or_insert(now);
        }
    }

    /// The first frame of the answer went out: the row is complete.
    pub(crate) fn finish_latency(&mut self) {
        self.stage(|latency| &mut latency.first_frame_ms);
        let Some(mut latency) = self.latency.take_if(|l| l.decision_ms.is_some()) else { return };
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
