//! One method per action, and constructors for the actions that have many fields.

use crate::bindings::exports::trunkline::agent::behaviour::Manifest;
use crate::bindings::trunkline::agent::types::{
    ActionKind, Callback, Custom, DigitsSpec, EffectId, Entry, Generate, Handoff, HangUp, Listen, Memory, Note, Play,
    Recording, Say, Timer, ToolAnswer, ToolCall, ToolMode, ToolRequest, Transfer,
};
use crate::{Behaviour, Ctx};
use serde_json::Value;

impl<B: Behaviour> Ctx<B> {
    /// Says a plain text of 1-8,000 bytes; the caller can interrupt it. Ends with `said` or `interrupted`.
    pub fn say(&mut self, text: impl Into<String>) -> EffectId {
        self.act(ActionKind::Say(Say { text: text.into(), interruptible: true }))
    }

    /// Says a text to its end, whatever the caller does.
    pub fn announce(&mut self, text: impl Into<String>) -> EffectId {
        self.act(ActionKind::Say(Say { text: text.into(), interruptible: false }))
    }

    /// Plays a stored sound. Ends with `effect-done` or `interrupted`.
    pub fn play(&mut self, sound: impl Into<String>) -> EffectId {
        self.act(ActionKind::Play(Play { sound: sound.into(), interruptible: true }))
    }

    /// Lets the language model answer. Ends with `generated`, `interrupted` or `failed`.
    pub fn generate(&mut self, generate: Generate) -> EffectId {
        self.act(ActionKind::Generate(generate))
    }

    /// Answers a tool request of the model. The generation goes on when all its requests are answered.
    pub fn answer_tool(&mut self, request: &ToolRequest, result: Result<Value, String>) -> EffectId {
        let (status, value) = match result {
            Ok(value) => ("ok", value),
            Err(message) => ("failed", Value::String(message)),
        };
        self.act(ActionKind::AnswerTool(ToolAnswer {
            request_id: request.request_id.clone(),
            status: status.to_owned(),
            value: value.to_string(),
        }))
    }

    /// Runs a tool. Ends with `tool-finished`.
    pub fn call_tool(&mut self, name: impl Into<String>, args: &Value) -> EffectId {
        self.act(ActionKind::CallTool(ToolCall { name: name.into(), args: args.to_string() }))
    }

    /// Stops an action. Ids that are unknown or ended are ignored.
    pub fn cancel(&mut self, effect: EffectId) -> EffectId {
        self.act(ActionKind::Cancel(effect))
    }

    /// Asks for `timer` in 1-86,400,000 ms; [`cancel`](Self::cancel) stops it.
    pub fn set_timer(&mut self, after_ms: u64) -> EffectId {
        self.act(ActionKind::SetTimer(Timer { after_ms }))
    }

    /// How to listen from now on.
    pub fn listen(&mut self, listen: Listen) -> EffectId {
        self.act(ActionKind::Listen(listen))
    }

    /// Collects at most `max` keys, until `terminator` or `timeout_ms` after the last one. Ends with `digits`.
    pub fn collect_digits(&mut self, max: u32, terminator: Option<char>, timeout_ms: u32) -> EffectId {
        self.act(ActionKind::CollectDigits(DigitsSpec { max, terminator: terminator.map(String::from), timeout_ms }))
    }

    /// Sends keys as tones. Ends with `effect-done`.
    pub fn send_digits(&mut self, digits: impl Into<String>) -> EffectId {
        self.act(ActionKind::SendDigits(digits.into()))
    }

    /// Hands the caller to somebody else. Ends with `transferred`.
    pub fn transfer(&mut self, transfer: Transfer) -> EffectId {
        self.act(ActionKind::Transfer(transfer))
    }

    /// Hands the call to another agent, which finds `context` and `summary` in its first event.
    pub fn handoff(&mut self, agent: impl Into<String>, context: &Value, summary: Option<String>) -> EffectId {
        self.act(ActionKind::Handoff(Handoff { agent: agent.into(), context: context.to_string(), summary }))
    }

    /// Ends the call after what is being said has been heard.
    pub fn hang_up(&mut self, reason: impl Into<String>) -> EffectId {
        self.act(ActionKind::HangUp(HangUp { reason: reason.into(), after_speech: true }))
    }

