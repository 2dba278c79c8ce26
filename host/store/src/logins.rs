//! How a browser gets in: links that work once, and the sessions that they open. Both are kept as hashes.

use crate::bind::{Columns, params};
use crate::store::Store;
use crate::writer::Tx;
use crate::{Result, StoreError, tokens};
use schemars::JsonSchema;
use serde::Serialize;
use trunkline_contract::UserId;

/// A link works for so long.
const LINK_MS: u64 = 60 * 60 * 1_000;
/// A session that nobody uses lasts for so long.
const IDLE_MS: u64 = 12 * 60 * 60 * 1_000;
/// A session lasts for so long at most, however much it is used.
const SESSION_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// Use moves a session's end in steps of this, so that not every request writes.
const STEP_MS: u64 = 5 * 60 * 1_000;
/// Bytes of a link's code and of a session's secret.
const CODE: usize = 16;
const SECRET: usize = 32;

/// A link to log in with, made now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LoginLink {
    /// Lower-case hex, 32 digits. This is the only time that it can be seen.
    pub code: String,
    /// Unix ms.
    pub expires_at_ms: u64,
}

/// A browser that is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserSession {
    /// Name of the operator's token that made the link; none: the machine's own console did.
    pub token_name: Option<String>,
    /// The person who logged in with their password, or for whom the link was made.
    pub user_id: Option<UserId>,
    /// Unix ms; it may end before, when it is not used.
    pub ends_at_ms: u64,
}

/// A session that was opened now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedSession {
    /// Lower-case hex, 64 digits: what the browser shows. This is the only time that it can be seen.
    pub secret: String,
    /// The session.
    pub session: BrowserSession,
}

/// Links and sessions of browsers.
pub struct Logins<'a>(pub(crate) &'a Store);

fn session(row: &Columns<'_>) -> Result<(u64, BrowserSession)> {
    let session =
        BrowserSession { token_name: row.opt_text(0)?, user_id: row.opt_uuid(3)?.map(UserId), ends_at_ms: row.u64(1)? };
    Ok((row.u64(2)?, session))
}

impl Logins<'_> {
    /// Makes a link that works once, within an hour. `token_name` is the operator's token that asks for it; none: the
    /// machine's own console. With `user` it logs that person in.
    ///
    /// # Errors
    /// `NotFound`: there is no such token.
    pub async fn link(&self, token_name: Option<String>, user: Option<UserId>, now_ms: u64) -> Result<LoginLink> {
        const FORGET: &str = "DELETE FROM login_links WHERE expires_at_ms <= ?1";
        const SQL: &str = "INSERT INTO login_links (hash, token_name, created_at_ms, expires_at_ms, user_id) \
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let code = tokens::random_hex::<CODE>()?;
        let (hash, expires_at_ms) = (tokens::hash(&code), now_ms.saturating_add(LINK_MS));
        self.0
            .write(move |tx| {
                tx.execute(FORGET, params![now_ms])?;
                tx.execute(SQL, params![hash, token_name, now_ms, expires_at_ms, user])?;
                Ok(())
            })
            .await?;
        Ok(LoginLink { code, expires_at_ms })
    }

    /// Uses a link up and opens a session; none: the code was used, has expired, or never was. Of many who use one code
    /// at the same time, one gets a session.
    pub async fn redeem(&self, code: &str, now_ms: u64) -> Result<Option<OpenedSession>> {
        const KNOWN: &str = "SELECT 1 FROM login_links WHERE hash = ?1 AND expires_at_ms > ?2";
        const USE: &str =
            "DELETE FROM login_links WHERE hash = ?1 AND expires_at_ms > ?2 RETURNING token_name, user_id";
        let link = tokens::hash(code);
        // Guesses are kept away from the writer, which calls wait for.
        let guess = link.clone();
        if self.0.read(move |db| Ok(db.first(KNOWN, params![guess, now_ms], |_| Ok(()))?)).await?.is_none() {
            return Ok(None);
        }
        let secret = tokens::random_hex::<SECRET>()?;
        let hash = tokens::hash(&secret);
        let opened = self.0.write(move |tx| {
            let used = tx.first(USE, params![link, now_ms], |row| Ok((row.opt_text(0)?, row.opt_uuid(1)?)))?;
            let Some((token_name, user)) = used else { return Ok(None) };
            open(tx, hash, token_name, user.map(UserId), now_ms).map(Some)
        });
        Ok(opened.await?.map(|session| OpenedSession { secret, session }))
    }

    /// Opens a session for a person who has shown their password.
    ///
    /// # Errors
    /// `NotFound`: there is no such person, or they are disabled.
    pub async fn open(&self, user: UserId, now_ms: u64) -> Result<OpenedSession> {
        const LOGIN: &str = "UPDATE users SET login_at_ms = ?2 WHERE id = ?1 AND disabled = 0";
        let secret = tokens::random_hex::<SECRET>()?;
        let hash = tokens::hash(&secret);
        let opened = self.0.write(move |tx| {
            if tx.execute(LOGIN, params![user, now_ms])? == 0 {
                return Err(StoreError::NotFound("user"));
            }
            open(tx, hash, None, Some(user), now_ms)
        });
        Ok(OpenedSession { secret, session: opened.await? })
    }

    /// Which session this is, and that it is used now; none: it was ended, or has ended by itself.
    pub async fn session(&self, secret: &str, now_ms: u64) -> Result<Option<BrowserSession>> {
        const SQL: &str = "SELECT token_name, ends_at_ms, idle_at_ms, user_id FROM browser_sessions \
            WHERE hash = ?1 AND idle_at_ms > ?2";
        const MOVE: &str = "UPDATE browser_sessions SET idle_at_ms = ?2 WHERE hash = ?1";
        let hash = tokens::hash(secret);
        let wanted = hash.clone();
        let found = self.0.read(move |db| Ok(db.first(SQL, params![wanted, now_ms], session)?)).await?;
        let Some((idle_at_ms, session)) = found else { return Ok(None) };
        let moved = now_ms.saturating_add(IDLE_MS).min(session.ends_at_ms);
        if moved >= idle_at_ms.saturating_add(STEP_MS) {
            self.0.write(move |tx| Ok(tx.execute(MOVE, params![hash, moved])?)).await?;
        }
        Ok(Some(session))
    }

    /// Ends a session; false when there was none.
    pub async fn end(&self, secret: &str) -> Result<bool> {
        let hash = tokens::hash(secret);
        self.0.write(move |tx| Ok(tx.execute("DELETE FROM browser_sessions WHERE hash = ?1", params![hash])? > 0)).await
    }
}

fn open(
    tx: &Tx<'_>,
    hash: Vec<u8>,
    token_name: Option<String>,
    user_id: Option<UserId>,
    now_ms: u64,
) -> Result<BrowserSession> {
    const FORGET: &str = "DELETE FROM browser_sessions WHERE idle_at_ms <= ?1";
    const OPEN: &str = "INSERT INTO browser_sessions (hash, token_name, created_at_ms, idle_at_ms, ends_at_ms, user_id) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let (idle_at_ms, ends_at_ms) = (now_ms.saturating_add(IDLE_MS), now_ms.saturating_add(SESSION_MS));
    tx.execute(FORGET, params![now_ms])?;
    tx.execute(OPEN, params![hash, token_name.as_deref(), now_ms, idle_at_ms, ends_at_ms, user_id])?;
    Ok(BrowserSession { token_name, user_id, ends_at_ms })
}

impl Store {
    /// How browsers get in.
    pub fn logins(&self) -> Logins<'_> {
        Logins(self)
    }
}
