//! Calls from a browser: the same engine, ledger and log at 16 kHz.

use crate::by_hand::until;
use crate::world::{Setting, World, event_names, of_kind};
use reqwest::Method;
use serde_json::{Value, json};
use trunkline_tests::emulators::openai::Rule;
use trunkline_tests::speech::{Voice, microphone};
use trunkline_tests::web_line::{Seen, WebLine, start};

const LONG: &str = "We are open from nine to five on weekdays, and from ten to two on Saturdays. On Sundays we are closed, \
    as is the whole street, and on public holidays it depends on the weather and on the mood of the owner.";

pub(crate) fn setting() -> Setting {
    Setting {
        utterances: vec!["When do you open?", "Stop, that is enough.", "good-bye"],
        script: vec![
            Rule::call("end_call", json!({"reason": "done"})).when("good-bye"),
            Rule::say(LONG).when("open"),
            Rule::say("All right."),
        ],
        ..Setting::default()
    }
}

pub(crate) async fn ticket(world: &World) -> Value {
    let (status, ticket) =
        world.api.request(Method::POST, "/web-calls", Some(&json!({"agent": world.agent}))).await.unwrap();
    assert_eq!(status, 201, "{ticket}");
    ticket
}

pub(crate) fn flite(text: &str) -> Vec<i16> {
    microphone(Voice::Flite("slt"), text).unwrap()
}

