//! Logging in with a password.
//!
//! Checking one takes tens of milliseconds and 19 MiB on purpose, so few are checked at a time; and whoever guesses at one
//! person's password is slowed down, wherever the guesses come from.

use crate::guard::Bucket;
use crate::{Api, Problem};
use axum::http::StatusCode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use trunkline_session::unix_ms;
use trunkline_store::{OpenedSession, StoreError, verify_password};
use trunkline_telephony::Gate;

/// Tries for one email in a minute.
const TRIES: u32 = 10;
/// Emails that are remembered at a time; beyond it, those that may be tried freely again are forgotten.
const KEPT: usize = 10_000;
/// Passwords that are checked at a time.
const AT_A_TIME: usize = 2;
/// Longest email, bytes (RFC 5321).
const MAX_EMAIL: usize = 254;

/// Counts tries. Cloning gives the same count.
#[derive(Clone)]
pub(crate) struct Passwords {
    tries: Arc<Mutex<HashMap<String, Bucket>>>,
    checks: Gate,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { tries: Arc::default(), checks: Gate::new(AT_A_TIME) }
    }

    /// Takes one try for an email.
    ///
    /// # Errors
    /// There is none: how long to wait, whole seconds.
    fn take(&self, email: &str, now: Instant) -> Result<(), u64> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let email = email.to_lowercase();
        if tries.len() >= KEPT && !tries.contains_key(&email) {
            tries.retain(|_, bucket| !bucket.is_full(TRIES, now));
        }
        let bucket = tries.entry(email).or_insert_with(|| Bucket::full(TRIES, now));
        bucket.take(TRIES, now).wait_s.map_or(Ok(()), Err)
    }
}

/// Opens a session for whoever has this email and password.
///
/// # Errors
/// Nobody does; too many tries.
pub(super) async fn open(api: &Api, email: &str, password: String) -> Result<OpenedSession, Problem> {
    let email = email.trim();
    if email.len() > MAX_EMAIL {
        return Err(refused());
    }
    let wait = |detail: String, seconds: u64| {
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-logins", detail).retry_after(seconds)
    };
    api.passwords
        .take(email, Instant::now())
        .map_err(|seconds| wait(format!("too many tries for this email: wait {seconds} s"), seconds))?;
    let found = api.store.user_by_email(email).await?;
    let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
    let place = api.passwords.checks.enter();
    let place = place.ok_or_else(|| wait("other passwords are being checked: try again".to_owned(), 1))?;
    let checked = tokio::task::spawn_blocking(move || {
        let right = verify_password(&password, hash.as_deref());
        drop(place);
        right
    });
    let right = checked.await.unwrap_or(false);
    let user = user.filter(|user| right && !user.disabled).ok_or_else(refused)?;
    match api.store.logins().open(user.id, unix_ms()).await {
        Err(StoreError::NotFound(_)) => Err(refused()),
        opened => Ok(opened?),
    }
}

/// The same for an email that nobody has, a person without a password, a disabled one, and a wrong password.
fn refused() -> Problem {
    tracing::warn!("refused a password");
    Problem::new(StatusCode::UNAUTHORIZED, "password", "nobody has this email and this password")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn guesses_at_one_person_run_out_and_others_are_not_affected() {
        let (passwords, now) = (Passwords::new(), Instant::now());
        for _ in 0..TRIES {
            passwords.take("ann@example.com", now).unwrap();
        }
        assert_eq!(passwords.take("Ann@Example.com", now), Err(6));
        passwords.take("bob@example.com", now).unwrap();
        passwords.take("ann@example.com", now + Duration::from_secs(6)).unwrap();
    }
}
