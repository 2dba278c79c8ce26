//! External effects: what was begun and how it went, so that a crash never repeats one.
//!
//! A projection of the rows `effect-intent` and `effect-outcome`, written in their transaction.

use crate::bind::{Columns, json, params};
use crate::log::EventLog;
use crate::writer::Tx;
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use trunkline_contract::CallId;
use trunkline_contract::log::{Entry, Row};

/// An external effect of a call.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Effect {
    /// Call + effect.
    pub idempotency_key: String,
    /// `tool`, `dial`, `transfer`, `webhook`.
    pub what: String,
    /// Name of the tool, number and so on.
    pub detail: Value,
    /// `intent` until there is an outcome; then the outcome's.
    pub status: String,
    /// Result or error.
    pub value: Option<Value>,
    /// Row of the intent.
    pub intent_seq: u64,
}

fn effect(row: &Columns<'_>) -> Result<Effect> {
    Ok(Effect {
        idempotency_key: row.text(0)?,
        what: row.text(1)?,
        detail: row.json(2)?,
        status: row.text(3)?,
        value: row.opt_json(4)?,
        intent_seq: row.u64(5)?,
    })
}

/// Keeps the projection in step with a row that was just added. A later outcome replaces an earlier one.
pub(crate) fn project(tx: &Tx<'_>, call: CallId, row: &Row) -> Result<()> {
    const INTENT: &str = "INSERT INTO effects (call_id, key, what, detail, status, intent_seq) \
        VALUES (?1, ?2, ?3, ?4, 'intent', ?5)";
    const OUTCOME: &str =
        "UPDATE effects SET status = ?3, value = ?4, outcome_seq = ?5 WHERE call_id = ?1 AND key = ?2";
    match &row.entry {
        Entry::EffectIntent { idempotency_key: key, what, detail } => {
            match tx.execute(INTENT, params![call, key.as_str(), what.as_str(), json(detail)?, row.seq]) {
                Err(crate::error::SqlError::Unique) => Err(StoreError::DuplicateEffect(key.clone())),
                other => Ok(other.map(|_| ())?),
            }
        }
        Entry::EffectOutcome { idempotency_key: key, status, value } => {
            match tx.execute(OUTCOME, params![call, key.as_str(), status.as_str(), json(value)?, row.seq])? {
                0 => Err(StoreError::UnknownEffect(key.clone())),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

impl EventLog {
    /// Effects that were begun and have no outcome, oldest first: after a crash their outcome is unknown.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn open_effects(&self, call: CallId) -> Result<Vec<Effect>> {
        const SQL: &str = "SELECT key, what, detail, status, value, intent_seq FROM effects \
            WHERE call_id = ?1 AND status = 'intent' ORDER BY intent_seq";
        self.read(call, move |db| Ok(db.all(SQL, params![call], effect)?)).await
    }

    /// One effect.
    ///
    /// # Errors
    /// `NotFound`: the call.
    pub async fn effect(&self, call: CallId, key: impl Into<String>) -> Result<Option<Effect>> {
        const SQL: &str = "SELECT key, what, detail, status, value, intent_seq FROM effects \
            WHERE call_id = ?1 AND key = ?2";
        let key = key.into();
        self.read(call, move |db| Ok(db.first(SQL, params![call, key], effect)?)).await
    }
}
