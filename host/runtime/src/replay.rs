//! Runs a call's events through its component, or another, again and compares what it asks for.

use crate::agent::{Behaviour, Input};
use crate::failure::Failure;
use std::collections::{HashMap, HashSet};
use trunkline_contract::Action;
use trunkline_contract::log::{Entry, Row};

/// Which components a replay runs.
pub enum Components<'a> {
    /// Those that the call ran, found by the digest in the log.
    Recorded(&'a (dyn Fn(&str) -> Option<Behaviour> + Send + Sync)),
    /// This one, wherever the log says that the call changed its component.
    Override(&'a Behaviour),
}

/// How a replay went.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplayOutcome {
    /// Each event gave the actions that the log has.
    Equal {
        /// How many events were compared.
        events: u64,
    },
    /// The first event that did not.
    Differs {
        /// Its row.
        seq: u64,
        /// Its case name.
        event: &'static str,
        /// What the log has.
        expected: Vec<Action>,
        /// What came out now.
        found: Result<Vec<Action>, Failure>,
    },
}

/// Why a log cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The component is not there any more.
    #[error("row {seq}: the component {digest} cannot be loaded")]
    UnknownComponent {
        /// Row that names it.
        seq: u64,
        /// Its digest.
        digest: String,
    },
    /// An event before any component.
    #[error("row {seq}: an event before the log names a component")]
    NoComponent {
        /// Row of the event.
        seq: u64,
    },
}

/// Replays rows in their order, at most up to the row `until`.
///
/// Dropped events are skipped, and so are events that the log has no answer to: they changed nothing. The state starts
/// empty and again at each change of the component.
///
/// # Errors
/// When the log does not lead to a component.
pub async fn replay(
    components: &Components<'_>,
    rows: &[Row],
    until: Option<u64>,
) -> Result<ReplayOutcome, ReplayError> {
    let (answers, dropped) = answers(rows);
    let mut behaviour: Option<Behaviour> = None;
    let mut state = Vec::new();
    let mut events = 0;
    for row in rows.iter().take_while(|row| until.is_none_or(|until| row.seq <= until)) {
        match &row.entry {
            Entry::Component { digest, .. } => {
                state.clear();
                behaviour = Some(match components {
                    Components::Override(behaviour) => (*behaviour).clone(),
                    Components::Recorded(find) => find(digest)
                        .ok_or_else(|| ReplayError::UnknownComponent { seq: row.seq, digest: digest.clone() })?,
                });
            }
            Entry::Event { event, seed } if !dropped.contains(&row.seq) => {
                let Some(expected) = answers.get(&row.seq) else { continue };
                let behaviour = behaviour.as_ref().ok_or(ReplayError::NoComponent { seq: row.seq })?;
                let name = event.name();
                let input = Input {
                    seq: row.seq,
                    now_ms: row.at_ms,
                    seed: *seed,
                    state: std::mem::take(&mut state),
                    event: event.clone(),
                };
                let found = behaviour.handle(input).await.map(|output| {
                    state = output.state;
                    output.actions
                });
                if found.as_ref().ok() != Some(expected) {
                    let expected = (*expected).clone();
                    return Ok(ReplayOutcome::Differs { seq: row.seq, event: name, expected, found });
                }
                events += 1;
            }
            _ => {}
        }
    }
    Ok(ReplayOutcome::Equal { events })
}

/// What the log has for each event: its answer, or that it was dropped.
fn answers(rows: &[Row]) -> (HashMap<u64, &Vec<Action>>, HashSet<u64>) {
    let (mut answers, mut dropped) = (HashMap::new(), HashSet::new());
    for row in rows {
        match &row.entry {
            Entry::Actions { event_seq, actions } => {
                answers.insert(*event_seq, actions);
            }
            Entry::Dropped { event_seq, .. } => {
                dropped.insert(*event_seq);
            }
            _ => {}
        }
    }
    (answers, dropped)
}
