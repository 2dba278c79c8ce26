//! Tokens: those of operators, kept as hashes, and the nonces of call tokens that were used.

use crate::audit::{Deed, HOST, record};
use crate::bind::{Columns, params};
use crate::store::Store;
use crate::{Result, StoreError};
use rand::TryRngCore;
use rand::rngs::OsRng;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use trunkline_contract::CallId;

/// Used nonces are kept this long after they have expired, for clocks that step back.
const NONCE_GRACE_MS: u64 = 3_600_000;
/// What a token begins with, so that people and scanners know it.
const PREFIX: &str = "trk_";
/// Random bytes of a token.
const SECRET: usize = 32;

/// A token of an operator, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OperatorToken {
    /// Unique.
    pub name: String,
    /// Unix ms.
    pub created_at_ms: u64,
}

/// The tokens of operators.
pub struct OperatorTokens<'a>(pub(crate) &'a Store);

/// What is kept of a secret.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    // It has 128 random bits or more, so a slow hash would add nothing.
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// `N` random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    let drawn = OsRng.try_fill_bytes(&mut bytes);
    drawn.map_err(|error| StoreError::Internal(format!("no random numbers: {error}")))?;
    Ok(bytes)
}

/// `N` random bytes in lower-case hex.
pub(crate) fn random_hex<const N: usize>() -> Result<String> {
    Ok(random::<N>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn operator_token(row: &Columns<'_>) -> Result<OperatorToken> {
    Ok(OperatorToken { name: row.text(0)?, created_at_ms: row.u64(1)? })
}

impl OperatorTokens<'_> {
    /// Makes a token. This is the only time that it can be seen.
    ///
    /// # Errors
    /// `Taken`: there is one of this name.
    pub async fn create(&self, name: impl Into<String>, now_ms: u64) -> Result<String> {
        const SQL: &str = "INSERT INTO operator_tokens (hash, name, created_at_ms) VALUES (?1, ?2, ?3)";
        let token = format!("{PREFIX}{}", random_hex::<SECRET>()?);
        let (name, hash) = (name.into(), hash(&token));
        self.0
            .write(move |tx| {
                tx.execute(SQL, params![hash, name.as_str(), now_ms])
                    .map_err(|error| error.or_taken("a token of this name exists"))?;
                record(tx, None, HOST, now_ms, Deed::new("token.create", name))
            })
            .await?;
        Ok(token)
    }

    /// Which token this is; none: it opens nothing.
    pub async fn verify(&self, token: &str) -> Result<Option<OperatorToken>> {
        const SQL: &str = "SELECT name, created_at_ms FROM operator_tokens WHERE hash = ?1";
        let hash = hash(token);
        self.0.read(move |db| Ok(db.first(SQL, params![hash], operator_token)?)).await
    }

    /// All tokens, oldest first.
    pub async fn list(&self) -> Result<Vec<OperatorToken>> {
        const SQL: &str = "SELECT name, created_at_ms FROM operator_tokens ORDER BY created_at_ms, name";
        self.0.read(|db| Ok(db.all(SQL, params![], operator_token)?)).await
    }

    /// The token opens nothing any more; false when there was none.
    pub async fn revoke(&self, name: impl Into<String>, now_ms: u64) -> Result<bool> {
        const SQL: &str = "DELETE FROM operator_tokens WHERE name = ?1";
        let name = name.into();
        self.0
            .write(move |tx| {
                let there = tx.execute(SQL, params![name.as_str()])? > 0;
                if there {
                    record(tx, None, HOST, now_ms, Deed::new("token.revoke", name))?;
                }
                Ok(there)
            })
            .await
    }
}

impl Store {
    /// Uses the nonce of a call token: true the first time, false ever after. Durable when it returns.
    /// Nonces of tokens that expired more than an hour ago are forgotten on the way.
    pub async fn nonce_use(&self, nonce: Vec<u8>, call: CallId, expires_ms: u64, now_ms: u64) -> Result<bool> {
        const FORGET: &str = "DELETE FROM used_nonces WHERE nonce IN \
            (SELECT nonce FROM used_nonces WHERE expires_ms < ?1 LIMIT 100)";
        const USE: &str = "INSERT INTO used_nonces (nonce, call_id, expires_ms) VALUES (?1, ?2, ?3) \
            ON CONFLICT DO NOTHING";
        self.write(move |tx| {
            tx.execute(FORGET, params![now_ms.saturating_sub(NONCE_GRACE_MS)])?;
            Ok(tx.execute(USE, params![nonce, call, expires_ms])? > 0)
        })
        .await
    }
}
