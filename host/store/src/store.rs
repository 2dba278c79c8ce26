//! Opening and closing: the data directory, its lock, the threads; and the doors to everything else.

use crate::agents::Agents;
use crate::calls::Calls;
use crate::components::Components;
use crate::documents::Documents;
use crate::log::EventLog;
use crate::migrate::{MIGRATIONS, MigrationStatus};
use crate::numbers::Numbers;
use crate::reader::{READERS, ReaderLoop, Readers};
use crate::sqlite::Db;
use crate::tenants::Tenants;
use crate::tokens::OperatorTokens;
use crate::vault::Vault;
use crate::writer::{Tx, Urgency, Writer, WriterLoop, WriterStats};
use crate::{Result, StoreError, audit, changes, migrate, reader, writer};
use std::convert::Infallible;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use trunkline_contract::TenantId;

pub(crate) const DATABASE: &str = "trunkline.db";
const LOCK: &str = "trunkline.lock";
/// Keys that secrets are sealed with, where none are configured.
const KEYS: &str = "secrets.key";

/// Where the data is.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Made when it does not exist. Holds the database and its lock.
    pub dir: PathBuf,
    /// Apply missing migrations; otherwise they are an error.
    pub migrate: bool,
    /// The database refuses to grow beyond this; none: the disk is the limit.
    pub max_bytes: Option<u64>,
    /// What secrets are sealed with; none: the keys of `secrets.key` in `dir`, which is made when it does not exist.
    pub vault: Option<Vault>,
}

impl StoreConfig {
    /// The defaults: migrate, no limit.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), migrate: true, max_bytes: None, vault: None }
    }
}

/// The database of this process. Clones share it; the last one that goes closes it.
#[derive(Clone)]
pub struct Store {
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
    /// Yields `None` when every thread has ended and the directory is free.
    ended: Arc<Mutex<mpsc::Receiver<Infallible>>>,
    vault: Arc<Vault>,
    changes: watch::Receiver<u64>,
}

/// The data of one tenant.
#[derive(Clone)]
pub struct TenantStore {
    pub(crate) store: Store,
    pub(crate) id: TenantId,
    /// Who writes; the audit log's word.
    pub(crate) actor: Arc<str>,
}

/// What each thread holds until its connection is closed.
#[derive(Clone)]
struct Guard {
    _lock: Arc<File>,
    _alive: mpsc::Sender<Infallible>,
}

impl Store {
    /// Locks the data directory, opens the database, brings its schema up to date and starts the threads.
    ///
    /// # Errors
    /// `Locked`, `NewerDatabase`, `MigrationChanged`, `MigrationsPending`, `Corrupt`, `DiskFull`, `Io`, `NotDurable`.
    pub async fn open(config: StoreConfig) -> Result<Self> {
        let (bell, changes) = watch::channel(0);
        let (writer, writer_loop) = writer::channel(bell.clone());
        let (readers, reader_loop) = reader::channel();
        let (alive, ended) = mpsc::channel(1);
        let (opened, answer) = oneshot::channel();
        let name = "store-writer".to_owned();
        let (writing, until) = mpsc::channel(1);
        spawn(name, move || {
            write_thread(&config, writer_loop, alive, opened);
            drop(writing);
        })?;
        let (path, vault, guard) = answer.await.unwrap_or(Err(StoreError::Closed))?;
        let (watched, held) = (path.clone(), guard.clone());
        spawn("store-changes".to_owned(), move || {
            if let Err(error) = changes::watch_others(&watched, &bell, until) {
                tracing::warn!(%error, "what other processes write is not noticed");
            }
            drop(held);
        })?;
        for number in 0..READERS {
            let (opened, answer) = oneshot::channel();
            let (path, guard, reader_loop) = (path.clone(), guard.clone(), reader_loop.clone());
            spawn(format!("store-reader-{number}"), move || read_thread(&path, &reader_loop, guard, opened))?;
            answer.await.unwrap_or(Err(StoreError::Closed))?;
        }
        Ok(Self { writer, readers, ended: Arc::new(Mutex::new(ended)), vault, changes })
    }

    /// Changes when something is set up anew: by this process at once, by others within a quarter of a second.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    /// What secrets are sealed with.
    pub fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    /// The migrations that the binary knows and those that the database in `dir` has. Changes nothing, and works while
    /// another process uses the database.
    ///
    /// # Errors
    /// As [`Store::open`], `Locked` and `MigrationsPending` excepted.
    pub async fn migration_status(dir: impl Into<PathBuf>) -> Result<Vec<MigrationStatus>> {
        let path = dir.into().join(DATABASE);
        let (send, answer) = oneshot::channel();
        spawn("store-status".to_owned(), move || {
            let status = if path.exists() {
                Db::reader(&path).and_then(|db| migrate::status(&db, MIGRATIONS))
            } else {
                let missing =
                    |m: &migrate::Migration| MigrationStatus { version: m.version, name: m.name, applied_at_ms: None };
                Ok(MIGRATIONS.iter().map(missing).collect())
            };
            let _ = send.send(status);
        })?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Writes what is queued, closes the database and frees the directory. Clones get `Closed` from then on.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
        while self.ended.lock().await.recv().await.is_some() {}
    }

