//! What can go wrong in the store; each variant says what the caller can do.

use std::path::PathBuf;
use trunkline_contract::version::Semver;

/// An error of the store. Nothing of a failed write was stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum StoreError {
    #[error(
        "the disk is full: free space on the volume of the data directory and try again; what was acknowledged is kept"
    )]
    DiskFull,
    #[error(
        "the database could not be read or written ({0}): check the disk and the permissions of the data directory"
    )]
    Io(String),
    #[error("{0} is in use by another Trunkline process: stop that one, or choose another data directory")]
    Locked(PathBuf),
    #[error(
        "the database file is damaged ({0}): stop Trunkline, keep a copy of the data directory and restore a backup"
    )]
    Corrupt(String),
    #[error("the database is at version {found}, this binary knows versions up to {known}: run a newer Trunkline")]
    NewerDatabase { found: u32, known: u32 },
    #[error(
        "migration {version} ({name}) differs from the one that was applied: run the binary that the database belongs to"
    )]
    MigrationChanged { version: u32, name: String },
    #[error(
        "migration {version} ({name}) failed and was undone ({cause}): report it, the database is as it was before"
    )]
    MigrationFailed { version: u32, name: String, cause: String },
    #[error("{0} migrations are not applied yet: run `trunkline migrate`")]
    MigrationsPending(usize),
    #[error("the database does not keep commits safe ({0}): it must run with journal_mode=WAL and synchronous=FULL")]
    NotDurable(String),
    #[error("{0} not found: check the id, and that it belongs to this tenant")]
    NotFound(&'static str),
    #[error("{0}: choose another one")]
    Taken(&'static str),
    #[error("the number answers for another tenant: it must be released there first")]
    NumberTaken,
    #[error("it is in use ({0}): change that first")]
    InUse(String),
    #[error("version {given} does not follow the latest, {latest}: give a greater one, or none")]
    OldVersion { given: Semver, latest: Semver },
    #[error("a {what} of this version was changed to {latest}: read it again and apply the change to that")]
    Changed { what: &'static str, latest: u32 },
    #[error("the limit is reached ({limit}: {most}): end or remove some, or raise it")]
    Limit { limit: &'static str, most: u64 },
    #[error("the secret cannot be opened ({0}): give the key that it was sealed with")]
    Sealed(&'static str),
    #[error("the agent has moved on to version {latest}: read it again and apply the change to that")]
    StaleVersion { latest: u32 },
    #[error("row {got} does not follow the log, which expects {expected}: read the log again and go on from there")]
    OutOfOrder { expected: u64, got: u64 },
    #[error("the call is led by a newer lease (fencing number {current}): stop driving it")]
    Fenced { current: u64 },
    #[error("the call is leased to another host until {until_ms}: try again after that")]
    Leased { until_ms: u64 },
    #[error("the call has ended: nothing can lead it any more")]
    CallEnded,
    #[error("effect `{0}` was begun before: look at its outcome and do not repeat it")]
    DuplicateEffect(String),
    #[error("effect `{0}` has an outcome but was never begun: log the intent first")]
    UnknownEffect(String),
    #[error("the tenant keeps {documents} documents of {bytes} bytes together, and this one has no room: delete some")]
    NoRoom { documents: u64, bytes: u64 },
    #[error("the cursor is not one of ours: start again without a cursor")]
    InvalidCursor,
    #[error("{0}")]
    Invalid(&'static str),
    #[error("the store is closed: nothing can be read or written any more")]
    Closed,
    #[error("the store failed in itself ({0}): report it")]
    Internal(String),
}

/// SQLite's primary result codes that mean something to a caller.
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READONLY: i32 = 8;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const NOTADB: i32 = 26;
}

/// Extended codes of a violated UNIQUE or PRIMARY KEY.
const CONSTRAINT_PRIMARYKEY: i32 = 1555;
const CONSTRAINT_UNIQUE: i32 = 2067;
/// Extended code of a violated FOREIGN KEY.
const CONSTRAINT_FOREIGNKEY: i32 = 787;

/// What SQLite said, before it is known what that means for the caller.
#[derive(Debug)]
pub(crate) enum SqlError {
    Unique,
    ForeignKey,
    Other(StoreError),
}

impl From<libsql::Error> for SqlError {
    fn from(error: libsql::Error) -> Self {
        let (code, message) = match error {
            libsql::Error::SqliteFailure(code, message) => (code, message),
            libsql::Error::ConnectionFailed(message) => return Self::Other(StoreError::Io(message)),
            libsql::Error::InvalidUTF8Path => {
                return Self::Other(StoreError::Invalid("the path of the data directory must be UTF-8"));
            }
            other => return Self::Other(StoreError::Internal(other.to_string())),
        };
        Self::Other(match code & 0xff {
            _ if code == CONSTRAINT_UNIQUE || code == CONSTRAINT_PRIMARYKEY => return Self::Unique,
            _ if code == CONSTRAINT_FOREIGNKEY => return Self::ForeignKey,
            code::FULL => StoreError::DiskFull,
            code::CORRUPT | code::NOTADB => StoreError::Corrupt(message),
            code::BUSY | code::LOCKED => StoreError::Io(format!("{message}; another program holds the file")),
            code::IOERR | code::CANTOPEN | code::READONLY => StoreError::Io(format!("{message}, code {code}")),
            _ => StoreError::Internal(format!("{message}, code {code}")),
        })
    }
}

impl From<SqlError> for StoreError {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Unique => Self::Taken("it exists already"),
            SqlError::ForeignKey => Self::NotFound("what it refers to"),
            SqlError::Other(error) => error,
        }
    }
}

impl SqlError {
    /// The error, with a violated uniqueness named.
    pub(crate) fn or_taken(self, what: &'static str) -> StoreError {
        match self {
            Self::Unique => StoreError::Taken(what),
            other => other.into(),
        }
    }
}
