//! Calls: one row each; what happens in them is in the log.

use crate::bind::{Columns, json, params};
use crate::page::{Cursor, Page, fetch, page};
use crate::sqlite::Db;
use crate::store::{Store, TenantStore};
use crate::vault::Vault;
use crate::webhooks::{Emit, enqueue};
use crate::writer::Tx;
use crate::{Result, StoreError, new_call_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trunkline_contract::{AgentId, CallId, SessionId, TenantId};

macro_rules! names {
    ($type:ident: $($case:ident = $name:literal),*) => {
        impl $type {
            /// As stored and shown.
            pub fn name(self) -> &'static str {
                match self { $($type::$case => $name),* }
            }

            fn read(row: &Columns<'_>, at: i32) -> Result<Self> {
                match row.text(at)?.as_str() {
                    $($name => Ok($type::$case),)*
                    other => Err(StoreError::Corrupt(format!("`{other}` in column {at}"))),
                }
            }
        }
    };
}

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    Inbound,
    Outbound,
}
names!(Direction: Inbound = "inbound", Outbound = "outbound");

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    /// Known, but without media.
    Ringing,
    /// Talking.
    Active,
    /// Over, for good.
    Ended,
}
names!(CallState: Ringing = "ringing", Active = "active", Ended = "ended");

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Who answers.
    pub agent_id: AgentId,
    /// The version that answers.
    pub agent_version: u32,
    /// `phone-inbound`, `web-voice`, `chat`.
    pub channel: String,
    /// Who called whom.
    pub direction: Direction,
    /// E.164, absent when withheld.
    pub caller: Option<String>,
    /// E.164.
    pub callee: Option<String>,
    /// The carrier's id of the call; unique.
    pub carrier_call_sid: Option<String>,
    /// The carrier's account.
    pub account_sid: Option<String>,
    /// How far it is.
    pub state: CallState,
    /// Unix ms; zero of the call's clock.
    pub started_at_ms: u64,
    /// Unix ms.
    pub ended_at_ms: Option<u64>,
    /// `agent-hangup`, `caller-hangup`, `silence` and so on.
    pub end_reason: Option<String>,
    /// What the agent found out.
    pub result: Option<Value>,
    /// What its random numbers grow from.
    pub seed: u64,
    /// Fencing number of the lease; 0: never leased.
    pub fencing: u64,
    /// The host that leads it.
    pub lease_owner: Option<String>,
    /// Unix ms.
    pub lease_expires_ms: Option<u64>,
    /// The session that it belongs to.
    pub session_id: Option<SessionId>,
    /// What it has cost by the host's price list, millionths of a US dollar.
    pub cost_micros: Option<u64>,
    /// Unix ms: what was said, and by whom, is gone.
    pub erased_at_ms: Option<u64>,
}

/// A call to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCall {
    /// From [`crate::new_call_id`].
    pub id: CallId,
    /// Who answers.
    pub agent_id: AgentId,
    /// The version that answers to the end.
    pub agent_version: u32,
    /// As in `CallInfo`: `phone-inbound` and so on.
    pub channel: String,
    /// Who called whom.
    pub direction: Direction,
    /// E.164, absent when withheld.
    pub caller: Option<String>,
    /// E.164.
    pub callee: Option<String>,
    /// The carrier's id of the call; unique.
    pub carrier_call_sid: Option<String>,
    /// The carrier's account.
    pub account_sid: Option<String>,
    /// Unix ms; zero of the call's clock.
    pub started_at_ms: u64,
    /// What the call's random numbers grow from.
    pub seed: u64,
    /// The first lease, with fencing number 1; none: nobody leads it yet.
    pub lease: Option<NewLease>,
    /// The session that it belongs to.
    pub session_id: Option<SessionId>,
}

