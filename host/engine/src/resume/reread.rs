//! Reads a call's log again: what had begun and not ended when the host was lost.

use super::ResumeError;
use crate::actions::MAX_TIMER_MS;
use crate::{Call, Runner};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use trunkline_contract::action::Listen;
use trunkline_contract::chat::Message;
use trunkline_contract::event::{Ended, Event};
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{Action, ActionKind, EffectId, Ms};

/// A tool that changes something and was recorded before it was sent.
pub(super) struct Write {
    pub(super) request_id: String,
    pub(super) name: String,
    pub(super) effect: Option<EffectId>,
    /// Status and value, when it has ended.
    pub(super) outcome: Option<(String, Value)>,
}

/// What the log leaves open.
#[derive(Default)]
pub(super) struct Open {
    pub(super) began: bool,
    pub(super) began_at: Ms,
    pub(super) any_event: bool,
    /// Said or generated, without an end.
    pub(super) speech: BTreeSet<EffectId>,
    pub(super) tools: BTreeMap<EffectId, String>,
    pub(super) timers: BTreeMap<EffectId, Ms>,
    /// Actions whose end follows at once, but is not in the log.
    pub(super) others: BTreeMap<EffectId, ActionKind>,
    /// By idempotency key, until the behaviour was told of the end.
    pub(super) writes: BTreeMap<String, Write>,
    /// Denials that are still to come.
    pub(super) duplicates: Vec<(EffectId, &'static str)>,
    /// Actions of the newest decision that leave a row, and have not.
    pub(super) undone: Vec<Action>,
    /// The event that was given to the behaviour and not answered.
    pub(super) pending: Option<(u64, Ms, Event)>,
    /// The event that was dropped last, while it may be tried again.
    pub(super) retry: Option<Event>,
    pub(super) listen: Option<Listen>,
    /// The end was decided, by an action or a tool.
    pub(super) hung_up: bool,
    pub(super) ended: Option<Ended>,
    pub(super) turns_seen: u32,
    pub(super) user_messages: Vec<(Ms, String)>,
    pub(super) component: usize,
    /// The component has not decided anything yet, so the committed state is not its own.
    pub(super) new_component: bool,
    /// The context data that the contract begins with.
    pub(super) context: Value,
}

impl Call {
    pub(super) fn reread(&mut self, row: Row, open: &mut Open) -> Result<(), ResumeError> {
        if !std::mem::replace(&mut open.began, true) {
            open.began_at = row.at_ms;
        }
        open.left_its_row(&row.entry);
        match row.entry {
            Entry::Event { event, .. } => {
                if let Event::Denied(denial) = &event {
                    self.effects.insert(denial.effect);
                }
                open.hung_up |= self.ended_by_tool(&event);
                open.told(&event);
                open.any_event = true;
                open.retry = None;
                open.pending = Some((row.seq, row.at_ms, event));
            }
            Entry::Actions { actions, .. } => {
                open.pending = None;
                open.new_component = false;
                open.undone.clear();
                for action in actions {
                    if self.effects.insert(action.effect) {
                        open.begun(action, row.at_ms);
                    } else {
                        open.duplicates.push((action.effect, action.kind.name()));
                    }
                }
            }
            Entry::Dropped { .. } => open.retry = open.pending.take().map(|(.., event)| event),
            Entry::Component { digest, .. } => {
                let known = self.config.components.iter().position(|component| component.digest == digest);
                open.component = known.unwrap_or(0);
                open.new_component = true;
            }
            Entry::Agent { .. } => {
                // The contract in force is that of the newest agent; what came before it was the former one's.
                self.config.call.context = open.context.clone();
                open.forget_the_former();
            }
            Entry::Message { index, message, .. } => {
                if let Message::User { text } = &message {
                    open.user_messages.push((row.at_ms, text.clone()));
                }
                self.history.put(index, message);
            }
            Entry::EffectIntent { idempotency_key, detail, .. } => {
                open.writes.insert(idempotency_key, Write::from_detail(&detail));
            }
            Entry::EffectOutcome { idempotency_key, status, value } => {
                if let Some(write) = open.writes.get_mut(&idempotency_key) {
                    write.outcome = Some((status, value));
                }
            }
            Entry::Result { name, value } => {
                self.results.insert(name, value);
            }
            Entry::Context { context } => self.config.call.context = context,
            Entry::Ended { reason, .. } => return Err(ResumeError::Ended { reason }),
            Entry::Note { .. }
            | Entry::Emitted { .. }
            | Entry::MediaStarted { .. }
            | Entry::MediaStopped { .. }
            | Entry::Latency(_)
            | Entry::BargeIn { .. }
            | Entry::Provider { .. } => {}
        }
        Ok(())
    }
}

impl Call {
    /// The model, or the behaviour, ended the call with the built-in tool.
    fn ended_by_tool(&self, event: &Event) -> bool {
        let ends =
            |name: &str| self.config.tools.iter().any(|tool| tool.info.name == name && tool.runner == Runner::EndCall);
        matches!(event, Event::ToolFinished(result) if result.status == "ok" && ends(&result.name))
    }
}

impl Write {
    fn from_detail(detail: &Value) -> Self {
        let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let effect = detail.get("effect").and_then(Value::as_u64).and_then(|effect| effect.try_into().ok());
        Self { request_id: text("request_id"), name: text("name"), effect, outcome: None }
    }
}

impl Open {
    /// Another agent took over: whatever the former one began has ended, and nobody waits for it.
    fn forget_the_former(&mut self) {
        let former = std::mem::take(self);
        let writes = former.writes.into_iter().map(|(key, write)| (key, Write { effect: None, ..write }));
        *self = Self {
            began: former.began,
            began_at: former.began_at,
            writes: writes.collect(),
            hung_up: former.hung_up,
            ended: former.ended,
            turns_seen: former.turns_seen,
            user_messages: former.user_messages,
            context: former.context,
            ..Self::default()
        };
    }

