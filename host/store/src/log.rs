//! The event log of a tenant's calls: appended in order by whoever leads a call, read by everybody else.
//!
//! An append is a unit: its rows, the reducer's state that belongs to them, effects and changes of the call are all
//! written or none is. It is refused when its rows do not follow the last one, or when its writer was fenced off; other
//! calls' appends in the same commit do not notice.

use crate::bind::{Columns, json, params};
use crate::calls::{self, CallUpdate};
use crate::effects;
use crate::sqlite::Db;
use crate::store::TenantStore;
use crate::transcript::{TranscriptLine, messages, transcript};
use crate::vault::Vault;
use crate::writer::{Full, Logged, Reply, Tx, Urgency};
use crate::{Result, StoreError};
use std::pin::Pin;
use std::task::{Context, Poll};
use trunkline_contract::chat::Message;
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{CallId, TenantId};

/// Most rows of one read.
const MAX_ROWS: usize = 10_000;

/// The reducer's state after a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReducerState {
    /// The row.
    pub seq: u64,
    /// As the reducer gave it.
    pub bytes: Vec<u8>,
}

/// What is to be added to a call's log.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// The call.
    pub call: CallId,
    /// The writer's lease.
    pub fencing: u64,
    /// Rows, dense, the first one after the last of the log.
    pub rows: Vec<Row>,
    /// The latest state, when it has changed.
    pub state: Option<ReducerState>,
    /// Keep `state` for time travel as well: every 32 events and at each swap.
    pub snapshot: bool,
    /// Changes of the call itself.
    pub call_update: Option<CallUpdate>,
    /// Commit at once; otherwise the commit may come up to 20 ms later.
    pub urgent: bool,
}

/// An append is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Last row of the log, 0 when it has none.
    pub last_seq: u64,
}

/// An append that is queued. Resolves when it is durable or refused; dropping this does not undo it.
pub struct Pending(Reply<Appended>);

impl Future for Pending {
    type Output = Result<Appended>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|reply| reply.unwrap_or(Err(StoreError::Closed)))
    }
}

/// An append was not queued.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// Keep it and try again, or wait with `enqueue`.
    #[error("the writer's queue is full: try again")]
    Full(Box<Append>),
    /// The store is closed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The logs of one tenant's calls.
#[derive(Clone)]
pub struct EventLog {
    pub(crate) tenant: TenantStore,
}

impl EventLog {
    pub(crate) fn new(tenant: TenantStore) -> Self {
        Self { tenant }
    }

    /// Appends and waits until that is durable.
    ///
    /// # Errors
    /// `OutOfOrder`, `Fenced`, `NotFound`, `DuplicateEffect`, `UnknownEffect`, `DiskFull`, `Io`: nothing was written.
    pub async fn append(&self, append: Append) -> Result<Appended> {
        self.enqueue(append).await?.await
    }

    /// Queues an append, waiting while the queue is full. Appends are written in the order of queueing, so a call may
    /// queue several before it awaits the first; when one is refused, those behind it are refused as out of order.
    ///
    /// # Errors
    /// `Closed`.
    pub async fn enqueue(&self, append: Append) -> Result<Pending> {
        let (tenant, urgency) = (self.tenant.id, urgency(&append));
        let vault = self.tenant.store.vault().clone();
        let reply = self.tenant.store.writer.enqueue(urgency, move |tx| write(tx, &vault, tenant, &append)).await?;
        Ok(Pending(reply))
    }