async fn ended(world: &World, call: &str) -> Value {
    until(|| async {
        let (_, stored) = world.api.request(Method::GET, &format!("/calls/{call}"), None).await.unwrap();
        (stored["state"] == "ended").then_some(stored)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_greeted_answered_interrupts_and_is_told_good_bye() {
    let world = World::start(setting()).await;
    let ticket = ticket(&world).await;
    let call = ticket["call"].as_str().unwrap();
    let mut line = WebLine::open(world.host.port(), &ticket).await.unwrap();
    let greeted = line.until_spoken(&Seen::default()).await.unwrap();
    assert!(greeted.came_ms > 1_000, "{greeted:?}");
    line.say(&flite("When do you open?"));
    let before = greeted.came_ms;
    line.until("the answer is under way", move |seen| seen.came_ms > before + 2_500).await.unwrap();
    line.say(&flite("Stop, that is enough."));
    line.until("it is silenced", |seen| seen.clears > 0).await.unwrap();
    let cut = line.seen();
    line.until_spoken(&cut).await.unwrap();
    line.say(&flite("Good-bye."));
    line.until("it hangs up", |seen| seen.closed == Some(1_000)).await.unwrap();

    let stored = ended(&world, call).await;
    assert_eq!((&stored["channel"], &stored["end_reason"]), (&json!("web-voice"), &json!("agent-hangup")));
    let lines = world.api.transcript(call).await.unwrap();
    let answer =
        lines.iter().find(|line| line["text"].as_str().is_some_and(|text| text.starts_with("We are"))).unwrap();
    let (heard, not_heard) = (answer["text"].as_str().unwrap(), answer["not_heard"].as_str().unwrap());
    let whole = LONG.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(whole.starts_with(heard) && heard.len() < whole.len(), "{heard}");
    assert!(whole.contains(not_heard.split('.').next().unwrap()), "{not_heard}");
    let rows = world.api.events(call).await.unwrap();
    assert_eq!(of_kind(&rows, "barge-in").len(), 1);
    assert!(of_kind(&rows, "latency").len() >= 2);
    assert_eq!(event_names(&rows).last().map(String::as_str), Some("ended"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_may_come_back() {
    let world = World::start(setting()).await;
    let first = ticket(&world).await;
    let call = first["call"].as_str().unwrap();
    let mut line = WebLine::open(world.host.port(), &first).await.unwrap();
    line.until_spoken(&Seen::default()).await.unwrap();
    line.lose();
    until(|| async { (!of_kind(&world.api.events(call).await.unwrap(), "media-stopped").is_empty()).then_some(()) })
        .await;
    let (status, second) = world.api.request(Method::POST, &format!("/web-calls/{call}/token"), None).await.unwrap();
    assert_eq!(status, 200, "{second}");
    let mut line = WebLine::open(world.host.port(), &second).await.unwrap();
    let back = line.until_spoken(&Seen::default()).await.unwrap();
    assert!(back.came_ms > 500, "it says that it was cut off");
    line.say(&flite("Good-bye."));
    line.send(json!({"event": "stop", "streamSid": "browser-1", "stop": {"accountSid": "web", "callSid": call}}));
    let stored = ended(&world, call).await;
    assert_eq!(stored["end_reason"], "caller-hangup");
    assert!(event_names(&world.api.events(call).await.unwrap()).contains(&"resumed".to_owned()));
    let (status, problem) = world.api.request(Method::POST, &format!("/web-calls/{call}/token"), None).await.unwrap();
    assert_eq!((status, &problem["type"]), (409, &json!("urn:trunkline:problem:ended")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_of_two_tabs_has_the_call() {
    let world = World::start(setting()).await;
    let first = ticket(&world).await;
    let call = first["call"].as_str().unwrap();
    let mut one = WebLine::open(world.host.port(), &first).await.unwrap();
    one.until_spoken(&Seen::default()).await.unwrap();
    let (_, second) = world.api.request(Method::POST, &format!("/web-calls/{call}/token"), None).await.unwrap();
    let mut two = WebLine::open(world.host.port(), &second).await.unwrap();
    one.until("the first is told", |seen| seen.closed == Some(4_001)).await.unwrap();
    two.until_spoken(&Seen::default()).await.unwrap();
    assert_eq!(two.seen().closed, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_calls_own_token_opens_its_socket() {
    let world = World::start(setting()).await;
    let (port, mine) = (world.host.port(), ticket(&world).await);
    let other = ticket(&world).await;
    let (call, token) = (mine["call"].as_str().unwrap(), mine["token"].as_str().unwrap());
    let path = mine["media_path"].as_str().unwrap();
    let wrong_rate = {
        let mut start = start(call, token);
        start["start"]["mediaFormat"]["sampleRate"] = json!(8_000);
        start
    };
    let phone = {
        let mut start = start(call, token);
        start["start"]["mediaFormat"] = json!({"encoding": "audio/x-mulaw", "sampleRate": 8_000, "channels": 1});
        start
    };
    let elsewhere = other["media_path"].as_str().unwrap();
    for (what, path, first) in [
        ("no token", path, start(call, "")),
        ("a forged token", path, start(call, &format!("{token}x"))),
        ("another call's token", path, start(call, other["token"].as_str().unwrap())),
        ("another call's address", elsewhere, start(call, token)),
        ("another rate", path, wrong_rate),
        ("a telephone's audio", path, phone),
    ] {
        let mut line = WebLine::open_at(port, path, first).await.unwrap();
        let seen = line.until("it is closed", |seen| seen.closed.is_some()).await.unwrap();
        assert_eq!(seen.closed, Some(1_008), "{what}");
    }
    let mut line = WebLine::open(port, &mine).await.unwrap();
    line.until_spoken(&Seen::default()).await.unwrap();
    let mut again = WebLine::open(port, &mine).await.unwrap();
    let seen = again.until("it is closed", |seen| seen.closed.is_some()).await.unwrap();
    assert_eq!(seen.closed, Some(1_008), "a token works once");
    assert_eq!(line.seen().closed, None, "and disturbs nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_called_says_why() {
    let world = World::start(setting()).await;
    let mut silent = crate::world::contract();
    silent["name"] = json!("Writes only");
    silent["type"] = json!("conversational");
    silent["stt"] = Value::Null;
    silent.as_object_mut().unwrap().retain(|name, _| name != "stt" && name != "tts");
    let silent = world.api.create_agent(&silent).await.unwrap();
    for (body, status, words) in [
        (json!({"agent": "nobody"}), 404, "there is no such agent"),
        (json!({"agent": "0193f000-0000-7000-8000-000000000000"}), 404, "there is no such agent"),
        (json!({"agent": silent}), 422, "it has no speech (`stt` and `tts`): write to it instead"),
        (json!({}), 422, "`agent` is required"),
        (json!({"agent": world.agent, "voice": 1}), 422, "`voice` is not a known field (allowed: "),
    ] {
        let (found, problem) = world.api.request(Method::POST, "/web-calls", Some(&body)).await.unwrap();
        assert_eq!(found, status, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
    for path in ["/web-calls/nonsense/token", "/web-calls/0193f000-0000-7000-8000-000000000000/token"] {
        assert_eq!(world.api.request(Method::POST, path, None).await.unwrap().0, 404);
    }
}
