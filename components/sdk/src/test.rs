//! A harness that runs a behaviour natively, as the host would: one event after the other, with the state as bytes between.
//!
//! ```
//! # use trunkline_sdk::{Behaviour, Ctx, Error, Event, Manifest};
//! # struct Parrot;
//! # impl Behaviour for Parrot {
//! #     type State = ();
//! #     type Settings = ();
//! #     fn manifest() -> Manifest { Manifest::new("parrot", "1.0.0", "{}") }
//! #     fn handle(ctx: &mut Ctx<Self>, event: Event) -> Result<(), Error> {
//! #         if let Event::UserTurn(turn) = event { ctx.say(turn.text); }
//! #         Ok(())
//! #     }
//! # }
//! use trunkline_sdk::test::{Harness, spoken};
//!
//! let mut call = Harness::<Parrot>::with_settings("null");
//! call.start();
//! assert_eq!(spoken(&call.user_says("Good morning")), ["Good morning"]);
//! ```
#![allow(clippy::panic, reason = "a harness fails its test")]

use crate::bindings::exports::trunkline::agent::behaviour::Input;
use crate::{
    Action, ActionKind, Behaviour, CallInfo, Digits, EffectId, Event, Generation, Interruption, Resumption, Said,
    Silence, ToolInfo, ToolResult, Turn, Usage,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

/// One call with one behaviour.
pub struct Harness<B> {
    /// What `started` will tell.
    pub call: CallInfo,
    /// Call clock; each event takes 1,000 ms unless the test sets it.
    pub now_ms: u64,
    /// What the call's result has, from all `set-result` so far.
    pub results: BTreeMap<String, Value>,
    seq: u64,
    turns: u32,
    state: Vec<u8>,
    used: BTreeSet<EffectId>,
    behaviour: PhantomData<B>,
}

impl<B: Behaviour> Default for Harness<B> {
    fn default() -> Self {
        Harness::with_settings("{}")
    }
}

impl<B: Behaviour> Harness<B> {
    /// A call from a telephone to an agent without greeting and tools.
    pub fn with_settings(settings: &str) -> Self {
        Harness {
            call: CallInfo {
                call_id: "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f".to_owned(),
                channel: "phone-inbound".to_owned(),
                caller: Some("+15550100".to_owned()),
                callee: Some("+15550199".to_owned()),
                locale: "en-US".to_owned(),
                utc_offset_minutes: 0,
                speech_mode: "pipeline".to_owned(),
                agent_id: "0190b2c4-7d1e-7cc3-98c4-dc0c0c073990".to_owned(),
                agent_version: "1.0.0".to_owned(),
                greeting: None,
                settings: settings.to_owned(),
                settings_version: "1".to_owned(),
                context: "{}".to_owned(),
                handoff: None,
                tools: Vec::new(),
            },
            now_ms: 0,
            results: BTreeMap::new(),
            seq: 0,
            turns: 0,
            state: Vec::new(),
            used: BTreeSet::new(),
            behaviour: PhantomData,
        }
    }

    /// Gives the agent a greeting.
    #[must_use]
    pub fn greeting(mut self, text: &str) -> Self {
        self.call.greeting = Some(text.to_owned());
        self
    }

    /// A conversation in writing, as on the channel `chat`.
    #[must_use]
    pub fn text(mut self) -> Self {
        self.call.channel = "chat".to_owned();
        self.call.speech_mode = "text".to_owned();
        self
    }

    /// The call's context data.
    #[must_use]
    pub fn context(mut self, data: &Value) -> Self {
        self.call.context = data.to_string();
        self
    }

    /// Grants a tool.
    #[must_use]
    pub fn tool(mut self, name: &str) -> Self {
        self.call.tools.push(ToolInfo {
            name: name.to_owned(),
            description: String::new(),
            input_schema: "{}".to_owned(),
        });
        self
    }

    /// Hands over one event; an error leaves the state as it was.
    ///
    /// # Errors
    /// What the behaviour answered.
    ///
    /// # Panics
    /// When an answer breaks a rule of the contract: more than 32 actions, an id used twice, more than 64 KiB of state, a
    /// text to say that is empty or has more than 8,000 bytes, a result that is not JSON. When the same event gives
    /// another answer the second time: the call could not be replayed.
    pub fn try_send(&mut self, event: Event) -> Result<Vec<Action>, String> {
        self.seq += 1;
        self.now_ms += 1_000;
        let input = Input {
            seq: self.seq,
            now_ms: self.now_ms,
            seed: self.seq.wrapping_mul(0x9e37_79b9),
            state: self.state.clone(),
            event,
        };
        let again = crate::run::<B>(input.clone());
        let output = crate::run::<B>(input);
        assert_eq!(output, again, "the same event gave two answers: a static, or the order of a `HashMap`?");
        let output = output?;
        assert!(output.state.len() <= 65_536, "the state has {} bytes, 65,536 are allowed", output.state.len());
        assert!(output.actions.len() <= 32, "{} actions, 32 are allowed", output.actions.len());
        for action in &output.actions {
            assert!(self.used.insert(action.effect), "effect {} was used before", action.effect);
            match &action.kind {
                ActionKind::Say(say) => {
                    let (bytes, blank) = (say.text.len(), say.text.trim().is_empty());
                    assert!(!blank && bytes <= 8_000, "a text to say of {bytes} bytes, 1-8,000 are allowed");
                }
                ActionKind::SetResult(entry) => {
                    let value = serde_json::from_str(&entry.value);
                    let value = value.unwrap_or_else(|fault| panic!("result `{}`: {fault}", entry.name));
                    self.results.insert(entry.name.clone(), value);
                }
                _ => {}
            }
        }
        self.state = output.state;
        Ok(output.actions)
    }

    /// Hands over one event.
    ///
    /// # Panics
    /// When the behaviour answers with an error.
    pub fn send(&mut self, event: Event) -> Vec<Action> {
        let name = format!("{event:?}");
        self.try_send(event).unwrap_or_else(|message| panic!("{name}: {message}"))
    }

    /// The call begins.
    pub fn start(&mut self) -> Vec<Action> {
        self.send(Event::Started(self.call.clone()))
    }

    /// The caller says something.
    pub fn user_says(&mut self, text: &str) -> Vec<Action> {
        self.turns += 1;
        self.send(Event::UserTurn(Turn {
            number: self.turns,
            text: text.to_owned(),
            confidence: Some(0.9),
            language: None,
            source: if self.call.speech_mode == "text" { "text" } else { "speech" }.to_owned(),
            start_ms: self.now_ms,
            end_ms: self.now_ms + 900,
        }))
    }

    /// The caller presses keys, one after the other; what the behaviour asked for in between.
    pub fn user_presses(&mut self, keys: &str) -> Vec<Action> {
        let one = |key: char| Digits { digits: key.to_string(), reason: "key".to_owned() };
        keys.chars().flat_map(|key| self.send(Event::Digits(one(key)))).collect()
    }

    /// Nobody has said anything for the `count`th time.
    pub fn silent(&mut self, count: u32) -> Vec<Action> {
        self.send(Event::Silence(Silence { count, silent_ms: 10_000 }))
    }

    /// A `say` was played to its end.
    pub fn heard(&mut self, effect: EffectId, text: &str) -> Vec<Action> {
        self.send(Event::Said(Said { effect, heard: text.to_owned() }))
    }

    /// The caller's speech stopped an action; `heard` is what was heard of it.
    pub fn interrupted(&mut self, effect: EffectId, heard: &str) -> Vec<Action> {
        self.send(Event::Interrupted(Interruption { effect, heard: heard.to_owned() }))
    }

    /// The call goes on after a loss; `reason` is `host-restart`, `media-lost` or `component-changed`.
    pub fn resumed(&mut self, reason: &str) -> Vec<Action> {
        self.send(Event::Resumed(Resumption { reason: reason.to_owned(), call: self.call.clone() }))
    }

    /// Forgets the state, as when another version of the component takes the call over.
    pub fn forget(&mut self) {
        self.state.clear();
    }

    /// The generation of `effect` ends; all of it was heard.
    pub fn generated(&mut self, effect: EffectId, text: &str) -> Vec<Action> {
        self.send(Event::Generated(Generation {
            generation_id: format!("g{effect}"),
            effect,
            text: text.to_owned(),
            heard: text.to_owned(),
            output: None,
            usage: Usage { input_tokens: 10, output_tokens: 10, cached_tokens: 0 },
            cost_micros: None,
            finish_reason: "stop".to_owned(),
        }))
    }

    /// A tool that the host ran ends.
    pub fn tool_finished(&mut self, name: &str, status: &str, value: &str) -> Vec<Action> {
        self.send(Event::ToolFinished(ToolResult {
            request_id: format!("r{}", self.seq),
            effect: None,
            name: name.to_owned(),
            status: status.to_owned(),
            value: value.to_owned(),
        }))
    }

    /// What the host keeps.
    pub fn state(&self) -> &[u8] {
        &self.state
    }
}

/// The case names of the actions, as in `wit/agent`.
pub fn names(actions: &[Action]) -> Vec<&'static str> {
    actions.iter().map(|action| name(&action.kind)).collect()
}

