//! Tenants ship code: uploads, releases, who uses what, and what is refused.

use crate::world::{Setting, World, contract};
use reqwest::Method;
use serde_json::{Value, json};
use trunkline_tests::host::{Api, components};

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(components().join("fixtures").join(format!("{name}.wasm"))).unwrap()
}

/// Status and answer of an upload.
async fn send(api: &Api, query: &str, kind: &str, body: Vec<u8>) -> (u16, Value) {
    let request = api.asking(Method::POST, &format!("/components{query}")).header("content-type", kind).body(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

async fn upload(api: &Api, query: &str, name: &str) -> Value {
    let (status, answer) = send(api, query, "application/wasm", fixture(name)).await;
    assert!(matches!(status, 200 | 201), "{answer}");
    answer
}

async fn ask(api: &Api, method: Method, path: &str, body: Value) -> (u16, Value) {
    api.request(method, path, Some(&body)).await.unwrap()
}

/// What an agent answers to the third thing that is written to it.
async fn third_answer(world: &World, agent: &str) -> String {
    let path = format!("/agents/{agent}/chat");
    let (_, begun) = ask(&world.api, Method::POST, &path, json!({})).await;
    let thread = &begun["thread"];
    let mut last = Value::Null;
    for text in ["one", "two", "three"] {
        let (status, answer) = ask(&world.api, Method::POST, &path, json!({"thread": thread, "text": text})).await;
        assert_eq!(status, 200, "{answer}");
        last = answer;
    }
    last["messages"][0]["text"].as_str().unwrap_or_default().to_owned()
}

/// An agent that a component decides for; `release` binds it.
async fn agent(world: &World, name: &str, release: Option<u32>) -> String {
    let mut document = contract();
    document["name"] = json!(format!("Agent {name} {}", release.unwrap_or_default()));
    document["behaviour"] = match release {
        Some(release) => json!({"component": name, "release": release}),
        None => json!({"component": name}),
    };
    world.api.create_agent(&document).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_uploaded_promoted_rolled_back_and_pinned() {
    let world = World::start(Setting::default()).await;
    let first = upload(&world.api, "", "echo").await;
    let (component, release) = (&first["component"], &first["release"]);
    assert_eq!((&component["name"], &component["kind"]), (&json!("echo"), &json!("agent")));
    assert_eq!((&component["draft"], &component["live"]), (&json!(1), &json!(null)));
    assert_eq!(release["manifest"]["state_compatible"], true);
    let path = format!("/components/{}", component["id"].as_str().unwrap());

    let draft = json!({"name": "x", "behaviour": {"component": "echo"}});
    let (_, verdict) = ask(&world.api, Method::POST, "/agents/validate", merged(&draft)).await;
    assert!(verdict.to_string().contains("no live release"), "{verdict}");
    let (status, promoted) = ask(&world.api, Method::POST, &format!("{path}/promote"), json!({})).await;
    assert_eq!((status, &promoted["live"], &promoted["draft"]), (200, &json!(1), &json!(null)));
    let follows = agent(&world, "echo", None).await;
    assert_eq!(third_answer(&world, &follows).await, "You said three");

    let odd = json!({"name": "x", "behaviour": {"component": "echo", "settings": {"prefix": 7}}});
    let (_, verdict) = ask(&world.api, Method::POST, "/agents/validate", merged(&odd)).await;
    assert!(verdict.to_string().contains("/behaviour/settings/prefix"), "the component's own schema: {verdict}");
    let absent = json!({"name": "x", "behaviour": {"component": "echo", "release": 9}});
    let (_, verdict) = ask(&world.api, Method::POST, "/agents/validate", merged(&absent)).await;
    assert!(verdict.to_string().contains("has no release 9"), "{verdict}");

    let second = upload(&world.api, "", "echo-changed").await;
    assert_eq!((&second["component"]["live"], &second["component"]["draft"]), (&json!(1), &json!(2)));
    assert_eq!(third_answer(&world, &follows).await, "You said three", "a draft is not used");
    let bound = agent(&world, "echo", Some(2)).await;
    assert_eq!(third_answer(&world, &bound).await, "I heard three", "unless an agent is bound to it");
    ask(&world.api, Method::POST, &format!("{path}/promote"), json!({"release": 2})).await;
    assert_eq!(third_answer(&world, &follows).await, "I heard three", "the next call runs it");
    let (_, back) = ask(&world.api, Method::POST, &format!("{path}/rollback"), json!({})).await;
    assert_eq!((&back["live"], &back["previous"]), (&json!(1), &json!(null)));
    assert_eq!(third_answer(&world, &follows).await, "You said three");
    let (status, none) = ask(&world.api, Method::POST, &format!("{path}/rollback"), json!({})).await;
    assert_eq!((status, none["detail"].as_str().unwrap()), (400, "no release was live before this one"));

    let (_, shown) = world.api.request(Method::GET, &path, None).await.unwrap();
    let users: Vec<_> =
        shown["used_by"].as_array().unwrap().iter().map(|user| (&user["agent_id"], &user["release"])).collect();
    assert!(users.contains(&(&json!(follows), &Value::Null)) && users.contains(&(&json!(bound), &json!(2))), "{shown}");
    let (status, refused) = world.api.request(Method::DELETE, &path, None).await.unwrap();
    assert_eq!(status, 409, "{refused}");
    let (status, refused) = world.api.request(Method::DELETE, &format!("{path}/releases/2"), None).await.unwrap();
    assert_eq!(status, 409, "{refused}");
    for agent in [&follows, &bound] {
        world.api.request(Method::DELETE, &format!("/agents/{agent}"), None).await.unwrap();
    }
    let (status, _) = world.api.request(Method::DELETE, &format!("{path}/releases/2"), None).await.unwrap();
    assert_eq!(status, 204);
    let (status, _) = world.api.request(Method::DELETE, &path, None).await.unwrap();
    assert_eq!(status, 204);
    let (_, audit) = world.api.request(Method::GET, "/audit?action=component", None).await.unwrap();
    let deeds: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
    let expected = ["component.delete", "component.delete-release", "component.rollback", "component.promote"];
    assert_eq!(deeds[..4], expected);
}

/// The ordinary contract with something over it.
fn merged(over: &Value) -> Value {
    let mut document = contract();
    for (name, value) in over.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_are_one_release_even_when_they_are_sent_at_once() {
    let world = World::start(Setting::default()).await;
    let both = tokio::join!(upload(&world.api, "?promote=true", "echo"), upload(&world.api, "?promote=true", "echo"));
    assert_eq!(both.0["release"], both.1["release"]);
    let (status, again) = send(&world.api, "", "application/wasm", fixture("echo")).await;
    assert_eq!((status, &again["release"]["number"]), (200, &json!(1)));
    let path = format!("/components/{}/releases", again["component"]["id"].as_str().unwrap());
    let (_, releases) = world.api.request(Method::GET, &path, None).await.unwrap();
    assert_eq!(releases["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_tells_how_far_it_is() {
    let world = World::start(Setting::default()).await;
    let request = world.api.asking(Method::POST, "/components").header("accept", "text/event-stream");
    let form = reqwest::multipart::Form::new()
        .text("promote", "true")
        .part("component", reqwest::multipart::Part::bytes(fixture("echo")).file_name("echo.wasm"))
        .text("name", "from-a-form");
    let told = request.multipart(form).send().await.unwrap().text().await.unwrap();
    let stages: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("data: {\"stage\":\"")).collect();
    assert_eq!(stages, ["checking\"}", "waiting\"}", "compiling\"}", "storing\"}"], "{told}");
    let done = told.split("event: done\ndata: ").nth(1).unwrap().lines().next().unwrap();
    let done: Value = serde_json::from_str(done).unwrap();
    assert_eq!((&done["component"]["name"], &done["component"]["live"]), (&json!("from-a-form"), &json!(1)));
    let request = world.api.asking(Method::POST, "/components").header("accept", "text/event-stream");
    let request = request.header("content-type", "application/wasm").body("<html>");
    let told = request.send().await.unwrap().text().await.unwrap();
    let error = told.split("event: error\ndata: ").nth(1).unwrap().lines().next().unwrap();
    let error: Value = serde_json::from_str(error).unwrap();
    assert_eq!((&error["status"], &error["errors"][0]["code"]), (&json!(422), &json!("invalid-component")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_component_of_ours_is_refused_and_named() {
    let world = World::start(Setting::default()).await;
    let wat = |text: &str| wat::parse_str(text).unwrap();
    let echo = fixture("echo");
    let empty_agent = r#"(component (instance $i) (export "trunkline:agent/behaviour@0.1.0" (instance $i)))"#;
    let sockets = r#"(component (import "wasi:sockets/tcp@0.2.0" (instance)) (instance $i)
        (export "trunkline:agent/behaviour@0.1.0" (instance $i)))"#;
    let later = r#"(component (instance $i) (export "trunkline:agent/behaviour@0.2.0" (instance $i)))"#;
    for (what, body, code, says) in [
        ("a page", b"<!doctype html>".to_vec(), "invalid-component", "not a valid component"),
        ("a core module", wat("(module)"), "not-a-component", "wasm32-wasip2"),
        ("another world", wat("(component)"), "no-world", "exports neither"),
        ("a later version", wat(later), "unknown-version", "behaviour@0.2.0"),
        ("a name without what it promises", wat(empty_agent), "mismatch", "does not fit"),
        ("an import", wat(sockets), "import", "wasi:sockets/tcp@0.2.0"),
        ("half", echo[..echo.len() / 2].to_vec(), "invalid-component", "not a valid component"),
    ] {
        let (status, problem) = send(&world.api, "", "application/wasm", body).await;
        assert_eq!((status, problem["errors"][0]["code"].as_str()), (422, Some(code)), "{what}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{what}: {problem}");
    }
    let (status, problem) = send(&world.api, "", "application/wasm", Vec::new()).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/component")));
    for kind in ["application/json", "text/html", ""] {
        assert_eq!(send(&world.api, "", kind, echo.clone()).await.0, 415, "{kind}");
    }
    let (status, problem) = send(&world.api, "", "multipart/form-data", echo.clone()).await;
    assert_eq!(status, 400, "{problem}");
    let form = reqwest::multipart::Form::new()
        .text("colour", "red")
        .part("component", reqwest::multipart::Part::bytes(echo.clone()).file_name("echo.wasm"));
    let odd = world.api.asking(Method::POST, "/components").multipart(form).send().await.unwrap();
    let odd: Value = serde_json::from_slice(&odd.bytes().await.unwrap()).unwrap();
    assert_eq!(odd["errors"][0]["pointer"], "/colour", "{odd}");
    let packed = world.api.asking(Method::POST, "/components").header("content-type", "application/wasm");
    let packed = packed.header("content-encoding", "gzip").body(echo.clone()).send().await.unwrap();
    assert_eq!(packed.status(), 415, "nothing is unpacked");
    let (_, list) = world.api.request(Method::GET, "/components", None).await.unwrap();
    assert_eq!(list["items"], json!([]), "nothing was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_refused_from_its_first_byte_too_many_on() {
    let world = World::start(Setting::default()).await;
    let large = vec![0; (64 << 20) + (65 << 10)];
    let (status, problem) = send(&world.api, "", "application/wasm", large).await;
    assert_eq!((status, &problem["type"]), (413, &json!("urn:trunkline:problem:too-large")));
    let (status, problem) = send(&world.api, "", "application/wasm", vec![0; (64 << 20) + 1]).await;
    assert_eq!(status, 413, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn truncated_components_are_refused_wherever_they_end() {
    let world = World::start(Setting::default()).await;
    let echo = fixture("echo");
    for end in (1..echo.len()).step_by(16 << 10) {
        let (status, problem) = send(&world.api, "", "application/wasm", echo[..end].to_vec()).await;
        assert_eq!(status, 422, "{end}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_kinds_and_limits_are_kept() {
    let world = World::start(Setting::default()).await;
    for name in ["Echo", "a_b", "%20", &"x".repeat(65)] {
        let (status, problem) = send(&world.api, &format!("?name={name}"), "application/wasm", fixture("echo")).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/name")), "{name}: {problem}");
    }
    let (status, problem) = send(&world.api, "?name=conversation", "application/wasm", fixture("echo")).await;
    assert_eq!(status, 409, "{problem}");
    let (_, tenants) = world.api.request(Method::GET, "/tenants", None).await.unwrap();
    let tenant = format!("/tenants/{}", tenants["items"][0]["id"].as_str().unwrap());
    let limit = |limits: Value| ask(&world.api, Method::PATCH, &tenant, json!({ "limits": limits }));
    assert_eq!(limit(json!({"max_components": 1})).await.0, 200);
    upload(&world.api, "?name=one", "echo").await;
    let (status, problem) = send(&world.api, "?name=two", "application/wasm", fixture("echo")).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:trunkline:problem:limit")), "{problem}");
    assert_eq!(limit(json!({"max_component_bytes": 100_000})).await.0, 200);
    let (status, problem) = send(&world.api, "?name=one", "application/wasm", fixture("echo-changed")).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:trunkline:problem:limit")), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_a_tenants_own() {
    let world = World::start(Setting::default()).await;
    upload(&world.api, "?name=ours&promote=true", "echo").await;
    ask(&world.api, Method::POST, "/tenants", json!({"name": "other"})).await;
    let document = merged(&json!({"name": "Spy", "behaviour": {"component": "ours"}}));
    let request = world.api.asking(Method::POST, "/agents").header("x-tenant", "other").json(&document);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 422);
    let problem: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(problem["errors"][0]["pointer"], "/behaviour/component", "{problem}");
    let theirs = world.api.asking(Method::POST, "/components?name=ours").header("x-tenant", "other");
    let theirs = theirs.header("content-type", "application/wasm").body(fixture("echo-changed")).send().await.unwrap();
    assert_eq!(theirs.status(), 201);
    let agent = agent(&world, "ours", None).await;
    assert_eq!(third_answer(&world, &agent).await, "You said three", "theirs is another");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_compiled_and_then_refused_leaves_no_code_behind() {
    let world = World::start(Setting::default()).await;
    let compiled = world.host.folder().join("data/compiled");
    let files = || std::fs::read_dir(&compiled).unwrap().count();
    let before = files();
    assert!(before > 0, "the host's own components are there");
    // Only when it is asked what it is does it show that it has no name.
    let (status, problem) = send(&world.api, "", "application/wasm", fixture("toolbox")).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/name")), "{problem}");
    assert_eq!(files(), before);
    upload(&world.api, "?name=toolbox", "toolbox").await;
    assert_eq!(files(), before + 1, "what is kept has its code");
    let (status, _) = send(&world.api, "", "application/wasm", fixture("toolbox")).await;
    assert_eq!(status, 422);
    assert_eq!(files(), before + 1, "what somebody has stays");
}
