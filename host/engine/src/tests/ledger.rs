//! The account of effects: everything that a behaviour asked for ends exactly once.

use std::collections::{BTreeMap, BTreeSet};
use trunkline_contract::event::Event;
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{ActionKind, EffectId};

/// Effects from here on are of actions that could not be read.
pub(super) const UNREADABLE: EffectId = 1_000_000;

/// Checks a log that has ended.
pub(super) fn check(rows: &[Row]) {
    assert!(matches!(rows.last().unwrap().entry, Entry::Ended { .. }), "{:?}", rows.last());
    let mut open: BTreeMap<EffectId, &'static str> = BTreeMap::new();
    let mut claimed = BTreeSet::new();
    let mut may_deny = BTreeSet::new();
    let mut timers = BTreeSet::new();
    let mut duplicates = BTreeSet::new();
    let mut denied_duplicates = BTreeSet::new();
    let mut dropped: Vec<&Event> = Vec::new();
    let mut writes = BTreeMap::new();
    let mut written_for = BTreeSet::new();
    // Of an agent that was replaced: their ends are told to nobody, but what was on its way is logged as dropped.
    let mut former = BTreeSet::new();
    let mut excused = BTreeSet::new();
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(row.seq, n as u64 + 1);
        match &row.entry {
            Entry::Actions { actions, .. } => {
                for action in actions {
                    if !claimed.insert(action.effect) {
                        duplicates.insert(action.effect);
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
            // Tried again.
            Entry::Event { event, .. } if dropped.contains(&event) => dropped.retain(|known| *known != event),
            Entry::Event { event, .. } => {
                let ended = match event {
                    Event::Said(said) => Some(said.effect),
                    Event::Interrupted(cut) => Some(cut.effect),
                    Event::Generated(done) => Some(done.effect),
                    Event::Timer { effect } => Some(*effect),
                    Event::EffectDone(done) => Some(done.effect),
                    Event::Failed(failure) => failure.effect,
                    Event::ToolFinished(result) => result.effect,
                    // One that could not be read is not among the actions.
                    Event::Denied(denial) if denial.effect >= UNREADABLE => None,
                    Event::Denied(denial) if denial.rule == "duplicate-effect" => {
                        denied_duplicates.insert(denial.effect);
                        None
                    }
                    Event::Denied(denial) => Some(denial.effect),
                    _ => None,
                };
                if let Some(effect) = ended {
                    let was_open = open.remove(&effect).is_some()
                        | timers.remove(&effect)
                        | may_deny.remove(&effect)
                        | former.remove(&effect);
                    assert!(was_open, "effect {effect} ended twice or never began: {event:?}");
                }
            }
            Entry::Agent { .. } => {
                former.extend(std::mem::take(&mut open).into_keys());
                former.append(&mut timers);
                former.append(&mut may_deny);
                excused.append(&mut duplicates);
            }
            Entry::Dropped { event_seq, .. } => {
                let Entry::Event { event, .. } = &rows[usize::try_from(*event_seq).unwrap() - 1].entry else {
                    panic!()
                };
                dropped.push(event);
            }
            Entry::EffectIntent { idempotency_key, detail, .. } => {
                let effect = detail["effect"].as_u64();
                assert!(effect.is_none_or(|effect| written_for.insert(effect)), "{effect:?} writes twice");
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
    assert!(duplicates.is_subset(&denied_duplicates), "{duplicates:?} {denied_duplicates:?}");
    duplicates.append(&mut excused);
    assert!(denied_duplicates.is_subset(&duplicates), "{duplicates:?} {denied_duplicates:?}");
    assert!(writes.values().all(|ended| *ended), "writes without outcome: {writes:?}");
}
