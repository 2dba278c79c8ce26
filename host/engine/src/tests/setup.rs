//! What tests set a world up with: answers of a behaviour, scripts of a model, a configuration.

use crate::{CallConfig, Component, Granted, ProviderFault, Runner, Timeouts, playout};
use serde_json::{Value, json};
use trunkline_contract::action::{AnswerTool, CallTool, Generate, HangUp, Say, ToolMode};
use trunkline_contract::chat::{Delta, Finish, ToolCall};
use trunkline_contract::event::{CallInfo, ToolInfo, Usage};
use trunkline_contract::{Action, ActionKind, EffectId, Ms};

/// What a behaviour answers; effects are numbered on from its state.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) next: EffectId,
    pub(super) actions: Vec<Action>,
    pub(super) error: Option<String>,
}

impl Answer {
    pub(super) fn with(&mut self, effect: EffectId, kind: ActionKind) {
        self.actions.push(Action { effect, kind });
    }

    pub(super) fn act(&mut self, kind: ActionKind) -> EffectId {
        self.next += 1;
        self.with(self.next, kind);
        self.next
    }

    pub(super) fn say(&mut self, text: &str) -> EffectId {
        self.act(ActionKind::Say(Say { text: text.to_owned(), interruptible: true }))
    }

    pub(super) fn announce(&mut self, text: &str) -> EffectId {
        self.act(ActionKind::Say(Say { text: text.to_owned(), interruptible: false }))
    }

    pub(super) fn generate(&mut self) -> EffectId {
        self.act(ActionKind::Generate(generate()))
    }

    pub(super) fn tool(&mut self, name: &str) -> EffectId {
        self.act(ActionKind::CallTool(CallTool { name: name.to_owned(), args: json!({}) }))
    }

    pub(super) fn answer_tool(&mut self, request_id: &str, value: Value) -> EffectId {
        let (request_id, status) = (request_id.to_owned(), "ok".to_owned());
        self.act(ActionKind::AnswerTool(AnswerTool { request_id, status, value }))
    }

    pub(super) fn timer(&mut self, after_ms: Ms) -> EffectId {
        self.act(ActionKind::SetTimer { after_ms })
    }

    pub(super) fn hang_up(&mut self, after_speech: bool) -> EffectId {
        self.act(ActionKind::HangUp(HangUp { reason: String::new(), after_speech }))
    }

    /// The component has decided nothing yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.next == 0
    }

    pub(super) fn fail(&mut self, reason: &str) {
        self.error = Some(reason.to_owned());
    }
}

pub(super) fn generate() -> Generate {
    Generate {
        instructions: None,
        tools: ToolMode::Auto,
        allowed_tools: None,
        speak: true,
        interruptible: true,
        output_schema: None,
    }
}

/// As [`config`], in writing.
pub(super) fn written() -> CallConfig {
    let mut config = config();
    config.call.channel = "chat".to_owned();
    config.call.speech_mode = "text".to_owned();
    config
}

/// What the model writes: each piece after a delay.
pub(super) type Script = Vec<(Ms, Result<Delta, ProviderFault>)>;

/// A model that says this, a word at a time.
pub(super) fn says(text: &str) -> Script {
    let mut script: Script = text.split_inclusive(' ').map(|word| (20, Ok(Delta::Text(word.to_owned())))).collect();
    script.first_mut().map(|first| first.0 = 250).unwrap_or_default();
    script.push((5, Ok(Delta::Done { finish: Finish::Stop, usage: Usage::default() })));
    script
}

/// A model that says this and asks for tools.
pub(super) fn asks(text: &str, tools: &[&str]) -> Script {
    let mut script = says(text);
    script.pop();
    for (n, name) in tools.iter().enumerate() {
        let call = ToolCall { id: format!("call_{n}"), name: (*name).to_owned(), arguments: "{}".to_owned() };
        script.push((30, Ok(Delta::ToolCall(call))));
    }
    script.push((5, Ok(Delta::Done { finish: Finish::ToolCalls, usage: Usage::default() })));
    script
}

pub(super) fn fault(code: &str) -> ProviderFault {
    ProviderFault { code: code.to_owned(), message: "it broke".to_owned(), retryable: true }
}

pub(super) fn external(name: &str, write: bool, cancellable: bool) -> Granted {
    let info = ToolInfo { name: name.to_owned(), description: String::new(), input_schema: json!({"type": "object"}) };
    Granted { info, runner: Runner::External { write, cancellable, timeout_ms: 2_000 } }
}

pub(super) fn config() -> CallConfig {
    let tools = vec![
        Granted::builtin("end_call").unwrap(),
        Granted::builtin("save_data").unwrap(),
        external("look_up", false, true),
        external("weather", false, true),
        external("book", true, false),
    ];
    CallConfig {
        call: CallInfo {
            call_id: "call-1".to_owned(),
            channel: "phone-inbound".to_owned(),
            caller: None,
            callee: None,
            locale: "en-GB".to_owned(),
            utc_offset_minutes: 0,
            speech_mode: "pipeline".to_owned(),
            agent_id: "agent".to_owned(),
            agent_version: "1".to_owned(),
            greeting: None,
            settings: json!({}),
            settings_version: "1".to_owned(),
            context: json!({"name": "Ada"}),
            handoff: None,
            tools: tools.iter().map(|tool| tool.info.clone()).collect(),
        },
        rules: trunkline_contract::agent::TurnRules::default(),
        limits: trunkline_contract::agent::Limits::default(),
        instructions: "You talk to {{ name }}.".to_owned(),
        fallback: "One moment please.".to_owned(),
        goodbye: "Good bye.".to_owned(),
        can_generate: true,
        output: trunkline_contract::agent::OutputSchema::default(),
        thread_window: 50,
        tools,
        components: vec![
            Component { digest: "own".to_owned(), reason: "start".to_owned() },
            Component { digest: "stock".to_owned(), reason: "stock".to_owned() },
        ],
        playout: playout::Config::default(),
        timeouts: Timeouts::default(),
        seed: 7,
    }
}
