//! The audit log: who did what, written in the transaction that does it.

use crate::bind::params;
use crate::page::{MAX_LIMIT, Page};
use crate::store::{Store, TenantStore};
use crate::writer::Tx;
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use trunkline_contract::TenantId;

/// Who writes when nobody says so.
pub(crate) const HOST: &str = "host";

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuditEntry {
    /// Grows with every entry of the database.
    pub seq: u64,
    /// Unix ms.
    pub at_ms: u64,
    /// Who: a user, a key, a token, or `host`.
    pub actor: String,
    /// What: `agent.update` and so on.
    pub action: String,
    /// To what: an id or a name.
    pub target: String,
    /// SHA-256 of what was there, as canonical JSON, lower-case hex; none: nothing.
    pub before_hash: Option<String>,
    /// The same of what is there now.
    pub after_hash: Option<String>,
}

/// Which entries to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only this action, or those that begin with it and a dot.
    pub action: Option<String>,
    /// Only of this target.
    pub target: Option<String>,
    /// Only by this actor.
    pub actor: Option<String>,
}

/// What is done to what.
pub(crate) struct Deed<'a> {
    pub(crate) action: &'static str,
    pub(crate) target: String,
    pub(crate) before: Option<&'a Value>,
    pub(crate) after: Option<&'a Value>,
}

impl<'a> Deed<'a> {
    #[allow(clippy::needless_pass_by_value, reason = "ids are small and names are borrowed")]
    pub(crate) fn new(action: &'static str, target: impl std::fmt::Display) -> Self {
        Self { action, target: target.to_string(), before: None, after: None }
    }

    pub(crate) fn before(self, before: &'a Value) -> Self {
        Self { before: Some(before), ..self }
    }

    pub(crate) fn after(self, after: &'a Value) -> Self {
        Self { after: Some(after), ..self }
    }
}

/// SHA-256 of a value as canonical JSON: members sorted by name, no space.
fn hash(value: &Value) -> String {
    let mut text = String::new();
    canonical(value, &mut text);
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (at, (name, value)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                canonical(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                canonical(item, text);
            }
            text.push(']');
        }
        simple => text.push_str(&simple.to_string()),
    }
}

/// Adds an entry within a transaction.
pub(crate) fn record(tx: &Tx<'_>, tenant: Option<TenantId>, actor: &str, now_ms: u64, deed: Deed<'_>) -> Result<()> {
    const SQL: &str = "INSERT INTO audit (tenant_id, at_ms, actor, action, target, before_hash, after_hash) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let Deed { action, target, before, after } = deed;
    tx.execute(SQL, params![tenant, now_ms, actor, action, target, before.map(hash), after.map(hash)])?;
    tx.configured();
    Ok(())
}

/// The audit log of one tenant.
pub struct Audit<'a>(pub(crate) &'a TenantStore);

impl Audit<'_> {
    /// Entries, newest first; `limit` 1-500.
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, filter: AuditFilter, cursor: Option<&str>, limit: usize) -> Result<Page<AuditEntry>> {
        list(&self.0.store, Some(self.0.id), filter, cursor, limit).await
    }
}

/// The audit log of the host itself: what belongs to no tenant.
pub struct HostAudit<'a>(pub(crate) &'a Store);

impl HostAudit<'_> {
    /// As [`Audit::list`].
    ///
    /// # Errors
    /// `InvalidCursor`.
    pub async fn list(&self, filter: AuditFilter, cursor: Option<&str>, limit: usize) -> Result<Page<AuditEntry>> {
        list(self.0, None, filter, cursor, limit).await
    }
}

async fn list(
    store: &Store,
    tenant: Option<TenantId>,
    filter: AuditFilter,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page<AuditEntry>> {
    const SQL: &str = "SELECT seq, at_ms, actor, action, target, before_hash, after_hash FROM audit \
        WHERE tenant_id IS ?1 AND seq < ?2 AND (?3 IS NULL OR action = ?3 OR substr(action, 1, length(?3) + 1) = ?3 || '.') \
        AND (?4 IS NULL OR target = ?4) AND (?5 IS NULL OR actor = ?5) ORDER BY seq DESC LIMIT ?6";
    let before = match cursor {
        Some(text) => text.parse::<u64>().map_err(|_| StoreError::InvalidCursor)?,
        None => i64::MAX as u64,
    };
    let limit = limit.clamp(1, MAX_LIMIT);
    let AuditFilter { action, target, actor } = filter;
    let fetched = store.read(move |db| {
        Ok(db.all(SQL, params![tenant, before, action, target, actor, limit + 1], |row| {
            Ok(AuditEntry {
                seq: row.u64(0)?,
                at_ms: row.u64(1)?,
                actor: row.text(2)?,
                action: row.text(3)?,
                target: row.text(4)?,
                before_hash: row.opt_text(5)?,
                after_hash: row.opt_text(6)?,
            })
        })?)
    });
    let mut items = fetched.await?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|last| last.seq.to_string());
    Ok(Page { items, next_cursor })
}

impl TenantStore {
    /// Who did what.
    pub fn audit(&self) -> Audit<'_> {
        Audit(self)
    }
}

impl Store {
    /// Who did what to the host itself.
    pub fn host_audit(&self) -> HostAudit<'_> {
        HostAudit(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_members_does_not_change_a_hash() {
        let (one, other) = (
            json!({"a": [1, {"x": "\u{e9}", "b": null}], "c": true}),
            json!({"c": true, "a": [1, {"b": null, "x": "é"}]}),
        );
        assert_eq!(hash(&one), hash(&other));
        assert_ne!(hash(&one), hash(&json!({"a": [{"x": "é", "b": null}, 1], "c": true})));
    }
}
