use crate::{Answer, Fixture};
use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

pub(crate) fn contract() -> Value {
    json!({
        "name": "Front desk",
        "prompt": {"instructions": "You work for {{ company }}.", "greeting": "Welcome to {{ company }}."},
        "llm": {"provider": "openai", "model": "gpt-4o-mini"},
        "stt": {"provider": "deepgram"},
        "tts": {"provider": "elevenlabs", "voice": "v1"},
        "tools": ["end_call"],
        "context": {"company": "Acme"},
    })
}

/// An agent of the tenant; its path.
async fn agent(fixture: &Fixture) -> String {
    named(fixture, "Front desk").await
}

async fn named(fixture: &Fixture, name: &str) -> String {
    let mut contract = contract();
    contract["name"] = json!(name);
    let made = fixture.operator(Method::POST, "/api/v1/agents", Some(&contract)).await;
    assert_eq!((made.status, made.header("etag")), (201, "\"1\""), "{made:?}");
    format!("/api/v1/agents/{}", made.json()["agent_id"].as_str().unwrap())
}

async fn change(fixture: &Fixture, method: Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let bearer = format!("Bearer {}", fixture.token);
    let headers: Vec<_> = headers.iter().copied().chain([("authorization", bearer.as_str())]).collect();
    fixture.send(method, path, &headers, Some(body)).await
}

#[tokio::test]
async fn a_change_is_a_new_version_with_its_author() {
    let fixture = Fixture::new().await;
    let path = agent(&fixture).await;
    let body = json!({"name": "Reception", "llm": {"temperature": 0.5}, "tools": null, "context": {"city": "Bern"}});
    let patched = change(&fixture, Method::PATCH, &format!("{path}?summary=A%20new%20name"), &[], &body).await;
    assert_eq!((patched.status, patched.header("etag")), (200, "\"2\""), "{patched:?}");
    let version = patched.json();
    assert_eq!((&version["version"], &version["author"]), (&json!(2), &json!("first")));
    assert_eq!((&version["summary"], &version["default"]), (&json!("A new name"), &json!(false)));
    let mut expected = contract();
    expected["name"] = json!("Reception");
    expected["llm"]["temperature"] = json!(0.5);
    expected.as_object_mut().unwrap().remove("tools");
    expected["context"] = json!({"company": "Acme", "city": "Bern"});
    assert_eq!(version["document"], expected);

    let replaced = change(&fixture, Method::PUT, &path, &[], &contract()).await;
    assert_eq!((replaced.status, replaced.header("etag")), (200, "\"3\""));
    assert_eq!(replaced.json()["document"], contract());
    let shown = fixture.operator(Method::GET, &path, None).await;
    assert_eq!((shown.header("etag"), shown.json()), ("\"3\"", replaced.json()));
    let versions = fixture.operator(Method::GET, &format!("{path}/versions?limit=2"), None).await.json();
    let numbers: Vec<&Value> = versions["items"].as_array().unwrap().iter().map(|item| &item["version"]).collect();
    assert_eq!(numbers, [3, 2]);
    let rest = format!("{path}/versions?cursor={}", versions["next_cursor"].as_str().unwrap());
    let rest = fixture.operator(Method::GET, &rest, None).await.json();
    assert_eq!((&rest["items"][0]["version"], &rest["next_cursor"]), (&json!(1), &Value::Null));
}

#[tokio::test]
async fn a_change_that_changes_nothing_makes_no_version() {
    let fixture = Fixture::new().await;
    let path = agent(&fixture).await;
    for (method, body) in [
        (Method::PUT, contract()),
        (Method::PATCH, json!({})),
        (Method::PATCH, json!({"name": "Front desk", "limits": null})),
    ] {
        let answer = change(&fixture, method.clone(), &path, &[], &body).await;
        assert_eq!((answer.status, answer.header("etag")), (200, "\"1\""), "{method} {body}");
    }
}

#[tokio::test]
async fn a_change_of_an_old_version_is_refused_with_the_latest() {
    let fixture = Fixture::new().await;
    let path = agent(&fixture).await;
    let rename = |name: &str| json!({ "name": name });
    let first = [("if-match", "\"1\"")];
    assert_eq!(change(&fixture, Method::PATCH, &path, &first, &rename("a")).await.status, 200);
    for method in [Method::PATCH, Method::PUT] {
        let late = change(&fixture, method, &path, &first, &contract()).await;
        assert_eq!(late.problem(412), "stale-version");
        assert!(late.json()["detail"].as_str().unwrap().contains("version 2"), "{late:?}");
    }
    for allowed in ["\"2\"", "\"1\", \"2\"", "*"] {
        let same = change(&fixture, Method::PATCH, &path, &[("if-match", allowed)], &rename("a")).await;
        assert_eq!((same.status, same.header("etag")), (200, "\"2\""), "{allowed}");
    }
    let odd = change(&fixture, Method::PATCH, &path, &[("if-match", "2")], &rename("b")).await;
    assert_eq!(odd.problem(400), "invalid-header");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_changes_to_one_version_one_wins_and_without_it_none_is_lost() {
    let fixture = Fixture::new().await;
    let path = agent(&fixture).await;
    let patch = |key: String, headers: &'static [(&'static str, &'static str)]| {
        let (fixture, path) = (&fixture, &path);
        async move { change(fixture, Method::PATCH, path, headers, &json!({"context": {key: true}})).await.status }
    };
    let mut statuses =
        futures::future::join_all((0..6).map(|n| patch(format!("a{n}"), &[("if-match", "\"1\"")]))).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412]);
    let statuses = futures::future::join_all((0..6).map(|n| patch(format!("b{n}"), &[]))).await;
    assert_eq!(statuses, [200; 6]);
    let shown = fixture.operator(Method::GET, &path, None).await.json();
    assert_eq!(shown["version"], 8);
    assert!((0..6).all(|n| shown["document"]["context"][format!("b{n}")] == true), "{shown}");
}

