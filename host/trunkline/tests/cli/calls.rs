use crate::{Place, stock};
use serde_json::json;
use std::sync::Arc;
use trunkline_contract::chat::Message;
use trunkline_contract::event::{CallInfo, Ended};
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{Action, CallId, Event};
use trunkline_runtime::{Config, Input, Runtime};
use trunkline_store::{
    Append, CallState, CallUpdate, Direction, NewCall, NewLease, NewVersion, Store, StoreConfig, new_call_id,
};

const DURATION: u64 = 61_500;

/// Stores a call with these rows, as a host would.
async fn call(place: &Place, entries: Vec<Entry>) -> CallId {
    let store = Store::open(StoreConfig::new(place.data())).await.unwrap();
    let tenant = store.tenant(store.tenants().create("default", 1).await.unwrap().id);
    let new = NewVersion {
        document: json!({"name": "Front desk"}),
        author: None,
        summary: None,
        now_ms: 1,
        ..NewVersion::default()
    };
    let agent = tenant.agents().create(new).await.unwrap().agent_id;
    let id = new_call_id();
    let new = NewCall {
        id,
        agent_id: agent,
        agent_version: 1,
        channel: "phone-inbound".into(),
        direction: Direction::Inbound,
        caller: Some("+15550100".into()),
        callee: None,
        carrier_call_sid: None,
        account_sid: None,
        started_at_ms: 1_700_000_000_000,
        seed: 1,
        lease: Some(NewLease { owner: "host".into(), expires_ms: u64::MAX >> 2 }),
        session_id: None,
    };
    tenant.calls().create(new).await.unwrap();
    let row = |(at, entry): (usize, Entry)| Row { seq: at as u64 + 1, at_ms: 1_000, entry, component: None };
    let over = CallUpdate {
        state: Some(CallState::Ended),
        ended_at_ms: Some(1_700_000_000_000 + DURATION),
        end_reason: Some("caller-hangup".into()),
        ..CallUpdate::default()
    };
    let rows = entries.into_iter().enumerate().map(row).collect();
    let append =
        Append { call: id, fencing: 1, rows, state: None, snapshot: false, call_update: Some(over), urgent: true };
    tenant.log().append(append).await.unwrap();
    store.close().await;
    id
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_past_call_is_listed_shown_and_tailed() {
    let place = Place::new();
    let said = |text: &str| Message::Assistant { text: text.into(), tool_calls: Vec::new() };
    let entries = vec![
        Entry::message(0, said("Welcome to \u{1b}[31mAcme.")),
        Entry::message(1, Message::User { text: "Hello".into() }),
        Entry::Ended { reason: "caller-hangup".into(), duration_ms: DURATION },
    ];
    let id = block_on(call(&place, entries)).to_string();

    let listed = place.run(&["call", "list", "--state", "ended", "--json"]).ok().json();
    assert_eq!((&listed["items"][0]["id"], &listed["next_cursor"]), (&json!(id), &json!(null)));
    assert_eq!(place.run(&["call", "list", "--state", "active", "--json"]).ok().json()["items"], json!([]));
    let table = place.run(&["call", "list"]).ok().out;
    assert!(table.contains("2023-11-14T22:13:20Z") && table.contains("61.5s"), "{table}");

    let shown = place.run(&["call", "show", &id, "--json"]).ok().json();
    assert_eq!(shown["call"]["caller"], "+15550100");
    assert_eq!(shown["transcript"][1]["text"], "Hello");
    let text = place.run(&["call", "show", &id]).ok().out;
    assert!(text.contains("assistant") && text.contains("Welcome to  [31mAcme."), "{text}");

    let rows = place.run(&["call", "tail", &id, "--json", "--from", "2"]).ok().out;
    let rows: Vec<Row> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [2, 3]);

    let ran = place.run(&["call", "show", "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f"]).failed(1);
    assert_eq!(ran.sentence(), "there is no call 0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f");
    assert!(place.run(&["call", "show", "7"]).failed(1).sentence().starts_with("name a call by its id"));
}

