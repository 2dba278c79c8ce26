//! The server that runs on a data directory of this machine: where it is, and a token for commands of its owner.
//!
//! `serve` makes a token at each start and writes it beside the database, readable by the owner only; whoever can read it
//! there could make one with `trunkline token issue` as well. It is used only while the directory's lock is held, and sent
//! only to the address that stands beside it: after a crash nobody else is shown it. A stop takes it back.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use trunkline_session::unix_ms;
use trunkline_store::{Store, StoreError};

/// The file, beside the database.
const FILE: &str = "server.json";
/// The store's lock in the same directory.
const LOCK: &str = "trunkline.lock";
/// Name of the token.
const TOKEN: &str = "this machine";

/// Where the server is and how to talk to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    /// Its origin, without a slash at its end.
    pub(crate) url: String,
    /// An operator's token.
    pub(crate) token: String,
}

/// Takes the file away when the server stops.
pub(crate) struct Written(PathBuf);

impl Drop for Written {
    fn drop(&mut self) {
        // A file that is left behind is of no use to anybody: the lock is free.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Running {
    /// Makes the token of this run; that of the run before opens nothing any more.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn token(store: &Store) -> Result<String, StoreError> {
        store.operator_tokens().revoke(TOKEN, unix_ms()).await?;
        store.operator_tokens().create(TOKEN, unix_ms()).await
    }

    /// Takes the token back.
    pub(crate) async fn revoke(store: &Store) {
        if let Err(error) = store.operator_tokens().revoke(TOKEN, unix_ms()).await {
            tracing::warn!(%error, "the token of this machine's commands could not be taken back");
        }
    }

    /// Writes the file, in one step and readable by the owner only.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, data: &Path) -> anyhow::Result<Written> {
        let path = data.join(FILE);
        let written = || -> anyhow::Result<()> {
            // Temporary files are made for their owner only.
            let mut file = tempfile::NamedTempFile::new_in(data)?;
            serde_json::to_writer(&mut file, self)?;
            file.write_all(b"\n")?;
            file.persist(&path)?;
            Ok(())
        };
        written().with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Written(path))
    }

    /// The server that runs on a data directory, if one does.
    pub(crate) fn find(data: &Path) -> Option<Self> {
        let text = std::fs::read(data.join(FILE)).ok()?;
        let lock = File::open(data.join(LOCK)).ok()?;
        // A server holds it alone; what is left of one that crashed does not.
        matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)).then_some(())?;
        serde_json::from_slice(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;

    fn running() -> Running {
        Running { url: "http://127.0.0.1:8080".into(), token: "trk_1".into() }
    }

    #[test]
    fn a_server_is_found_only_while_it_runs() {
        let data = tempfile::tempdir().unwrap();
        let lock = File::create(data.path().join(LOCK)).unwrap();
        assert_eq!(Running::find(data.path()), None);
        let written = running().write(data.path()).unwrap();
        assert_eq!(Running::find(data.path()), None, "nobody holds the lock");
        lock.try_lock().unwrap();
        assert_eq!(Running::find(data.path()), Some(running()));
        drop(written);
        assert_eq!(Running::find(data.path()), None);
        assert!(!data.path().join(FILE).exists());
    }

    #[test]
    fn only_the_owner_reads_the_file() {
        let data = tempfile::tempdir().unwrap();
        // What an earlier run left behind does not lend its permissions.
        std::fs::write(data.path().join(FILE), "").unwrap();
        let _written = running().write(data.path()).unwrap();
        let mode = std::fs::metadata(data.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    proptest! {
        #[test]
        fn any_file_is_read_or_ignored(bytes: Vec<u8>) {
            let data = tempfile::tempdir().unwrap();
            let lock = File::create(data.path().join(LOCK)).unwrap();
            lock.try_lock().unwrap();
            std::fs::write(data.path().join(FILE), bytes).unwrap();
            let _ = Running::find(data.path());
        }
    }
}
