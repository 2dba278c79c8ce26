//! Versions, rollouts, fields, templates, sessions: what makes an agent what it is to somebody.

use crate::agents::contract;
use crate::{Answer, Fixture};
use http::Method;
use serde_json::{Value, json};
use trunkline_store::Role;

/// Somebody who may change a tenant's agents.
pub(crate) struct Editor<'a> {
    fixture: &'a Fixture,
    bearer: String,
}

impl<'a> Editor<'a> {
    pub(crate) async fn of(fixture: &'a Fixture, tenant: &str) -> Self {
        Self { fixture, bearer: fixture.key(tenant, Role::Editor, &[]).await }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.fixture.with_bearer(&self.bearer, method, &format!("/api/v1{path}"), body.as_ref()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    pub(crate) async fn agent(&self, document: Value) -> String {
        let made = self.ask(Method::POST, "/agents", Some(document)).await;
        assert_eq!(made.status, 201, "{made:?}");
        format!("/agents/{}", made.json()["agent_id"].as_str().unwrap())
    }

    pub(crate) async fn change(&self, path: &str, patch: Value) -> Value {
        let answer = self.ask(Method::PATCH, path, Some(patch)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }
}

#[tokio::test]
async fn versions_are_numbered_by_what_a_change_means() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    let agent = editor.agent(contract()).await;
    for (patch, semver) in [
        (json!({"prompt": {"greeting": "Hi."}}), "1.0.1"),
        (json!({"prompt": {"instructions": "Work for {{ company }} alone."}}), "1.1.0"),
        (json!({"type": "conversational"}), "2.0.0"),
    ] {
        assert_eq!(editor.change(&agent, patch).await["semver"], semver);
    }
    let given = editor.ask(Method::PATCH, &format!("{agent}?version=3.5.0"), Some(json!({"name": "A"}))).await;
    assert_eq!(given.json()["semver"], "3.5.0");
    for (version, status) in [("3.5.0", 422), ("1.0", 400), ("v4.0.0", 400)] {
        let path = format!("{agent}?version={version}");
        editor.ask(Method::PATCH, &path, Some(json!({"name": "B"}))).await.problem(status);
    }
    let diff = editor.get(&format!("{agent}/diff?from=1&to=2")).await;
    assert_eq!(diff["changes"][0]["pointer"], "/prompt/greeting");
    assert_eq!(editor.get(&format!("{agent}/versions/2")).await["semver"], "1.0.1");
    editor.ask(Method::GET, &format!("{agent}/versions/9"), None).await.problem(404);
    editor.ask(Method::GET, &format!("{agent}/diff?from=9"), None).await.problem(404);
    let back = editor.ask(Method::POST, &format!("{agent}/rollback"), Some(json!({"version": 1}))).await;
    assert_eq!((back.status, &back.json()["document"]), (200, &contract()));
}

#[tokio::test]
async fn a_reader_that_has_the_version_is_not_sent_it_again() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    let agent = format!("/api/v1{}", editor.agent(contract()).await);
    let get = async |tag: &str| {
        let headers = [("authorization", editor.bearer.as_str()), ("if-none-match", tag)];
        fixture.send(Method::GET, &agent, &headers, None).await
    };
    let same = get("\"1\"").await;
    assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, "\"1\""));
    assert_eq!(get("\"2\"").await.status, 200);
    assert_eq!(get("W/\"1\", \"7\"").await.status, 304);
}

#[tokio::test]
async fn agents_are_found_by_what_they_are() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    let mut sales = contract();
    sales["name"] = json!("Sales");
    sales["metadata"] = json!({"tags": ["west"]});
    let sales = editor.agent(sales).await;
    let desk = editor.agent(contract()).await;
    let found = async |query: &str| {
        let list = editor.get(&format!("/agents?{query}")).await;
        let names = list["items"].as_array().unwrap().iter().map(|item| item["document"]["name"].clone());
        names.collect::<Vec<Value>>()
    };
    assert_eq!(found("sort=name").await, ["Front desk", "Sales"]);
    assert_eq!(found("q=SALE").await, ["Sales"]);
    assert_eq!(found("tag=west").await, ["Sales"]);
    assert_eq!(found("type=voice&status=active").await.len(), 2);
    let first = editor.get("/agents?sort=name&limit=1").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(found(&format!("sort=name&limit=1&cursor={cursor}")).await, ["Sales"]);
    for query in ["type=robot", "sort=colour", "status=gone", "cursor=x"] {
        editor.ask(Method::GET, &format!("/agents?{query}"), None).await.problem(400);
    }
    assert_eq!(editor.ask(Method::DELETE, &sales, None).await.status, 200);
    assert_eq!(found("").await, ["Front desk"]);
    assert_eq!(found("status=archived").await, ["Sales"]);
    assert_eq!(editor.ask(Method::POST, &format!("{sales}/restore"), None).await.status, 200);
    assert_eq!(editor.ask(Method::POST, &format!("{desk}/set-default"), None).await.status, 200);
    let refused = editor.ask(Method::DELETE, &desk, None).await;
    assert_eq!(refused.problem(409), "in-use");
    assert!(refused.json()["detail"].as_str().unwrap().contains("default agent"), "{refused:?}");
}

