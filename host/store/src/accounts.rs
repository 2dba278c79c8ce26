//! Carrier accounts: whose they are. Secrets are elsewhere; an account only names one.

use crate::audit::{Deed, record};
use crate::bind::{Columns, params};
use crate::store::{Store, TenantStore};
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use trunkline_contract::TenantId;

/// A carrier's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Account {
    /// The carrier's id of it.
    pub account_sid: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// Name of the secret, in the configuration, that holds the account's token.
    pub auth_token_ref: Option<String>,
}

fn account(row: &Columns<'_>) -> Result<Account> {
    Ok(Account { account_sid: row.text(0)?, tenant: TenantId(row.uuid(1)?), auth_token_ref: row.opt_text(2)? })
}

impl Store {
    /// Whose account it is; for webhooks, which name only the account.
    pub async fn account(&self, account_sid: impl Into<String>) -> Result<Option<Account>> {
        const SQL: &str = "SELECT account_sid, tenant_id, auth_token_ref FROM accounts WHERE account_sid = ?1";
        let account_sid = account_sid.into();
        self.read(move |db| Ok(db.first(SQL, params![account_sid], account)?)).await
    }
}

impl TenantStore {
    /// Registers a carrier account of this tenant, or changes the name of its secret.
    ///
    /// # Errors
    /// `Taken`: it is another tenant's. `NotFound`: there is no such tenant.
    pub async fn put_account(
        &self,
        account_sid: impl Into<String>,
        auth_token_ref: Option<String>,
        now_ms: u64,
    ) -> Result<()> {
        const SQL: &str = "INSERT INTO accounts (account_sid, tenant_id, auth_token_ref, created_at_ms) \
            VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account_sid) DO UPDATE SET auth_token_ref = excluded.auth_token_ref \
            WHERE tenant_id = excluded.tenant_id";
        const KNOWN: &str =
            "SELECT account_sid, tenant_id, auth_token_ref FROM accounts WHERE account_sid = ?1 AND tenant_id = ?2";
        let (tenant, actor, account_sid) = (self.id, self.actor.clone(), account_sid.into());
        self.store
            .write(move |tx| {
                let before = tx.first(KNOWN, params![account_sid.as_str(), tenant], account)?;
                let values = params![account_sid.as_str(), tenant, auth_token_ref.as_deref(), now_ms];
                if tx.execute(SQL, values)? == 0 {
                    return Err(StoreError::Taken("the account belongs to another tenant"));
                }
                if before.as_ref().is_some_and(|before| before.auth_token_ref == auth_token_ref) {
                    return Ok(());
                }
                let outline = |auth_token_ref: Option<String>| json!({ "auth_token_ref": auth_token_ref });
                let before: Option<Value> = before.map(|before| outline(before.auth_token_ref));
                let after = outline(auth_token_ref);
                let deed = Deed { before: before.as_ref(), ..Deed::new("account.set", account_sid).after(&after) };
                record(tx, Some(tenant), &actor, now_ms, deed)
            })
            .await
    }

    /// The tenant's carrier accounts.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        const SQL: &str = "SELECT account_sid, tenant_id, auth_token_ref FROM accounts WHERE tenant_id = ?1 \
            ORDER BY account_sid";
        let tenant = self.id;
        self.store.read(move |db| Ok(db.all(SQL, params![tenant], account)?)).await
    }
}
