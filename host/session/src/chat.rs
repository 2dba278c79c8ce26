//! Conversations in writing: a thread is a call of the channel `chat`, led by the same driver.
//!
//! A thread rests when everything written is answered. One that nobody writes to leaves memory and keeps nothing but its
//! log; it is read again when somebody does.

use crate::incoming::Begun;
use crate::line::Line;
use crate::sessions::{SessionError, Sessions};
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use trunkline_contract::log::Row;
use trunkline_contract::{AgentId, CallId, SessionId, TenantId};
use trunkline_engine::Call as Engine;
use trunkline_store::{Call, CallState};

/// A thread at rest stays in memory for this long.
const RESTS_FOR: Duration = Duration::from_secs(60);
/// Pieces that wait for whoever asked; then the driver waits for them.
const PIECES: usize = 256;
/// Who takes nothing for this long is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(10);
/// A thread that leaves memory at the moment when it is written to is read again; more than once only by chance.
const TRIES: usize = 5;

/// What somebody who wrote is told, in this order: any number of pieces and rows, then `Rest`.
#[derive(Clone, Debug)]
pub enum Told {
    /// More of what the agent writes.
    Piece {
        /// Place in the history.
        index: u32,
        /// More of its text.
        text: String,
    },
    /// A row of the log, durable.
    Row(Box<Row>),
    /// Everything is answered.
    Rest {
        /// The conversation is over.
        ended: bool,
        /// The result so far.
        result: Value,
    },
}

/// The first word of the driver to somebody who asks.
#[derive(Debug)]
pub(crate) enum Taken {
    Yes,
    /// Somebody else is being answered.
    Busy,
    /// The thread is leaving memory: ask again.
    Again,
}

/// Somebody wrote to a thread, or wants its greeting.
pub(crate) struct Asked {
    pub(crate) text: Option<String>,
    pub(crate) taken: tokio::sync::oneshot::Sender<Taken>,
    pub(crate) tell: mpsc::Sender<Told>,
}

/// An answer in writing, as it comes.
#[derive(Debug)]
pub struct Chat {
    /// The thread.
    pub thread: Call,
    /// Ends after `Rest`; without it, the answer was lost and the thread's log tells how far it came.
    pub told: mpsc::Receiver<Told>,
}

impl Sessions {
    /// Writes to an agent: to a thread, or to a new one. Without `text` a new thread's greeting is the answer.
    ///
    /// # Errors
    /// No such agent or thread, no room, the thread is over, or is being answered.
    pub async fn chat(
        &self,
        tenant: TenantId,
        agent: AgentId,
        thread: Option<CallId>,
        session: Option<SessionId>,
        text: Option<String>,
    ) -> Result<Chat, SessionError> {
        let mut known = thread;
        for _ in 0..TRIES {
            let thread = match known {
                Some(id) => self.thread(tenant, agent, id).await?,
                None => self.new_thread(tenant, agent, session).await?,
            };
            known = Some(thread.id);
            let Some(handle) = self.handle(thread.id) else { continue };
            let (taken, answer) = tokio::sync::oneshot::channel();
            let (tell, told) = mpsc::channel(PIECES);
            let asked = Asked { text: text.clone(), taken, tell };
            if handle.mailbox.send(crate::driver::Mail::Chat(asked)).await.is_err() {
                continue;
            }
            match answer.await {
                Ok(Taken::Yes) => return Ok(Chat { thread, told }),
                Ok(Taken::Busy) => return Err(SessionError::Busy),
                Ok(Taken::Again) | Err(_) => {}
            }
        }
        Err(SessionError::Busy)
    }

    /// A thread, live.
    async fn thread(&self, tenant: TenantId, agent: AgentId, id: CallId) -> Result<Call, SessionError> {
        let call = self.0.store.tenant(tenant).calls().get(id).await?;
        let ours = |call: &Call| call.channel == Line::CHAT && call.agent_id == agent;
        let call = call.filter(ours).ok_or(SessionError::Missing("thread"))?;
        if call.state == CallState::Ended {
            return Err(SessionError::Over);
        }
        if self.handle(id).is_none() {
            let owner = self.0.store.tenants().get(tenant).await?.ok_or(SessionError::Missing("tenant"))?;
            let place = self.enter(&owner, &self.0.threads).await?;
            self.adopt(&call, "thread", Some(place)).await.map_err(|error| match error {
                SessionError::Store(trunkline_store::StoreError::CallEnded) => SessionError::Over,
                other => other,
            })?;
        }
        Ok(call)
    }

