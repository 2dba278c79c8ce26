//! One-use call tokens: what lets a media socket claim a call.
//!
//! The token travels in a `<Parameter>` of the TwiML and comes back in the stream's `start` message, possibly at another
//! process than the one that minted it, so it carries the claims and an HMAC over them instead of naming a stored row.
//! That it is used only once is the host's duty: it remembers each `nonce` until the token expires.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Verified;

/// The name of the `<Parameter>` that carries the token.
pub const TOKEN_PARAMETER: &str = "call_token";
/// The longest token: with its name it fits into a `<Parameter>` (name and value under 500 characters).
pub const MAX_TOKEN_CHARS: usize = 449;
/// The shortest key, in bytes.
pub const MIN_KEY_BYTES: usize = 32;
/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 16;

const VERSION: u8 = 1;
const TAG_BYTES: usize = 32;
/// Keeps a code made with the same key for another purpose from being a token.
const PURPOSE: &[u8] = b"call token\0";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallClaims {
    /// Our identifier of the call.
    pub call_id: String,
    /// Twilio's identifier of the call; the `start` message must name the same one.
    pub call_sid: String,
    /// The (sub)account that owns the call; the `start` message must name the same one.
    pub account_sid: String,
    /// The tenant that the call belongs to.
    pub tenant: String,
    /// From this second of the Unix clock on the token is worthless.
    pub expires_at_s: u64,
    /// Random bytes, unique to this token.
    pub nonce: [u8; NONCE_BYTES],
}

/// The secret that tokens are made with; shared by every host and edge of an installation.
#[derive(Clone)]
pub struct TokenKey(Hmac<Sha256>);

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenKey(..)")
    }
}

/// Why a token is not made or not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The key is too short to be secret.
    #[error("the token key has {0} bytes, at least {MIN_KEY_BYTES} are needed")]
    WeakKey(usize),
    /// The claims do not fit into [`MAX_TOKEN_CHARS`].
    #[error("the claims do not fit into a call token of {MAX_TOKEN_CHARS} characters")]
    TooLong,
    /// Not a token of this version.
    #[error("this is not a call token")]
    Malformed,
    /// A token that this key did not make, or that was changed.
    #[error("the call token is forged or belongs to another installation")]
    Forged,
    /// It was good, but it is too late.
    #[error("the call token expired at {expired_at_s}")]
    Expired {
        /// Second of the Unix clock at which it expired.
        expired_at_s: u64,
    },
}

impl TokenKey {
    /// Takes at least [`MIN_KEY_BYTES`] secret bytes.
    pub fn new(secret: &[u8]) -> Result<Self, TokenError> {
        if secret.len() < MIN_KEY_BYTES {
            return Err(TokenError::WeakKey(secret.len()));
        }
        <Hmac<Sha256> as KeyInit>::new_from_slice(secret).map(Self).map_err(|_| TokenError::WeakKey(secret.len()))
    }

    fn mac(&self, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(PURPOSE);
        mac.update(body);
        mac
    }
}

/// Makes a token: url-safe characters only, at most [`MAX_TOKEN_CHARS`].
pub fn mint(key: &TokenKey, claims: &CallClaims) -> Result<String, TokenError> {
    let mut body = vec![VERSION];
    body.extend_from_slice(&claims.expires_at_s.to_be_bytes());
    body.extend_from_slice(&claims.nonce);
    for text in [&claims.call_id, &claims.call_sid, &claims.account_sid, &claims.tenant] {
        body.push(u8::try_from(text.len()).map_err(|_| TokenError::TooLong)?);
        body.extend_from_slice(text.as_bytes());
    }
    let tag = key.mac(&body).finalize().into_bytes();
    body.extend_from_slice(&tag);
    let token = URL_SAFE_NO_PAD.encode(body);
    if token.len() > MAX_TOKEN_CHARS { Err(TokenError::TooLong) } else { Ok(token) }
}

/// Checks a token against the key and the clock (`now_s`, seconds of the Unix clock).
///
/// The code is checked before anything in the token is read, in constant time.
pub fn verify(key: &TokenKey, token: &str, now_s: u64) -> Result<Verified<CallClaims>, TokenError> {
    if token.len() > MAX_TOKEN_CHARS {
        return Err(TokenError::Malformed);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| TokenError::Malformed)?;
    let (body, tag) = bytes.split_last_chunk::<TAG_BYTES>().ok_or(TokenError::Malformed)?;
    if body.first() != Some(&VERSION) {
        return Err(TokenError::Malformed);
    }
    key.mac(body).verify_slice(tag).map_err(|_| TokenError::Forged)?;
    let claims = read(body).ok_or(TokenError::Malformed)?;
    if now_s >= claims.expires_at_s {
        return Err(TokenError::Expired { expired_at_s: claims.expires_at_s });
    }
    Ok(Verified::proven(claims))
}