    /// The data of one tenant. Whether the tenant exists shows when something is written.
    pub fn tenant(&self, id: TenantId) -> TenantStore {
        TenantStore { store: self.clone(), id, actor: audit::HOST.into() }
    }

    /// The tenants.
    pub fn tenants(&self) -> Tenants<'_> {
        Tenants(self)
    }

    /// The tokens of operators.
    pub fn operator_tokens(&self) -> OperatorTokens<'_> {
        OperatorTokens(self)
    }

    /// The registry of components.
    pub fn components(&self) -> Components<'_> {
        Components(self)
    }

    /// What the writer has done.
    pub fn stats(&self) -> WriterStats {
        self.writer.stats()
    }

    /// Writes and commits at once.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.writer.write(Urgency::Urgent, work).await
    }

    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Db) -> Result<T> + Send + 'static,
    {
        self.readers.read(work).await
    }
}

impl TenantStore {
    /// The same data, written by somebody: what the audit log and versions call them.
    #[must_use]
    pub fn acting(self, actor: impl Into<Arc<str>>) -> Self {
        Self { actor: actor.into(), ..self }
    }

    /// Whose data this is.
    pub fn id(&self) -> TenantId {
        self.id
    }

    /// Agents and their versions.
    pub fn agents(&self) -> Agents<'_> {
        Agents(self)
    }

    /// Phone numbers.
    pub fn numbers(&self) -> Numbers<'_> {
        Numbers(self)
    }

    /// Calls and their leases.
    pub fn calls(&self) -> Calls<'_> {
        Calls(self)
    }

    /// Documents that agents answer from.
    pub fn documents(&self) -> Documents<'_> {
        Documents(self)
    }

    /// The logs of calls, to be kept by whoever drives one.
    pub fn log(&self) -> EventLog {
        EventLog::new(self.clone())
    }
}

pub(crate) fn io(error: &std::io::Error) -> StoreError {
    match error.kind() {
        std::io::ErrorKind::StorageFull => StoreError::DiskFull,
        _ => StoreError::Io(error.to_string()),
    }
}

fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().name(name).spawn(run).map(|_| ()).map_err(|error| io(&error))
}

/// Makes the directory and takes its lock, which the operating system frees when the process ends, however it ends.
pub(crate) fn lock(dir: &Path) -> Result<(PathBuf, File)> {
    std::fs::create_dir_all(dir).map_err(|error| io(&error))?;
    let dir = dir.canonicalize().map_err(|error| io(&error))?;
    let path = dir.join(LOCK);
    let open = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let file = open.map_err(|error| io(&error))?;
    match file.try_lock() {
        Ok(()) => Ok((dir, file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(dir)),
        Err(TryLockError::Error(error)) => Err(io(&error)),
    }
}

type Opened = oneshot::Sender<Result<(PathBuf, Arc<Vault>, Guard)>>;

fn write_thread(config: &StoreConfig, writer: WriterLoop, alive: mpsc::Sender<Infallible>, opened: Opened) {
    let (db, path, vault, guard) = match open(config, alive) {
        Ok(open) => open,
        Err(error) => {
            let _ = opened.send(Err(error));
            return;
        }
    };
    if opened.send(Ok((path, vault, guard.clone()))).is_err() {
        return;
    }
    if let Err(error) = writer.run(&db) {
        tracing::error!(%error, "the store's writer could not start");
    }
    drop(db);
    drop(guard);
}

fn open(config: &StoreConfig, alive: mpsc::Sender<Infallible>) -> Result<(Db, PathBuf, Arc<Vault>, Guard)> {
    let (dir, file) = lock(&config.dir)?;
    let guard = Guard { _lock: Arc::new(file), _alive: alive };
    let path = dir.join(DATABASE);
    let db = Db::writer(&path, config.max_bytes)?;
    if config.migrate {
        migrate::migrate(&db, MIGRATIONS)?;
    } else {
        let status = migrate::status(&db, MIGRATIONS)?;
        let missing = status.iter().filter(|status| status.applied_at_ms.is_none()).count();
        if missing > 0 {
            return Err(StoreError::MigrationsPending(missing));
        }
    }
    // SQLite flushes the files, not the directory entry of a database that was just made.
    File::open(&dir).and_then(|dir| dir.sync_all()).map_err(|error| io(&error))?;
    let vault = match &config.vault {
        Some(vault) => vault.clone(),
        None => Vault::of_file(&dir.join(KEYS))?,
    };
    Ok((db, path, Arc::new(vault), guard))
}

fn read_thread(path: &Path, reads: &ReaderLoop, guard: Guard, opened: oneshot::Sender<Result<()>>) {
    match Db::reader(path) {
        Ok(db) => {
            let _ = opened.send(Ok(()));
            reads.run(&db);
        }
        Err(error) => {
            let _ = opened.send(Err(error));
        }
    }
    drop(guard);
}