    /// Queues an append without ever waiting.
    ///
    /// # Errors
    /// `Full` hands the append back; `Closed`.
    pub fn try_enqueue(&self, append: Append) -> std::result::Result<Pending, EnqueueError> {
        let (tenant, urgency) = (self.tenant.id, urgency(&append));
        let mut kept = Some(append);
        let queued = self.tenant.store.writer.try_enqueue(urgency, || {
            let append = kept.take();
            let vault = self.tenant.store.vault().clone();
            move |tx: &mut Tx<'_>| match append {
                Some(append) => write(tx, &vault, tenant, &append),
                None => Err(StoreError::Internal("an append was lost".to_owned())),
            }
        });
        match (queued, kept) {
            (Ok(reply), _) => Ok(Pending(reply?)),
            (Err(Full), Some(append)) => Err(EnqueueError::Full(Box::new(append))),
            (Err(Full), None) => Err(StoreError::Closed.into()),
        }
    }

    /// Rows from `from_seq` on, at most `limit` (1-10,000).
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn rows(&self, call: CallId, from_seq: u64, limit: usize) -> Result<Vec<Row>> {
        const SQL: &str = "SELECT seq, at_ms, payload, component FROM events WHERE call_id = ?1 AND seq >= ?2 \
            ORDER BY seq LIMIT ?3";
        let limit = limit.clamp(1, MAX_ROWS);
        self.read(call, move |db| Ok(db.all(SQL, params![call, from_seq, limit], row)?)).await
    }

    /// The last row's seq, 0 when there is none.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn last_seq(&self, call: CallId) -> Result<u64> {
        const SQL: &str = "SELECT max(seq) FROM events WHERE call_id = ?1";
        self.read(call, move |db| Ok(db.first(SQL, params![call], |row| row.opt_u64(0))?.flatten().unwrap_or(0))).await
    }

    /// The latest state of the reducer.
    ///
    /// # Errors
    /// `NotFound`: the call.
    pub async fn state(&self, call: CallId) -> Result<Option<ReducerState>> {
        const SQL: &str = "SELECT seq, state FROM call_states WHERE call_id = ?1";
        self.read(call, move |db| Ok(db.first(SQL, params![call], state)?)).await
    }

    /// The last snapshot at or before a row.
    ///
    /// # Errors
    /// `NotFound`: the call.
    pub async fn snapshot_before(&self, call: CallId, seq: u64) -> Result<Option<ReducerState>> {
        const SQL: &str = "SELECT seq, state FROM call_snapshots WHERE call_id = ?1 AND seq <= ?2 \
            ORDER BY seq DESC LIMIT 1";
        self.read(call, move |db| Ok(db.first(SQL, params![call, seq], state)?)).await
    }

    /// Who said what, as heard.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn transcript(&self, call: CallId) -> Result<Vec<TranscriptLine>> {
        Ok(transcript(&self.message_rows(call).await?))
    }

    /// The model's history, as heard.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn messages(&self, call: CallId) -> Result<Vec<Message>> {
        Ok(messages(&self.message_rows(call).await?))
    }

    /// Reads of a call, if it is this tenant's.
    pub(crate) async fn read<T, F>(&self, call: CallId, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Db) -> Result<T> + Send + 'static,
    {
        let tenant = self.tenant.id;
        self.tenant
            .store
            .read(move |db| {
                calls::owns(db, tenant, call)?;
                work(db)
            })
            .await
    }

    async fn message_rows(&self, call: CallId) -> Result<Vec<Row>> {
        const SQL: &str = "SELECT seq, at_ms, payload, component FROM events \
            WHERE call_id = ?1 AND kind = 'message' ORDER BY seq";
        self.read(call, move |db| Ok(db.all(SQL, params![call], row)?)).await
    }
}

fn urgency(append: &Append) -> Urgency {
    if append.urgent { Urgency::Urgent } else { Urgency::Joins }
}

fn row(columns: &Columns<'_>) -> Result<Row> {
    Ok(Row {
        seq: columns.u64(0)?,
        at_ms: columns.u64(1)?,
        entry: columns.json::<Entry>(2)?,
        component: columns.opt_text(3)?,
    })
}

fn state(columns: &Columns<'_>) -> Result<ReducerState> {
    Ok(ReducerState { seq: columns.u64(0)?, bytes: columns.blob(1)? })
}

fn write(tx: &mut Tx<'_>, vault: &Vault, tenant: TenantId, append: &Append) -> Result<Appended> {
    const INSERT: &str = "INSERT INTO events (call_id, seq, at_ms, kind, payload, component) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let call = append.call;
    let mut last_seq = admit(tx, tenant, append)?;
    for row in &append.rows {
        let expected = last_seq + 1;
        if row.seq != expected {
            return Err(StoreError::OutOfOrder { expected, got: row.seq });
        }
        let payload = json(&row.entry)?;
        let values = params![call, row.seq, row.at_ms, row.entry.kind(), payload, row.component.as_deref()];
        tx.execute(INSERT, values)?;
        effects::project(tx, call, row)?;
        last_seq = row.seq;
    }
    if let Some(state) = &append.state {
        keep_state(tx, call, state, last_seq, append.snapshot)?;
    }
    if let Some(update) = &append.call_update {
        calls::update(tx, vault, tenant, call, update)?;
    }
    if !append.rows.is_empty() {
        tx.note(Logged { call, last_seq, rows: append.rows.len() as u64 });
    }
    Ok(Appended { last_seq })
}

/// Whether the writer leads the call; gives the log's last seq.
fn admit(tx: &Tx<'_>, tenant: TenantId, append: &Append) -> Result<u64> {
    const SQL: &str = "SELECT fencing, (SELECT max(seq) FROM events WHERE call_id = ?1) FROM calls \
        WHERE id = ?1 AND tenant_id = ?2";
    let head = tx.first(SQL, params![append.call, tenant], |row| Ok((row.u64(0)?, row.opt_u64(1)?)))?;
    let (current, last_seq) = head.ok_or(StoreError::NotFound("call"))?;
    if append.fencing != current {
        return Err(StoreError::Fenced { current });
    }
    Ok(last_seq.unwrap_or(0))
}

fn keep_state(tx: &Tx<'_>, call: CallId, state: &ReducerState, last_seq: u64, snapshot: bool) -> Result<()> {
    const LATEST: &str = "INSERT INTO call_states (call_id, seq, state) VALUES (?1, ?2, ?3) \
        ON CONFLICT (call_id) DO UPDATE SET seq = excluded.seq, state = excluded.state";
    const SNAPSHOT: &str = "INSERT OR REPLACE INTO call_snapshots (call_id, seq, state) VALUES (?1, ?2, ?3)";
    if state.seq > last_seq {
        return Err(StoreError::Invalid("the state belongs to a row that is not in the log"));
    }
    tx.execute(LATEST, params![call, state.seq, state.bytes.as_slice()])?;
    if snapshot {
        tx.execute(SNAPSHOT, params![call, state.seq, state.bytes.as_slice()])?;
    }
    Ok(())
}