impl NewCall {
    /// An inbound call with a new id that nobody leads yet, and of which nothing more is known.
    pub fn new(
        agent_id: AgentId,
        agent_version: u32,
        channel: impl Into<String>,
        started_at_ms: u64,
        seed: u64,
    ) -> Self {
        Self {
            id: new_call_id(),
            agent_id,
            agent_version,
            channel: channel.into(),
            direction: Direction::Inbound,
            caller: None,
            callee: None,
            carrier_call_sid: None,
            account_sid: None,
            started_at_ms,
            seed,
            lease: None,
            session_id: None,
        }
    }
}

/// A lease to be given with a new call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLease {
    /// The host.
    pub owner: String,
    /// Unix ms.
    pub expires_ms: u64,
}

/// Changes of a call. A call that has ended stays so, with its first time and reason.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallUpdate {
    /// How far it is; `Ended` also ends its lease.
    pub state: Option<CallState>,
    /// Unix ms.
    pub ended_at_ms: Option<u64>,
    /// As in the event `ended`.
    pub end_reason: Option<String>,
    /// All fields of the result so far.
    pub result: Option<Value>,
    /// Known late when the call goes out; the first stays.
    pub carrier_call_sid: Option<String>,
    /// Known late when the call goes out; the first stays.
    pub account_sid: Option<String>,
    /// The agent that took the call over, and its version.
    pub agent: Option<(AgentId, u32)>,
    /// What it has cost so far, millionths of a US dollar.
    pub cost_micros: Option<u64>,
    /// Events to be told to webhooks, written with this.
    pub emit: Vec<Emit>,
}

impl CallUpdate {
    /// Takes up what a later update says beyond this one.
    pub fn follow(&mut self, later: Self) {
        let Self { state, ended_at_ms, end_reason, result, carrier_call_sid, account_sid, agent, cost_micros, emit } =
            later;
        self.state = state.or(self.state);
        self.ended_at_ms = self.ended_at_ms.or(ended_at_ms);
        self.end_reason = self.end_reason.take().or(end_reason);
        self.result = result.or(self.result.take());
        self.carrier_call_sid = self.carrier_call_sid.take().or(carrier_call_sid);
        self.account_sid = self.account_sid.take().or(account_sid);
        self.agent = agent.or(self.agent);
        self.cost_micros = cost_micros.or(self.cost_micros);
        self.emit.extend(emit);
    }
}

/// What `create_or_get` found.
#[derive(Clone, Debug, PartialEq)]
pub struct Created {
    /// The call, whoever made it.
    pub call: Call,
    /// It was made now.
    pub new: bool,
}

/// Which calls to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Only these.
    pub state: Option<CallState>,
    /// Only this agent's.
    pub agent: Option<AgentId>,
    /// Only those of this channel, as in `CallInfo`.
    pub channel: Option<&'static str>,
}

/// The calls of one tenant.
pub struct Calls<'a>(pub(crate) &'a TenantStore);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, tenant_id, agent_id, agent_version, channel, direction, caller, callee, carrier_call_sid, ",
            "account_sid, state, started_at_ms, ended_at_ms, end_reason, result, seed, fencing, lease_owner, ",
            "lease_expires_ms, session_id, cost_micros, erased_at_ms FROM calls WHERE tenant_id = ?1 AND ",
            $rest
        )
    };
}

fn call(row: &Columns<'_>) -> Result<Call> {
    Ok(Call {
        id: CallId(row.uuid(0)?),
        tenant: TenantId(row.uuid(1)?),
        agent_id: AgentId(row.uuid(2)?),
        agent_version: row.u32(3)?,
        channel: row.text(4)?,
        direction: Direction::read(row, 5)?,
        caller: row.opt_text(6)?,
        callee: row.opt_text(7)?,
        carrier_call_sid: row.opt_text(8)?,
        account_sid: row.opt_text(9)?,
        state: CallState::read(row, 10)?,
        started_at_ms: row.u64(11)?,
        ended_at_ms: row.opt_u64(12)?,
        end_reason: row.opt_text(13)?,
        result: row.opt_json(14)?,
        seed: row.i64(15)?.cast_unsigned(),
        fencing: row.u64(16)?,
        lease_owner: row.opt_text(17)?,
        lease_expires_ms: row.opt_u64(18)?,
        session_id: row.opt_uuid(19)?.map(SessionId),
        cost_micros: row.opt_u64(20)?,
        erased_at_ms: row.opt_u64(21)?,
    })
}

