//! Every route of the REST interface: who is let in, and whose things are shown.

use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use crate::by_hand::{Answer, Hand, until};
use crate::world::{NUMBER, Setting, World, contract};

/// Asks as the scenario wants.
struct Client {
    hand: Hand,
}

impl Client {
    async fn ask(&self, method: &Method, path: &str, token: Option<&str>, tenant: Option<&str>) -> Answer {
        let mut request = self.hand.http.request(method.clone(), format!("{}/api/v1{path}", self.hand.origin));
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        if let Some(tenant) = tenant {
            request = request.header("x-tenant", tenant);
        }
        if *method != Method::GET {
            request = request.json(&body(path));
        }
        Answer::of(request).await
    }
}

fn body(path: &str) -> Value {
    match path.split_once('#') {
        // The agent to be assigned stands behind a `#`, which is not sent.
        Some((_, agent)) => json!({"agent_id": agent}),
        None if path == "/documents" => json!({"name": "Handbook", "text": "The garage is behind the house."}),
        None if path == "/documents/search" => json!({"query": "garage"}),
        // No two agents of a tenant have one name.
        None if path == "/agents" => {
            static MADE: AtomicUsize = AtomicUsize::new(0);
            let mut contract = contract();
            contract["name"] = json!(format!("Desk {}", MADE.fetch_add(1, Ordering::Relaxed)));
            contract
        }
        None => contract(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_who_it_is_and_shows_a_tenant_only_its_own() {
    // The account belongs to another tenant, which is thereby made.
    let world = World::start_with(Setting::default(), |spec| spec.account.tenant = Some("acme".to_owned())).await;
    let client = Client { hand: Hand::of(&world.host) };
    let operator = format!("Bearer {}", world.api.token());

    // A call of the other tenant.
    let acme = Some("acme");
    let made = client.ask(&Method::POST, "/agents", Some(&operator), acme).await;
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let theirs = made["agent_id"].as_str().unwrap().to_owned();
    let number = "/phone-numbers/+15550200/assign";
    let assigned = client.ask(&Method::POST, &format!("{number}#{theirs}"), Some(&operator), acme).await;
    assert_eq!(assigned.status, 200, "{assigned:?}");
    let mut form = client.hand.form("CA0000000000000000000000000000000c", "ringing");
    form = form.pairs().map(|(name, value)| (name, if name == "To" { "+15550200" } else { value })).collect();
    assert_eq!(client.hand.signed(&client.hand.voice_path(), &form).await.status, 200);
    let calls: Value =
        serde_json::from_str(&client.ask(&Method::GET, "/calls", Some(&operator), acme).await.body).unwrap();
    let call = calls["items"][0]["id"].as_str().unwrap().to_owned();

    // The account's calls do not reach the first tenant's number.
    let foreign = client.hand.ring("CA0000000000000000000000000000000d").await;
    assert!(foreign.body.contains("not in service"), "{foreign:?}");

    let made = client.ask(&Method::POST, "/documents", Some(&operator), acme).await;
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let document = made["id"].as_str().unwrap().to_owned();

    let routes = [
        (Method::GET, "/auth/me".to_owned(), 200, 200),
        (Method::POST, "/auth/links".to_owned(), 201, 201),
        (Method::POST, "/auth/logout".to_owned(), 204, 204),
        (Method::PUT, format!("/agents/{theirs}"), 200, 404),
        (Method::PATCH, format!("/agents/{theirs}"), 200, 404),
        (Method::GET, format!("/agents/{theirs}/versions"), 200, 404),
        (Method::POST, format!("/agents/{theirs}/set-default"), 200, 404),
        (Method::GET, "/agents/current".to_owned(), 200, 200),
        (Method::GET, "/threads".to_owned(), 200, 200),
        (Method::GET, "/documents".to_owned(), 200, 200),
        (Method::POST, "/documents".to_owned(), 201, 201),
        (Method::POST, "/documents/search".to_owned(), 200, 200),
        (Method::GET, format!("/documents/{document}"), 200, 404),
        (Method::DELETE, format!("/documents/{document}"), 204, 404),
        (Method::GET, format!("/calls/{call}/latency"), 200, 404),
        (Method::POST, format!("/calls/{call}/hangup"), 202, 404),
        (Method::GET, "/agents".to_owned(), 200, 200),
        (Method::POST, "/agents".to_owned(), 201, 201),
        (Method::POST, "/agents/validate".to_owned(), 200, 200),
        (Method::GET, format!("/agents/{theirs}"), 200, 404),
        (Method::GET, "/calls".to_owned(), 200, 200),
        (Method::GET, format!("/calls/{call}"), 200, 404),
        (Method::GET, format!("/calls/{call}/transcript"), 200, 404),
        (Method::GET, format!("/calls/{call}/events"), 200, 404),
        (Method::GET, "/phone-numbers".to_owned(), 200, 200),
        (Method::POST, format!("/phone-numbers/+15550201/assign#{theirs}"), 200, 404),
        (Method::POST, format!("/phone-numbers/+15550200/assign#{}", world.agent), 404, 409),
        (Method::POST, "/phone-numbers/+15550201/unassign".to_owned(), 204, 404),
    ];
    let wrong = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some("Bearer nonsense".to_owned()),
        Some(format!("Bearer {}x", world.api.token())),
        Some(format!("Basic {}", world.api.token())),
        Some(world.api.token().to_owned()),
    ];
    for (method, path, own, others) in &routes {
        for token in &wrong {
            let answer = client.ask(method, path, token.as_deref(), acme).await;
            assert_eq!(answer.problem(401)["type"], "urn:trunkline:problem:unauthorised", "{method} {path} {token:?}");
        }
        for unknown in ["nobody", "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f", ""] {
            client.ask(method, path, Some(&operator), Some(unknown)).await.problem(404);
        }
        let answer = client.ask(method, path, Some(&operator), None).await;
        assert_eq!(answer.status, *others, "{method} {path} as another: {answer:?}");
        if *others >= 400 {
            answer.problem(*others);
        }
        let answer = client.ask(method, path, Some(&operator), acme).await;
        assert_eq!(answer.status, *own, "{method} {path} as the owner: {answer:?}");
    }
    // What was hung up is over, and says who did it.
    let path = format!("/calls/{call}");
    let ended = until(async || {
        let shown = client.ask(&Method::GET, &path, Some(&operator), acme).await;
        let shown: Value = serde_json::from_str(&shown.body).unwrap();
        (shown["state"] == "ended").then_some(shown)
    });
    assert_eq!(ended.await["end_reason"], "operator-hangup");
    let again = client.ask(&Method::POST, &format!("{path}/hangup"), Some(&operator), acme).await;
    assert_eq!(again.problem(409)["type"], "urn:trunkline:problem:ended");
    // Lists show nothing of the other tenant.
    for (path, own) in [("/calls", &call), ("/agents", &theirs), ("/phone-numbers", &theirs)] {
        let (mine, others) = (
            client.ask(&Method::GET, path, Some(&operator), acme).await.body,
            client.ask(&Method::GET, path, Some(&operator), None).await.body,
        );
        assert!(mine.contains(own.as_str()) && !others.contains(own.as_str()), "{path}: {mine} {others}");
    }
    assert!(client.ask(&Method::GET, "/phone-numbers", Some(&operator), None).await.body.contains(NUMBER));
}
