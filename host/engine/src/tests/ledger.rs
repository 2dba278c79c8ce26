//! The account of effects: everything that a behaviour asked for ends exactly once.

use std::collections::{BTreeMap, BTreeSet};
use trunkline_contract::event::Event;
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{ActionKind, EffectId};

/// Checks a log that has ended.
pub(super) fn check(rows: &[Row]) {
    assert!(matches!(rows.last().unwrap().entry, Entry::Ended { .. }), "{:?}", rows.last());
    let mut open: BTreeMap<EffectId, &'static str> = BTreeMap::new();
    let mut claimed = BTreeSet::new();
    let mut may_deny = BTreeSet::new();
    let mut timers = BTreeSet::new();
    let mut duplicates = 0i64;
    let mut writes = BTreeMap::new();
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(row.seq, n as u64 + 1);
        match &row.entry {
            Entry::Actions { actions, .. } => {
                for action in actions {
                    if !claimed.insert(action.effect) {
                        duplicates += 1;
                        continue;
                    }
                    match &action.kind {
                        ActionKind::SetResult { .. }
                        | ActionKind::Note(_)
                        | ActionKind::Emit(_)
                        | ActionKind::UpdateContext(_)
                        | ActionKind::Cancel { .. }
                        | ActionKind::HangUp(_)
                        | ActionKind::AnswerTool(_) => {
                            may_deny.insert(action.effect);
                        }
                        ActionKind::SetTimer { .. } => {
                            timers.insert(action.effect);
                        }
                        kind => {
                            open.insert(action.effect, kind.name());
                        }
                    }
                }
            }
            Entry::Event { event, .. } => {
                let ended = match event {
                    Event::Said(said) => Some(said.effect),
                    Event::Interrupted(cut) => Some(cut.effect),
                    Event::Generated(done) => Some(done.effect),
                    Event::Timer { effect } => Some(*effect),
                    Event::EffectDone(done) => Some(done.effect),
                    Event::Failed(failure) => failure.effect,
                    Event::ToolFinished(result) => result.effect,
                    Event::Denied(denial) if denial.rule == "duplicate-effect" => {
                        duplicates -= 1;
                        None
                    }
                    Event::Denied(denial) => Some(denial.effect),
                    _ => None,
                };
                // A retry and a second life log the same event again.
                let again = rows[..n].iter().any(|row| matches!(&row.entry, Entry::Event { event: e, .. } if e == event));
                if let Some(effect) = ended.filter(|_| !again) {
                    let was_open = open.remove(&effect).is_some() | timers.remove(&effect) | may_deny.remove(&effect);
                    assert!(was_open, "effect {effect} ended twice or never began: {event:?}");
                }
            }
            Entry::Note { text, .. } if text.contains(" denied (") => {
                // A denial of what was asked for in answer to a denial is only noted.
                let effect = text.split(' ').nth(1).unwrap().parse().unwrap();
                if text.contains("(duplicate-effect)") {
                    duplicates -= 1;
                } else {
                    open.remove(&effect);
                    timers.remove(&effect);
                }
            }
            Entry::EffectIntent { idempotency_key, .. } => {
                assert!(writes.insert(idempotency_key.clone(), false).is_none(), "{idempotency_key} runs twice");
            }
            Entry::EffectOutcome { idempotency_key, .. } => {
                let ended = writes.insert(idempotency_key.clone(), true);
                assert_eq!(ended, Some(false), "{idempotency_key} ended twice or was not recorded first");
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "never ended: {open:?}");
    assert_eq!(duplicates, 0, "duplicates that were not denied once");
    assert!(writes.values().all(|ended| *ended), "writes without outcome: {writes:?}");
}
