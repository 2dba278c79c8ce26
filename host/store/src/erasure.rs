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
                    Subject::Number(number) => (calls_of_number(tx, tenant, number)?, Vec::new()),
                    Subject::User(user) => of_user(tx, tenant, user)?,
                };
                let mut erased = Erased::default();
                for (call, ended) in calls {
                    if ended {
                        erased.calls += 1;
                        erased.events += erase_call(tx, call, now_ms)?;
                    } else {
                        erased.live += 1;
                    }
                }
                for session in sessions {
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

fn calls_of_number(tx: &Tx<'_>, tenant: TenantId, number: &str) -> Result<Calls> {
    const SQL: &str = "SELECT id, state = 'ended' FROM calls WHERE tenant_id = ?1 AND (caller = ?2 OR callee = ?2 \
        AND direction = 'outbound')";
    Ok(tx.all(SQL, params![tenant, number], |row| Ok((CallId(row.uuid(0)?), row.bool(1)?)))?)
}

fn of_user(tx: &Tx<'_>, tenant: TenantId, user: &str) -> Result<(Calls, Vec<SessionId>)> {
    const CALLS: &str = "SELECT c.id, c.state = 'ended' FROM calls c JOIN agent_sessions s ON s.id = c.session_id \
        WHERE c.tenant_id = ?1 AND s.user = ?2";
    const SESSIONS: &str = "SELECT id FROM agent_sessions WHERE tenant_id = ?1 AND user = ?2";
    let calls = tx.all(CALLS, params![tenant, user], |row| Ok((CallId(row.uuid(0)?), row.bool(1)?)))?;
    Ok((calls, tx.all(SESSIONS, params![tenant, user], |row| Ok(SessionId(row.uuid(0)?)))?))
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

fn erase_session(tx: &Tx<'_>, session: SessionId) -> Result<u64> {
    const SQL: &str = "UPDATE agent_sessions SET user = NULL, overrides = '{}', context = '{}' WHERE id = ?1";
    Ok(tx.execute(SQL, params![session])?)
}
