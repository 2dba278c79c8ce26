//! How long the turns of a call took.

use crate::Result;
use crate::bind::params;
use crate::log::EventLog;
use trunkline_contract::CallId;
use trunkline_contract::log::{Entry, TurnLatency};

/// Most turns of one read: more than a day of them.
const MAX_TURNS: usize = 10_000;

impl EventLog {
    /// The stages of each turn, in order.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn latencies(&self, call: CallId) -> Result<Vec<TurnLatency>> {
        const SQL: &str = "SELECT payload FROM events WHERE call_id = ?1 AND kind = 'latency' ORDER BY seq LIMIT ?2";
        let entries = self.read(call, move |db| Ok(db.all(SQL, params![call, MAX_TURNS], |row| row.json::<Entry>(0))?));
        let turn = |entry| if let Entry::Latency(turn) = entry { Some(turn) } else { None };
        Ok(entries.await?.into_iter().filter_map(turn).collect())
    }
}