/// The texts of all `say`.
pub fn spoken(actions: &[Action]) -> Vec<&str> {
    let says = actions.iter().filter_map(|action| match &action.kind {
        ActionKind::Say(say) => Some(say.text.as_str()),
        _ => None,
    });
    says.collect()
}

fn name(kind: &ActionKind) -> &'static str {
    match kind {
        ActionKind::Say(_) => "say",
        ActionKind::Play(_) => "play",
        ActionKind::Generate(_) => "generate",
        ActionKind::AnswerTool(_) => "answer-tool",
        ActionKind::CallTool(_) => "call-tool",
        ActionKind::Cancel(_) => "cancel",
        ActionKind::SetTimer(_) => "set-timer",
        ActionKind::Listen(_) => "listen",
        ActionKind::CollectDigits(_) => "collect-digits",
        ActionKind::SendDigits(_) => "send-digits",
        ActionKind::Transfer(_) => "transfer",
        ActionKind::Handoff(_) => "handoff",
        ActionKind::HangUp(_) => "hang-up",
        ActionKind::Recording(_) => "recording",
        ActionKind::SetResult(_) => "set-result",
        ActionKind::Remember(_) => "remember",
        ActionKind::ScheduleCallback(_) => "schedule-callback",
        ActionKind::UpdateContext(_) => "update-context",
        ActionKind::Emit(_) => "emit",
        ActionKind::Note(_) => "note",
        ActionKind::Custom(_) => "custom",
    }
}
