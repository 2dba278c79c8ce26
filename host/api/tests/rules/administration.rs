//! Tenants, people, keys, secrets, and who did what.

use crate::{Answer, Fixture};
use http::Method;
use serde_json::{Value, json};
use trunkline_session::unix_ms;
use trunkline_store::Role;

const TENANTS: &str = "/api/v1/tenants";
const USERS: &str = "/api/v1/users";
const KEYS: &str = "/api/v1/keys";
const SECRETS: &str = "/api/v1/secrets";

impl Fixture {
    async fn tagged(&self, bearer: &str, method: Method, path: &str, tag: &str, body: &Value) -> Answer {
        self.send(method, path, &[("authorization", bearer), ("if-match", tag)], Some(body)).await
    }
}

#[tokio::test]
async fn operators_make_tenants_and_tenants_see_themselves_only() {
    let fixture = Fixture::new().await;
    let made = fixture.operator(Method::POST, TENANTS, Some(&json!({"name": "acme"}))).await;
    assert_eq!((made.status, made.header("etag")), (201, "\"1\""), "{made:?}");
    let path = made.header("location").to_owned();
    let again = fixture.operator(Method::POST, TENANTS, Some(&json!({"name": "acme"}))).await;
    assert_eq!(again.problem(409), "conflict");
    let (own, other) = (fixture.key("acme", Role::Admin, &[]).await, fixture.key("default", Role::Admin, &[]).await);
    assert_eq!(fixture.with_bearer(&own, Method::GET, &path, None).await.json(), made.json());
    fixture.with_bearer(&other, Method::GET, &path, None).await.problem(404);
    for (method, path) in [(Method::GET, TENANTS), (Method::POST, TENANTS), (Method::PATCH, &path)] {
        let body = json!({"name": "x"});
        let body = Some(&body).filter(|_| method != Method::GET);
        assert_eq!(fixture.with_bearer(&own, method, path, body).await.problem(403), "forbidden");
    }
    let bearer = format!("Bearer {}", fixture.token);
    let limits = json!({"limits": {"max_calls": 2, "requests_per_minute": 5}});
    assert_eq!(fixture.tagged(&bearer, Method::PATCH, &path, "\"1\"", &limits).await.header("etag"), "\"2\"");
    assert_eq!(fixture.tagged(&bearer, Method::PATCH, &path, "\"1\"", &limits).await.problem(412), "stale-version");
    assert_eq!(fixture.with_bearer(&own, Method::GET, &path, None).await.header("ratelimit-limit"), "5");
    let wrong = fixture.operator(Method::PATCH, &path, Some(&json!({"limits": {"max_cals": 2}}))).await;
    assert_eq!(wrong.problem(422), "invalid");
    let fault = wrong.json()["errors"][0].clone();
    assert_eq!(fault["pointer"], "/limits/max_cals");
    assert!(fault["message"].as_str().unwrap().contains("did you mean `max_calls`?"), "{fault}");
}

#[tokio::test]
async fn a_tenant_is_suspended_and_not_deleted() {
    let fixture = Fixture::new().await;
    let key = fixture.key("acme", Role::Admin, &[]).await;
    let me = fixture.with_bearer(&key, Method::GET, "/api/v1/auth/me", None).await.json();
    let path = format!("{TENANTS}/{}", me["tenant"]["id"].as_str().unwrap());
    let gone = fixture.operator(Method::DELETE, &path, None).await;
    assert_eq!((gone.status, &gone.json()["status"]), (200, &json!("suspended")));
    assert_eq!(fixture.with_bearer(&key, Method::GET, &path, None).await.problem(403), "suspended");
    let back = fixture.operator(Method::PATCH, &path, Some(&json!({"status": "active"}))).await;
    assert_eq!(back.status, 200);
    assert_eq!(fixture.with_bearer(&key, Method::GET, &path, None).await.status, 200);
    let me = fixture.operator(Method::GET, "/api/v1/auth/me", None).await.json();
    let own = format!("{TENANTS}/{}", me["tenant"]["id"].as_str().unwrap());
    assert_eq!(fixture.operator(Method::DELETE, &own, None).await.problem(409), "in-use");
}