fn read(body: &[u8]) -> Option<CallClaims> {
    let (_version, rest) = body.split_first()?;
    let (expires_at_s, rest) = rest.split_first_chunk::<8>()?;
    let (nonce, mut rest) = rest.split_first_chunk::<NONCE_BYTES>()?;
    let mut text = || {
        let (length, after) = rest.split_first()?;
        let (text, after) = after.split_at_checked(usize::from(*length))?;
        rest = after;
        String::from_utf8(text.to_vec()).ok()
    };
    let claims = CallClaims {
        call_id: text()?,
        call_sid: text()?,
        account_sid: text()?,
        tenant: text()?,
        expires_at_s: u64::from_be_bytes(*expires_at_s),
        nonce: *nonce,
    };
    rest.is_empty().then_some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(fill: u8) -> TokenKey {
        TokenKey::new(&[fill; MIN_KEY_BYTES]).unwrap()
    }

    fn claims() -> CallClaims {
        CallClaims {
            call_id: "019a9f6e-0000-7000-8000-000000000001".into(),
            call_sid: format!("CA{}", "0".repeat(32)),
            account_sid: format!("AC{}", "0".repeat(32)),
            tenant: "019a9f6e-0000-7000-8000-000000000002".into(),
            expires_at_s: 1_000,
            nonce: [7; NONCE_BYTES],
        }
    }

    #[test]
    fn a_token_gives_its_claims_back_until_it_expires() {
        let token = mint(&key(1), &claims()).unwrap();
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert!(token.len() < 450 - TOKEN_PARAMETER.len(), "{}", token.len());
        assert_eq!(verify(&key(1), &token, 999).unwrap().into_inner(), claims());
        assert_eq!(verify(&key(1), &token, 1_000), Err(TokenError::Expired { expired_at_s: 1_000 }));
    }

    #[test]
    fn another_key_makes_it_forged() {
        let token = mint(&key(1), &claims()).unwrap();
        assert_eq!(verify(&key(2), &token, 0), Err(TokenError::Forged));
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        for text in ["", "x", "not a token", "AA==", &"A".repeat(MAX_TOKEN_CHARS + 1), &"A".repeat(200)] {
            assert_eq!(verify(&key(1), text, 0), Err(TokenError::Malformed), "{text}");
        }
    }

    #[test]
    fn claims_that_do_not_fit_are_refused() {
        for tenant in ["t".repeat(200), "t".repeat(256)] {
            assert_eq!(mint(&key(1), &CallClaims { tenant, ..claims() }), Err(TokenError::TooLong));
        }
    }

    #[test]
    fn a_short_key_is_refused_and_no_key_is_printed() {
        assert_eq!(TokenKey::new(&[1; 31]).unwrap_err(), TokenError::WeakKey(31));
        assert_eq!(format!("{:?}", key(1)), "TokenKey(..)");
    }

    proptest! {
        #[test]
        fn claims_round_trip(
            texts in prop::array::uniform4("\\PC{0,15}"), expires_at_s in 1u64.., nonce: [u8; NONCE_BYTES],
        ) {
            let [call_id, call_sid, account_sid, tenant] = texts;
            let claims = CallClaims { call_id, call_sid, account_sid, tenant, expires_at_s, nonce };
            let token = mint(&key(1), &claims).unwrap();
            prop_assert_eq!(verify(&key(1), &token, expires_at_s - 1).unwrap().into_inner(), claims);
        }

        #[test]
        fn any_changed_character_is_noticed(at in 0usize..200, with in "[A-Za-z0-9_-]") {
            let mut token = mint(&key(1), &claims()).unwrap();
            let at = at % token.len();
            prop_assume!(token[at..=at] != with);
            token.replace_range(at..=at, &with);
            prop_assert!(matches!(verify(&key(1), &token, 0), Err(TokenError::Forged | TokenError::Malformed)));
        }

        #[test]
        fn random_text_never_panics(text in "\\PC{0,500}") {
            prop_assert!(verify(&key(1), &text, 0).is_err());
        }
    }
}
