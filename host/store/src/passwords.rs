//! Passwords: Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane), in PHC form.

use crate::{Result, StoreError, tokens};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

/// Shortest and longest password, characters.
pub const PASSWORD: std::ops::RangeInclusive<usize> = 12..=128;
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const SALT: usize = 16;

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| StoreError::Internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password. Takes tens of milliseconds and 19 MiB: not for an async thread.
///
/// # Errors
/// `Invalid`: too short or too long.
pub fn hash_password(password: &str) -> Result<String> {
    if !PASSWORD.contains(&password.chars().count()) {
        return Err(StoreError::Invalid("a password has 12 to 128 characters"));
    }
    let salt = tokens::random::<SALT>()?;
    let salt = SaltString::encode_b64(&salt).map_err(|error| StoreError::Internal(error.to_string()))?;
    let hash = argon2()?.hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(|error| StoreError::Internal(error.to_string()))?.to_string())
}

/// Whether a password is the one that was hashed. Without a hash it takes as long, and is wrong: nobody learns from the
/// time whether somebody exists. Not for an async thread.
pub fn verify_password(password: &str, hash: Option<&str>) -> bool {
    // Of a password that nobody has.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY));
    let Ok((parsed, argon2)) = parsed.map_err(drop).and_then(|parsed| Ok((parsed, argon2().map_err(drop)?))) else {
        return false;
    };
    argon2.verify_password(password.as_bytes(), &parsed).is_ok() && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let hash = hash_password("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_password("correct horse battery", Some(&hash)));
        assert!(!verify_password("correct horse batterz", Some(&hash)));
        assert!(!verify_password("correct horse battery", None));
        assert!(!verify_password("correct horse battery", Some("nonsense")));
        assert_ne!(hash, hash_password("correct horse battery").unwrap(), "salted");
    }

    #[test]
    fn short_and_long_passwords_are_refused() {
        for wrong in ["short", &"x".repeat(129)] {
            assert_eq!(hash_password(wrong), Err(StoreError::Invalid("a password has 12 to 128 characters")));
        }
    }
}