#[tokio::test]
async fn admins_look_after_their_people_and_give_no_more_than_they_have() {
    let fixture = Fixture::new().await;
    let admin = fixture.key("acme", Role::Admin, &[]).await;
    let new = json!({"email": "ann@example.com", "name": "Ann", "role": "editor", "password": "correct horse battery"});
    let made = fixture.with_bearer(&admin, Method::POST, USERS, Some(&new)).await;
    assert_eq!((made.status, made.header("etag")), (201, "\"1\""), "{made:?}");
    assert!(!String::from_utf8_lossy(&made.body).contains("argon2"), "{made:?}");
    let path = made.header("location").to_owned();
    assert_eq!(fixture.with_bearer(&admin, Method::POST, USERS, Some(&new)).await.problem(409), "conflict");
    let other = fixture.key("default", Role::Admin, &[]).await;
    for (method, body) in [(Method::GET, None), (Method::PATCH, Some(json!({"name": "x"}))), (Method::DELETE, None)] {
        fixture.with_bearer(&other, method, &path, body.as_ref()).await.problem(404);
    }
    for (body, status) in [(json!({"role": "operator"}), 403), (json!({"role": "root"}), 422), (json!({"nme": 1}), 422)]
    {
        fixture.with_bearer(&admin, Method::PATCH, &path, Some(&body)).await.problem(status);
    }
    for path in [format!("{USERS}?operators=true"), format!("{path}?operators=true")] {
        assert_eq!(fixture.with_bearer(&admin, Method::GET, &path, None).await.problem(403), "forbidden");
    }
    let scoped = fixture.key("acme", Role::Admin, &["users"]).await;
    assert_eq!(fixture.with_bearer(&scoped, Method::GET, &path, None).await.status, 200);
    let raised = json!({"email": "eve@example.com", "name": "Eve", "role": "admin"});
    assert_eq!(fixture.with_bearer(&scoped, Method::POST, USERS, Some(&raised)).await.problem(403), "forbidden");
    let changed = fixture.tagged(&admin, Method::PATCH, &path, "\"1\"", &json!({"role": "viewer"})).await;
    assert_eq!((changed.status, &changed.json()["role"]), (200, &json!("viewer")));
    let late = fixture.tagged(&admin, Method::PATCH, &path, "\"1\"", &json!({"role": "admin"})).await;
    assert_eq!(late.problem(412), "stale-version");
    let link = fixture.with_bearer(&admin, Method::POST, &format!("{path}/link"), None).await.json();
    let code = link["url"].as_str().unwrap().split("#login=").nth(1).unwrap().to_owned();
    let opened = fixture.login(&code).await;
    assert_eq!((opened.status, &opened.json()["name"]), (200, &json!("ann@example.com")));
    assert_eq!(fixture.with_bearer(&admin, Method::DELETE, &path, None).await.status, 204);
    let session = [("cookie", opened.cookie())];
    let session = session.each_ref().map(|(name, value)| (*name, value.as_str()));
    fixture.send(Method::GET, "/api/v1/auth/me", &session, None).await.problem(401);
}

#[tokio::test]
async fn a_key_is_shown_once_and_gives_no_more_than_its_maker_has() {
    let fixture = Fixture::new().await;
    let admin = fixture.key("acme", Role::Admin, &["keys", "agents:read"]).await;
    let ask = async |body: Value| fixture.with_bearer(&admin, Method::POST, KEYS, Some(&body)).await;
    let made = ask(json!({"name": "ci", "role": "viewer"})).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json()["key"]["scopes"], json!(["keys", "agents:read"]), "no scopes: those of the maker");
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("tl_") && secret.len() == 67, "{secret}");
    let path = made.header("location").to_owned();
    for path in [&path, KEYS] {
        let shown = fixture.with_bearer(&admin, Method::GET, path, None).await;
        assert_eq!(shown.status, 200);
        assert!(!String::from_utf8_lossy(&shown.body).contains(&secret[11..]), "{shown:?}");
    }
    for (body, pointer) in [
        (json!({"name": "x", "role": "viewer", "scopes": ["agents"]}), "/scopes/0"),
        (json!({"name": "x", "role": "viewer", "scopes": ["keys", "agnets"]}), "/scopes/1"),
        (json!({"name": "", "role": "viewer"}), "/name"),
        (json!({"name": "x", "role": "viewer", "expires": 1}), "/expires"),
    ] {
        let refused = ask(body).await;
        refused.problem(422);
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }
    assert_eq!(ask(json!({"name": "x", "role": "operator"})).await.problem(403), "forbidden");
    ask(json!({"name": "x", "role": "viewer", "expires_at_ms": unix_ms() - 1})).await.problem(400);
    assert_eq!(ask(json!({"name": "ci", "role": "viewer"})).await.problem(409), "conflict");
    let bearer = format!("Bearer {secret}");
    assert_eq!(fixture.with_bearer(&bearer, Method::GET, "/api/v1/agents", None).await.status, 200);
    assert_eq!(fixture.with_bearer(&admin, Method::DELETE, &path, None).await.status, 200);
    fixture.with_bearer(&bearer, Method::GET, "/api/v1/agents", None).await.problem(401);
    let other = fixture.key("default", Role::Admin, &[]).await;
    for method in [Method::GET, Method::DELETE] {
        fixture.with_bearer(&other, method, &path, None).await.problem(404);
    }
}

