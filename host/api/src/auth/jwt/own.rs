//! Tokens that this host signs itself.
//!
//! A token names what it was made from, and opens nothing any more when that is gone: a key that is revoked takes the tokens
//! with it that it has asked for.

use super::check::{Claimed, Verifying, check};
use super::{Refused, crypto};
use crate::Problem;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, encode};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trunkline_contract::TenantId;
use trunkline_session::unix_ms;
use trunkline_store::{Role, Secret, SigningKey, Store};
use uuid::Uuid;

/// Longest life of a token, s.
pub(crate) const MAX_TTL_S: u64 = 24 * 60 * 60;
/// A retired key is of use until the last token that it may have signed has expired, ms.
const RETIRED_MS: u64 = MAX_TTL_S * 1_000 + 60_000;
/// A key that is older signs nothing more, ms.
const RENEWED_MS: u64 = 90 * 24 * 60 * 60 * 1_000;

/// What a token of this host says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    /// What it was made from: `key:ID`, `user:ID`, `token:NAME` or `console`.
    pub(crate) sub: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// None: an operator, who names one with each request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<TenantId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scopes: Vec<String>,
    /// Unix s.
    pub(crate) iat: u64,
    /// Unix s.
    pub(crate) exp: u64,
    pub(crate) jti: Uuid,
}

/// The keys that this host signs with.
#[derive(Clone)]
pub(crate) struct SigningKeys {
    store: Store,
}

impl SigningKeys {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Signs a token with the newest key, which is made when there is none, or none that is young enough.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn sign(&self, claims: &Claims) -> Result<String, Problem> {
        crypto::install();
        let newest = self.store.signing_keys().await?.into_iter().next();
        let fresh = newest.filter(|key| !is_old(key, unix_ms())).map(|key| key.kid);
        let kid = match fresh {
            Some(kid) => kid,
            None => self.rotate().await?,
        };
        let private = self.store.signing_key(&kid).await?.ok_or_else(|| failed("the signing key is gone"))?;
        let der = URL_SAFE_NO_PAD.decode(private.expose()).map_err(|_| failed("the signing key is no key"))?;
        let header = Header { kid: Some(kid), ..Header::new(Algorithm::EdDSA) };
        encode(&header, claims, &EncodingKey::from_ed_der(&der)).map_err(|_| failed("the token could not be signed"))
    }

    /// Signs with a new key from now on; gives its name. What older keys have signed is good until it expires.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn rotate(&self) -> Result<String, Problem> {
        let now_ms = unix_ms();
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| failed("no random numbers"))?;
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).map_err(|_| failed("a new key is no key"))?;
        let kid = Uuid::now_v7().simple().to_string();
        let private = Secret::new(URL_SAFE_NO_PAD.encode(der.as_ref()));
        self.store.add_signing_key(&kid, pair.public_key().as_ref().to_vec(), private, now_ms).await?;
        self.store.forget_signing_keys(now_ms.saturating_sub(RETIRED_MS)).await?;
        Ok(kid)
    }

    /// What a token of this host says, once it has been checked.
    ///
    /// # Errors
    /// It is none.
    pub(crate) async fn verify(&self, token: &str, claimed: &Claimed, issuer: &str) -> Result<Claims, Problem> {
        let now_ms = unix_ms();
        let known = self.store.signing_keys().await?;
        let key = known.iter().find(|key| key.kid == claimed.kid && is_valid(key, now_ms));
        let key = verifying(key.ok_or(Refused::UnknownKey)?);
        Ok(check(token, claimed, &key, issuer, issuer)?)
    }

    /// The public halves of all keys that are valid (RFC 7517), for whoever wants to check tokens of this host.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn public(&self) -> Result<Value, Problem> {
        let now_ms = unix_ms();
        let keys = self.store.signing_keys().await?;
        let keys: Vec<Value> = keys.iter().filter(|key| is_valid(key, now_ms)).map(public).collect();
        Ok(json!({ "keys": keys }))
    }
}

fn is_valid(key: &SigningKey, now_ms: u64) -> bool {
    key.retired_at_ms.is_none_or(|at| now_ms < at.saturating_add(RETIRED_MS))
}

fn is_old(key: &SigningKey, now_ms: u64) -> bool {
    key.retired_at_ms.is_some() || now_ms >= key.created_at_ms.saturating_add(RENEWED_MS)
}

fn verifying(key: &SigningKey) -> Verifying {
    let decoding = DecodingKey::from_ed_der(&key.public);
    Verifying { kid: key.kid.clone(), algorithms: vec![Algorithm::EdDSA], key: decoding }
}

fn public(key: &SigningKey) -> Value {
    json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "use": "sig",
        "alg": "EdDSA",
        "kid": key.kid,
        "x": URL_SAFE_NO_PAD.encode(&key.public),
    })
}

fn failed(why: &str) -> Problem {
    tracing::error!(why, "a token could not be made");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the token could not be made; the host's log says why")
}
