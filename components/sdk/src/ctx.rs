//! What a behaviour sees while it reacts to one event.
//!
//! Actions are collected, not carried out: the host carries them out after the event, in their order.

use crate::bindings::trunkline::agent::types::{Action, ActionKind, CallInfo, EffectId};
use crate::{Behaviour, Error};
use serde::{Deserialize, Serialize};

/// Who is talking to whom. Greeting, context and the tools' schemas are in the event only (they can be large: keep in the
/// state what you need of them).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The call's id.
    pub id: String,
    /// `phone-inbound`, `phone-outbound`, `web-voice`, `chat`, `sms`; open set.
    pub channel: String,
    /// E.164 where it is a telephone number; absent when withheld.
    pub caller: Option<String>,
    /// As the caller.
    pub callee: Option<String>,
    /// BCP 47.
    pub locale: String,
    /// Minutes east of UTC.
    pub utc_offset_minutes: i32,
    /// `pipeline`, `realtime`, `text`; open set.
    pub speech_mode: String,
    /// The agent's id.
    pub agent_id: String,
    /// The agent's version.
    pub agent_version: String,
    /// Names of the tools that were granted.
    pub tools: Vec<String>,
}

impl Call {
    pub(crate) fn of(info: &CallInfo) -> Self {
        Call {
            id: info.call_id.clone(),
            channel: info.channel.clone(),
            caller: info.caller.clone(),
            callee: info.callee.clone(),
            locale: info.locale.clone(),
            utc_offset_minutes: info.utc_offset_minutes,
            speech_mode: info.speech_mode.clone(),
            agent_id: info.agent_id.clone(),
            agent_version: info.agent_version.clone(),
            tools: info.tools.iter().map(|tool| tool.name.clone()).collect(),
        }
    }

    /// Whether the agent was granted this tool.
    pub fn has_tool(&self, name: &str) -> bool {
        self.tools.iter().any(|tool| tool == name)
    }

    /// Whether it is written, not spoken: lists can be shown, and nobody hears a pause.
    pub fn is_text(&self) -> bool {
        self.speech_mode == "text"
    }

    /// When the call began, ms since 1970 in UTC. `None` where the call's id is not a UUID of version 7, which tells it.
    pub fn began_unix_ms(&self) -> Option<u64> {
        let digits: String = self.id.chars().filter(|c| *c != '-').collect();
        let is_v7 = digits.len() == 32 && digits.get(12..13) == Some("7");
        u64::from_str_radix(digits.get(..12).filter(|_| is_v7)?, 16).ok()
    }
}

/// What a behaviour sees and does while it reacts to one event.
pub struct Ctx<B: Behaviour> {
    /// Kept until the next event.
    pub state: B::State,
    /// Of the agent's contract.
    pub settings: B::Settings,
    /// Who is talking to whom.
    pub call: Call,
    pub(crate) seq: u64,
    pub(crate) now_ms: u64,
    pub(crate) chance: u64,
    pub(crate) next_effect: EffectId,
    pub(crate) actions: Vec<Action>,
}

impl<B: Behaviour> Ctx<B> {
    /// Position of the event in the call's log.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Call clock: ms since the call began.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// The time of day, ms since 1970 in UTC: when the call began and the call clock. The same when the event is replayed.
    /// `None` where [`Call::began_unix_ms`] is; add [`Call::utc_offset_minutes`] for the agent's own time.
    pub fn unix_ms(&self) -> Option<u64> {
        self.call.began_unix_ms().map(|began| began.saturating_add(self.now_ms))
    }

    /// The next number of a sequence that the host chose for this event: the same when the event is replayed. Not for
    /// secrets.
    pub fn random(&mut self) -> u64 {
        // SplitMix64: passes statistical tests from any seed, in four lines.
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Asks for any action. Its id is new in the call.
    pub fn act(&mut self, kind: ActionKind) -> EffectId {
        let effect = self.next_effect;
        self.next_effect = effect.wrapping_add(1);
        self.actions.push(Action { effect, kind });
        effect
    }

    pub(crate) fn take(&mut self, info: &CallInfo) -> Result<(), Error> {
        self.call = Call::of(info);
        // From bytes as the state is: a second reader would double the code of all deserialisers.
        let settings = serde_json::from_slice(info.settings.as_bytes());
        self.settings = settings.map_err(|fault| Error(format!("settings: {fault}")))?;
        Ok(())
    }
}