#[tokio::test]
async fn a_secret_is_set_and_never_shown() {
    let fixture = Fixture::new().await;
    let admin = fixture.key("acme", Role::Admin, &[]).await;
    let other = fixture.key("default", Role::Admin, &[]).await;
    let path = format!("{SECRETS}/crm_token");
    let value = "hunter2-hunter2";
    for (status, version) in [(201, 1), (200, 2)] {
        let set = fixture.with_bearer(&admin, Method::PUT, &path, Some(&json!({ "value": value }))).await;
        assert_eq!((set.status, &set.json()["version"]), (status, &json!(version)));
        assert!(!String::from_utf8_lossy(&set.body).contains(value));
    }
    for path in [&path, SECRETS, "/api/v1/audit"] {
        let shown = fixture.with_bearer(&admin, Method::GET, path, None).await;
        assert_eq!(shown.status, 200);
        assert!(!String::from_utf8_lossy(&shown.body).contains(value), "{path}");
    }
    fixture.with_bearer(&other, Method::GET, &path, None).await.problem(404);
    fixture.with_bearer(&other, Method::DELETE, &path, None).await.problem(404);
    for name in ["9x", "a.b", &"x".repeat(65)] {
        let (path, body) = (format!("{SECRETS}/{name}"), json!({"value": "x"}));
        fixture.with_bearer(&admin, Method::PUT, &path, Some(&body)).await.problem(400);
    }
    assert_eq!(fixture.with_bearer(&admin, Method::DELETE, &path, None).await.status, 204);
    fixture.with_bearer(&admin, Method::DELETE, &path, None).await.problem(404);
}

#[tokio::test]
async fn the_audit_log_names_who_did_what() {
    let fixture = Fixture::new().await;
    let editor = fixture.key("acme", Role::Editor, &[]).await;
    let admin = fixture.key("acme", Role::Admin, &[]).await;
    let made = fixture.with_bearer(&editor, Method::POST, "/api/v1/agents", Some(&crate::agents::contract())).await;
    let agent = made.json()["agent_id"].clone();
    let list = fixture.with_bearer(&admin, Method::GET, "/api/v1/audit?action=agent", None).await.json();
    let entry = &list["items"][0];
    assert_eq!((&entry["actor"], &entry["action"]), (&json!("key:editor "), &json!("agent.create")), "{list}");
    assert_eq!((&entry["target"], &entry["before_hash"]), (&agent, &Value::Null));
    assert_eq!(entry["after_hash"].as_str().unwrap().len(), 64);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    fixture.with_bearer(&editor, Method::GET, "/api/v1/audit", None).await.problem(403);
    assert_eq!(
        fixture.with_bearer(&admin, Method::GET, "/api/v1/audit?host=true", None).await.problem(403),
        "forbidden"
    );
    let other = fixture.key("default", Role::Admin, &[]).await;
    let list = fixture.with_bearer(&other, Method::GET, "/api/v1/audit?action=agent", None).await.json();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn a_caller_is_erased_by_number_or_user_and_not_by_both() {
    let fixture = Fixture::new().await;
    let admin = fixture.key("acme", Role::Admin, &[]).await;
    let ask = async |body: Value| fixture.with_bearer(&admin, Method::POST, "/api/v1/erasures", Some(&body)).await;
    let erased = ask(json!({"number": "+15550100"})).await;
    assert_eq!((erased.status, &erased.json()["calls"]), (200, &json!(0)));
    for body in [json!({}), json!({"number": "+15550100", "user": "a"}), json!({"number": "555"}), json!({"phone": 1})]
    {
        ask(body).await.problem(422);
    }
    let log = fixture.with_bearer(&admin, Method::GET, "/api/v1/audit?action=caller", None).await;
    assert!(!String::from_utf8_lossy(&log.body).contains("15550100"), "{log:?}");
}
