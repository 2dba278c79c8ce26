//! Whether a token is what it claims to be.

use super::{Refused, crypto};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Longest token, bytes.
const MAX_TOKEN: usize = 8 * 1024;
/// How far clocks may be apart, s.
const LEEWAY_S: u64 = 30;

/// A key by which tokens are checked.
#[derive(Clone)]
pub(super) struct Verifying {
    /// Names it in tokens.
    pub(super) kid: String,
    /// What it may be used for: never more than its own kind allows.
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) key: DecodingKey,
}

/// What a token says about itself before anything is believed.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(in crate::auth) algorithm: Algorithm,
    pub(in crate::auth) kid: String,
    pub(crate) issuer: String,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct From {
    iss: String,
}

impl Claimed {
    /// # Errors
    /// It is no token, or says nothing that could be checked.
    pub(crate) fn read(token: &str) -> Result<Self, Refused> {
        if token.len() > MAX_TOKEN {
            return Err(Refused::Malformed);
        }
        let mut parts = token.split('.');
        let (Some(head), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(Refused::Malformed);
        };
        let head: Head = part(head)?;
        // Whoever signs may demand what this host does not know (RFC 7515, 4.1.11).
        if head.crit.is_some() {
            return Err(Refused::Malformed);
        }
        // `none` and everything else that is no signature is not among the algorithms.
        let algorithm: Algorithm = head.alg.parse().map_err(|_| Refused::Algorithm)?;
        let From { iss } = part(claims)?;
        Ok(Self { algorithm, kid: head.kid.ok_or(Refused::NoKey)?, issuer: iss })
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Refused::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Refused::Malformed)
}

/// The claims of a token, once it has been checked by the key that it names.
///
/// # Errors
/// Anything about it is not right.
pub(super) fn check<T: DeserializeOwned>(
    token: &str,
    claimed: &Claimed,
    by: &Verifying,
    issuer: &str,
    audience: &str,
) -> Result<T, Refused> {
    crypto::install();
    if !by.algorithms.contains(&claimed.algorithm) {
        return Err(Refused::Algorithm);
    }
    let mut rules = Validation::new(claimed.algorithm);
    rules.leeway = LEEWAY_S;
    rules.validate_nbf = true;
    rules.set_issuer(&[issuer]);
    rules.set_audience(&[audience]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    decode::<T>(token, &by.key, &rules).map(|checked| checked.claims).map_err(|error| match error.into_kind() {
        ErrorKind::ExpiredSignature => Refused::Expired,
        ErrorKind::ImmatureSignature => Refused::Early,
        ErrorKind::InvalidIssuer => Refused::Issuer,
        ErrorKind::InvalidAudience => Refused::Audience,
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => Refused::Claim(claim),
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat => Refused::Algorithm,
        ErrorKind::InvalidSignature => Refused::Signature,
        ErrorKind::Json(_) => Refused::Claim("claims".to_owned()),
        _ => Refused::Malformed,
    })
}

#[cfg(test)]
mod tests;