fn get(db: &Db, tenant: TenantId, id: CallId) -> Result<Option<Call>> {
    const SQL: &str = select!("id = ?2");
    Ok(db.first(SQL, params![tenant, id], call)?)
}

fn by_sid(db: &Db, tenant: TenantId, sid: &str) -> Result<Option<Call>> {
    const SQL: &str = select!("carrier_call_sid = ?2");
    Ok(db.first(SQL, params![tenant, sid], call)?)
}

/// Whether a call is this tenant's.
pub(crate) fn owns(db: &Db, tenant: TenantId, id: CallId) -> Result<()> {
    const SQL: &str = "SELECT 1 FROM calls WHERE id = ?1 AND tenant_id = ?2";
    db.first(SQL, params![id, tenant], |_| Ok(()))?.ok_or(StoreError::NotFound("call"))
}

fn insert(tx: &Tx<'_>, tenant: TenantId, new: NewCall) -> Result<Call> {
    const SQL: &str = "INSERT INTO calls (id, tenant_id, agent_id, agent_version, channel, direction, caller, callee, \
        carrier_call_sid, account_sid, state, started_at_ms, seed, fencing, lease_owner, lease_expires_ms, \
        session_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'ringing', ?11, ?12, ?13, ?14, ?15, ?16)";
    const SESSION: &str = "SELECT 1 FROM agent_sessions WHERE id = ?1 AND tenant_id = ?2";
    let id = new.id;
    if let Some(session) = new.session_id {
        tx.first(SESSION, params![session, tenant], |_| Ok(()))?.ok_or(StoreError::NotFound("session"))?;
    }
    let (fencing, owner, expires) = match new.lease {
        Some(lease) => (1_u64, Some(lease.owner), Some(lease.expires_ms)),
        None => (0, None, None),
    };
    let values = params![
        id,
        tenant,
        new.agent_id,
        new.agent_version,
        new.channel,
        new.direction.name(),
        new.caller,
        new.callee,
        new.carrier_call_sid,
        new.account_sid,
        new.started_at_ms,
        new.seed.cast_signed(),
        fencing,
        owner,
        expires,
        new.session_id,
    ];
    tx.execute(SQL, values).map_err(|error| error.or_taken("the call, or the carrier's id of it, is known"))?;
    get(tx, tenant, id)?.ok_or_else(|| StoreError::Internal("the call was not stored".to_owned()))
}

/// Applies an update within a transaction.
pub(crate) fn update(tx: &Tx<'_>, vault: &Vault, tenant: TenantId, id: CallId, update: &CallUpdate) -> Result<()> {
    const SQL: &str = "UPDATE calls SET \
        state = CASE WHEN state = 'ended' THEN state ELSE coalesce(?3, state) END, \
        ended_at_ms = coalesce(ended_at_ms, ?4), \
        end_reason = coalesce(end_reason, ?5), \
        result = coalesce(?6, result), \
        carrier_call_sid = coalesce(carrier_call_sid, ?7), \
        account_sid = coalesce(account_sid, ?8), \
        agent_id = coalesce(?9, agent_id), \
        agent_version = coalesce(?10, agent_version), \
        cost_micros = coalesce(?11, cost_micros), \
        lease_owner = CASE WHEN ?3 = 'ended' THEN NULL ELSE lease_owner END, \
        lease_expires_ms = CASE WHEN ?3 = 'ended' THEN NULL ELSE lease_expires_ms END \
        WHERE id = ?1 AND tenant_id = ?2";
    let values = params![
        id,
        tenant,
        update.state.map(CallState::name),
        update.ended_at_ms,
        update.end_reason.as_deref(),
        update.result.as_ref().map(json).transpose()?,
        update.carrier_call_sid.as_deref(),
        update.account_sid.as_deref(),
        update.agent.map(|(agent, _)| agent),
        update.agent.map(|(_, version)| version),
        update.cost_micros,
    ];
    // An end is told once, however often it is written.
    let before = match update.emit.is_empty() {
        true => None,
        false => get(tx, tenant, id)?.filter(|call| call.state != CallState::Ended),
    };
    let changed = tx.execute(SQL, values).map_err(|error| error.or_taken("the carrier's id is another call's"))?;
    if changed == 0 {
        return Err(StoreError::NotFound("call"));
    }
    if before.is_none() {
        return Ok(());
    }
    let agent = get(tx, tenant, id)?.ok_or(StoreError::NotFound("call"))?.agent_id;
    update.emit.iter().try_for_each(|emit| enqueue(tx, Some(vault), tenant, agent, id, emit))
}