    fn begun(&mut self, action: Action, at: Ms) {
        let Action { effect, kind } = action;
        match kind {
            ActionKind::Say(_) | ActionKind::Generate(_) => {
                self.speech.insert(effect);
            }
            ActionKind::CallTool(call) => {
                self.tools.insert(effect, call.name);
            }
            ActionKind::SetTimer { after_ms } if (1..=MAX_TIMER_MS).contains(&after_ms) => {
                self.timers.insert(effect, at + after_ms);
            }
            ActionKind::Cancel { target } => {
                self.timers.remove(&target);
            }
            ActionKind::HangUp(_) => self.hung_up = true,
            ActionKind::SetResult { .. } | ActionKind::UpdateContext(_) | ActionKind::Emit(_) | ActionKind::Note(_) => {
                self.undone.push(Action { effect, kind });
            }
            ActionKind::AnswerTool(_) => {}
            kind => {
                if let ActionKind::Listen(listen) = &kind {
                    self.listen = Some(listen.clone());
                }
                self.others.insert(effect, kind);
            }
        }
    }

    /// The rows of a decision's actions follow it in their order: the first that fits is the one.
    fn left_its_row(&mut self, entry: &Entry) {
        let done = self.undone.iter().position(|action| match (&action.kind, entry) {
            (ActionKind::SetResult { name, .. }, Entry::Result { name: row, .. }) => name == row,
            (ActionKind::Emit(custom), Entry::Emitted { name, .. }) => custom.name == *name,
            (ActionKind::Note(note), Entry::Note { text, .. }) => note.text == *text,
            (ActionKind::UpdateContext(_), Entry::Context { .. }) => true,
            _ => false,
        });
        if let Some(done) = done {
            self.undone.remove(done);
        }
    }

    fn told(&mut self, event: &Event) {
        let effect = match event {
            Event::Said(said) => said.effect,
            Event::Interrupted(interruption) => interruption.effect,
            Event::Generated(generation) => generation.effect,
            Event::Timer { effect } => *effect,
            Event::EffectDone(done) => done.effect,
            Event::Denied(denial) if denial.rule == "duplicate-effect" => {
                let denied = self.duplicates.iter().position(|(effect, _)| *effect == denial.effect);
                denied.map(|at| self.duplicates.remove(at));
                return;
            }
            Event::Denied(denial) => {
                self.undone.retain(|action| action.effect != denial.effect);
                denial.effect
            }
            Event::Failed(failure) => match failure.effect {
                Some(effect) => effect,
                None => return,
            },
            Event::ToolFinished(result) => {
                self.writes.retain(|_, write| write.request_id != result.request_id);
                match result.effect {
                    Some(effect) => effect,
                    None => return,
                }
            }
            Event::UserTurn(_) => {
                self.turns_seen += 1;
                return;
            }
            Event::Ended(ended) => {
                self.ended = Some(ended.clone());
                return;
            }
            _ => return,
        };
        self.speech.remove(&effect);
        self.tools.remove(&effect);
        self.timers.remove(&effect);
        self.others.remove(&effect);
    }
}
