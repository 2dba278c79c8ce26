//! Carrier accounts: whose they are. Secrets are elsewhere; an account only names one.

use crate::bind::{Columns, params};
use crate::store::{Store, TenantStore};
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
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
        let (tenant, account_sid) = (self.id, account_sid.into());
        self.store
            .write(move |tx| match tx.execute(SQL, params![account_sid, tenant, auth_token_ref, now_ms])? {
                0 => Err(StoreError::Taken("the account belongs to another tenant")),
                _ => Ok(()),
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
