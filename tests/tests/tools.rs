//! Tools of components: granted, called in a conversation, tried, and kept within what was granted.

use crate::components::fixture;
use crate::world::{Setting, World, contract, of_kind};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;
use tokio::net::TcpListener;
use trunkline_tests::emulators::openai::Rule;

/// Uploads the toolbox and makes it live; its path.
async fn toolbox(world: &World) -> String {
    let request = world.api.asking(Method::POST, "/components?name=toolbox&promote=true");
    let answer = request.header("content-type", "application/wasm").body(fixture("toolbox")).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let made: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    format!("/components/{}", made["component"]["id"].as_str().unwrap())
}

async fn ask(world: &World, method: Method, path: &str, body: Value) -> (u16, Value) {
    world.api.request(method, path, Some(&body)).await.unwrap()
}

async fn tried(world: &World, tool: &str, args: Value) -> Value {
    let (status, answer) = ask(world, Method::POST, &format!("/tools/{tool}/call"), json!({ "args": args })).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn inside(setting: Setting) -> impl Future<Output = World> {
    World::start_with(setting, |spec| spec.env.push(("TRUNKLINE_WEBHOOKS_ALLOW".into(), "127.0.0.0/8".into())))
}

/// A server that tells which headers came, and redirects; its host and port.
async fn server() -> String {
    let told = get(|headers: HeaderMap| async move {
        let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        Json(headers.iter().map(text).collect::<HashMap<_, _>>())
    });
    let away = get(|| async { axum::response::Redirect::temporary("http://169.254.169.254/latest/meta-data") });
    let endless = get(|| async { vec![b'x'; (1 << 20) + 1] });
    let router = Router::new().route("/", told).route("/away", away).route("/endless", endless);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    host
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_calls_the_tool_of_a_component() {
    let setting = Setting {
        script: vec![
            Rule::call("book", json!({"people": 4})).when("table"),
            Rule::say("Your table is booked.").after("book"),
        ],
        ..Setting::default()
    };
    let world = World::start(setting).await;
    toolbox(&world).await;
    let mut document = contract();
    document["name"] = json!("Table desk");
    document["tools"] = json!(["end_call", "toolbox.book", "toolbox.echo"]);
    let agent = world.api.create_agent(&document).await.unwrap();
    let path = format!("/agents/{agent}/chat");
    for number in 1..3 {
        let (status, answer) = ask(&world, Method::POST, &path, json!({"text": "A table for four, please."})).await;
        assert_eq!(status, 200, "{answer}");
        let thread = answer["thread"].as_str().unwrap();
        let said = answer["messages"].as_array().unwrap().last().unwrap()["text"].clone();
        assert_eq!(said, "Your table is booked.", "{answer}");
        let rows = world.api.events(thread).await.unwrap();
        let (intent, outcome) = (of_kind(&rows, "effect-intent"), of_kind(&rows, "effect-outcome"));
        assert_eq!((intent.len(), outcome.len()), (1, 1), "what writes is recorded before it runs: {rows:?}");
        assert_eq!(outcome[0]["status"], "ok", "{rows:?}");
        assert_eq!(outcome[0]["value"]["table"], number, "it counts from call to call");
        assert_eq!(outcome[0]["value"]["key"], intent[0]["idempotency_key"]);
    }
    let asked = world.openai.control.records();
    let tools = asked.last().unwrap().body["tools"].to_string();
    assert!(tools.contains("Books a table") && tools.contains("Gives back what it gets."), "{tools}");
    assert!(!tools.contains("Gets a page."), "only what was granted: {tools}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_are_listed_and_named_in_contracts() {
    let world = World::start(Setting::default()).await;
    let contract_with = |tools: Value| {
        let mut document = contract();
        document["name"] = json!("Another desk");
        document["tools"] = tools;
        document
    };
    let validate = async |tools: Value| ask(&world, Method::POST, "/agents/validate", contract_with(tools)).await.1;
    let verdict = validate(json!(["toolbox.echo"])).await;
    assert!(verdict.to_string().contains("/tools/0"), "{verdict}");
    let path = toolbox(&world).await;
    assert_eq!(validate(json!(["toolbox.echo"])).await["valid"], true);
    let verdict = validate(json!(["toolbox.echo", "toolbox.echo"])).await;
    assert!(verdict.to_string().contains("granted already"), "{verdict}");
    let (_, list) = world.api.request(Method::GET, "/tools", None).await.unwrap();
    let ids: Vec<&str> = list["items"].as_array().unwrap().iter().map(|tool| tool["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["end_call", "save_data", "toolbox.fetch", "toolbox.book", "toolbox.echo", "toolbox.fail"]);
    let (_, book) = world.api.request(Method::GET, "/tools/toolbox.book", None).await.unwrap();
    assert_eq!((&book["write"], &book["name"]), (&json!(true), &json!("book")));
    let (status, _) = world.api.request(Method::GET, "/tools/toolbox.nothing", None).await.unwrap();
    assert_eq!(status, 404);
    let (status, problem) = ask(&world, Method::POST, "/tools/end_call/call", json!({})).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:trunkline:problem:no-call")));
    world.api.create_agent(&contract_with(json!(["toolbox.echo"]))).await.unwrap();
    let (status, problem) = world.api.request(Method::DELETE, &path, None).await.unwrap();
    assert_eq!(status, 409, "an agent has its tools: {problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_shows_what_a_tool_wrote_and_cost() {
    let world = World::start(Setting::default()).await;
    toolbox(&world).await;
    let answer = tried(&world, "toolbox.echo", json!({"echo": [1, "a"]})).await;
    assert_eq!((&answer["status"], &answer["value"]), (&json!("ok"), &json!({"echo": [1, "a"]})));
    assert!(answer["lines"][0]["message"].as_str().unwrap().starts_with("echo for "), "{answer}");
    assert!(answer["cpu_us"].as_u64().unwrap() > 0 && answer["memory_peak"].as_u64().unwrap() > 0, "{answer}");
    let answer = tried(&world, "toolbox.echo", json!({})).await;
    assert_eq!(answer["status"], "failed", "the result is checked: {answer}");
    let answer = tried(&world, "toolbox.fetch", json!({"url": 7})).await;
    assert_eq!(answer["status"], "invalid", "{answer}");
    assert!(answer["value"]["error"].as_str().unwrap().contains("/url"), "{answer}");
    assert_eq!((&answer["lines"], &answer["cpu_us"]), (&json!([]), &json!(0)), "it was not started");
    for (how, says) in [("trap", "the tool failed"), ("spin", "cpu"), ("sorry", "internal: sorry")] {
        let answer = tried(&world, "toolbox.fail", json!({ "how": how })).await;
        assert_eq!(answer["status"], "failed", "{how}");
        assert!(answer["value"]["error"].as_str().unwrap().contains(says), "{how}: {answer}");
    }
    let answer = tried(&world, "toolbox.echo", json!({"echo": 1})).await;
    assert_eq!(answer["status"], "ok", "the host goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_reaches_what_was_granted_and_nothing_else() {
    let world = inside(Setting::default()).await;
    let (path, host) = (toolbox(&world).await, server().await);
    let url = format!("http://{host}/");
    let denied = async |url: &str, says: &str| {
        let answer = tried(&world, "toolbox.fetch", json!({ "url": url })).await;
        assert_eq!((&answer["status"], &answer["requests"]), (&json!("denied"), &json!(0)), "{url}: {answer}");
        assert!(answer["value"]["error"].as_str().unwrap().contains(says), "{url}: {answer}");
        assert!(answer["lines"].to_string().contains("denied: "), "{url}: {answer}");
    };
    denied(&url, "is not granted").await;
    let grants = json!({"hosts": [host, "localhost", "example.com", "10.0.0.1"]});
    let (status, granted) = ask(&world, Method::PUT, &format!("{path}/grants"), grants).await;
    assert_eq!((status, &granted["grants"]["hosts"][0]), (200, &json!(host)), "{granted}");
    let answer = tried(&world, "toolbox.fetch", json!({ "url": url })).await;
    assert_eq!((&answer["status"], &answer["value"]["status"]), (&json!("ok"), &json!(200)), "{answer}");
    let answer = tried(&world, "toolbox.fetch", json!({"url": format!("{url}away")})).await;
    assert_eq!(answer["value"]["status"], 307, "a redirect is an answer and is not followed: {answer}");
    let answer = tried(&world, "toolbox.fetch", json!({"url": format!("{url}endless")})).await;
    assert!(answer["value"]["error"].as_str().unwrap().contains("TooLarge"), "{answer}");
    let answer = tried(&world, "toolbox.fetch", json!({"url": url, "times": 20})).await;
    assert_eq!((&answer["status"], &answer["requests"]), (&json!("denied"), &json!(16)), "{answer}");
    for (url, says) in [
        ("http://10.0.0.1/", "10.0.0.1"),
        ("https://169.254.169.254/latest", "not granted"),
        ("https://user:pass@example.com/", "user name"),
        ("ftp://example.com/", "scheme"),
    ] {
        let answer = tried(&world, "toolbox.fetch", json!({ "url": url })).await;
        assert_eq!(answer["status"], "denied", "{url}: {answer}");
        assert!(answer["value"]["error"].as_str().unwrap().contains(says), "{url}: {answer}");
    }
    for header in ["host", "Content-Length", "proxy-authorization", "bad header"] {
        let answer = tried(&world, "toolbox.fetch", json!({"url": url, "header": header})).await;
        assert_eq!((&answer["status"], &answer["requests"]), (&json!("failed"), &json!(0)), "{header}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_to_its_host_and_the_tool_never_sees_it() {
    let world = inside(Setting::default()).await;
    let (path, host, other) = (toolbox(&world).await, server().await, server().await);
    ask(&world, Method::PUT, "/secrets/WEATHER_KEY", json!({"value": "sk-very-secret"})).await;
    let grants = json!({"hosts": [host, other], "secrets": [{"name": "WEATHER_KEY", "host": host}]});
    let (status, _) = ask(&world, Method::PUT, &format!("{path}/grants"), grants).await;
    assert_eq!(status, 200);
    let fetch = async |host: &str, secret: &str| {
        tried(&world, "toolbox.fetch", json!({"url": format!("http://{host}/"), "secret": secret})).await
    };
    let answer = fetch(&host, "WEATHER_KEY").await;
    let seen: Value = serde_json::from_str(answer["value"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(seen["authorization"], "Bearer sk-very-secret");
    for (host, secret) in [(&other, "WEATHER_KEY"), (&host, "OTHER_KEY")] {
        let answer = fetch(host, secret).await;
        assert_eq!((&answer["status"], &answer["requests"]), (&json!("denied"), &json!(0)), "{answer}");
        assert!(!answer.to_string().contains("sk-very-secret"));
    }
    let wrong = json!({"hosts": [host], "secrets": [{"name": "WEATHER_KEY", "host": other}]});
    let (status, problem) = ask(&world, Method::PUT, &format!("{path}/grants"), wrong).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/secrets/0/host")), "{problem}");
    let (status, problem) = ask(&world, Method::PUT, &format!("{path}/grants"), json!({"hosts": ["*"]})).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/hosts/0")), "{problem}");
}
