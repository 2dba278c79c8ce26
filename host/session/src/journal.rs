//! Appends a call's rows to the log, in order, off the media path, and tells what has become durable.

use crate::metrics::Metrics;
use futures::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use trunkline_contract::CallId;
use trunkline_contract::log::{Entry, Row};
use trunkline_store::{Append, CallUpdate, EventLog, Pending, ReducerState, StoreError};

/// A snapshot of the state is kept every so many events.
const SNAPSHOT_EVERY: u32 = 32;

type Ack = futures::future::BoxFuture<'static, (u64, Result<(), StoreError>)>;

/// The writer of one call's log.
pub(crate) struct Journal {
    log: EventLog,
    call: CallId,
    fencing: u64,
    rows: Vec<Row>,
    state: Option<ReducerState>,
    snapshot: bool,
    update: Option<CallUpdate>,
    urgent: bool,
    events: u32,
    acks: FuturesUnordered<Ack>,
    metrics: Arc<Metrics>,
}

impl Journal {
    pub(crate) fn new(log: EventLog, call: CallId, fencing: u64, metrics: Arc<Metrics>) -> Self {
        Self {
            log,
            call,
            fencing,
            rows: Vec::new(),
            state: None,
            snapshot: false,
            update: None,
            urgent: false,
            events: 0,
            acks: FuturesUnordered::new(),
            metrics,
        }
    }

    /// Adds a row to what is written with the next `flush`.
    pub(crate) fn push(&mut self, row: Row, state: Option<Vec<u8>>, urgent: bool) {
        self.metrics.observe(&row.entry);
        match row.entry {
            Entry::Event { .. } => {
                self.events += 1;
                self.snapshot |= self.events.is_multiple_of(SNAPSHOT_EVERY);
            }
            Entry::Component { .. } => self.snapshot = true,
            _ => {}
        }
        if let Some(bytes) = state {
            self.state = Some(ReducerState { seq: row.seq, bytes });
        }
        self.urgent |= urgent;
        self.rows.push(row);
    }

    /// Changes the call's own record together with the next rows.
    pub(crate) fn update(&mut self, update: CallUpdate) {
        match &mut self.update {
            Some(waiting) => waiting.follow(update),
            None => self.update = Some(update),
        }
        self.urgent = true;
    }

    /// Queues what was added. Waits only while the store's queue is full, which slows this call down and no other.
    pub(crate) async fn flush(&mut self) -> Result<(), StoreError> {
        let Some(last) = self.rows.last().map(|row| row.seq) else { return Ok(()) };
        let append = Append {
            call: self.call,
            fencing: self.fencing,
            rows: std::mem::take(&mut self.rows),
            snapshot: std::mem::take(&mut self.snapshot) && self.state.is_some(),
            state: self.state.take(),
            call_update: self.update.take(),
            urgent: std::mem::take(&mut self.urgent),
        };
        let pending: Pending = self.log.enqueue(append).await?;
        self.acks.push(Box::pin(async move { (last, pending.await.map(|_| ())) }));
        Ok(())
    }

    /// The next row up to which everything is durable; never ends while nothing is under way. Cancel-safe.
    pub(crate) async fn committed(&mut self) -> Result<u64, StoreError> {
        match self.acks.next().await {
            Some((seq, Ok(()))) => Ok(seq),
            Some((_, Err(error))) => Err(error),
            None => std::future::pending().await,
        }
    }

    /// Waits until everything is durable.
    pub(crate) async fn finish(&mut self) -> Result<(), StoreError> {
        self.flush().await?;
        while let Some((_, outcome)) = self.acks.next().await {
            outcome?;
        }
        Ok(())
    }
}
