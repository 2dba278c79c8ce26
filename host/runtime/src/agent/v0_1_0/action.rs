//! The guest's actions as the host's; counts their bytes and refuses texts that should be JSON and are not.

use super::types as wit;
use serde_json::Value;
use trunkline_contract::action as host;
use trunkline_contract::event::Custom;

/// Counts what passes through it.
struct Sizer<'a>(&'a mut usize);

impl Sizer<'_> {
    fn text(&mut self, text: String) -> String {
        *self.0 = self.0.saturating_add(text.len());
        text
    }

    fn maybe(&mut self, text: Option<String>) -> Option<String> {
        text.map(|text| self.text(text))
    }

    fn json(&mut self, field: &str, text: &str) -> Result<Value, String> {
        *self.0 = self.0.saturating_add(text.len());
        serde_json::from_str(text).map_err(|fault| format!("`{field}` is not JSON: {fault}"))
    }
}

/// The host's action, or what is wrong with the guest's.
pub(super) fn kind(kind: wit::ActionKind, size: &mut usize) -> Result<host::ActionKind, String> {
    let mut to = Sizer(size);
    Ok(match kind {
        wit::ActionKind::Say(say) => {
            host::ActionKind::Say(host::Say { text: to.text(say.text), interruptible: say.interruptible })
        }
        wit::ActionKind::Play(play) => {
            host::ActionKind::Play(host::Play { sound: to.text(play.sound), interruptible: play.interruptible })
        }
        wit::ActionKind::Generate(generate) => host::ActionKind::Generate(to.generate(generate)?),
        wit::ActionKind::AnswerTool(answer) => host::ActionKind::AnswerTool(host::AnswerTool {
            value: to.json("value", &answer.value)?,
            request_id: to.text(answer.request_id),
            status: to.text(answer.status),
        }),
        wit::ActionKind::CallTool(call) => {
            host::ActionKind::CallTool(host::CallTool { args: to.json("args", &call.args)?, name: to.text(call.name) })
        }
        wit::ActionKind::Cancel(target) => host::ActionKind::Cancel { target },
        wit::ActionKind::SetTimer(timer) => host::ActionKind::SetTimer { after_ms: timer.after_ms },
        wit::ActionKind::Listen(listen) => host::ActionKind::Listen(host::Listen {
            hints: listen.hints.into_iter().map(|hint| to.text(hint)).collect(),
            endpointing_ms: listen.endpointing_ms,
        }),
        wit::ActionKind::CollectDigits(spec) => host::ActionKind::CollectDigits(host::CollectDigits {
            max: spec.max,
            terminator: to.maybe(spec.terminator),
            timeout_ms: spec.timeout_ms,
        }),
        wit::ActionKind::SendDigits(digits) => host::ActionKind::SendDigits { digits: to.text(digits) },
        wit::ActionKind::Transfer(transfer) => host::ActionKind::Transfer(host::Transfer {
            target: to.text(transfer.target),
            mode: to.text(transfer.mode),
            briefing: to.maybe(transfer.briefing),
        }),
        wit::ActionKind::Handoff(handoff) => host::ActionKind::Handoff(host::Handoff {
            context: to.json("context", &handoff.context)?,
            agent: to.text(handoff.agent),
            summary: to.maybe(handoff.summary),
        }),
        wit::ActionKind::HangUp(hang_up) => host::ActionKind::HangUp(host::HangUp {
            reason: to.text(hang_up.reason),
            after_speech: hang_up.after_speech,
        }),
        wit::ActionKind::Recording(recording) => host::ActionKind::Recording { command: to.text(recording.command) },
        wit::ActionKind::SetResult(entry) => {
            host::ActionKind::SetResult { value: to.json("value", &entry.value)?, name: to.text(entry.name) }
        }
        wit::ActionKind::Remember(memory) => {
            host::ActionKind::Remember(host::Remember { text: to.text(memory.text), scope: to.text(memory.scope) })
        }
        wit::ActionKind::ScheduleCallback(callback) => host::ActionKind::ScheduleCallback(host::Callback {
            at: to.text(callback.at),
            number: to.maybe(callback.number),
            note: to.maybe(callback.note),
        }),
        wit::ActionKind::UpdateContext(patch) => host::ActionKind::UpdateContext(to.json("context", &patch)?),
        wit::ActionKind::Emit(custom) => host::ActionKind::Emit(to.custom(custom)?),
        wit::ActionKind::Note(note) => {
            host::ActionKind::Note(host::Note { level: to.text(note.level), text: to.text(note.text) })
        }
        wit::ActionKind::Custom(custom) => host::ActionKind::Custom(to.custom(custom)?),
    })
}

impl Sizer<'_> {
    fn generate(&mut self, generate: wit::Generate) -> Result<host::Generate, String> {
        let schema = generate.output_schema.map(|schema| self.json("output-schema", &schema)).transpose()?;
        let allowed = generate.allowed_tools.map(|tools| tools.into_iter().map(|tool| self.text(tool)).collect());
        Ok(host::Generate {
            instructions: self.maybe(generate.instructions),
            tools: match generate.tools {
                wit::ToolMode::Auto => host::ToolMode::Auto,
                wit::ToolMode::Ask => host::ToolMode::Ask,
                wit::ToolMode::None => host::ToolMode::None,
            },
            allowed_tools: allowed,
            speak: generate.speak,
            interruptible: generate.interruptible,
            output_schema: schema,
        })
    }

    fn custom(&mut self, custom: wit::Custom) -> Result<Custom, String> {
        Ok(Custom { payload: self.json("payload", &custom.payload)?, name: self.text(custom.name) })
    }
}

/// The case name as in `wit/agent`.
pub(super) fn name(kind: &wit::ActionKind) -> &'static str {
    match kind {
        wit::ActionKind::Say(_) => "say",
        wit::ActionKind::Play(_) => "play",
        wit::ActionKind::Generate(_) => "generate",
        wit::ActionKind::AnswerTool(_) => "answer-tool",
        wit::ActionKind::CallTool(_) => "call-tool",
        wit::ActionKind::Cancel(_) => "cancel",
        wit::ActionKind::SetTimer(_) => "set-timer",
        wit::ActionKind::Listen(_) => "listen",
        wit::ActionKind::CollectDigits(_) => "collect-digits",
        wit::ActionKind::SendDigits(_) => "send-digits",
        wit::ActionKind::Transfer(_) => "transfer",
        wit::ActionKind::Handoff(_) => "handoff",
        wit::ActionKind::HangUp(_) => "hang-up",
        wit::ActionKind::Recording(_) => "recording",
        wit::ActionKind::SetResult(_) => "set-result",
        wit::ActionKind::Remember(_) => "remember",
        wit::ActionKind::ScheduleCallback(_) => "schedule-callback",
        wit::ActionKind::UpdateContext(_) => "update-context",
        wit::ActionKind::Emit(_) => "emit",
        wit::ActionKind::Note(_) => "note",
        wit::ActionKind::Custom(_) => "custom",
    }
}
