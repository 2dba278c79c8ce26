//! Carries out what the behaviour asks for, or denies it.

use crate::Call;
use trunkline_contract::event::{Denial, Event};
use trunkline_contract::log::Entry;
use trunkline_contract::{Action, ActionKind, EffectId};

/// Longest text of one `say`, bytes.
const MAX_SAY_BYTES: usize = 8_000;
/// Longest timer, ms.
pub(crate) const MAX_TIMER_MS: u64 = 86_400_000;

impl Call {
    /// Carries out one action; `superseded`: something happened since it was decided that makes its speech stale.
    pub(crate) fn act(&mut self, action: Action, superseded: bool) {
        let Action { effect, kind } = action;
        let name = kind.name();
        if !self.claim(effect, name) {
            return;
        }
        let silent = matches!(
            kind,
            ActionKind::SetResult { .. } | ActionKind::Note(_) | ActionKind::Emit(_) | ActionKind::UpdateContext(_)
        );
        if self.ending.over() && !silent {
            self.deny(effect, name, "ended", "the call is over");
            return;
        }
        if self.ending.said_goodbye() && speaks(&kind) {
            self.deny(effect, name, "ended", "the last words are said");
            return;
        }
        match kind {
            ActionKind::Say(say) if say.text.trim().is_empty() || say.text.len() > MAX_SAY_BYTES => {
                self.deny(effect, name, "invalid", &format!("`text` must have 1-{MAX_SAY_BYTES} bytes"));
            }
            ActionKind::Say(_) if superseded => self.never_heard(effect),
            ActionKind::Say(say) => self.say(effect, &say),
            ActionKind::Generate(_) if !self.config.can_generate => {
                self.deny(effect, name, "not-granted", "the agent has no language model (`llm`)");
            }
            ActionKind::Generate(spec) if spec.speak && spec.output_schema.is_some() => {
                self.deny(effect, name, "unsupported", "a structured answer cannot be spoken: set `speak` to false");
            }
            ActionKind::Generate(spec) if superseded && spec.speak => self.never_heard(effect),
            ActionKind::Generate(spec) => self.generate(effect, spec),
            ActionKind::AnswerTool(answer) => self.answer_tool(effect, answer),
            ActionKind::CallTool(call) => self.call_tool(effect, call),
            ActionKind::Cancel { target } => self.cancel(target),
            ActionKind::SetTimer { after_ms } if after_ms == 0 || after_ms > MAX_TIMER_MS => {
                self.deny(effect, name, "invalid", &format!("`after-ms` must be 1-{MAX_TIMER_MS}"));
            }
            ActionKind::SetTimer { after_ms } => self.timers.set(self.now + after_ms, effect),
            ActionKind::Listen(listen) => self.listen(effect, listen),
            ActionKind::HangUp(hang_up) => self.hang_up(&hang_up),
            ActionKind::SetResult { name, value } => self.set_result(name, value),
            ActionKind::UpdateContext(patch) if !patch.is_object() => {
                self.deny(effect, name, "invalid", "the patch must be a JSON object");
            }
            ActionKind::UpdateContext(patch) => self.patch_context(&patch),
            ActionKind::Emit(custom) => {
                self.append(Entry::Emitted { name: custom.name, payload: custom.payload });
            }
            ActionKind::Note(note) => {
                self.append(Entry::Note { level: note.level, text: note.text });
            }
            ActionKind::Play(_)
            | ActionKind::CollectDigits(_)
            | ActionKind::SendDigits { .. }
            | ActionKind::Transfer(_)
            | ActionKind::Handoff(_)
            | ActionKind::Recording { .. }
            | ActionKind::Remember(_)
            | ActionKind::ScheduleCallback(_)
            | ActionKind::Custom(_) => {
                self.deny(effect, name, "unsupported", &format!("this host does not carry out `{name}`"));
            }
        }
    }

    /// Takes an effect id for an action; an id that was used before is denied.
    pub(crate) fn claim(&mut self, effect: EffectId, action: &str) -> bool {
        let new = self.effects.insert(effect);
        if !new {
            self.deny(effect, action, "duplicate-effect", &format!("effect id {effect} was used before in this call"));
        }
        new
    }

    pub(crate) fn deny(&mut self, effect: EffectId, action: &str, rule: &str, message: &str) {
        let denial = Denial { effect, action: action.to_owned(), rule: rule.to_owned(), message: message.to_owned() };
        let denied = Event::Denied(denial);
        if self.decisions.answering_denial() {
            self.log_dropped(denied, "it answers a denial");
        } else {
            self.enqueue(denied);
        }
    }

    fn cancel(&mut self, target: EffectId) {
        if !self.timers.cancel(target) {
            self.cancel_tool_of(target);
            self.cancel_job_of(target);
        }
    }

    pub(crate) fn set_result(&mut self, name: String, value: serde_json::Value) {
        self.results.insert(name.clone(), value.clone());
        self.append(Entry::Result { name, value });
    }
}

fn speaks(kind: &ActionKind) -> bool {
    match kind {
        ActionKind::Say(_) => true,
        ActionKind::Generate(spec) => spec.speak,
        _ => false,
    }
}
