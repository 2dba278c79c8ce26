use crate::Fixture;
use crate::agents::contract;
use http::Method;
use serde_json::{Value, json};

const DOCUMENTS: &str = "/api/v1/documents";
const SEARCH: &str = "/api/v1/documents/search";
const UNKNOWN: &str = "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f";

async fn make(fixture: &Fixture, body: &Value) -> Value {
    let made = fixture.operator(Method::POST, DOCUMENTS, Some(body)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let document = made.json();
    assert_eq!(made.header("location"), format!("{DOCUMENTS}/{}", document["id"].as_str().unwrap()));
    document
}

async fn found(fixture: &Fixture, body: &Value) -> Vec<Value> {
    let answer = fixture.operator(Method::POST, SEARCH, Some(body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_document_is_kept_found_and_forgotten() {
    let fixture = Fixture::new().await;
    let text = "# Opening hours\n\nWe are open from nine to five.\n\n# Parking\n\nThe garage is behind the house.";
    let metadata = json!({"source": "web"});
    let made = make(&fixture, &json!({"name": "Handbook", "text": text, "metadata": metadata})).await;
    assert_eq!((&made["name"], &made["bytes"]), (&json!("Handbook"), &json!(text.len())));
    let path = format!("{DOCUMENTS}/{}", made["id"].as_str().unwrap());
    assert_eq!(fixture.operator(Method::GET, &path, None).await.json(), made);
    assert_eq!(fixture.operator(Method::GET, DOCUMENTS, None).await.json()["items"], json!([made]));
    let hits = found(&fixture, &json!({"query": "Where can I park?", "limit": 1})).await;
    assert_eq!(hits.len(), 1);
    assert!(hits[0]["text"].as_str().unwrap().contains("garage"), "{hits:?}");
    assert_eq!((&hits[0]["document"], &hits[0]["name"]), (&made["id"], &json!("Handbook")));
    assert_eq!(fixture.operator(Method::DELETE, &path, None).await.status, 204);
    fixture.operator(Method::GET, &path, None).await.problem(404);
    fixture.operator(Method::DELETE, &path, None).await.problem(404);
    assert!(found(&fixture, &json!({"query": "garage"})).await.is_empty());
}

#[tokio::test]
async fn a_document_of_one_agent_is_not_anothers() {
    let fixture = Fixture::new().await;
    let mut agents = Vec::new();
    for name in ["One", "Other"] {
        let mut contract = contract();
        contract["name"] = json!(name);
        let made = fixture.operator(Method::POST, "/api/v1/agents", Some(&contract)).await.json();
        agents.push(made["agent_id"].as_str().unwrap().to_owned());
    }
    make(&fixture, &json!({"name": "All", "text": "The garage is behind the house."})).await;
    make(&fixture, &json!({"name": "First", "text": "The garage has a code.", "agent": agents[0]})).await;
    for (agent, number) in [(&agents[0], 2), (&agents[1], 1)] {
        assert_eq!(found(&fixture, &json!({"query": "garage", "agent": agent})).await.len(), number);
        let list = fixture.operator(Method::GET, &format!("{DOCUMENTS}?agent={agent}"), None).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), number);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_said_with_its_place() {
    let fixture = Fixture::new().await;
    for (path, body, pointer) in [
        (DOCUMENTS, json!({"name": "", "text": "x"}), "/name"),
        (DOCUMENTS, json!({"name": "n".repeat(201), "text": "x"}), "/name"),
        (DOCUMENTS, json!({"name": "a\nb", "text": "x"}), "/name"),
        (DOCUMENTS, json!({"name": "a", "text": " \n"}), "/text"),
        (DOCUMENTS, json!({"name": "a", "text": "a\u{7}"}), "/text"),
        (DOCUMENTS, json!({"name": "a", "text": "x".repeat(1024 * 1024 + 1)}), "/text"),
        (DOCUMENTS, json!({"name": "a", "text": "x", "metadata": {"k": "v".repeat(17_000)}}), "/metadata"),
        (SEARCH, json!({"query": " "}), "/query"),
        (SEARCH, json!({"query": "q".repeat(1_001)}), "/query"),
        (SEARCH, json!({"query": "x", "limit": 0}), "/limit"),
        (SEARCH, json!({"query": "x", "limit": 21}), "/limit"),
    ] {
        let answer = fixture.operator(Method::POST, path, Some(&body)).await;
        assert_eq!(answer.problem(422), "invalid");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
    for (path, body) in [
        (DOCUMENTS, json!({"name": "a"})),
        (DOCUMENTS, json!({"name": "a", "text": "x", "colour": 1})),
        (DOCUMENTS, json!({"name": "a", "text": "x", "agent": "front desk"})),
        (SEARCH, json!({})),
        (SEARCH, json!({"query": "x", "limit": -1})),
    ] {
        fixture.operator(Method::POST, path, Some(&body)).await.problem(422);
    }
    let huge = json!({"name": "a", "text": "x".repeat(4 * 1024 * 1024)});
    fixture.operator(Method::POST, DOCUMENTS, Some(&huge)).await.problem(413);
    fixture.operator(Method::GET, &format!("{DOCUMENTS}?cursor=x"), None).await.problem(400);
    assert_eq!(fixture.operator(Method::GET, DOCUMENTS, None).await.json()["items"], json!([]));
    // The longest text that is allowed fits, however it is escaped.
    make(&fixture, &json!({"name": "a", "text": "\" ".repeat(512 * 1024)})).await;
}

#[tokio::test]
async fn every_route_of_documents_asks_who_it_is_and_shows_a_tenant_only_its_own() {
    let fixture = Fixture::new().await;
    fixture.store.tenants().create("acme", 1).await.unwrap();
    let agent = fixture.operator(Method::POST, "/api/v1/agents", Some(&contract())).await.json()["agent_id"].clone();
    let made = make(&fixture, &json!({"name": "Handbook", "text": "The garage."})).await;
    let path = format!("{DOCUMENTS}/{}", made["id"].as_str().unwrap());
    let bearer = format!("Bearer {}", fixture.token);
    let search = json!({"query": "garage"});
    for (method, path, body, theirs) in [
        (Method::GET, DOCUMENTS, None, 200),
        (Method::POST, SEARCH, Some(&search), 200),
        (Method::POST, DOCUMENTS, Some(&json!({"name": "a", "text": "x", "agent": agent})), 404),
        (Method::POST, SEARCH, Some(&json!({"query": "garage", "agent": agent})), 404),
        (Method::GET, path.as_str(), None, 404),
        (Method::DELETE, path.as_str(), None, 404),
    ] {
        fixture.send(method.clone(), path, &[], body).await.problem(401);
        fixture.send(method.clone(), path, &[("authorization", "Bearer trk_0")], body).await.problem(401);
        let other = [("authorization", bearer.as_str()), ("x-tenant", "acme")];
        let answer = fixture.send(method.clone(), path, &other, body).await;
        assert_eq!(answer.status, theirs, "{method} {path}: {answer:?}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("Handbook"), "{method} {path}");
        if method != Method::GET {
            let browser = fixture.browser().await;
            let cookie = [("cookie", browser.cookie.as_str())];
            assert_eq!(fixture.send(method, path, &cookie, body).await.problem(403), "csrf");
        }
    }
    fixture.operator(Method::GET, &format!("{DOCUMENTS}/{UNKNOWN}"), None).await.problem(404);
    fixture.operator(Method::GET, &format!("{DOCUMENTS}/handbook"), None).await.problem(404);
    assert_eq!(fixture.operator(Method::GET, &path, None).await.status, 200, "nobody else deleted it");
}
