//! `trunkline call tail`: the rows of a log as they come.

mod describe;

use crate::backend::{Backend, ROWS};
use crate::live::{News, Watch};
use crate::output::{Out, Tone, clean};
use describe::describe;
use trunkline_contract::CallId;
use trunkline_contract::log::Row;

/// Prints rows from `from_seq` on, until the call ends or nobody is left to write to it.
///
/// # Errors
/// There is no such call; the backend's.
pub(super) async fn follow(out: &Out, backend: &Backend, id: CallId, mut from_seq: u64) -> anyhow::Result<()> {
    if let Backend::Remote(remote) = backend {
        let mut watch = Watch::new(remote.clone(), id, from_seq);
        loop {
            match watch.next().await? {
                News::Row(row) => show_row(out, &row)?,
                News::Partial(_) => {}
                News::End => return Ok(()),
            }
        }
    }
    loop {
        let rows = backend.rows(id, from_seq).await?;
        for row in &rows {
            show_row(out, row)?;
            from_seq = row.seq + 1;
        }
        if rows.len() < ROWS {
            return Ok(());
        }
    }
}

/// One row of a log.
///
/// # Errors
/// Nobody reads any more.
pub(crate) fn show_row(out: &Out, row: &Row) -> anyhow::Result<()> {
    if out.json {
        return out.record(row);
    }
    let at = format!("{}.{:03}s", row.at_ms / 1_000, row.at_ms % 1_000);
    let (seq, kind) = (out.paint(Tone::Quiet, &format!("{:>6}", row.seq)), format!("{:<14}", row.entry.kind()));
    out.line(format!("{seq} {at:>10}  {}  {}", out.paint(Tone::Heading, &kind), clean(&describe(&row.entry))))?;
    Ok(())
}
