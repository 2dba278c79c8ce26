//! Copies of the database: made beside a running host, put back when none runs.

use crate::bind::params;
use crate::sqlite::Db;
use crate::store::{DATABASE, Store, StoreConfig, io, lock};
use crate::{Result, StoreError, migrate};
use std::path::{Path, PathBuf};
use std::thread;
use tokio::sync::oneshot;

/// What becomes of the database that a restored one takes the place of.
const BEFORE: &str = "trunkline.db.before-restore";

/// Runs on a thread of its own: copying a database takes long.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let (send, answer) = oneshot::channel();
    let run = move || drop(send.send(work()));
    thread::Builder::new().name("store-backup".to_owned()).spawn(run).map_err(|error| io(&error))?;
    answer.await.unwrap_or(Err(StoreError::Closed))
}

impl Store {
    /// Copies the database of `dir` to a new file: everything that was committed when the copy begins. Works while another
    /// process uses it. Gives the size of the copy, bytes.
    ///
    /// # Errors
    /// There is no database, or the file exists or cannot be written.
    pub async fn backup(dir: impl Into<PathBuf>, to: impl Into<PathBuf>) -> Result<u64> {
        let (dir, to) = (dir.into(), to.into());
        apart(move || {
            let from = dir.join(DATABASE);
            if !from.exists() {
                return Err(StoreError::NotFound("the database"));
            }
            if to.exists() {
                return Err(StoreError::Taken("the file of the backup exists"));
            }
            let path = to.to_str().ok_or(StoreError::Invalid("the path of the backup must be UTF-8"))?;
            Db::reader(&from)?.copy_to(path)?;
            std::fs::metadata(&to).map(|found| found.len()).map_err(|error| io(&error))
        })
        .await
    }

    /// Puts a copy in the place of the database of `dir`, which is kept beside it. Gives where.
    ///
    /// # Errors
    /// `Locked`: a process uses the directory. The copy is damaged, of a newer version, or no database of ours.
    pub async fn restore(from: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Result<Option<PathBuf>> {
        let (from, dir) = (from.into(), dir.into());
        apart(move || {
            if !from.exists() {
                return Err(StoreError::NotFound("the backup"));
            }
            let (dir, _lock) = lock(&dir)?;
            let beside = dir.join("trunkline.db.restoring");
            // The log of a copy that was cut off would be taken for this one's.
            remove(&beside);
            std::fs::copy(&from, &beside).map_err(|error| io(&error))?;
            if let Err(error) = check(&beside) {
                remove(&beside);
                return Err(error);
            }
            put(&dir, &beside)
        })
        .await
    }
}

/// The file is a whole database that this version can open.
fn check(path: &Path) -> Result<()> {
    let db = Db::writer(path, None)?;
    let sound = db.first("PRAGMA integrity_check", params![], |row| row.text(0))?;
    if sound.as_deref() != Some("ok") {
        return Err(StoreError::Corrupt(sound.unwrap_or_default()));
    }
    if db.first("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'", params![], |_| Ok(()))?.is_none() {
        return Err(StoreError::Invalid("the file is no backup of Trunkline"));
    }
    migrate::status(&db, migrate::MIGRATIONS)?;
    drop(db);
    fold(path)
}

/// What stands in the log of a database goes into its file, which is all that is moved.
fn fold(path: &Path) -> Result<()> {
    Db::writer(path, None)?.first("PRAGMA wal_checkpoint(TRUNCATE)", params![], |_| Ok(()))?;
    Ok(())
}

/// A file that SQLite keeps beside a database.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn remove(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        // What is not there need not be removed.
        let _ = std::fs::remove_file(beside(path, end));
    }
}

fn put(dir: &Path, new: &Path) -> Result<Option<PathBuf>> {
    let (now, before) = (dir.join(DATABASE), dir.join(BEFORE));
    let kept = now.exists();
    if kept {
        let folded = match fold(&now) {
            Ok(()) => true,
            // That is why it is replaced; what may be saved of it stands in its log, too.
            Err(StoreError::Corrupt(_)) => false,
            Err(error) => return Err(error),
        };
        remove(&before);
        let log = beside(&now, "-wal");
        if !folded && log.exists() {
            std::fs::rename(log, beside(&before, "-wal")).map_err(|error| io(&error))?;
        }
        std::fs::rename(&now, &before).map_err(|error| io(&error))?;
    }
    remove(&now);
    std::fs::rename(new, &now).map_err(|error| io(&error))?;
    remove(new);
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| io(&error))?;
    Ok(kept.then_some(before))
}

impl StoreConfig {
    /// Where the database of this configuration is.
    pub fn database(&self) -> PathBuf {
        self.dir.join(DATABASE)
    }
}
