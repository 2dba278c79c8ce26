//! `trunkline call tail`: the rows of a log as they come.

use crate::backend::{Backend, ROWS};
use crate::output::{Out, Tone, clean};
use serde_json::Value;
use std::time::Duration;
use trunkline_contract::CallId;
use trunkline_contract::log::{Entry, Row};

/// How often a live call is asked for new rows.
const EVERY: Duration = Duration::from_millis(500);

/// Prints rows from `from_seq` on, until the call ends or nobody is left to write to it.
///
/// # Errors
/// There is no such call; the backend's.
pub(super) async fn follow(out: &Out, backend: &Backend, id: CallId, mut from_seq: u64) -> anyhow::Result<()> {
    loop {
        // Asked first: rows that are written between the two questions are then still read.
        let over = !backend.is_live() || backend.call(id).await?["state"] == "ended";
        let rows = backend.rows(id, from_seq).await?;
        for row in &rows {
            print(out, row)?;
            from_seq = row.seq + 1;
        }
        if rows.iter().any(|row| matches!(row.entry, Entry::Ended { .. })) || (over && rows.len() < ROWS) {
            return Ok(());
        }
        if rows.len() < ROWS {
            tokio::time::sleep(EVERY).await;
        }
    }
}

fn print(out: &Out, row: &Row) -> anyhow::Result<()> {
    if out.json {
        return out.record(row);
    }
    let mut entry = serde_json::to_value(&row.entry)?;
    if let Value::Object(fields) = &mut entry {
        fields.remove("kind");
    }
    let at = format!("{}.{:03}s", row.at_ms / 1_000, row.at_ms % 1_000);
    let (seq, kind) = (out.paint(Tone::Quiet, &format!("{:>6}", row.seq)), format!("{:<14}", row.entry.kind()));
    out.line(format!("{seq} {at:>10}  {}  {}", out.paint(Tone::Heading, &kind), clean(&entry.to_string())))?;
    Ok(())
}
