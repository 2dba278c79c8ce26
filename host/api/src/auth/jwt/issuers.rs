//! Issuers that the operator trusts: their keys are fetched, kept, and fetched again when a token names one that is new.

use super::Refused;
use super::check::{Claimed, Verifying, check};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use trunkline_egress::{HttpClient, HttpLimits};
use trunkline_store::Role;

/// Keys are fetched again after this.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// For a key that is not known, the issuer is asked once in this, whoever asks for it.
const ASKED_EVERY: Duration = Duration::from_secs(60);
/// Keys of one issuer.
const MOST_KEYS: usize = 100;
const LIMITS: HttpLimits = HttpLimits {
    headers_within: Duration::from_secs(5),
    idle: Duration::from_secs(5),
    total: Duration::from_secs(10),
    max_header_bytes: 16 * 1024,
    max_body_bytes: 512 * 1024,
};

/// An issuer of tokens as the configuration knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// `iss` of its tokens.
    pub issuer: String,
    /// `aud` that they must have.
    pub audience: String,
    /// Where its keys are (RFC 7517).
    pub jwks_url: String,
    /// The claim that names the role, or several of which the highest counts; a JSON pointer when it begins with `/`.
    pub role_claim: String,
    /// The claim that has the tenant's id or name; a JSON pointer when it begins with `/`.
    pub tenant_claim: String,
    /// No token of this issuer may do more.
    pub highest_role: Role,
}

/// Who a token of an issuer says somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stranger {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) role: Role,
    /// Id or name; none: an operator.
    pub(crate) tenant: Option<String>,
}

/// All issuers that are trusted. Cloning shares their keys.
#[derive(Clone, Default)]
pub(crate) struct Issuers(Arc<[Trusted]>);

struct Trusted {
    about: Issuer,
    http: HttpClient,
    keys: Mutex<Keys>,
}

#[derive(Default)]
struct Keys {
    known: Vec<Verifying>,
    fetched: Option<Instant>,
    asked: Option<Instant>,
}

impl Issuers {
    pub(crate) fn new(issuers: Vec<Issuer>, http: &HttpClient) -> Self {
        let trusted = |about| Trusted { about, http: http.clone(), keys: Mutex::default() };
        Self(issuers.into_iter().map(trusted).collect())
    }

    /// Who a token says somebody is, once it has been checked.
    ///
    /// # Errors
    /// It is not of these issuers, or not right.
    pub(crate) async fn verify(&self, token: &str, claimed: &Claimed) -> Result<Stranger, Refused> {
        let trusted = self.0.iter().find(|trusted| trusted.about.issuer == claimed.issuer).ok_or(Refused::Issuer)?;
        let key = trusted.key(&claimed.kid, Instant::now()).await?;
        let about = &trusted.about;
        let claims: Map<String, Value> = check(token, claimed, &key, &about.issuer, &about.audience)?;
        about.read(claims)
    }
}

impl Trusted {
    async fn key(&self, kid: &str, now: Instant) -> Result<Verifying, Refused> {
        let mut keys = self.keys.lock().await;
        let known = |keys: &Keys| keys.known.iter().find(|key| key.kid == kid).cloned();
        let since = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        let fresh = since(keys.fetched).is_some_and(|age| age < KEPT);
        if let Some(key) = known(&keys).filter(|_| fresh) {
            return Ok(key);
        }
        if since(keys.asked).is_none_or(|age| age >= ASKED_EVERY) {
            keys.asked = Some(now);
            match self.fetch().await {
                Ok(fetched) => {
                    keys.known = fetched;
                    keys.fetched = Some(now);
                }
                // What is known is better than nothing while the issuer cannot be reached.
                Err(error) => tracing::warn!(issuer = self.about.issuer, error, "keys of an issuer cannot be fetched"),
            }
        }
        known(&keys).ok_or(Refused::UnknownKey)
    }

    async fn fetch(&self) -> Result<Vec<Verifying>, String> {
        let request = http::Request::get(&self.about.jwks_url).header("accept", "application/json");
        let request = request.body(bytes::Bytes::new()).map_err(|error| error.to_string())?;
        let answer = self.http.send(request, &LIMITS).await.map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("it answered {}", answer.status()));
        }
        let body = answer.bytes().await.map_err(|error| error.to_string())?;
        let set: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or("it has no `keys`")?;
        Ok(keys.iter().take(MOST_KEYS).filter_map(verifying).collect())
    }
}