#[tokio::test]
async fn a_version_is_pinned_and_rolled_out() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    let agent = editor.agent(contract()).await;
    editor.change(&agent, json!({"context": {"city": "Bern"}})).await;
    let put = async |what: &str, body: Value| editor.ask(Method::PUT, &format!("{agent}/{what}"), Some(body)).await;
    assert_eq!(editor.get(&format!("{agent}/serving")).await["version"], 2);
    let pinned = put("pin", json!({"version": 1})).await.json();
    assert_eq!((&pinned["version"], &pinned["pinned"]), (&json!(1), &json!(true)));
    let out = put("rollout", json!({"version": 2, "percent": 25})).await.json();
    assert_eq!(out["rollout"], json!({"version": 2, "percent": 25, "sticky": "caller"}));
    for (body, status) in [
        (json!({"version": 9, "percent": 1}), 404),
        (json!({"version": 2, "percent": 101}), 400),
        (json!({"version": 2, "percent": 300}), 422),
        (json!({"version": 2}), 422),
        (json!({"version": 2, "percent": 1, "sticky": "mood"}), 422),
    ] {
        put("rollout", body).await.problem(status);
    }
    let ended = editor.ask(Method::DELETE, &format!("{agent}/rollout"), None).await.json();
    assert_eq!((&ended["version"], &ended["rollout"]), (&json!(1), &Value::Null));
    assert_eq!(put("pin", json!({"version": null})).await.json()["version"], 2);
}