    /// Ends the call at once.
    pub fn hang_up_now(&mut self, reason: impl Into<String>) -> EffectId {
        self.act(ActionKind::HangUp(HangUp { reason: reason.into(), after_speech: false }))
    }

    /// `start`, `stop`, `pause` or `resume`.
    pub fn recording(&mut self, command: impl Into<String>) -> EffectId {
        self.act(ActionKind::Recording(Recording { command: command.into() }))
    }

    /// Sets one field of the call's result.
    pub fn set_result(&mut self, name: impl Into<String>, value: impl Into<Value>) -> EffectId {
        self.act(ActionKind::SetResult(Entry { name: name.into(), value: value.into().to_string() }))
    }

    /// Remembers a text beyond the call; `scope` is `caller`, `agent` or `thread`.
    pub fn remember(&mut self, text: impl Into<String>, scope: impl Into<String>) -> EffectId {
        self.act(ActionKind::Remember(Memory { text: text.into(), scope: scope.into() }))
    }

    /// Calls back later.
    pub fn schedule_callback(&mut self, callback: Callback) -> EffectId {
        self.act(ActionKind::ScheduleCallback(callback))
    }

    /// Changes the call's context by a JSON Merge Patch. Answered with `context-changed`.
    pub fn update_context(&mut self, patch: &Value) -> EffectId {
        self.act(ActionKind::UpdateContext(patch.to_string()))
    }

    /// Sends an event to the tenant's webhooks and live feeds.
    pub fn emit(&mut self, name: impl Into<String>, payload: &Value) -> EffectId {
        self.act(ActionKind::Emit(Custom { name: name.into(), payload: payload.to_string() }))
    }

    /// Leaves a line for people in the call's log; `level` is `debug`, `info`, `warn` or `error`.
    pub fn note(&mut self, level: impl Into<String>, text: impl Into<String>) -> EffectId {
        self.act(ActionKind::Note(Note { level: level.into(), text: text.into() }))
    }

    /// An action outside of the contract.
    pub fn custom(&mut self, name: impl Into<String>, payload: &Value) -> EffectId {
        self.act(ActionKind::Custom(Custom { name: name.into(), payload: payload.to_string() }))
    }
}

impl Generate {
    /// An answer that is spoken and can be interrupted; the host runs the granted tools.
    pub fn spoken() -> Self {
        Generate {
            instructions: None,
            tools: ToolMode::Auto,
            allowed_tools: None,
            speak: true,
            interruptible: true,
            output_schema: None,
        }
    }

    /// An answer for the behaviour alone: not spoken, not in the history, without tools.
    pub fn silent() -> Self {
        Generate { tools: ToolMode::None, speak: false, ..Generate::spoken() }
    }

    /// Adds instructions for this time only.
    #[must_use]
    pub fn instructions(mut self, text: impl Into<String>) -> Self {
        self.instructions = Some(text.into());
        self
    }

    /// Who runs the tools.
    #[must_use]
    pub fn tools(mut self, mode: ToolMode) -> Self {
        self.tools = mode;
        self
    }

    /// Shows the model these tools only.
    #[must_use]
    pub fn allow(mut self, tools: &[&str]) -> Self {
        self.allowed_tools = Some(tools.iter().map(|&tool| tool.to_owned()).collect());
        self
    }

    /// Asks for structured output by a JSON Schema.
    #[must_use]
    pub fn output(mut self, schema: &Value) -> Self {
        self.output_schema = Some(schema.to_string());
        self
    }

    /// Spoken to its end, whatever the caller does.
    #[must_use]
    pub fn uninterruptible(mut self) -> Self {
        self.interruptible = false;
        self
    }
}

impl Manifest {
    /// `name`: 1-64 characters of `a-z 0-9 -`; `version`: semantic; `settings_schema`: a JSON Schema of an object.
    pub fn new(name: &str, version: &str, settings_schema: &str) -> Self {
        Manifest {
            name: name.to_owned(),
            version: version.to_owned(),
            description: String::new(),
            settings_schema: settings_schema.to_owned(),
            state_compatible: false,
        }
    }

    /// One sentence for people.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        self.description = text.to_owned();
        self
    }

    /// Says that this version goes on with any state that an earlier version of the same name wrote.
    #[must_use]
    pub fn state_compatible(mut self) -> Self {
        self.state_compatible = true;
        self
    }
}
