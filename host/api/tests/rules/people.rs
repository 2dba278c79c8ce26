use crate::{Answer, Fixture};
use http::Method;
use serde_json::{Value, json};
use trunkline_contract::TenantId;
use trunkline_session::unix_ms;
use trunkline_store::{NewKey, NewUser, Role, TenantChange, TenantStatus, UserChange, hash_password};

const ME: &str = "/api/v1/auth/me";
const TOKEN: &str = "/api/v1/auth/token";
const AGENTS: &str = "/api/v1/agents";
const PASSWORD: &str = "correct horse battery";

impl Fixture {
    async fn tenant_named(&self, name: &str) -> TenantId {
        match self.store.tenants().by_name(name).await.unwrap() {
            Some(tenant) => tenant.id,
            None => self.store.tenants().create(name, 1).await.unwrap().id,
        }
    }

    /// A key of a tenant, as a header.
    pub(crate) async fn key(&self, tenant: &str, role: Role, scopes: &[&str]) -> String {
        let name = format!("{role} {}", scopes.join(" "));
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let new = NewKey { name, role, scopes, expires_at_ms: None, now_ms: unix_ms() };
        let tenant = self.tenant_named(tenant).await;
        format!("Bearer {}", self.store.tenant(tenant).keys().create(new).await.unwrap().0)
    }

    pub(crate) async fn with_bearer(&self, bearer: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.send(method, path, &[("authorization", bearer)], body).await
    }

    async fn me(&self, bearer: &str) -> Answer {
        self.with_bearer(bearer, Method::GET, ME, None).await
    }

    async fn user(&self, tenant: Option<TenantId>, email: &str, role: Role) -> trunkline_contract::UserId {
        let hash = hash_password(PASSWORD).unwrap();
        let new =
            NewUser { tenant, email: email.into(), name: "Ann".into(), role, password_hash: Some(hash), now_ms: 1 };
        self.store.users(tenant).create("test", new).await.unwrap().id
    }

    async fn password(&self, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.send(Method::POST, "/api/v1/auth/login", &[], Some(&body)).await
    }
}

#[tokio::test]
async fn a_key_may_what_its_role_and_scopes_say_and_sees_its_own_tenant_only() {
    let fixture = Fixture::new().await;
    let viewer = fixture.key("default", Role::Viewer, &[]).await;
    let me = fixture.me(&viewer).await.json();
    assert_eq!((&me["kind"], &me["role"], &me["csrf"]), (&json!("key"), &json!("viewer"), &Value::Null));
    assert_eq!((&me["name"], &me["tenant"]["name"]), (&json!("key:viewer "), &json!("default")));
    assert_eq!(fixture.with_bearer(&viewer, Method::GET, AGENTS, None).await.status, 200);
    let refused = fixture.with_bearer(&viewer, Method::POST, AGENTS, Some(&crate::agents::contract())).await;
    assert_eq!(refused.problem(403), "forbidden");
    assert!(refused.json()["detail"].as_str().unwrap().contains("the role editor"), "{refused:?}");

    let reads = fixture.key("default", Role::Admin, &["agents:read"]).await;
    assert_eq!(fixture.with_bearer(&reads, Method::GET, AGENTS, None).await.status, 200);
    let refused = fixture.with_bearer(&reads, Method::POST, AGENTS, Some(&crate::agents::contract())).await;
    assert!(refused.json()["detail"].as_str().unwrap().contains("the scope agents"), "{refused:?}");
    assert_eq!(fixture.with_bearer(&reads, Method::GET, "/api/v1/calls", None).await.problem(403), "forbidden");
    assert_eq!(fixture.me(&reads).await.json()["scopes"], json!(["agents:read"]));

    let editor = fixture.key("default", Role::Editor, &[]).await;
    let made = fixture.with_bearer(&editor, Method::POST, AGENTS, Some(&crate::agents::contract())).await;
    assert_eq!(made.json()["author"], "key:editor ", "{made:?}");
    let path = format!("{AGENTS}/{}", made.json()["agent_id"].as_str().unwrap());
    let other = fixture.key("acme", Role::Admin, &[]).await;
    fixture.with_bearer(&other, Method::GET, &path, None).await.problem(404);
    let headers = [("authorization", other.as_str()), ("x-tenant", "default")];
    fixture.send(Method::GET, AGENTS, &headers, None).await.problem(404);
    let headers = [("authorization", other.as_str()), ("x-tenant", "acme")];
    assert_eq!(fixture.send(Method::GET, AGENTS, &headers, None).await.status, 200);
}

