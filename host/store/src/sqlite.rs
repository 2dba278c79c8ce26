//! One connection, used synchronously on the thread that owns it.
//!
//! Every statement is a literal and is prepared once per connection. libSQL's local futures do all their work in the first
//! poll, so each is polled once, here, on the owning thread.

use crate::bind::{Columns, params};
use crate::error::SqlError;
use crate::{Result, StoreError};
use libsql::{Builder, Connection, Statement, Value};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How long SQLite waits for a file that another program holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection with its prepared statements, which are dropped before it.
pub(crate) struct Db {
    statements: RefCell<HashMap<&'static str, Statement>>,
    conn: Connection,
}

fn now<T>(future: impl Future<Output = libsql::Result<T>>) -> std::result::Result<T, SqlError> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.map_err(SqlError::from),
        Poll::Pending => Err(SqlError::Other(StoreError::Internal("a local statement did not finish".to_owned()))),
    }
}

impl Db {
    /// The connection that writes: WAL, and a commit that has returned survives a loss of power.
    pub(crate) fn writer(path: &Path, max_bytes: Option<u64>) -> Result<Self> {
        let db = Self::connect(path)?;
        let journal = db.first("PRAGMA journal_mode=WAL", params![], |row| row.text(0))?;
        db.first("PRAGMA synchronous=FULL", params![], |_| Ok(()))?;
        let synchronous = db.first("PRAGMA synchronous", params![], |row| row.i64(0))?;
        if journal.as_deref() != Some("wal") || synchronous != Some(2) {
            return Err(StoreError::NotDurable(format!("journal_mode={journal:?}, synchronous={synchronous:?}")));
        }
        if let Some(bytes) = max_bytes {
            let page = db.first("PRAGMA page_size", params![], |row| row.u64(0))?.unwrap_or(4096).max(1);
            // A pragma takes no parameters; this is a number.
            let sql = format!("PRAGMA max_page_count={}", (bytes / page).max(1));
            db.script(&sql)?;
        }
        Ok(db)
    }

    /// A connection that only reads.
    pub(crate) fn reader(path: &Path) -> Result<Self> {
        let db = Self::connect(path)?;
        db.script("PRAGMA query_only=ON")?;
        Ok(db)
    }

    fn connect(path: &Path) -> Result<Self> {
        let database = now(Builder::new_local(path).build())?;
        let conn = database.connect().map_err(SqlError::from)?;
        conn.busy_timeout(BUSY_TIMEOUT).map_err(SqlError::from)?;
        let db = Self { statements: RefCell::default(), conn };
        db.script("PRAGMA foreign_keys=ON")?;
        Ok(db)
    }

    /// Runs SQL that takes no parameters and whose rows nobody wants.
    pub(crate) fn script(&self, sql: &str) -> Result<()> {
        now(self.conn.execute_batch(sql))?;
        Ok(())
    }

    /// Copies the database to a new file, as one file without a log.
    pub(crate) fn copy_to(&self, path: &str) -> Result<()> {
        self.script("PRAGMA query_only=OFF")?;
        let copied = self.execute("VACUUM INTO ?1", params![path]);
        self.script("PRAGMA query_only=ON")?;
        Ok(copied.map(|_| ())?)
    }

    /// Whether no transaction is open. SQLite itself ends one after some errors, such as a full disk.
    pub(crate) fn is_autocommit(&self) -> bool {
        self.conn.is_autocommit()
    }

    fn with<T>(
        &self,
        sql: &'static str,
        run: impl FnOnce(&Statement) -> std::result::Result<T, SqlError>,
    ) -> std::result::Result<T, SqlError> {
        let kept = self.statements.borrow_mut().remove(sql);
        let statement = match kept {
            Some(statement) => statement,
            None => now(self.conn.prepare(sql))?,
        };
        let result = run(&statement);
        // An unfinished statement would keep its snapshot of the database, and the log from being checkpointed.
        statement.reset();
        self.statements.borrow_mut().insert(sql, statement);
        result
    }

    /// Runs a statement without an answer; returns how many rows it changed.
    pub(crate) fn execute(&self, sql: &'static str, params: Vec<Value>) -> std::result::Result<u64, SqlError> {
        self.with(sql, |statement| now(statement.execute(params)).map(|changed| changed as u64))
    }

    /// All rows of an answer.
    pub(crate) fn all<T>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        mut read: impl FnMut(&Columns<'_>) -> Result<T>,
    ) -> std::result::Result<Vec<T>, SqlError> {
        self.with(sql, |statement| {
            let mut rows = now(statement.query(params))?;
            let mut all = Vec::new();
            while let Some(row) = now(rows.next())? {
                all.push(read(&Columns(&row)).map_err(SqlError::Other)?);
            }
            Ok(all)
        })
    }

    /// The first row of an answer, if there is one. The statement runs to its end.
    pub(crate) fn first<T>(
        &self,
        sql: &'static str,
        params: Vec<Value>,
        read: impl FnMut(&Columns<'_>) -> Result<T>,
    ) -> std::result::Result<Option<T>, SqlError> {
        Ok(self.all(sql, params, read)?.into_iter().next())
    }
}
