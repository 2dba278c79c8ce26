//! Requests that are wrong: each gets a problem document that says what to do.

use reqwest::Method;
use serde_json::{Value, json};

use crate::by_hand::{Answer, Hand};
use crate::world::{Setting, World, contract};

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_with_five_faults_has_five_pointers() {
    let world = World::start(Setting::default()).await;
    let (_, before) = world.api.request(Method::GET, "/agents", None).await.unwrap();
    let mut document = contract();
    document["prompt"]["greeting"] = json!(7);
    document["llm"]["provider"] = json!("abacus");
    document["tools"] = json!("all");
    document["turn"]["endpointing"]["min_ms"] = json!(1);
    document["colour"] = json!("red");
    for path in ["/agents", "/agents/validate"] {
        let (status, answer) = world.api.request(Method::POST, path, Some(&document)).await.unwrap();
        assert_eq!(status, 422, "{answer}");
        let faults = answer["errors"].as_array().unwrap();
        let mut pointers: Vec<&str> = faults.iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
        pointers.sort_unstable();
        let expected = ["/colour", "/llm/provider", "/prompt/greeting", "/tools", "/turn/endpointing/min_ms"];
        assert_eq!(pointers, expected, "{answer}");
        assert!(faults.iter().all(|fault| !fault["message"].as_str().unwrap().is_empty()));
    }
    // What a schema cannot say, in a contract whose shape is right.
    let mut document = contract();
    document["prompt"]["greeting"] = json!("Hello from {{ nowhere }}.");
    document["tools"] = json!(["end_call", "launch"]);
    document["behaviour"] = json!({"component": "no-such"});
    let (status, answer) = world.api.request(Method::POST, "/agents", Some(&document)).await.unwrap();
    assert_eq!(status, 422, "{answer}");
    let pointers: Vec<&Value> = answer["errors"].as_array().unwrap().iter().map(|fault| &fault["pointer"]).collect();
    assert_eq!(pointers.len(), 3, "{answer}");
    let (_, after) = world.api.request(Method::GET, "/agents", None).await.unwrap();
    assert_eq!(after, before, "nothing that was refused is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_request_gets_a_problem_document() {
    let world = World::start(Setting::default()).await;
    let hand = Hand::of(&world.host);
    let operator = format!("Bearer {}", world.api.token());
    let unknown = "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f";
    let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(600 * 1024));
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let gets = [
        (format!("/api/v1/agents/{unknown}"), 404),
        ("/api/v1/agents/front-desk".to_owned(), 404),
        ("/api/v1/agents/%ff".to_owned(), 400),
        (format!("/api/v1/calls/{unknown}"), 404),
        (format!("/api/v1/calls/{unknown}/transcript"), 404),
        (format!("/api/v1/calls/{unknown}/events"), 404),
        ("/api/v1/calls/x/events".to_owned(), 404),
        ("/api/v1/calls?cursor=nonsense".to_owned(), 400),
        ("/api/v1/agents?cursor=%00".to_owned(), 400),
        ("/api/v1/calls?limit=0".to_owned(), 400),
        ("/api/v1/calls?limit=501".to_owned(), 400),
        ("/api/v1/calls?limit=-1".to_owned(), 400),
        ("/api/v1/calls?limit=many".to_owned(), 400),
        ("/api/v1/calls?state=asleep".to_owned(), 400),
        ("/api/v1/calls?agent=front-desk".to_owned(), 400),
        ("/api/v1/no-such".to_owned(), 404),
        ("/no-such".to_owned(), 404),
        ("/twilio/no-such".to_owned(), 404),
        ("/twilio/media".to_owned(), 400),
        ("/api/v1/agents/validate/x".to_owned(), 404),
        ("/../../etc/passwd".to_owned(), 404),
        ("/api/v1/phone-numbers/+15550100/assign".to_owned(), 405),
        (hand.voice_path(), 405),
    ];
    for (path, status) in gets {
        let answer = Answer::of(hand.http.get(format!("{}{path}", hand.origin)).header("authorization", &operator));
        let problem = answer.await.problem(status);
        assert!(!problem["detail"].as_str().unwrap().contains("operator"), "{path}: {problem}");
    }
    let send = |method: Method, path: &str, kind: &str, body: &str| {
        let request = hand.http.request(method, format!("{}{path}", hand.origin)).header("authorization", &operator);
        Answer::of(request.header("content-type", kind).body(body.to_owned()))
    };
    let json = "application/json";
    let assign = "/api/v1/phone-numbers/+15550100/assign";
    let bodies = [
        (Method::POST, "/api/v1/agents", json, "{", 400),
        (Method::POST, "/api/v1/agents", json, "", 400),
        (Method::POST, "/api/v1/agents", json, deep.as_str(), 400),
        (Method::POST, "/api/v1/agents", json, "7", 422),
        (Method::POST, "/api/v1/agents", json, "{}", 422),
        (Method::POST, "/api/v1/agents", json, large.as_str(), 413),
        (Method::POST, "/api/v1/agents", "text/plain", "{}", 415),
        (Method::POST, "/api/v1/agents/validate", json, large.as_str(), 413),
        (Method::POST, assign, json, "{", 400),
        (Method::POST, assign, json, r#"{"agent_id":"front-desk"}"#, 422),
        (Method::POST, assign, json, r#"{"agent":"x"}"#, 422),
        (Method::POST, "/api/v1/phone-numbers/911/assign", json, &format!(r#"{{"agent_id":"{unknown}"}}"#), 422),
        (Method::POST, assign, json, &format!(r#"{{"agent_id":"{unknown}"}}"#), 404),
        (Method::DELETE, "/api/v1/agents", json, "", 405),
        (Method::PUT, "/api/v1/calls", json, "", 405),
        (Method::POST, "/readyz", json, "", 405),
    ];
    for (method, path, kind, body, status) in bodies {
        let answer = send(method.clone(), path, kind, body).await;
        assert_eq!(answer.status, status, "{method} {path} {kind}: {answer:?}");
        answer.problem(status);
    }
    let allowed = hand.http.delete(format!("{}/api/v1/agents", hand.origin)).send().await.unwrap();
    assert_eq!(allowed.headers()["allow"], "GET,HEAD,POST");
}
