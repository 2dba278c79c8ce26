//! Requests that may come twice: the first one's answer is kept for a day, and whoever asks again gets it. Answers hold keys
//! and tokens that are shown once, so they are sealed.

use crate::bind::{json, params};
use crate::store::TenantStore;
use crate::{Result, StoreError};
use trunkline_contract::TenantId;

/// An answer is kept for so long.
const KEPT_MS: u64 = 24 * 60 * 60 * 1_000;
/// A request whose host died while it was carried out may be tried again after so long.
const ABANDONED_MS: u64 = 5 * 60 * 1_000;

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Of HTTP.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is the first: carry it out, and tell its answer.
    New,
    /// It is being carried out.
    Running,
    /// This was the answer.
    Done(Answered),
    /// Another request had the key.
    Mismatch,
}

/// A key as somebody uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Who asks.
    pub principal: String,
    /// What they call the request.
    pub key: String,
}

/// What an answer is sealed for.
fn context(tenant: TenantId, key: &IdempotencyKey) -> Vec<u8> {
    [b"answer", tenant.0.as_bytes().as_slice(), key.principal.as_bytes(), b"|", key.key.as_bytes()].concat()
}

/// The requests of one tenant.
pub struct Idempotency<'a>(pub(crate) &'a TenantStore);

impl Idempotency<'_> {
    /// A request comes in. `fingerprint` is of what is asked: another one under the same key is a mistake.
    ///
    /// # Errors
    /// `Sealed`: it was carried out, and its answer cannot be read any more.
    pub async fn begin(&self, key: IdempotencyKey, fingerprint: Vec<u8>, now_ms: u64) -> Result<Begun> {
        const FORGET: &str =
            "DELETE FROM idempotency WHERE created_at_ms < ?1 OR (status IS NULL AND created_at_ms < ?2)";
        const KNOWN: &str = "SELECT fingerprint, status, headers, body FROM idempotency \
            WHERE tenant_id = ?1 AND principal = ?2 AND key = ?3";
        const SQL: &str = "INSERT INTO idempotency (tenant_id, principal, key, fingerprint, created_at_ms) \
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let (tenant, sealed_for) = (self.0.id, context(self.0.id, &key));
        let begun = self
            .0
            .store
            .write(move |tx| {
                let IdempotencyKey { principal, key } = key;
                let (old, abandoned) = (now_ms.saturating_sub(KEPT_MS), now_ms.saturating_sub(ABANDONED_MS));
                tx.execute(FORGET, params![old, abandoned])?;
                let known = tx.first(KNOWN, params![tenant, principal.as_str(), key.as_str()], |row| {
                    let answer = match row.opt_u32(1)? {
                        Some(status) => Some(Answered {
                            status: u16::try_from(status).unwrap_or(500),
                            headers: row.opt_json(2)?.unwrap_or_default(),
                            body: row.blob(3)?,
                        }),
                        None => None,
                    };
                    Ok((row.blob(0)?, answer))
                })?;
                match known {
                    Some((known, _)) if known != fingerprint => Ok(Begun::Mismatch),
                    Some((_, Some(answer))) => Ok(Begun::Done(answer)),
                    Some((_, None)) => Ok(Begun::Running),
                    None => {
                        tx.execute(SQL, params![tenant, principal, key, fingerprint, now_ms])?;
                        Ok(Begun::New)
                    }
                }
            })
            .await?;
        match begun {
            Begun::Done(answer) => {
                let body = self.0.store.vault().open(&answer.body, &sealed_for)?;
                Ok(Begun::Done(Answered { body, ..answer }))
            }
            other => Ok(other),
        }
    }

    /// The request was carried out with this answer.
    pub async fn finish(&self, key: IdempotencyKey, answer: Answered) -> Result<()> {
        const SQL: &str = "UPDATE idempotency SET status = ?4, headers = ?5, body = ?6 \
            WHERE tenant_id = ?1 AND principal = ?2 AND key = ?3 AND status IS NULL";
        let tenant = self.0.id;
        let body = self.0.store.vault().seal(&answer.body, &context(tenant, &key))?;
        self.0
            .store
            .write(move |tx| {
                let IdempotencyKey { principal, key } = key;
                let headers = json(&answer.headers)?;
                let status = u32::from(answer.status);
                tx.execute(SQL, params![tenant, principal, key, status, headers, body])?;
                Ok(())
            })
            .await
    }

    /// The request was not carried out: it may come again.
    pub async fn forget(&self, key: IdempotencyKey) -> Result<()> {
        const SQL: &str =
            "DELETE FROM idempotency WHERE tenant_id = ?1 AND principal = ?2 AND key = ?3 AND status IS NULL";
        let tenant = self.0.id;
        self.0
            .store
            .write(move |tx| {
                tx.execute(SQL, params![tenant, key.principal, key.key])?;
                Ok::<_, StoreError>(())
            })
            .await
    }
}

impl TenantStore {
    /// Requests that may come twice.
    pub fn idempotency(&self) -> Idempotency<'_> {
        Idempotency(self)
    }
}
