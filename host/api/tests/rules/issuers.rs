//! Tokens of an issuer that the operator trusts: its keys are fetched over the network.

use crate::Fixture;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use trunkline_api::Issuer;
use trunkline_egress::{Egress, Policy};
use trunkline_session::unix_ms;
use trunkline_store::Role;

const ISSUER: &str = "https://id.example.com";

/// An issuer with its own server.
struct Provider {
    keys: Mutex<Vec<(String, Ed25519KeyPair)>>,
    asked: AtomicUsize,
}

impl Provider {
    fn new() -> Arc<Self> {
        let provider = Arc::new(Self { keys: Mutex::default(), asked: AtomicUsize::new(0) });
        provider.rotate("k1");
        provider
    }

    fn rotate(&self, kid: &str) {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        self.keys.lock().unwrap().push((kid.to_owned(), Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap()));
    }

    fn sign(&self, kid: &str, change: &Value) -> String {
        let now_s = unix_ms() / 1_000;
        let mut claims =
            json!({"iss": ISSUER, "aud": "trunkline", "sub": "u1", "exp": now_s + 60, "role": "editor", "org": "acme"});
        json_patch::merge(&mut claims, change);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "EdDSA", "kid": kid})), part(&claims));
        let keys = self.keys.lock().unwrap();
        let (_, pair) = keys.iter().find(|(known, _)| known == kid).unwrap();
        format!("Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()).as_ref()))
    }
}

async fn keys(State(provider): State<Arc<Provider>>) -> String {
    provider.asked.fetch_add(1, Ordering::SeqCst);
    let keys = provider.keys.lock().unwrap();
    let shown = keys.iter().map(|(kid, pair)| {
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": kid, "x": x})
    });
    json!({"keys": shown.collect::<Vec<_>>()}).to_string()
}

async fn trusting(provider: &Arc<Provider>) -> Fixture {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/keys", get(keys)).with_state(Arc::clone(provider));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let http = Egress::new(Vec::new()).unwrap().http(Policy::trusted()).unwrap();
    let issuer = Issuer {
        issuer: ISSUER.to_owned(),
        audience: "trunkline".to_owned(),
        jwks_url: format!("http://{address}/keys"),
        role_claim: "role".to_owned(),
        tenant_claim: "org".to_owned(),
        highest_role: Role::Admin,
    };
    let fixture = Fixture::with(|api| api.with_issuers(vec![issuer], &http)).await;
    fixture.store.tenants().create("acme", 1).await.unwrap();
    fixture
}

async fn me(fixture: &Fixture, bearer: &str) -> crate::Answer {
    fixture.with_bearer(bearer, Method::GET, "/api/v1/auth/me", None).await
}

#[tokio::test]
async fn somebody_of_a_trusted_issuer_is_known_by_role_and_tenant() {
    let provider = Provider::new();
    let fixture = trusting(&provider).await;
    let known = me(&fixture, &provider.sign("k1", &json!({}))).await.json();
    assert_eq!((&known["role"], &known["tenant"]["name"]), (&json!("editor"), &json!("acme")));
    assert_eq!(known["name"], format!("{ISSUER}#u1"));
    let raised = me(&fixture, &provider.sign("k1", &json!({"role": "operator"}))).await.json();
    assert_eq!(raised["role"], "admin", "never more than the operator allows");
    for change in [
        json!({"iss": "https://evil.example"}),
        json!({"aud": "other"}),
        json!({"exp": 1}),
        json!({"org": "nobody"}),
        json!({"org": null}),
        json!({"role": "root"}),
        json!({"sub": null}),
    ] {
        assert_eq!(me(&fixture, &provider.sign("k1", &change)).await.problem(401), "unauthorised", "{change}");
    }
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1, "its keys are kept");
}

#[tokio::test]
async fn an_issuer_is_not_asked_again_and_again_for_a_key_that_nobody_knows() {
    let provider = Provider::new();
    let fixture = trusting(&provider).await;
    assert_eq!(me(&fixture, &provider.sign("k1", &json!({}))).await.status, 200);
    provider.rotate("k2");
    for _ in 0..5 {
        assert_eq!(me(&fixture, &provider.sign("k2", &json!({}))).await.problem(401), "unauthorised");
    }
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1, "once a minute at most");
    assert_eq!(me(&fixture, &provider.sign("k1", &json!({}))).await.status, 200);
}

#[tokio::test]
async fn a_new_key_of_an_issuer_is_fetched_when_it_is_first_seen() {
    let provider = Provider::new();
    provider.rotate("k2");
    let fixture = trusting(&provider).await;
    assert_eq!(me(&fixture, &provider.sign("k2", &json!({}))).await.status, 200);
    assert_eq!(me(&fixture, &provider.sign("k1", &json!({}))).await.status, 200);
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_token_makes_no_tokens_of_ours() {
    let provider = Provider::new();
    let fixture = trusting(&provider).await;
    let bearer = provider.sign("k1", &json!({}));
    let asked = fixture.with_bearer(&bearer, Method::POST, "/api/v1/auth/token", Some(&json!({}))).await;
    assert_eq!(asked.problem(403), "forbidden");
}
