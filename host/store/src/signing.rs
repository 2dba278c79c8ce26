//! Keys that the host signs its own tokens with. The newest one signs; what older ones have signed is still read.

use crate::audit::{Deed, HOST, record};
use crate::bind::params;
use crate::store::Store;
use crate::vault::Secret;
use crate::{Result, StoreError};

/// A pair of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Names it in tokens.
    pub kid: String,
    /// The public half, raw.
    pub public: Vec<u8>,
    /// Unix ms.
    pub created_at_ms: u64,
    /// Unix ms; it signs nothing any more.
    pub retired_at_ms: Option<u64>,
}

/// What a private half is sealed for.
pub(crate) fn context(kid: &str) -> Vec<u8> {
    [b"signing", kid.as_bytes()].concat()
}

impl Store {
    /// Adds a pair of keys that signs from now on; the ones before are retired. `private` is text.
    ///
    /// # Errors
    /// `Taken`: its name is known.
    pub async fn add_signing_key(&self, kid: &str, public: Vec<u8>, private: Secret, now_ms: u64) -> Result<()> {
        const RETIRE: &str = "UPDATE signing_keys SET retired_at_ms = ?1 WHERE retired_at_ms IS NULL";
        const SQL: &str = "INSERT INTO signing_keys (kid, public, sealed, created_at_ms) VALUES (?1, ?2, ?3, ?4)";
        let sealed = self.vault().seal(private.expose().as_bytes(), &context(kid))?;
        let kid = kid.to_owned();
        self.write(move |tx| {
            tx.execute(RETIRE, params![now_ms])?;
            tx.execute(SQL, params![kid.as_str(), public, sealed, now_ms])
                .map_err(|error| error.or_taken("a signing key of this name exists"))?;
            record(tx, None, HOST, now_ms, Deed::new("signing-key.create", &kid))
        })
        .await
    }

    /// Forgets keys that were retired before `before_ms`; gives how many.
    pub async fn forget_signing_keys(&self, before_ms: u64) -> Result<u64> {
        const SQL: &str = "DELETE FROM signing_keys WHERE retired_at_ms < ?1";
        self.write(move |tx| Ok(tx.execute(SQL, params![before_ms])?)).await
    }

    /// All pairs, newest first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>> {
        const SQL: &str = "SELECT kid, public, created_at_ms, retired_at_ms FROM signing_keys \
            ORDER BY created_at_ms DESC, kid DESC";
        self.read(|db| {
            Ok(db.all(SQL, params![], |row| {
                Ok(SigningKey {
                    kid: row.text(0)?,
                    public: row.blob(1)?,
                    created_at_ms: row.u64(2)?,
                    retired_at_ms: row.opt_u64(3)?,
                })
            })?)
        })
        .await
    }

    /// The private half of a pair.
    ///
    /// # Errors
    /// `Sealed`.
    pub async fn signing_key(&self, kid: &str) -> Result<Option<Secret>> {
        const SQL: &str = "SELECT sealed FROM signing_keys WHERE kid = ?1";
        let name = kid.to_owned();
        let sealed = self.read(move |db| Ok(db.first(SQL, params![name], |row| row.blob(0))?)).await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let private = self.vault().open(&sealed, &context(kid))?;
        String::from_utf8(private).map(|text| Some(Secret::new(text))).map_err(|_| StoreError::Sealed("it is no text"))
    }
}
