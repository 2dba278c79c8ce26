//! Leases: one host leads a call at a time.
//!
//! Every lease has a larger fencing number than the one before. Time alone decides who may take a lease; the number
//! decides whose writes count, so a host that slept through the end of its lease can harm nothing.

use crate::bind::{Columns, params};
use crate::calls::{CallState, Calls, owns};
use crate::store::Store;
use crate::writer::Urgency;
use crate::{Result, StoreError};
use trunkline_contract::{CallId, TenantId};

/// The right to lead a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Goes with every append.
    pub fencing: u64,
    /// Unix ms.
    pub expires_ms: u64,
}

fn lease(row: &Columns<'_>) -> Result<Lease> {
    Ok(Lease { fencing: row.u64(0)?, expires_ms: row.u64(1)? })
}

impl Calls<'_> {
    /// Takes the lease of a call that has none, an expired one, or one of the same owner, which then counts no more.
    ///
    /// # Errors
    /// `Leased`: another host leads it. `CallEnded`, `NotFound`.
    pub async fn lease_acquire(&self, id: CallId, owner: impl Into<String>, now_ms: u64, ttl_ms: u64) -> Result<Lease> {
        const SQL: &str = "UPDATE calls SET fencing = fencing + 1, lease_owner = ?3, lease_expires_ms = ?5 \
            WHERE id = ?1 AND tenant_id = ?2 AND state <> 'ended' \
            AND (lease_owner IS NULL OR lease_owner = ?3 OR lease_expires_ms <= ?4) \
            RETURNING fencing, lease_expires_ms";
        const WHY: &str = "SELECT state, lease_expires_ms FROM calls WHERE id = ?1 AND tenant_id = ?2";
        let (tenant, owner) = (self.0.id, owner.into());
        self.0
            .store
            .write(move |tx| {
                let values = params![id, tenant, owner, now_ms, now_ms.saturating_add(ttl_ms)];
                if let Some(lease) = tx.first(SQL, values, lease)? {
                    return Ok(lease);
                }
                let why = tx.first(WHY, params![id, tenant], |row| Ok((row.text(0)?, row.opt_u64(1)?)))?;
                let (state, until) = why.ok_or(StoreError::NotFound("call"))?;
                Err(match until {
                    _ if state == CallState::Ended.name() => StoreError::CallEnded,
                    until => StoreError::Leased { until_ms: until.unwrap_or(0) },
                })
            })
            .await
    }

    /// Keeps a lease. May wait a little to share a commit.
    ///
    /// # Errors
    /// `Fenced`: it was lost, or the call has ended. `NotFound`.
    pub async fn lease_renew(&self, id: CallId, fencing: u64, now_ms: u64, ttl_ms: u64) -> Result<Lease> {
        const SQL: &str = "UPDATE calls SET lease_expires_ms = ?4 \
            WHERE id = ?1 AND tenant_id = ?2 AND fencing = ?3 AND lease_owner IS NOT NULL";
        let expires_ms = now_ms.saturating_add(ttl_ms);
        self.held(id, fencing, Urgency::Joins, SQL, Some(expires_ms)).await?;
        Ok(Lease { fencing, expires_ms })
    }

    /// Gives a lease up, so that another host can take it at once.
    ///
    /// # Errors
    /// `Fenced`: it was lost, or the call has ended. `NotFound`.
    pub async fn lease_release(&self, id: CallId, fencing: u64) -> Result<()> {
        const SQL: &str = "UPDATE calls SET lease_owner = NULL, lease_expires_ms = ?4 \
            WHERE id = ?1 AND tenant_id = ?2 AND fencing = ?3 AND lease_owner IS NOT NULL";
        self.held(id, fencing, Urgency::Urgent, SQL, None).await
    }

    /// Ends a lease whoever holds it, for an operator who knows that the host is gone.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn lease_expire(&self, id: CallId) -> Result<()> {
        const SQL: &str = "UPDATE calls SET lease_expires_ms = 0 WHERE id = ?1 AND lease_owner IS NOT NULL";
        let tenant = self.0.id;
        self.0
            .store
            .write(move |tx| {
                owns(tx, tenant, id)?;
                tx.execute(SQL, params![id])?;
                Ok(())
            })
            .await
    }

    async fn held(
        &self,
        id: CallId,
        fencing: u64,
        urgency: Urgency,
        sql: &'static str,
        expires_ms: Option<u64>,
    ) -> Result<()> {
        const CURRENT: &str = "SELECT fencing FROM calls WHERE id = ?1 AND tenant_id = ?2";
        let tenant = self.0.id;
        self.0
            .store
            .writer
            .write(urgency, move |tx| {
                if tx.execute(sql, params![id, tenant, fencing, expires_ms])? > 0 {
                    return Ok(());
                }
                let current = tx.first(CURRENT, params![id, tenant], |row| row.u64(0))?;
                Err(StoreError::Fenced { current: current.ok_or(StoreError::NotFound("call"))? })
            })
            .await
    }
}

impl Store {
    /// Calls that have not ended and whose lease has expired, the longest expired first: for a host that recovers.
    pub async fn expired_leases(&self, now_ms: u64, limit: usize) -> Result<Vec<(TenantId, CallId)>> {
        const SQL: &str = "SELECT tenant_id, id FROM calls WHERE state <> 'ended' AND lease_expires_ms <= ?1 \
            ORDER BY lease_expires_ms LIMIT ?2";
        self.read(move |db| {
            Ok(db.all(SQL, params![now_ms, limit], |row| Ok((TenantId(row.uuid(0)?), CallId(row.uuid(1)?))))?)
        })
        .await
    }

    /// Calls that have not ended and whose lease is this owner's, expired or not: what a restarted host left behind.
    pub async fn leases_of(&self, owner: impl Into<String>) -> Result<Vec<(TenantId, CallId)>> {
        const SQL: &str = "SELECT tenant_id, id FROM calls WHERE state <> 'ended' AND lease_expires_ms IS NOT NULL \
            AND lease_owner = ?1 ORDER BY lease_expires_ms";
        let owner = owner.into();
        self.read(move |db| Ok(db.all(SQL, params![owner], |row| Ok((TenantId(row.uuid(0)?), CallId(row.uuid(1)?))))?))
            .await
    }
}
