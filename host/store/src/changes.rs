//! News of what was set up anew: by ourselves at once, by other processes within a quarter of a second.
//!
//! Whatever is set up leaves a line in the audit log, so its newest line tells; calls, which are written to all the time,
//! ring no bell.

use crate::Result;
use crate::bind::params;
use crate::sqlite::Db;
use std::path::Path;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How often it is looked whether another process has committed.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Told by the writer that it has committed.
pub(crate) type Bell = watch::Sender<u64>;

/// Rings the bell when another process has set something up, until everybody who writes has gone. `PRAGMA data_version`
/// (sqlite.org/pragma.html) changes with every commit that this connection did not make; only then is the log looked at.
pub(crate) fn watch_others(path: &Path, bell: &Bell, mut open: mpsc::Receiver<std::convert::Infallible>) -> Result<()> {
    let db = Db::reader(path)?;
    let version = |db: &Db| db.first("PRAGMA data_version", params![], |row| row.i64(0));
    let timer = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let timer = timer.map_err(|error| crate::StoreError::Io(error.to_string()))?;
    let newest = |db: &Db| db.first("SELECT max(seq) FROM audit", params![], |row| row.opt_u64(0));
    let (mut known, mut seen) = (version(&db)?, newest(&db)?);
    loop {
        // It only ever ends: nothing is sent.
        if timer.block_on(async { tokio::time::timeout(LOOK_EVERY, open.recv()).await }).is_ok() {
            return Ok(());
        }
        let now = version(&db)?;
        if now != known {
            known = now;
            let last = newest(&db)?;
            if std::mem::replace(&mut seen, last) != last {
                bell.send_modify(|count| *count += 1);
            }
        }
    }
}