#[tokio::test]
async fn a_contract_with_faults_changes_nothing() {
    let fixture = Fixture::new().await;
    let path = agent(&fixture).await;
    let mut wrong = contract();
    wrong["prompt"]["greeting"] = json!("Hello from {{ nowhere }}.");
    wrong["behaviour"] = json!({"component": "no-such"});
    for (method, body, pointers) in [
        (Method::PUT, wrong, vec!["/behaviour/component", "/prompt/greeting"]),
        (Method::PATCH, json!({"name": "", "tts": {"voice": 7}}), vec!["/name", "/tts/voice"]),
        (Method::PATCH, json!({"prompt": null}), vec!["/prompt"]),
        (Method::PATCH, json!([1]), vec![""]),
        (Method::PUT, json!("x"), vec![""]),
        (Method::PUT, json!({"colour": 1}), vec!["/colour", "/llm", "/name", "/prompt", "/stt", "/tts"]),
    ] {
        let answer = change(&fixture, method, &path, &[], &body).await;
        assert_eq!(answer.problem(422), "invalid");
        let mut found: Vec<String> = answer.json()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["pointer"].as_str().unwrap().to_owned())
            .collect();
        found.sort_unstable();
        assert_eq!(found, pointers, "{body}");
    }
    assert_eq!(fixture.operator(Method::GET, &path, None).await.header("etag"), "\"1\"");
}

#[tokio::test]
async fn only_merge_patches_are_patches() {
    let fixture = Fixture::new().await;
    let path = agent(&fixture).await;
    let send = async |kind: &str, body: &'static str| {
        let request = Request::patch(&path).header("authorization", format!("Bearer {}", fixture.token));
        fixture.ask(request.header("content-type", kind).body(Body::from(body)).unwrap()).await
    };
    for kind in ["application/merge-patch+json", "application/json; charset=utf-8", "Application/JSON"] {
        assert_eq!(send(kind, "{}").await.status, 200, "{kind}");
    }
    for kind in ["application/json-patch+json", "text/plain", "application/x-www-form-urlencoded"] {
        send(kind, "[]").await.problem(415);
    }
    for body in ["", "{", "{\"a\":1}x"] {
        send("application/json", body).await.problem(400);
    }
}

#[tokio::test]
async fn one_agent_is_the_default() {
    let fixture = Fixture::new().await;
    let current = "/api/v1/agents/current";
    fixture.operator(Method::GET, current, None).await.problem(404);
    let (first, second) = (named(&fixture, "One").await, named(&fixture, "Other").await);
    for path in [&first, &second] {
        let set = fixture.operator(Method::POST, &format!("{path}/set-default"), None).await;
        assert_eq!((set.status, &set.json()["default"]), (200, &json!(true)));
        assert_eq!(fixture.operator(Method::GET, current, None).await.json(), set.json());
    }
    let list = fixture.operator(Method::GET, "/api/v1/agents", None).await.json();
    let defaults = list["items"].as_array().unwrap().iter().filter(|item| item["default"] == true).count();
    assert_eq!(defaults, 1);
}

#[tokio::test]
async fn summaries_are_short_lines() {
    let fixture = Fixture::new().await;
    let path = agent(&fixture).await;
    for summary in ["a%0Ab", &"x".repeat(201)] {
        let answer = change(&fixture, Method::PUT, &format!("{path}?summary={summary}"), &[], &contract()).await;
        assert_eq!(answer.problem(400), "invalid-query");
    }
}

#[tokio::test]
async fn every_route_of_agents_asks_who_it_is_and_shows_a_tenant_only_its_own() {
    let fixture = Fixture::new().await;
    fixture.store.tenants().create("acme", 1).await.unwrap();
    let path = agent(&fixture).await;
    fixture.operator(Method::POST, &format!("{path}/set-default"), None).await;
    let bearer = format!("Bearer {}", fixture.token);
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PUT, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::GET, format!("{path}/versions")),
        (Method::POST, format!("{path}/set-default")),
        (Method::GET, "/api/v1/agents/current".to_owned()),
    ] {
        let body = contract();
        let body = Some(&body).filter(|_| method != Method::GET);
        fixture.send(method.clone(), &path, &[], body).await.problem(401);
        fixture.send(method.clone(), &path, &[("authorization", "Bearer trk_0")], body).await.problem(401);
        let other = [("authorization", bearer.as_str()), ("x-tenant", "acme")];
        fixture.send(method.clone(), &path, &other, body).await.problem(404);
        assert_eq!(fixture.operator(method.clone(), &path, body).await.status, 200, "{method} {path}");
        if method != Method::GET {
            let browser = fixture.browser().await;
            let cookie = [("cookie", browser.cookie.as_str())];
            assert_eq!(fixture.send(method, &path, &cookie, body).await.problem(403), "csrf");
        }
    }
}