/// A key that signatures can be checked by; none: it is for something else.
pub(super) fn verifying(key: &Value) -> Option<Verifying> {
    let key: Jwk = serde_json::from_value(key.clone()).ok()?;
    let common = &key.common;
    if common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
        return None;
    }
    let kind = match &key.algorithm {
        AlgorithmParameters::RSA(_) => vec![
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
        AlgorithmParameters::EllipticCurve(parameters) => match parameters.curve {
            EllipticCurve::P256 => vec![Algorithm::ES256],
            EllipticCurve::P384 => vec![Algorithm::ES384],
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(parameters) if parameters.curve == EllipticCurve::Ed25519 => {
            vec![Algorithm::EdDSA]
        }
        // A shared secret in a list that everybody may read is none.
        _ => return None,
    };
    let algorithms = match common.key_algorithm {
        None => kind,
        Some(only) => vec![algorithm(only).filter(|only| kind.contains(only))?],
    };
    Some(Verifying { kid: common.key_id.clone()?, algorithms, key: DecodingKey::from_jwk(&key).ok()? })
}

fn algorithm(named: KeyAlgorithm) -> Option<Algorithm> {
    Some(match named {
        KeyAlgorithm::EdDSA => Algorithm::EdDSA,
        KeyAlgorithm::ES256 => Algorithm::ES256,
        KeyAlgorithm::ES384 => Algorithm::ES384,
        KeyAlgorithm::RS256 => Algorithm::RS256,
        KeyAlgorithm::RS384 => Algorithm::RS384,
        KeyAlgorithm::RS512 => Algorithm::RS512,
        KeyAlgorithm::PS256 => Algorithm::PS256,
        KeyAlgorithm::PS384 => Algorithm::PS384,
        KeyAlgorithm::PS512 => Algorithm::PS512,
        _ => return None,
    })
}

impl Issuer {
    fn read(&self, claims: Map<String, Value>) -> Result<Stranger, Refused> {
        let claims = Value::Object(claims);
        let missing = |claim: &str| Refused::Claim(claim.to_owned());
        let subject = claims.get("sub").and_then(Value::as_str).filter(|subject| !subject.is_empty());
        let subject = subject.ok_or_else(|| missing("sub"))?.to_owned();
        let named = match claim(&claims, &self.role_claim) {
            Some(Value::String(only)) => vec![only.as_str()],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let role = named.into_iter().filter_map(|name| name.parse::<Role>().ok()).max();
        let role = role.ok_or_else(|| missing(&self.role_claim))?.min(self.highest_role);
        let tenant = claim(&claims, &self.tenant_claim).and_then(Value::as_str).map(str::to_owned);
        if tenant.is_none() && role < Role::Operator {
            return Err(missing(&self.tenant_claim));
        }
        let tenant = tenant.filter(|_| role < Role::Operator);
        Ok(Stranger { issuer: self.issuer.clone(), subject, role, tenant })
    }
}

fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') { claims.pointer(name) } else { claims.get(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn issuer(highest_role: Role) -> Issuer {
        Issuer {
            issuer: "https://id.example.com".to_owned(),
            audience: "trunkline".to_owned(),
            jwks_url: "https://id.example.com/keys".to_owned(),
            role_claim: "/resource/roles".to_owned(),
            tenant_claim: "org".to_owned(),
            highest_role,
        }
    }

    fn read(highest: Role, claims: &Value) -> Result<Stranger, Refused> {
        issuer(highest).read(claims.as_object().unwrap().clone())
    }

    #[test]
    fn the_highest_role_counts_and_never_more_than_the_operator_allows() {
        let claims = |roles: Value| json!({"sub": "u1", "org": "acme", "resource": {"roles": roles}});
        for (highest, roles, role) in [
            (Role::Admin, json!("editor"), Role::Editor),
            (Role::Admin, json!(["viewer", "something", "admin"]), Role::Admin),
            (Role::Editor, json!(["admin"]), Role::Editor),
            (Role::Admin, json!("operator"), Role::Admin),
        ] {
            let stranger = read(highest, &claims(roles)).unwrap();
            assert_eq!((stranger.role, stranger.tenant.as_deref()), (role, Some("acme")));
        }
        let operator = read(Role::Operator, &claims(json!("operator"))).unwrap();
        assert_eq!((operator.role, operator.tenant), (Role::Operator, None));
        for (claims, missing) in [
            (json!({"org": "acme", "resource": {"roles": "viewer"}}), "sub"),
            (json!({"sub": "", "org": "acme", "resource": {"roles": "viewer"}}), "sub"),
            (json!({"sub": "u", "resource": {"roles": "viewer"}}), "org"),
            (json!({"sub": "u", "org": 7, "resource": {"roles": "viewer"}}), "org"),
            (json!({"sub": "u", "org": "acme"}), "/resource/roles"),
            (json!({"sub": "u", "org": "acme", "resource": {"roles": ["root", 7]}}), "/resource/roles"),
        ] {
            assert_eq!(read(Role::Admin, &claims), Err(Refused::Claim(missing.to_owned())), "{claims}");
        }
    }

    #[test]
    fn only_public_keys_for_signatures_are_of_use() {
        let ed = |more: Value| {
            let mut key =
                json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            verifying(&key).map(|key| key.algorithms)
        };
        assert_eq!(ed(json!({})), Some(vec![Algorithm::EdDSA]));
        assert_eq!(ed(json!({"use": "sig", "alg": "EdDSA"})), Some(vec![Algorithm::EdDSA]));
        assert_eq!(ed(json!({"use": "enc"})), None);
        assert_eq!(ed(json!({"alg": "HS256"})), None);
        assert_eq!(ed(json!({"alg": "RS256"})), None);
        assert_eq!(ed(json!({"kid": null})), None);
        for key in [
            json!({"kty": "oct", "kid": "a", "k": "c2VjcmV0"}),
            json!({"kty": "oct", "kid": "a", "k": "c2VjcmV0", "alg": "HS256"}),
            json!({"kty": "what", "kid": "a"}),
            json!("x"),
        ] {
            assert!(verifying(&key).is_none(), "{key}");
        }
    }
}
