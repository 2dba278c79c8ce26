//! Conversations in writing: whole or as they are written, in threads that outlive memory and the host.

use crate::world::{NUMBER, Setting, World, event_names, of_kind};
use reqwest::Method;
use serde_json::{Value, json};
use trunkline_tests::emulators::openai::Rule;

fn opening_hours() -> Setting {
    Setting {
        script: vec![
            Rule::say("We open at **nine**. Is there anything else?").when("open"),
            Rule::call("end_call", json!({"reason": "done"})).when("good-bye"),
            Rule::say("I do not know."),
        ],
        ..Setting::default()
    }
}

async fn write(world: &World, body: Value) -> (u16, Value) {
    world.api.request(Method::POST, &format!("/agents/{}/chat", world.agent), Some(&body)).await.unwrap()
}

fn texts(messages: &Value) -> Vec<&str> {
    messages.as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_is_greeted_answered_and_ended() {
    let world = World::start(opening_hours()).await;
    let (status, greeted) = write(&world, json!({})).await;
    assert_eq!((status, texts(&greeted["messages"])), (200, vec!["Welcome to Acme. How can I help you?"]), "{greeted}");
    let thread = greeted["thread"].as_str().unwrap();
    let (_, answered) = write(&world, json!({"thread": thread, "text": "When do you open?"})).await;
    assert_eq!(texts(&answered["messages"]), ["We open at **nine**. Is there anything else?"], "{answered}");
    assert_eq!(answered["ended"], false);
    let (_, bye) = write(&world, json!({"thread": thread, "text": "good-bye"})).await;
    assert_eq!(bye["ended"], true, "{bye}");
    let (status, over) = write(&world, json!({"thread": thread, "text": "Hello?"})).await;
    assert_eq!((status, &over["type"]), (409, &json!("urn:trunkline:problem:ended")));

    let (_, stored) = world.api.request(Method::GET, &format!("/threads/{thread}/messages"), None).await.unwrap();
    let roles: Vec<&str> = stored["items"].as_array().unwrap().iter().map(|l| l["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["assistant", "user", "assistant", "user", "assistant", "tool", "assistant"], "{stored}");
    let rows = world.api.events(thread).await.unwrap();
    assert_eq!(event_names(&rows).last().map(String::as_str), Some("ended"));
    assert_eq!(of_kind(&rows, "dropped").len(), 0);
    let call = world.api.calls().await.unwrap().into_iter().find(|call| call["id"] == thread).unwrap();
    assert_eq!((&call["channel"], &call["state"]), (&json!("chat"), &json!("ended")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_as_it_is_written() {
    let world = World::start(opening_hours()).await;
    let path = format!("/agents/{}/chat", world.agent);
    let body = world.api.streamed(Method::POST, &path, &[], Some(&json!({"text": "When do you open?"}))).await.unwrap();
    let events: Vec<(&str, Value)> = body
        .split("\n\n")
        .filter_map(|event| {
            let name = event.lines().find_map(|line| line.strip_prefix("event: "))?;
            let data = event.lines().find_map(|line| line.strip_prefix("data: "))?;
            Some((name, serde_json::from_str(data).unwrap()))
        })
        .collect();
    assert_eq!(events[0].0, "thread", "{body}");
    assert_eq!(events.last().unwrap().0, "done");
    let mut written = std::collections::BTreeMap::<u64, String>::new();
    for (_, delta) in events.iter().filter(|(name, _)| *name == "delta") {
        written.entry(delta["index"].as_u64().unwrap()).or_default().push_str(delta["text"].as_str().unwrap());
    }
    let written: Vec<String> = written.into_values().collect();
    assert_eq!(written, ["Welcome to Acme. How can I help you?", "We open at **nine**. Is there anything else?"]);
    assert!(events.iter().filter(|(name, _)| *name == "delta").count() > 3, "piece by piece: {body}");
    let messages: Vec<&str> =
        events.iter().filter(|(name, _)| *name == "message").map(|(_, line)| line["role"].as_str().unwrap()).collect();
    assert_eq!(messages, ["assistant", "user", "assistant"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_survives_the_host() {
    let mut world = World::start(opening_hours()).await;
    let (_, first) = write(&world, json!({"text": "When do you open?"})).await;
    let thread = first["thread"].as_str().unwrap().to_owned();
    world.host.kill().await.unwrap();
    world.host.restart().await.unwrap();
    let (status, second) = write(&world, json!({"thread": thread, "text": "What else?"})).await;
    assert_eq!((status, texts(&second["messages"])), (200, vec!["I do not know."]), "{second}");
    let lines = world.api.transcript(&thread).await.unwrap();
    assert_eq!(lines.len(), 5, "the history is kept: {lines:?}");
    let rows = world.api.events(&thread).await.unwrap();
    assert!(!event_names(&rows).iter().any(|name| name == "resumed"), "nobody was cut off");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_says_why_and_changes_nothing() {
    let world = World::start(opening_hours()).await;
    let (_, begun) = write(&world, json!({})).await;
    let thread = begun["thread"].as_str().unwrap();
    let long = "a".repeat(100_000);
    for (body, pointer, code) in [
        (json!({"thread": thread}), "/text", "missing"),
        (json!({"thread": thread, "text": " \n"}), "/text", "empty"),
        (json!({"thread": thread, "text": long}), "/text", "too-long"),
        (json!({"thread": thread, "text": "a\u{0}b"}), "/text", "control-character"),
        (json!({"thread": thread, "text": "\u{1b}[31mred"}), "/text", "control-character"),
    ] {
        let (status, problem) = write(&world, body).await;
        let error = &problem["errors"][0];
        assert_eq!((status, &error["pointer"], &error["code"]), (422, &json!(pointer), &json!(code)), "{problem}");
    }
    for thread in ["nonsense", "0193f000-0000-7000-8000-000000000000"] {
        let (status, problem) = write(&world, json!({"thread": thread, "text": "Hello"})).await;
        assert_eq!((status, &problem["detail"]), (404, &json!("there is no such thread")));
    }
    let path = "/agents/0193f000-0000-7000-8000-000000000000/chat";
    let (status, problem) = world.api.request(Method::POST, path, Some(&json!({}))).await.unwrap();
    assert_eq!((status, &problem["detail"]), (404, &json!("there is no such agent")));
    let odd = "\u{202e}שלום <script>alert(1)</script> ü\ttab\nline";
    let (status, _) = write(&world, json!({"thread": thread, "text": odd})).await;
    assert_eq!(status, 200);
    let (_, stored) = world.api.request(Method::GET, &format!("/threads/{thread}/messages"), None).await.unwrap();
    assert_eq!(stored["items"][1]["text"], odd, "kept as it was written");
    assert_eq!(stored["items"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_at_a_time() {
    let world = World::start(Setting { tokens_per_s: Some(4.0), ..opening_hours() }).await;
    let (_, begun) = write(&world, json!({})).await;
    let thread = begun["thread"].as_str().unwrap();
    let body = json!({"thread": thread, "text": "When do you open?"});
    let (one, two) = tokio::join!(write(&world, body.clone()), write(&world, body.clone()));
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {two:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_call_can_be_watched_and_an_ended_one_read() {
    let world = World::start(opening_hours()).await;
    let (_, begun) = write(&world, json!({"text": "good-bye"})).await;
    let thread = begun["thread"].as_str().unwrap();
    let path = format!("/calls/{thread}/live");
    let all = world.api.streamed(Method::GET, &path, &[], None).await.unwrap();
    let rows = world.api.events(thread).await.unwrap();
    assert_eq!(all.matches("event: row\n").count(), rows.len(), "{all}");
    assert!(all.contains("event: end\ndata: {\"reason\":\"agent-hangup\"}"), "{all}");
    let seen = (rows.len() - 2).to_string();
    let rest = world.api.streamed(Method::GET, &path, &[("last-event-id", &seen)], None).await.unwrap();
    assert_eq!(rest.matches("event: row\n").count(), 2);

    let call = world.host.inbound(NUMBER).step(
        trunkline_tests::emulators::twilio::When::AgentSilent(400),
        trunkline_tests::emulators::twilio::What::HangUp,
    );
    let placed = world.carrier.place_call(call);
    let live = loop {
        if let Some(call) = world.api.calls().await.unwrap().into_iter().find(|c| c["channel"] == "phone-inbound") {
            break call["id"].as_str().unwrap().to_owned();
        }
    };
    let watched = world.api.streamed(Method::GET, &format!("/calls/{live}/live"), &[], None).await.unwrap();
    assert!(placed.finished().await.succeeded());
    assert_eq!(watched.matches("event: row\n").count(), world.api.events(&live).await.unwrap().len(), "{watched}");
    assert!(watched.contains("event: end\n"), "{watched}");
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_are_listed_apart_from_calls() {
    let world = World::start(opening_hours()).await;
    let (_, begun) = write(&world, json!({})).await;
    world.api.request(Method::POST, "/web-calls", Some(&json!({"agent": world.agent}))).await.unwrap();
    let (_, threads) = world.api.request(Method::GET, "/threads?limit=10", None).await.unwrap();
    let ids: Vec<&Value> = threads["items"].as_array().unwrap().iter().map(|thread| &thread["id"]).collect();
    assert_eq!(ids, [&begun["thread"]], "{threads}");
    let (_, none) =
        world.api.request(Method::GET, "/threads?agent=0193f000-0000-7000-8000-000000000000", None).await.unwrap();
    assert_eq!(none["items"], json!([]));
    let (status, _) =
        world.api.request(Method::GET, "/threads/0193f000-0000-7000-8000-000000000000", None).await.unwrap();
    assert_eq!(status, 404);
}
