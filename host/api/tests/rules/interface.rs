//! What holds for every operation.

use crate::Fixture;
use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use trunkline_api::RateLimits;
use trunkline_store::Role;

const AGENTS: &str = "/api/v1/agents";

#[tokio::test]
async fn a_request_that_comes_twice_is_carried_out_once() {
    let fixture = Fixture::new().await;
    let key = fixture.key("default", Role::Editor, &[]).await;
    let ask = async |name: &str, body: &Value| {
        let headers = [("authorization", key.as_str()), ("idempotency-key", name)];
        fixture.send(Method::POST, AGENTS, &headers, Some(body)).await
    };
    let contract = crate::agents::contract();
    let first = ask("a", &contract).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""), "{first:?}");
    let again = ask("a", &contract).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"), "{again:?}");
    assert_eq!((again.json(), again.header("location")), (first.json(), first.header("location")));
    assert_eq!((again.header("etag"), again.header("content-type")), ("\"1\"", "application/json"));
    let mut other = contract.clone();
    other["name"] = json!("Another");
    assert_eq!(ask("a", &other).await.problem(422), "idempotency-key");
    assert_eq!(ask("b", &other).await.status, 201);
    // What was refused is refused again in the same words.
    let refused = ask("c", &json!({"name": ""})).await;
    assert_eq!(refused.problem(422), "invalid");
    let again = ask("c", &json!({"name": ""})).await;
    assert_eq!((again.problem(422), again.header("idempotency-replayed")), ("invalid".into(), "true"));
    let list = fixture.with_bearer(&key, Method::GET, AGENTS, None).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    // A key of somebody else is another key.
    let theirs = fixture.key("default", Role::Admin, &[]).await;
    let headers = [("authorization", theirs.as_str()), ("idempotency-key", "a")];
    assert_eq!(fixture.send(Method::POST, AGENTS, &headers, Some(&contract)).await.problem(409), "conflict");
    for wrong in ["", "a b", &"x".repeat(201)] {
        assert_eq!(ask(wrong, &contract).await.problem(400), "invalid-header", "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_requests_that_come_at_once_one_is_carried_out() {
    let fixture = Fixture::new().await;
    let key = fixture.key("default", Role::Editor, &[]).await;
    let headers = [("authorization", key.as_str()), ("idempotency-key", "a")];
    let contract = crate::agents::contract();
    let all = futures::future::join_all((0..6).map(|_| fixture.send(Method::POST, AGENTS, &headers, Some(&contract))));
    for answer in all.await {
        match answer.status {
            201 => {}
            409 => assert_eq!(answer.problem(409), "running"),
            _ => panic!("{answer:?}"),
        }
    }
    let list = fixture.with_bearer(&key, Method::GET, AGENTS, None).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_shown_once_is_shown_again_to_whoever_repeats_the_request() {
    let fixture = Fixture::new().await;
    let key = fixture.key("default", Role::Editor, &[]).await;
    let headers = [("authorization", key.as_str()), ("idempotency-key", "t")];
    let ask = async || fixture.send(Method::POST, "/api/v1/auth/token", &headers, Some(&json!({}))).await.json();
    assert_eq!(ask().await, ask().await);
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let limits = RateLimits { per_key: 3, per_tenant: 0 };
    let fixture = Fixture::with(|api| api.with_rates(limits)).await;
    let key = fixture.key("default", Role::Viewer, &[]).await;
    for left in ["2", "1", "0"] {
        let answer = fixture.with_bearer(&key, Method::GET, AGENTS, None).await;
        assert_eq!((answer.status, answer.header("ratelimit-limit")), (200, "3"));
        assert_eq!(answer.header("ratelimit-remaining"), left);
    }
    let refused = fixture.with_bearer(&key, Method::GET, AGENTS, None).await;
    assert_eq!(refused.problem(429), "too-many-requests");
    assert_eq!((refused.header("retry-after"), refused.header("ratelimit-remaining")), ("20", "0"));
    assert_eq!(fixture.operator(Method::GET, AGENTS, None).await.status, 200);
}

#[tokio::test]
async fn parameters_that_are_misspelt_are_not_ignored() {
    let fixture = Fixture::new().await;
    let refused = fixture.operator(Method::GET, "/api/v1/agents?limt=3", None).await;
    assert_eq!(refused.problem(400), "invalid-query");
    assert_eq!(refused.json()["detail"], "`limt` is not a parameter of this operation: did you mean `limit`?");
    for query in ["limit=0", "limit=501", "limit=x", "limit=-1"] {
        let refused = fixture.operator(Method::GET, &format!("{AGENTS}?{query}"), None).await;
        assert_eq!(refused.problem(400), "invalid-query", "{query}");
    }
}

#[tokio::test]
async fn answers_are_named_and_kept_by_nobody() {
    let fixture = Fixture::new().await;
    let answer = fixture.operator(Method::GET, AGENTS, None).await;
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("referrer-policy", "no-referrer"),
        ("strict-transport-security", "max-age=31536000"),
        ("access-control-allow-origin", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let refused = fixture.send(Method::GET, AGENTS, &[], None).await;
    refused.problem(401);
    let id = refused.header("x-request-id");
    assert_eq!(refused.json()["instance"], format!("urn:uuid:{id}"));
    assert_ne!(id, answer.header("x-request-id"));
    // What the framework refuses is named, too.
    let request = Request::post(AGENTS).header("authorization", format!("Bearer {}", fixture.token));
    let large = request.header("content-type", "application/json").body(Body::from(vec![b' '; 600_000])).unwrap();
    let large = fixture.ask(large).await;
    assert_eq!(large.problem(413), "too-large");
    assert!(large.json()["instance"].is_string());
    let wrong = fixture.operator(Method::DELETE, AGENTS, None).await;
    assert_eq!((wrong.problem(405), wrong.header("allow")), ("method-not-allowed".into(), "GET,HEAD,POST"));
}

#[tokio::test]
async fn pages_of_named_origins_may_ask_and_others_may_not() {
    let origins = ["https://app.example.com".to_owned()];
    let fixture = Fixture::with(|api| api.with_cors(&origins)).await;
    let bearer = format!("Bearer {}", fixture.token);
    let ask = async |method: Method, origin: &str| {
        let headers =
            [("authorization", bearer.as_str()), ("origin", origin), ("access-control-request-method", "PATCH")];
        fixture.send(method, AGENTS, &headers, None).await
    };
    let preflight = ask(Method::OPTIONS, "https://app.example.com").await;
    assert_eq!((preflight.status, preflight.body.len()), (204, 0));
    assert!(preflight.header("access-control-allow-headers").contains("idempotency-key"));
    let answer = ask(Method::GET, "https://app.example.com").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "https://app.example.com"));
    assert!(answer.header("access-control-expose-headers").contains("etag"));
    ask(Method::OPTIONS, "https://evil.example").await.problem(405);
    assert_eq!(ask(Method::GET, "https://evil.example").await.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn the_document_is_for_everybody() {
    let fixture = Fixture::new().await;
    let document = fixture.send(Method::GET, "/api/v1/openapi.json", &[], None).await;
    assert_eq!((document.status, document.header("content-type")), (200, "application/json"));
    assert_eq!(document.json()["openapi"], "3.1.0");
    let schema = fixture.send(Method::GET, "/api/v1/contract/schema", &[], None).await;
    assert_eq!(schema.json()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}