impl Store {
    /// Whose call it is; for the carrier's routes and sockets, which name only the call.
    pub async fn call_owner(&self, id: CallId) -> Result<Option<TenantId>> {
        const SQL: &str = "SELECT tenant_id FROM calls WHERE id = ?1";
        self.read(move |db| Ok(db.first(SQL, params![id], |row| Ok(TenantId(row.uuid(0)?)))?)).await
    }
}

impl Calls<'_> {
    /// Makes a call, ringing.
    ///
    /// # Errors
    /// `Taken`: its id or the carrier's id is known. `NotFound`: the agent is not this tenant's, or has no such version.
    pub async fn create(&self, new: NewCall) -> Result<Call> {
        let tenant = self.0.id;
        self.0.store.write(move |tx| insert(tx, tenant, new)).await
    }

    /// Makes a call unless the carrier's id is known, in one transaction: a webhook that comes twice makes one call.
    ///
    /// # Errors
    /// As `create`; `Taken` also when the carrier's id is known for another tenant.
    pub async fn create_or_get(&self, new: NewCall) -> Result<Created> {
        let tenant = self.0.id;
        self.0
            .store
            .write(move |tx| {
                let known = new.carrier_call_sid.as_deref().map(|sid| by_sid(tx, tenant, sid)).transpose()?.flatten();
                match known {
                    Some(call) => Ok(Created { call, new: false }),
                    None => Ok(Created { call: insert(tx, tenant, new)?, new: true }),
                }
            })
            .await
    }

    /// One call.
    pub async fn get(&self, id: CallId) -> Result<Option<Call>> {
        let tenant = self.0.id;
        self.0.store.read(move |db| get(db, tenant, id)).await
    }

    /// One call.
    pub async fn by_carrier_sid(&self, sid: impl Into<String>) -> Result<Option<Call>> {
        let (tenant, sid) = (self.0.id, sid.into());
        self.0.store.read(move |db| by_sid(db, tenant, &sid)).await
    }

    /// Calls, latest first; `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, filter: CallFilter, cursor: Option<&str>, limit: usize) -> Result<Page<Call>> {
        const SQL: &str = select!(
            "(started_at_ms, id) < (?2, ?3) AND (?5 IS NULL OR state = ?5) AND (?6 IS NULL OR agent_id = ?6) \
             AND (?7 IS NULL OR channel = ?7) ORDER BY started_at_ms DESC, id DESC LIMIT ?4"
        );
        let (tenant, after) = (self.0.id, Cursor::parse(cursor)?);
        let fetched = self.0.store.read(move |db| {
            let state = filter.state.map(CallState::name);
            let CallFilter { agent, channel, .. } = filter;
            Ok(db.all(SQL, params![tenant, after.at_ms, after.id, fetch(limit), state, agent, channel], call)?)
        });
        Ok(page(fetched.await?, limit, |call| Cursor { at_ms: call.started_at_ms, id: call.id.0 }))
    }

    /// Changes a call without leading it, for what the carrier tells. Who leads it writes with the log instead.
    ///
    /// # Errors
    /// `NotFound`; `Taken`: the carrier's id is another call's.
    pub async fn update(&self, id: CallId, change: CallUpdate) -> Result<()> {
        let (tenant, vault) = (self.0.id, self.0.store.vault().clone());
        self.0.store.write(move |tx| update(tx, &vault, tenant, id, &change)).await
    }
}
