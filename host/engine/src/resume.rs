//! Recovery: a call goes on from its log.
//!
//! State is the last one committed, the history is what the log's messages say. An event that was logged but not answered
//! is decided again; actions whose end is not in the log end now, so that every effect still ends exactly once. A tool that
//! changes something and was in flight is reported as `unknown`: it may have happened.

use crate::history::PENDING;
use crate::{Call, CallConfig};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use trunkline_contract::chat::Message;
use trunkline_contract::event::{Event, Interruption, ToolResult, Turn};
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{ActionKind, EffectId, Ms};

/// What is left of a call.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// All rows, in order.
    pub rows: Vec<Row>,
    /// The last committed state.
    pub state: Vec<u8>,
}

/// Why a call cannot go on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// It has ended.
    #[error("the call has ended ({reason})")]
    Ended {
        /// As logged.
        reason: String,
    },
    /// The log has a gap.
    #[error("the log has row {found} where {expected} was due")]
    Gap {
        /// The next dense seq.
        expected: u64,
        /// What was there.
        found: u64,
    },
}

/// Effects that have begun and not ended, as the log tells.
#[derive(Default)]
struct Open {
    speech: BTreeSet<EffectId>,
    tools: BTreeMap<EffectId, String>,
    timers: BTreeMap<EffectId, Ms>,
    writes: BTreeMap<String, Value>,
    pending: Option<(u64, Event)>,
    turns_seen: u32,
    user_messages: Vec<(Ms, String)>,
    component: usize,
}

impl Call {
    /// A call that goes on at `now`: send [`crate::Input::Begin`] next. `reason` is what the behaviour hears when the
    /// carrier has come back, for example `host-restart`.
    ///
    /// # Errors
    /// The call has ended, or its log has a gap.
    pub fn resume(
        config: CallConfig,
        recovered: Recovered,
        now: Ms,
        reason: &'static str,
    ) -> Result<Self, ResumeError> {
        let mut call = Self::new(config);
        call.now = now;
        let mut open = Open::default();
        for row in recovered.rows {
            if row.seq != call.next_seq {
                return Err(ResumeError::Gap { expected: call.next_seq, found: row.seq });
            }
            call.next_seq += 1;
            call.reread(row, &mut open)?;
        }
        call.committed = call.next_seq - 1;
        call.caller.restore(open.turns_seen);
        call.speeches.next_generation = call.next_seq;
        call.tools.restore(call.next_seq);
        call.media.resume_with(reason, now);
        call.close_open_effects(open, recovered.state);
        Ok(call)
    }

    fn reread(&mut self, row: Row, open: &mut Open) -> Result<(), ResumeError> {
        match row.entry {
            Entry::Event { event, .. } => {
                open.ended(&event);
                if matches!(event, Event::UserTurn(_)) {
                    open.turns_seen += 1;
                }
                open.pending = Some((row.seq, event));
            }
            Entry::Actions { actions, .. } => {
                open.pending = None;
                for action in actions {
                    self.effects.insert(action.effect);
                    open.begun(action.effect, action.kind, row.at_ms);
                }
            }
            Entry::Dropped { .. } => open.pending = None,
            Entry::Component { digest, .. } => {
                let known = self.config.components.iter().position(|component| component.digest == digest);
                open.component = known.unwrap_or(0);
            }
            Entry::Message { index, message } => {
                if let Message::User { text } = &message {
                    open.user_messages.push((row.at_ms, text.clone()));
                }
                self.history.put(index, message);
            }
            Entry::EffectIntent { idempotency_key, detail, .. } => {
                open.writes.insert(idempotency_key, detail);
            }
            Entry::EffectOutcome { idempotency_key, .. } => {
                open.writes.remove(&idempotency_key);
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

    fn close_open_effects(&mut self, mut open: Open, state: Vec<u8>) {
        self.decisions.restore(state, open.component, open.pending);
        for (effect, at) in open.timers {
            self.timers.set(at, effect);
        }
        for effect in open.speech {
            self.enqueue(Event::Interrupted(Interruption { effect, heard: String::new() }));
        }
        for (key, detail) in open.writes {
            let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let value = json!({"error": "the host restarted while the tool ran"});
            let status = "unknown".to_owned();
            self.append(Entry::EffectOutcome { idempotency_key: key, status: status.clone(), value: value.clone() });
            let (request_id, name) = (text("request_id"), text("name"));
            let effect = open.tools.iter().find(|(_, tool)| **tool == name).map(|(effect, _)| *effect);
            effect.map(|effect| open.tools.remove(&effect));
            self.enqueue(Event::ToolFinished(ToolResult { request_id, effect, name, status, value }));
        }
        for (effect, name) in open.tools {
            let (request_id, status) = (String::new(), "cancelled".to_owned());
            let effect = Some(effect);
            self.enqueue(Event::ToolFinished(ToolResult { request_id, effect, name, status, value: Value::Null }));
        }
        for message in self.history.replace_pending(PENDING, r#"{"status":"unknown"}"#) {
            self.append(Entry::Message { index: message.0, message: message.1 });
        }
        let missed = open.user_messages.len().saturating_sub(open.turns_seen as usize);
        let skip = open.user_messages.len() - missed;
        for (number, (at, text)) in (open.turns_seen + 1..).zip(open.user_messages.into_iter().skip(skip)) {
            let turn = Turn {
                number,
                text,
                confidence: None,
                language: None,
                source: "speech".to_owned(),
                start_ms: at,
                end_ms: at,
            };
            self.caller.restore(number);
            self.enqueue(Event::UserTurn(turn));
        }
    }
}

impl Open {
    fn begun(&mut self, effect: EffectId, kind: ActionKind, at: Ms) {
        match kind {
            ActionKind::Say(_) | ActionKind::Generate(_) => {
                self.speech.insert(effect);
            }
            ActionKind::CallTool(call) => {
                self.tools.insert(effect, call.name);
            }
            ActionKind::SetTimer { after_ms } => {
                self.timers.insert(effect, at + after_ms);
            }
            ActionKind::Cancel { target } => {
                self.timers.remove(&target);
            }
            _ => {}
        }
    }

    fn ended(&mut self, event: &Event) {
        let effect = match event {
            Event::Said(said) => said.effect,
            Event::Interrupted(interruption) => interruption.effect,
            Event::Generated(generation) => generation.effect,
            Event::Timer { effect } => *effect,
            Event::Denied(denial) => denial.effect,
            Event::Failed(failure) => match failure.effect {
                Some(effect) => effect,
                None => return,
            },
            Event::ToolFinished(result) => match result.effect {
                Some(effect) => effect,
                None => return,
            },
            _ => return,
        };
        self.speech.remove(&effect);
        self.tools.remove(&effect);
        self.timers.remove(&effect);
    }
}