#[tokio::test]
async fn keys_that_are_revoked_or_expired_open_nothing() {
    let fixture = Fixture::new().await;
    let tenant = fixture.store.tenant(fixture.tenant_named("default").await);
    let keys = tenant.keys();
    let (soon, now_ms) = (Some(unix_ms() - 1), unix_ms() - 10_000);
    let new = NewKey { name: "a".into(), role: Role::Admin, scopes: vec![], expires_at_ms: soon, now_ms };
    let expired = keys.create(new.clone()).await.unwrap().0;
    let (revoked, made) = keys.create(NewKey { name: "b".into(), expires_at_ms: None, ..new }).await.unwrap();
    assert_eq!(fixture.me(&format!("Bearer {revoked}")).await.status, 200);
    keys.revoke(made.id, unix_ms()).await.unwrap();
    for key in [expired, revoked, "tl_0".to_owned(), format!("tl_{}", "0".repeat(64))] {
        assert_eq!(fixture.me(&format!("Bearer {key}")).await.problem(401), "unauthorised", "{key}");
    }
}

#[tokio::test]
async fn a_suspended_tenant_is_refused_and_operators_still_see_it() {
    let fixture = Fixture::new().await;
    let acme = fixture.tenant_named("acme").await;
    let key = fixture.key("acme", Role::Admin, &[]).await;
    let change = TenantChange { status: Some(TenantStatus::Suspended), ..TenantChange::default() };
    fixture.store.tenants().update("test", acme, None, change, 1).await.unwrap();
    assert_eq!(fixture.me(&key).await.problem(403), "suspended");
    let bearer = format!("Bearer {}", fixture.token);
    let headers = [("authorization", bearer.as_str()), ("x-tenant", "acme")];
    assert_eq!(fixture.send(Method::GET, ME, &headers, None).await.status, 200);
}

#[tokio::test]
async fn a_person_logs_in_with_their_password() {
    let fixture = Fixture::new().await;
    let acme = fixture.tenant_named("acme").await;
    let user = fixture.user(Some(acme), "ann@example.com", Role::Editor).await;
    let answer = fixture.password(" Ann@Example.com ", PASSWORD).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let me = answer.json();
    assert_eq!((&me["name"], &me["role"]), (&json!("ann@example.com"), &json!("editor")));
    assert_eq!((&me["tenant"]["name"], &me["kind"]), (&json!("acme"), &json!("session")));
    let cookie = answer.cookie();
    let seen = fixture.send(Method::GET, ME, &[("cookie", &cookie)], None).await;
    assert_eq!((seen.status, seen.json()), (200, me));

    for (email, password) in [
        ("ann@example.com", "correct horse batterz"),
        ("bob@example.com", PASSWORD),
        ("", ""),
        (&"x".repeat(10_000), PASSWORD),
    ] {
        let refused = fixture.password(email, password).await;
        assert_eq!(refused.problem(401), "password");
        assert_eq!(refused.json()["detail"], "nobody has this email and this password");
        assert_eq!(refused.header("set-cookie"), "");
    }
    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    fixture.store.users(Some(acme)).update("test", user, None, change, 1).await.unwrap();
    fixture.send(Method::GET, ME, &[("cookie", &cookie)], None).await.problem(401);
    assert_eq!(fixture.password("ann@example.com", PASSWORD).await.problem(401), "password");
}