    async fn new_thread(
        &self,
        tenant: TenantId,
        agent: AgentId,
        session: Option<SessionId>,
    ) -> Result<Call, SessionError> {
        let (owner, resolved) = self.answerer(tenant, agent, session).await?;
        let place = self.enter(&owner, &self.0.threads).await?;
        let new = self.new_call(&resolved.version, Line::CHAT, session);
        match self.begin(place, tenant, new, &resolved.agent).await? {
            Begun::New(call) | Begun::Known(call) => Ok(call),
            Begun::Unable { why, .. } => Err(SessionError::Agent(why)),
        }
    }
}

/// The driver's side: who is being answered.
pub(crate) struct Desk {
    asker: Option<mpsc::Sender<Told>>,
    /// Not yet given to the engine: what came before is answered first.
    text: Option<String>,
    /// Rows that were not told yet.
    rows: VecDeque<Row>,
    /// Everything up to this row is durable.
    durable: u64,
    /// Nobody has asked yet. A greeting may be quicker than whoever began the thread to hear it: it is kept for them.
    fresh: bool,
    rests_since: Instant,
}

/// What the driver has to do next for whoever writes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Give this text to the engine.
    Write(String),
    /// Tell that everything is answered.
    Rest,
    /// Leave memory.
    Leave,
    Nothing,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { asker: None, text: None, rows: VecDeque::new(), durable: 0, fresh: true, rests_since: Instant::now() }
    }

    pub(crate) fn ask(&mut self, asked: Asked) {
        if self.asker.as_ref().is_some_and(|asker| !asker.is_closed()) {
            asked.taken.send(Taken::Busy).ok();
        } else if asked.taken.send(Taken::Yes).is_ok() {
            self.asker = Some(asked.tell);
            self.text = asked.text;
            self.fresh = false;
        }
    }

    pub(crate) fn row(&mut self, row: &Row) {
        if self.asker.is_some() || self.fresh {
            self.rows.push_back(row.clone());
        }
    }

    pub(crate) async fn piece(&mut self, index: u32, text: String) {
        self.tell(Told::Piece { index, text }).await;
    }

    pub(crate) async fn committed(&mut self, seq: u64) {
        self.durable = self.durable.max(seq);
        if self.asker.is_none() {
            return;
        }
        while let Some(row) = self.rows.pop_front_if(|row| row.seq <= seq) {
            self.tell(Told::Row(Box::new(row))).await;
        }
    }

    pub(crate) fn next(&mut self, engine: &Engine) -> Next {
        if !engine.at_rest() {
            self.rests_since = Instant::now();
            return Next::Nothing;
        }
        if let Some(text) = self.text.take() {
            return Next::Write(text);
        }
        if self.asker.is_some() {
            let durable = self.rows.iter().all(|row| row.seq <= self.durable);
            return if durable { Next::Rest } else { Next::Nothing };
        }
        let idle = engine.deadline().is_none() && self.rests_since.elapsed() >= RESTS_FOR;
        if idle { Next::Leave } else { Next::Nothing }
    }

    pub(crate) async fn rest(&mut self, ended: bool, result: Value) {
        while let Some(row) = self.rows.pop_front() {
            self.tell(Told::Row(Box::new(row))).await;
        }
        self.tell(Told::Rest { ended, result }).await;
        self.asker = None;
        self.rests_since = Instant::now();
    }

    /// When to look whether the thread may leave memory.
    pub(crate) fn deadline(&self, engine: &Engine) -> Option<Instant> {
        (self.is_free() && engine.deadline().is_none()).then(|| self.rests_since + RESTS_FOR)
    }

    /// Nobody waits for an answer.
    pub(crate) fn is_free(&self) -> bool {
        self.asker.is_none()
    }

    async fn tell(&mut self, told: Told) {
        let Some(asker) = &self.asker else { return };
        if !matches!(timeout(PATIENCE, asker.send(told)).await, Ok(Ok(()))) {
            self.asker = None;
            self.rows.clear();
        }
    }
}
