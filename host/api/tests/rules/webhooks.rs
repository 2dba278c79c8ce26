use crate::Fixture;
use http::Method;
use serde_json::{Value, json};
use trunkline_store::Role;

const HOOKS: &str = "/api/v1/webhooks";

#[tokio::test]
async fn a_webhook_shows_its_secret_once_and_belongs_to_its_tenant() {
    let fixture = Fixture::new().await;
    let admin = fixture.key("acme", Role::Admin, &[]).await;
    let ask =
        async |method, path: &str, body: Option<Value>| fixture.with_bearer(&admin, method, path, body.as_ref()).await;
    let made = ask(Method::POST, HOOKS, Some(json!({"url": "https://crm.example.com/events"}))).await;
    assert_eq!(made.status, 201, "{made:?}");
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(made.json()["webhook"]["events"], json!(["call.ended", "call.result"]));
    let path = made.header("location").to_owned();
    for path in [&path, HOOKS] {
        let shown = ask(Method::GET, path, None).await;
        assert_eq!(shown.status, 200);
        assert!(!String::from_utf8_lossy(&shown.body).contains(&secret), "{shown:?}");
    }
    let new = json!({"url": "https://crm.example.com/other", "events": ["call.ended"], "active": false});
    let headers = [("authorization", admin.as_str()), ("if-match", "\"1\"")];
    let changed = fixture.send(Method::PUT, &path, &headers, Some(&new)).await;
    assert_eq!((changed.status, changed.header("etag")), (200, "\"2\""), "{changed:?}");
    assert_eq!(fixture.send(Method::PUT, &path, &headers, Some(&new)).await.problem(412), "stale-version");
    for wrong in [
        json!({"url": "ftp://x"}),
        json!({"url": "https://x", "events": []}),
        json!({"url": "https://x", "events": ["call.began"]}),
        json!({"uri": "https://x"}),
    ] {
        ask(Method::POST, HOOKS, Some(wrong)).await.problem(422);
    }
    assert_eq!(ask(Method::GET, &format!("{path}/deliveries"), None).await.json()["items"], json!([]));
    let nothing = json!({"delivery_id": "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f"});
    ask(Method::POST, &format!("{path}/redeliver"), Some(nothing.clone())).await.problem(404);
    let other = fixture.key("default", Role::Admin, &[]).await;
    for (method, path, body) in [
        (Method::GET, path.clone(), None),
        (Method::PUT, path.clone(), Some(new)),
        (Method::GET, format!("{path}/deliveries"), None),
        (Method::POST, format!("{path}/redeliver"), Some(nothing)),
        (Method::DELETE, path.clone(), None),
    ] {
        fixture.with_bearer(&other, method, &path, body.as_ref()).await.problem(404);
    }
    assert_eq!(ask(Method::DELETE, &path, None).await.status, 204);
}

#[tokio::test]
async fn a_webhook_of_anothers_agent_is_not_made() {
    let fixture = Fixture::new().await;
    let agent = fixture.operator(Method::POST, "/api/v1/agents", Some(&crate::agents::contract())).await.json();
    let admin = fixture.key("acme", Role::Admin, &[]).await;
    let body = json!({"url": "https://x.example.com", "agent_id": agent["agent_id"]});
    fixture.with_bearer(&admin, Method::POST, HOOKS, Some(&body)).await.problem(404);
}