#[tokio::test]
async fn fields_of_answers_come_and_go() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    let agent = editor.agent(contract()).await;
    let fields = format!("{agent}/schema/fields");
    let add = async |field: Value| editor.ask(Method::POST, &fields, Some(field)).await;
    let spoken = json!({"name": "reply", "type": "str", "use_in_tts": true});
    assert_eq!(add(spoken.clone()).await.status, 200);
    let score = json!({"name": "score", "type": "int", "constraints": {"ge": 0, "le": 10}});
    assert_eq!(add(score).await.header("etag"), "\"3\"");
    assert_eq!(add(spoken).await.problem(422), "invalid");
    for field in [
        json!({"name": "x", "type": "str", "constraints": {"ge": 1}}),
        json!({"name": "x", "type": "int", "constraints": {"pattern": "a"}}),
        json!({"name": "9x", "type": "int"}),
        json!({"name": "x", "type": "number"}),
        json!({"name": "x", "type": "str", "constraints": {"pattern": "("}}),
        json!({"name": "x", "typ": "str"}),
    ] {
        add(field).await.problem(422);
    }
    let change = json!({"name": "score", "type": "float"});
    assert_eq!(editor.ask(Method::PUT, &format!("{fields}/score"), Some(change.clone())).await.status, 200);
    editor.ask(Method::PUT, &format!("{fields}/nothing"), Some(change)).await.problem(404);
    let names = |list: Value| list["items"].as_array().unwrap().iter().map(|f| f["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(editor.get(&fields).await), ["reply", "score"]);
    assert_eq!(editor.ask(Method::DELETE, &format!("{fields}/score"), None).await.status, 200);
    editor.ask(Method::DELETE, &format!("{fields}/score"), None).await.problem(404);
    let traced = editor.ask(Method::PUT, &format!("{agent}/tracing"), Some(json!({"enabled": true}))).await;
    assert_eq!(traced.json()["document"]["tracing"]["enabled"], true);
}

#[tokio::test]
async fn each_value_of_the_contract_says_which_layer_it_came_from() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    let admin = fixture.key("acme", Role::Admin, &[]).await;
    let me = fixture.with_bearer(&admin, Method::GET, "/api/v1/auth/me", None).await.json();
    let defaults = format!("/api/v1/tenants/{}/defaults", me["tenant"]["id"].as_str().unwrap());
    let set = json!({"locale": "de-CH", "llm": {"temperature": 0.2}});
    assert_eq!(fixture.with_bearer(&admin, Method::PUT, &defaults, Some(&set)).await.status, 200);
    for wrong in [json!({"name": "x"}), json!({"llm": {"temperature": 9}}), json!({"colour": 1}), json!([])] {
        assert_eq!(fixture.with_bearer(&admin, Method::PUT, &defaults, Some(&wrong)).await.problem(422), "invalid");
    }
    let template = json!({"name": "polite", "document": {"traits": {"formality": 90}, "llm": {"max_tokens": 200}}});
    assert_eq!(editor.ask(Method::POST, "/templates", Some(template.clone())).await.status, 201);
    assert_eq!(editor.ask(Method::POST, "/templates", Some(template)).await.problem(409), "conflict");
    let mut document = contract();
    document["extends"] = json!("polite");
    let agent = editor.agent(document).await;
    let id = agent.strip_prefix("/agents/").unwrap();
    let session = json!({"agent_id": id, "user": "u1", "overrides": {"llm": {"temperature": 0.9}}});
    let session = editor.ask(Method::POST, "/sessions", Some(session)).await;
    assert_eq!(session.status, 201, "{session:?}");
    let session = session.json()["id"].as_str().unwrap().to_owned();
    let effective = editor.get(&format!("{agent}/effective")).await;
    let origin = |of: &Value, pointer: &str| of["origin"][pointer].as_str().unwrap_or("-").to_owned();
    for (pointer, layer) in [
        ("/locale", "tenant"),
        ("/llm/temperature", "tenant"),
        ("/llm/max_tokens", "template:polite"),
        ("/traits/formality", "template:polite"),
        ("/traits/empathy", "default"),
        ("/llm/model", "agent"),
    ] {
        assert_eq!(origin(&effective, pointer), layer, "{pointer}");
    }
    let own = editor.get(&format!("{agent}/effective?session={session}")).await;
    assert_eq!(
        (origin(&own, "/llm/temperature"), &own["document"]["llm"]["temperature"]),
        ("session".into(), &json!(0.9))
    );
    editor.ask(Method::GET, &format!("{agent}/effective?session=x"), None).await.problem(404);

    let mut unknown = contract();
    unknown["extends"] = json!("polit");
    let refused = editor.ask(Method::POST, "/agents/validate", Some(unknown)).await;
    refused.problem(422);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/extends");
    assert_eq!(editor.ask(Method::DELETE, "/templates/polite", None).await.problem(409), "in-use");
    let cycle = json!({"document": {"extends": "polite"}});
    let refused = editor.ask(Method::PUT, "/templates/polite", Some(cycle)).await;
    refused.problem(422);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/document/extends");
}

#[tokio::test]
async fn a_session_overrides_what_it_may() {
    let fixture = Fixture::new().await;
    let editor = Editor::of(&fixture, "acme").await;
    let agent = editor.agent(contract()).await;
    let id = agent.strip_prefix("/agents/").unwrap();
    let make = async |overrides: Value| {
        editor.ask(Method::POST, "/sessions", Some(json!({"agent_id": id, "overrides": overrides}))).await
    };
    for (overrides, pointer) in [
        (json!({"name": "x"}), "/overrides/name"),
        (json!({"behaviour": {"component": "survey"}}), "/overrides/behaviour/component"),
        (json!({"llm": {"temprature": 1}}), "/overrides/llm/temprature"),
    ] {
        let refused = make(overrides).await;
        refused.problem(422);
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }
    let session = make(json!({"llm": {"temperature": 1}})).await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/sessions/{session}");
    let other = Editor::of(&fixture, "default").await;
    for method in [Method::GET, Method::DELETE] {
        other.ask(method, &path, None).await.problem(404);
    }
    let theirs = json!({"agent_id": id});
    other.ask(Method::POST, "/sessions", Some(theirs)).await.problem(404);
    let ended = editor.ask(Method::DELETE, &path, None).await.json();
    assert_eq!((&ended["active"], &ended["end_reason"]), (&json!(false), &json!("ended")));
    let list = editor.get("/sessions?active=true").await;
    assert_eq!(list["items"], json!([]));
}