#[tokio::test]
async fn guesses_at_a_password_are_slowed_down() {
    let fixture = Fixture::new().await;
    let mut refused = None;
    // Each check takes a while, in which the next try is earned.
    for _ in 0..40 {
        let answer = fixture.password("ann@example.com", "wrong wrong wrong").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.unwrap();
    assert_eq!(refused.problem(429), "too-many-logins");
    assert!((1..=6).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    fixture.password("bob@example.com", "wrong wrong wrong").await.problem(401);
}

#[tokio::test]
async fn somebody_logs_in_with_a_code_or_a_password_and_not_with_both() {
    let fixture = Fixture::new().await;
    for body in [
        json!({"email": "a@example.com"}),
        json!({"password": "x"}),
        json!({"code": "x", "email": "a@example.com", "password": "x"}),
    ] {
        let refused = fixture.send(Method::POST, "/api/v1/auth/login", &[], Some(&body)).await;
        assert_eq!(refused.problem(422), "invalid");
    }
}

#[tokio::test]
async fn a_token_may_no_more_than_who_asked_for_it() {
    let fixture = Fixture::new().await;
    let admin = fixture.key("acme", Role::Admin, &["agents", "calls:read"]).await;
    let ask = async |bearer: &str, body: Value| fixture.with_bearer(bearer, Method::POST, TOKEN, Some(&body)).await;
    let made = ask(&admin, json!({"role": "viewer", "ttl_s": 60, "scopes": ["agents:read"]})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let token = made.json();
    assert_eq!((&token["role"], &token["scopes"]), (&json!("viewer"), &json!(["agents:read"])));
    let left = token["expires_at_ms"].as_u64().unwrap().saturating_sub(unix_ms());
    assert!((55_000..=61_000).contains(&left), "{left}");
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let me = fixture.me(&bearer).await.json();
    assert_eq!((&me["kind"], &me["role"], &me["tenant"]["name"]), (&json!("token"), &json!("viewer"), &json!("acme")));
    assert_eq!(fixture.with_bearer(&bearer, Method::GET, AGENTS, None).await.status, 200);
    fixture.with_bearer(&bearer, Method::GET, "/api/v1/calls", None).await.problem(403);
    let headers = [("authorization", bearer.as_str()), ("x-tenant", "default")];
    fixture.send(Method::GET, AGENTS, &headers, None).await.problem(404);
    assert_eq!(ask(&bearer, json!({})).await.problem(403), "forbidden", "a token makes no tokens");

    for (body, pointer) in [
        (json!({"role": "operator"}), "/role"),
        (json!({"scopes": ["numbers"]}), "/scopes/0"),
        (json!({"scopes": ["agents", "calls"]}), "/scopes/1"),
        (json!({"ttl_s": 86_401}), "/ttl_s"),
        (json!({"rle": "viewer"}), "/rle"),
    ] {
        let refused = ask(&admin, body).await;
        assert_eq!(
            (refused.problem(422), &refused.json()["errors"][0]["pointer"]),
            ("invalid".into(), &json!(pointer))
        );
    }
}

#[tokio::test]
async fn a_token_opens_nothing_any_more_when_its_key_does_not() {
    let fixture = Fixture::new().await;
    let tenant = fixture.store.tenant(fixture.tenant_named("acme").await);
    let new = NewKey { name: "ci".into(), role: Role::Editor, scopes: vec![], expires_at_ms: None, now_ms: unix_ms() };
    let (key, made) = tenant.keys().create(new).await.unwrap();
    let token = fixture.with_bearer(&format!("Bearer {key}"), Method::POST, TOKEN, Some(&json!({}))).await.json();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    assert_eq!(fixture.me(&bearer).await.status, 200);
    tenant.keys().revoke(made.id, unix_ms()).await.unwrap();
    assert_eq!(fixture.me(&bearer).await.problem(401), "unauthorised");

    let operator = fixture.operator(Method::POST, TOKEN, Some(&json!({}))).await.json();
    assert_eq!((&operator["role"], &operator["tenant_id"]), (&json!("operator"), &Value::Null));
    let bearer = format!("Bearer {}", operator["token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("x-tenant", "acme")];
    assert_eq!(fixture.send(Method::GET, ME, &headers, None).await.json()["tenant"]["name"], "acme");
    fixture.store.operator_tokens().revoke("first", 2).await.unwrap();
    fixture.me(&bearer).await.problem(401);
}

#[tokio::test]
async fn a_key_that_is_retired_is_good_for_what_it_has_signed() {
    let fixture = Fixture::new().await;
    let token = fixture.operator(Method::POST, TOKEN, Some(&json!({}))).await.json();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let keys = async || fixture.send(Method::GET, "/.well-known/jwks.json", &[], None).await;
    let before = keys().await;
    assert_eq!((before.status, before.header("cache-control")), (200, "public, max-age=60"));
    let rotated = fixture.operator(Method::POST, "/api/v1/auth/signing-keys", None).await;
    assert_eq!(rotated.status, 201);
    let after = keys().await.json();
    let after = after["keys"].as_array().unwrap();
    assert_eq!((before.json()["keys"].as_array().unwrap().len(), after.len()), (1, 2));
    assert_eq!(after[0]["kid"], rotated.json()["kid"]);
    assert!(
        after.iter().all(|key| key["kty"] == "OKP" && key["alg"] == "EdDSA" && key.get("d").is_none()),
        "{after:?}"
    );
    assert_eq!(fixture.me(&bearer).await.status, 200);
}

#[tokio::test]
async fn forged_tokens_open_nothing() {
    let fixture = Fixture::new().await;
    let token = fixture.operator(Method::POST, TOKEN, Some(&json!({}))).await.json();
    let token = token["token"].as_str().unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    for forged in [
        format!("{signed}."),
        format!("{signed}.{}", "A".repeat(86)),
        // {"alg":"none","kid":"x"}
        format!("eyJhbGciOiJub25lIiwia2lkIjoieCJ9.{}.", signed.split_once('.').unwrap().1),
        format!("x{token}"),
        format!("{token}x"),
        format!("{signature}.{signed}"),
    ] {
        assert_eq!(fixture.me(&format!("Bearer {forged}")).await.problem(401), "unauthorised", "{forged}");
    }
    assert_eq!(fixture.me(&format!("Bearer {token}")).await.status, 200);
}