fn started() -> Event {
    Event::Started(Box::new(CallInfo {
        call_id: "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f".into(),
        channel: "phone-inbound".into(),
        caller: None,
        callee: None,
        locale: "en-US".into(),
        utc_offset_minutes: 0,
        speech_mode: "pipeline".into(),
        agent_id: "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f".into(),
        agent_version: "1".into(),
        greeting: Some("Welcome to Acme.".into()),
        settings: json!({}),
        settings_version: "1".into(),
        context: json!({}),
        handoff: None,
        tools: Vec::new(),
    }))
}

/// The log that the stock behaviour makes of two events, with the digest of the behaviour.
async fn recorded(bytes: Vec<u8>) -> Vec<Entry> {
    let runtime = Arc::new(Runtime::new(&Config::new([0; 32])).unwrap());
    let component = runtime.load_async(bytes).await.unwrap();
    let behaviour = component.behaviour().unwrap();
    let mut entries = vec![Entry::Component { digest: component.digest().to_string(), reason: "start".into() }];
    let mut state = Vec::new();
    for event in [started(), Event::Ended(Ended { reason: "caller-hangup".into(), duration_ms: 1 })] {
        let seq = entries.len() as u64 + 1;
        let input = Input { seq, now_ms: 1_000, seed: 7, state, event: event.clone() };
        let output = behaviour.handle(input).await.unwrap();
        entries.push(Entry::Event { event, seed: 7 });
        entries.push(Entry::Actions { event_seq: seq, actions: output.actions });
        state = output.state;
    }
    entries
}

#[test]
fn a_replay_of_the_same_behaviour_is_equal() {
    let place = Place::new();
    let file = place.write("components/dist/conversation.wasm", stock());
    let id = block_on(async { call(&place, recorded(stock()).await).await }).to_string();
    let answer = place.run(&["call", "replay", &id, "--json"]).ok().json();
    assert_eq!(answer, json!({"equal": true, "events": 2}));
    let ran = place.run(&["call", "replay", &id, "--until", "2", "--component", file.to_str().unwrap()]).ok();
    assert_eq!(ran.out.trim(), "equal, events compared: 1");
}

#[test]
fn the_first_difference_is_shown() {
    let place = Place::new();
    place.write("components/dist/conversation.wasm", stock());
    let id = block_on(async {
        let mut entries = recorded(stock()).await;
        let Entry::Actions { actions, .. } = &mut entries[2] else { panic!("{entries:?}") };
        let greeting: Vec<Action> = std::mem::take(actions);
        assert!(!greeting.is_empty());
        call(&place, entries).await
    })
    .to_string();
    let answer = place.run(&["call", "replay", &id, "--json"]).failed(1).json();
    assert_eq!((&answer["equal"], &answer["seq"], &answer["event"]), (&json!(false), &json!(2), &json!("started")));
    assert!(answer["expected"].as_array().unwrap().is_empty() && !answer["found"]["actions"][0].is_null());
    let text = place.run(&["call", "replay", &id]).failed(1).out;
    assert!(text.starts_with("different at row 2, event started\n+ {"), "{text}");
}

#[test]
fn a_log_that_cannot_be_replayed_is_told_apart_from_a_difference() {
    let place = Place::new();
    let digest = "0".repeat(64);
    let id = block_on(call(&place, vec![Entry::Component { digest, reason: "start".into() }])).to_string();
    let ran = place.run(&["call", "replay", &id]).failed(2);
    assert!(ran.sentence().starts_with("the component 000000000000 is not here"), "{}", ran.err);
    let ran = place.run(&["call", "replay", &id, "--component", "nothing.wasm"]).failed(2);
    assert!(ran.sentence().starts_with("`nothing.wasm` is neither a digest nor a file"), "{}", ran.err);
}
