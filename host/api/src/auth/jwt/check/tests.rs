//! Tokens as attackers make them.

use super::*;
use proptest::prelude::*;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use trunkline_session::unix_ms;

const ISSUER: &str = "https://voice.example.com";

/// A key of the host, and what is known of it.
struct Signer {
    pair: Ed25519KeyPair,
    known: Verifying,
}

impl Signer {
    fn new() -> Self {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
        let key = DecodingKey::from_ed_der(pair.public_key().as_ref());
        Self { pair, known: Verifying { kid: "k1".to_owned(), algorithms: vec![Algorithm::EdDSA], key } }
    }

    fn sign(&self, head: &Value, claims: &Value) -> String {
        let signed = unsigned(head, claims);
        let signature = self.pair.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    fn check(&self, token: &str) -> Result<Value, Refused> {
        let claimed = Claimed::read(token)?;
        if claimed.kid != self.known.kid {
            return Err(Refused::UnknownKey);
        }
        check(token, &claimed, &self.known, ISSUER, ISSUER)
    }
}

fn unsigned(head: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(head), part(claims))
}

fn head() -> Value {
    json!({"alg": "EdDSA", "typ": "JWT", "kid": "k1"})
}

#[allow(clippy::needless_pass_by_value, reason = "made where it is used")]
fn claims(change: Value) -> Value {
    let now_s = unix_ms() / 1_000;
    let mut claims = json!({"iss": ISSUER, "aud": ISSUER, "sub": "key:1", "iat": now_s, "exp": now_s + 600});
    json_patch::merge(&mut claims, &change);
    claims
}

#[test]
fn a_token_of_ours_is_known() {
    let signer = Signer::new();
    let token = signer.sign(&head(), &claims(json!({"role": "viewer"})));
    assert_eq!(signer.check(&token).unwrap()["role"], "viewer");
    let several = signer.sign(&head(), &claims(json!({"aud": ["else", ISSUER]})));
    assert!(signer.check(&several).is_ok());
}

#[test]
fn claims_that_are_not_for_us_are_refused() {
    let signer = Signer::new();
    let now_s = unix_ms() / 1_000;
    let claim = |name: &str| Refused::Claim(name.to_owned());
    for (change, refused) in [
        (json!({"exp": now_s - 60}), Refused::Expired),
        (json!({"exp": 0}), Refused::Expired),
        (json!({"exp": null}), claim("exp")),
        (json!({"exp": "9999999999"}), claim("exp")),
        (json!({"exp": -1}), claim("exp")),
        (json!({"nbf": now_s + 120}), Refused::Early),
        (json!({"nbf": "soon"}), claim("nbf")),
        (json!({"iss": "https://evil.example"}), Refused::Issuer),
        (json!({"iss": null}), Refused::Malformed),
        (json!({"iss": [ISSUER]}), Refused::Malformed),
        (json!({"aud": "https://other.example"}), Refused::Audience),
        (json!({"aud": []}), Refused::Audience),
        (json!({"aud": null}), claim("aud")),
        (json!({"aud": 7}), claim("aud")),
        (json!({"sub": null}), claim("sub")),
    ] {
        let token = signer.sign(&head(), &claims(change.clone()));
        assert_eq!(signer.check(&token).unwrap_err(), refused, "{change}");
    }
    assert!(signer.check(&signer.sign(&head(), &claims(json!({"exp": now_s - 10})))).is_ok(), "clocks differ a little");
}

#[test]
fn signatures_that_prove_nothing_are_refused() {
    let (signer, other) = (Signer::new(), Signer::new());
    let good = signer.sign(&head(), &claims(json!({})));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let raised = unsigned(&head(), &claims(json!({"role": "operator"})));
    for (token, refused) in [
        (other.sign(&head(), &claims(json!({}))), Refused::Signature),
        (format!("{raised}.{signature}"), Refused::Signature),
        (format!("{signed}."), Refused::Signature),
        (format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 64])), Refused::Signature),
        (format!("{signed}.{signature}AA"), Refused::Signature),
        (format!("{signed}.{signature}AAA"), Refused::Malformed),
        (format!("{signed}.{signature}.x"), Refused::Malformed),
        (signed.to_owned(), Refused::Malformed),
        (format!("{good} "), Refused::Malformed),
        (String::new(), Refused::Malformed),
        ("..".to_owned(), Refused::Malformed),
        ("a".repeat(100_000), Refused::Malformed),
    ] {
        assert_eq!(signer.check(&token).unwrap_err(), refused, "{token:.80}");
    }
}

#[test]
fn a_token_does_not_choose_how_it_is_checked() {
    let signer = Signer::new();
    let public = signer.pair.public_key().as_ref();
    let with = |alg: &str| json!({"alg": alg, "typ": "JWT", "kid": "k1"});
    // The public key, which everybody knows, taken for a shared secret.
    let confused = |alg: &str, algorithm| {
        let signed = unsigned(&with(alg), &claims(json!({})));
        let tag = hmac::sign(&hmac::Key::new(algorithm, public), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    };
    let mut forged = vec![confused("HS256", hmac::HMAC_SHA256), confused("HS512", hmac::HMAC_SHA512)];
    for alg in ["none", "None", "NONE", "", "eddsa", "RS256", "ES256", "PS256", "HS384"] {
        forged.push(format!("{}.", unsigned(&with(alg), &claims(json!({})))));
        forged.push(signer.sign(&with(alg), &claims(json!({}))));
    }
    for token in forged {
        assert_eq!(signer.check(&token).unwrap_err(), Refused::Algorithm, "{token}");
    }
}

#[test]
fn a_token_brings_no_key_of_its_own() {
    let (signer, evil) = (Signer::new(), Signer::new());
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(evil.pair.public_key().as_ref())});
    for (change, refused) in [
        (json!({"jwk": jwk}), Refused::Signature),
        (json!({"jku": "https://evil.example/keys"}), Refused::Signature),
        (json!({"kid": "k2"}), Refused::UnknownKey),
        (json!({"kid": "../../dev/null"}), Refused::UnknownKey),
        (json!({"kid": null}), Refused::NoKey),
        (json!({"kid": 7}), Refused::Malformed),
        (json!({"crit": ["exp"]}), Refused::Malformed),
        (json!({"alg": 7}), Refused::Malformed),
        (json!({"alg": null}), Refused::Malformed),
    ] {
        let mut head = head();
        json_patch::merge(&mut head, &change);
        assert_eq!(signer.check(&evil.sign(&head, &claims(json!({})))).unwrap_err(), refused, "{change}");
    }
}

#[test]
fn elliptic_keys_of_issuers_are_known_by_their_curve() {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "e1", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
    let known = super::super::issuers::verifying(&key).unwrap();
    let signed = unsigned(&json!({"alg": "ES256", "kid": "e1"}), &claims(json!({})));
    let signature = pair.sign(&random, signed.as_bytes()).unwrap();
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()));
    let claimed = Claimed::read(&token).unwrap();
    assert!(check::<Value>(&token, &claimed, &known, ISSUER, ISSUER).is_ok());
    let broken = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 64]));
    let refused = check::<Value>(&broken, &Claimed::read(&broken).unwrap(), &known, ISSUER, ISSUER);
    assert_eq!(refused.unwrap_err(), Refused::Signature);
}

proptest! {
    #[test]
    fn any_text_is_refused(text in "\\PC{0,200}|[a-zA-Z0-9_-]{0,80}\\.[a-zA-Z0-9_-]{0,80}\\.[a-zA-Z0-9_-]{0,80}") {
        prop_assert!(Claimed::read(&text).is_err());
    }
}
