//! Erasure of a caller: what they said and who they are goes, that there was a call stays.

use crate::Result;
use crate::audit::{Deed, record};
use crate::bind::params;
use crate::store::TenantStore;
use crate::writer::Tx;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use trunkline_contract::{CallId, SessionId, TenantId};

/// Who is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A telephone number, E.164: as caller and as callee.
    Number(String),
    /// A user of sessions.
    User(String),
}

/// What was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Erased {
    /// Calls whose content is gone.
    pub calls: u64,
    /// Rows of their logs.
    pub events: u64,
    /// Sessions whose user and data are gone.
    pub sessions: u64,
    /// Calls that go on: ask again when they have ended.
    pub live: u64,
}

impl TenantStore {
    /// Erases what is kept of a caller. The audit log keeps a hash of who it was.
    pub async fn erase(&self, subject: Subject, now_ms: u64) -> Result<Erased> {
        let (tenant, actor) = (self.id, self.actor.clone());
        self.store
            .write(move |tx| {
                let (calls, sessions) = match &subject {
                    Subject::Number(number) => of_number(tx, tenant, number)?,
                    Subject::User(user) => of_user(tx, tenant, user)?,
                };
                // A session leads to its calls, and so it is kept until they can be erased.
                let live = live_sessions(tx, tenant)?;
                let mut erased = Erased::default();
                for (call, ended) in calls {
                    if ended {
                        erased.calls += 1;
                        erased.events += erase_call(tx, call, now_ms)?;
                    } else {
                        erased.live += 1;
                    }
                }
                for session in sessions.difference(&live).copied() {
                    erased.sessions += erase_session(tx, session)?;
                }
                let who = match subject {
                    Subject::Number(who) | Subject::User(who) => who,
                };
                let digest: String = Sha256::digest(who.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
                let what = json!(erased);
                record(
                    tx,
                    Some(tenant),
                    &actor,
                    now_ms,
                    Deed::new("caller.erase", format!("sha256:{digest}")).after(&what),
                )?;
                Ok(erased)
            })
            .await
    }
}

type Calls = Vec<(CallId, bool)>;

type SessionIds = BTreeSet<SessionId>;

fn of_number(tx: &Tx<'_>, tenant: TenantId, number: &str) -> Result<(Calls, SessionIds)> {
    const SQL: &str = "SELECT id, state = 'ended', session_id FROM calls WHERE tenant_id = ?1 AND (caller = ?2 \
        OR callee = ?2 AND direction = 'outbound')";
    let found = tx.all(SQL, params![tenant, number], |row| {
        Ok(((CallId(row.uuid(0)?), row.bool(1)?), row.opt_uuid(2)?.map(SessionId)))
    })?;
    let (calls, sessions): (Calls, Vec<Option<SessionId>>) = found.into_iter().unzip();
    Ok((calls, sessions.into_iter().flatten().collect()))
}

fn of_user(tx: &Tx<'_>, tenant: TenantId, user: &str) -> Result<(Calls, SessionIds)> {
    const CALLS: &str = "SELECT c.id, c.state = 'ended' FROM calls c JOIN agent_sessions s ON s.id = c.session_id \
        WHERE c.tenant_id = ?1 AND s.user = ?2 AND c.erased_at_ms IS NULL";
    const SESSIONS: &str = "SELECT id FROM agent_sessions WHERE tenant_id = ?1 AND user = ?2";
    let calls = tx.all(CALLS, params![tenant, user], |row| Ok((CallId(row.uuid(0)?), row.bool(1)?)))?;
    let sessions = tx.all(SESSIONS, params![tenant, user], |row| Ok(SessionId(row.uuid(0)?)))?;
    Ok((calls, sessions.into_iter().collect()))
}

/// Sessions in which a call goes on.
fn live_sessions(tx: &Tx<'_>, tenant: TenantId) -> Result<SessionIds> {
    const SQL: &str =
        "SELECT session_id FROM calls WHERE tenant_id = ?1 AND state <> 'ended' AND session_id IS NOT NULL";
    let live = tx.all(SQL, params![tenant], |row| Ok(SessionId(row.uuid(0)?)))?;
    Ok(live.into_iter().collect())
}

/// Gives how many rows of its log there were.
fn erase_call(tx: &Tx<'_>, call: CallId, now_ms: u64) -> Result<u64> {
    const CALL: &str = "UPDATE calls SET caller = NULL, callee = CASE direction WHEN 'outbound' THEN NULL ELSE callee END, \
        result = NULL, erased_at_ms = ?2 WHERE id = ?1";
    const PARTS: [&str; 4] = [
        "DELETE FROM call_states WHERE call_id = ?1",
        "DELETE FROM call_snapshots WHERE call_id = ?1",
        "DELETE FROM effects WHERE call_id = ?1",
        "DELETE FROM deliveries WHERE call_id = ?1",
    ];
    for part in PARTS {
        tx.execute(part, params![call])?;
    }
    tx.execute(CALL, params![call, now_ms])?;
    Ok(tx.execute("DELETE FROM events WHERE call_id = ?1", params![call])?)
}

/// What a session was told goes at once; whose it is stays while it leads to calls that are not erased.
fn erase_session(tx: &Tx<'_>, session: SessionId) -> Result<u64> {
    const SQL: &str = "UPDATE agent_sessions SET user = CASE WHEN EXISTS (SELECT 1 FROM calls c WHERE c.session_id = ?1 \
        AND c.erased_at_ms IS NULL) THEN user END, overrides = '{}', context = '{}' WHERE id = ?1";
    Ok(tx.execute(SQL, params![session])?)
}
