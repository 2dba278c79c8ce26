//! Recovery: a call goes on from its log.
//!
//! State is the last one committed, the history is what the log's messages say. An event that was logged but not answered
//! is decided again; actions whose end is not in the log end now, so that every effect still ends exactly once. A tool that
//! changes something and was in flight is reported as `unknown`: it may have happened.

mod reread;

use self::reread::Open;
use crate::history::PENDING;
use crate::{Call, CallConfig, Command};
use serde_json::{Value, json};
use trunkline_contract::ActionKind;
use trunkline_contract::event::{EffectResult, Event, Interruption, Resumption, ToolResult, Turn};
use trunkline_contract::log::{Entry, Row};

/// What the model reads of a tool whose answer was lost.
const UNKNOWN: &str = r#"{"status":"unknown"}"#;
/// What is named with a number in one life of the call, and leaves no row, is less than this per row.
const IDS_PER_ROW: u64 = 1_000;

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

impl Call {
    /// A call that goes on at `now`: send [`crate::Input::Begin`] next. `reason` is what the behaviour hears when the
    /// carrier has come back, for example `host-restart`.
    ///
    /// # Errors
    /// The call has ended, or its log has a gap.
    pub fn resume(
        config: CallConfig,
        recovered: Recovered,
        now: u64,
        reason: &'static str,
    ) -> Result<Self, ResumeError> {
        let mut call = Self::new(config);
        call.now = now;
        let mut open = Open { context: call.config.call.context.clone(), ..Open::default() };
        for row in recovered.rows {
            if row.seq != call.next_seq {
                return Err(ResumeError::Gap { expected: call.next_seq, found: row.seq });
            }
            call.next_seq += 1;
            call.reread(row, &mut open)?;
        }
        call.committed = call.next_seq - 1;
        call.caller.restore(open.turns_seen);
        call.speeches.next_generation = call.next_seq * IDS_PER_ROW;
        call.tools.restore(call.next_seq * IDS_PER_ROW);
        call.media.resume_with(reason, now);
        call.ending.restore(open.began_at, now, open.hung_up, open.ended.take());
        if call.ending.told() {
            call.media.close();
        }
        let state = if open.new_component { Vec::new() } else { recovered.state };
        call.decisions.restore(state, open.component, open.pending.take());
        call.catch_up(&mut open);
        call.end_lost_effects(open);
        Ok(call)
    }

    /// Does what had been decided and left no trace yet, and tells what had not been told.
    fn catch_up(&mut self, open: &mut Open) {
        if open.began && !open.any_event {
            self.enqueue(Event::Started(Box::new(self.config.call.clone())));
        }
        if open.new_component && self.decisions.idle() && open.any_event {
            let resumed = Resumption { reason: "component-changed".to_owned(), call: self.config.call.clone() };
            self.enqueue(Event::Resumed(Box::new(resumed)));
        }
        if let Some(event) = open.retry.take() {
            self.enqueue(event);
        }
        if let Some(listen) = open.listen.take() {
            self.caller.listen_again(listen.endpointing_ms);
            if !listen.hints.is_empty() {
                self.out.push(Command::SttHints(listen.hints));
            }
        }
        for action in open.undone.drain(..) {
            self.effects.remove(&action.effect);
            self.act(action, false);
        }
        for (effect, action) in open.duplicates.drain(..) {
            self.claim(effect, action);
        }
    }

    fn end_lost_effects(&mut self, open: Open) {
        for (effect, at) in open.timers {
            self.timers.set(at, effect);
        }
        for effect in open.speech {
            self.enqueue(Event::Interrupted(Interruption { effect, heard: String::new() }));
        }
        for (effect, kind) in open.others {
            if matches!(kind, ActionKind::Listen(_)) {
                self.enqueue(Event::EffectDone(EffectResult { effect, status: "ok".to_owned(), value: Value::Null }));
            } else {
                self.effects.remove(&effect);
                self.act(trunkline_contract::Action { effect, kind }, false);
            }
        }
        let mut tools = open.tools;
        for (key, write) in open.writes {
            let (status, value) = write.outcome.unwrap_or_else(|| {
                let value = json!({"error": "the host restarted while the tool ran"});
                let status = "unknown".to_owned();
                self.append(Entry::EffectOutcome {
                    idempotency_key: key,
                    status: status.clone(),
                    value: value.clone(),
                });
                (status, value)
            });
            if let Some(effect) = write.effect {
                tools.remove(&effect);
            }
            let (request_id, effect, name) = (write.request_id, write.effect, write.name);
            self.enqueue(Event::ToolFinished(ToolResult { request_id, effect, name, status, value }));
        }
        for (effect, name) in tools {
            let (request_id, status) = (String::new(), "cancelled".to_owned());
            let effect = Some(effect);
            self.enqueue(Event::ToolFinished(ToolResult { request_id, effect, name, status, value: Value::Null }));
        }
        let mut answered = self.history.answer_unanswered(UNKNOWN);
        answered.extend(self.history.replace_pending(PENDING, UNKNOWN));
        for (index, message) in answered {
            self.append(Entry::message(index, message));
        }
        let numbers = open.turns_seen + 1..;
        for (number, (at, text)) in numbers.zip(open.user_messages.into_iter().skip(open.turns_seen as usize)) {
            let turn = Turn {
                number,
                text,
                confidence: None,
                language: None,
                source: if self.in_writing() { "text" } else { "speech" }.to_owned(),
                start_ms: at,
                end_ms: at,
            };
            self.caller.restore(number);
            self.enqueue(Event::UserTurn(turn));
        }
    }
}
