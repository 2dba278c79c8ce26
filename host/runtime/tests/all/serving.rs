//! Ordinary service: state, determinism, warm against fresh, the pool, cancellation.

use crate::support::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use trunkline_contract::event::Silence;
use trunkline_contract::{ActionKind, Event};
use trunkline_runtime::{Config, Input, Output, Runtime, World};

async fn run_fresh(events: &[Event]) -> Vec<Option<Output>> {
    let behaviour = echo();
    let (mut state, mut outputs) = (Vec::new(), Vec::new());
    for (index, event) in events.iter().enumerate() {
        let output = behaviour.handle(input(index as u64 + 1, state.clone(), event.clone())).await.ok();
        state = output.as_ref().map_or(state, |output| output.state.clone());
        outputs.push(output.map(comparable));
    }
    outputs
}

async fn run_warm(events: &[Event]) -> Vec<Option<Output>> {
    let mut warm = echo().warm();
    let (mut state, mut outputs) = (Vec::new(), Vec::new());
    for (index, event) in events.iter().enumerate() {
        let output = warm.handle(input(index as u64 + 1, state.clone(), event.clone())).await.ok();
        state = output.as_ref().map_or(state, |output| output.state.clone());
        outputs.push(output.map(comparable));
    }
    outputs
}

fn comparable(output: Output) -> Output {
    Output { stats: Default::default(), ..output }
}

#[tokio::test]
async fn a_behaviour_says_who_it_is() {
    let manifest = echo().describe().await.unwrap();
    assert_eq!((manifest.name.as_str(), manifest.version.as_str()), ("echo", "0.1.0"));
    assert_eq!(manifest.settings_schema["properties"]["prefix"], json!({ "type": "string" }));
    assert!(manifest.state_compatible);
}

#[tokio::test]
async fn events_and_actions_cross_the_boundary() {
    let greeting = first(&echo(), started()).await.unwrap();
    assert!(matches!(&greeting.actions[0].kind, ActionKind::Say(say) if say.text == "Hello." && say.interruptible));
    let answer = echo().handle(input(2, greeting.state, turn(1, "Grüße, 世界"))).await.unwrap();
    assert!(matches!(&answer.actions[0].kind, ActionKind::Say(say) if say.text == "> You said Grüße, 世界"));
    assert!(matches!(&answer.actions[1].kind, ActionKind::Emit(custom) if custom.payload["at"] == 200));
    assert!(answer.invalid.is_empty() && answer.notes.is_empty());
    assert!(answer.stats.memory_peak > 0 && answer.stats.cpu_ns > 0);
    let silence = Event::Silence(Silence { count: 1, silent_ms: 7 });
    let asked = echo().handle(input(3, answer.state, silence)).await.unwrap();
    assert!(matches!(&asked.actions[0].kind, ActionKind::Generate(generate)
        if generate.instructions.as_deref() == Some("Silent for 7 ms.")));
}

#[tokio::test]
async fn each_action_crosses_the_boundary() {
    let actions = first(&echo(), custom("everything")).await.unwrap().actions;
    let found: Value = serde_json::to_value(&actions).unwrap();
    let data = json!({ "a": [1, 2.5, "x", null, true] });
    let expected = json!([
        { "action": "say", "data": { "text": "text", "interruptible": false } },
        { "action": "play", "data": { "sound": "chime", "interruptible": true } },
        { "action": "generate", "data": { "instructions": "i", "tools": "ask", "allowed_tools": ["t"], "speak": true,
            "interruptible": false, "output_schema": data } },
        { "action": "answer-tool", "data": { "request_id": "r", "status": "ok", "value": data } },
        { "action": "call-tool", "data": { "name": "t", "args": data } },
        { "action": "cancel", "data": { "target": 1 } },
        { "action": "set-timer", "data": { "after_ms": 1500 } },
        { "action": "listen", "data": { "hints": ["Ada"], "endpointing_ms": 700 } },
        { "action": "collect-digits", "data": { "max": 4, "terminator": "#", "timeout_ms": 3000 } },
        { "action": "send-digits", "data": { "digits": "12#" } },
        { "action": "transfer", "data": { "target": "desk", "mode": "warm", "briefing": "b" } },
        { "action": "handoff", "data": { "agent": "other", "context": data, "summary": "s" } },
        { "action": "hang-up", "data": { "reason": "done", "after_speech": false } },
        { "action": "recording", "data": { "command": "pause" } },
        { "action": "set-result", "data": { "name": "field", "value": data } },
        { "action": "remember", "data": { "text": "likes tea", "scope": "caller" } },
        { "action": "schedule-callback",
            "data": { "at": "2030-01-01T10:00:00Z", "number": "+15550100", "note": null } },
        { "action": "update-context", "data": data },
        { "action": "emit", "data": { "name": "name", "payload": data } },
        { "action": "note", "data": { "level": "info", "text": "line" } },
        { "action": "custom", "data": { "name": "name", "payload": data } },
    ]);
    for (index, (found, expected)) in found.as_array().unwrap().iter().zip(expected.as_array().unwrap()).enumerate() {
        let mut expected = expected.clone();
        expected["effect"] = json!(index + 1);
        assert_eq!(*found, expected);
    }
    assert_eq!(actions.len(), 21);
}

#[tokio::test]
async fn each_event_crosses_the_boundary() {
    let call = serde_json::to_value(call()).unwrap();
    let events = json!([
        { "event": "started", "data": call },
        { "event": "resumed", "data": { "reason": "host-restart", "call": call } },
        { "event": "configured", "data": call },
        { "event": "digits", "data": { "digits": "1#", "reason": "length" } },
        { "event": "silence", "data": { "count": 1, "silent_ms": 5 } },
        { "event": "said", "data": { "effect": 1, "heard": "h" } },
        { "event": "interrupted", "data": { "effect": 1, "heard": "" } },
        { "event": "generated", "data": { "generation_id": "g", "effect": 1, "text": "t", "heard": "t",
            "output": { "a": 1 }, "usage": { "input_tokens": 1, "output_tokens": 2, "cached_tokens": 3 },
            "cost_micros": 7, "finish_reason": "stop" } },
        { "event": "tool-requested", "data": { "request_id": "r", "generation_id": "g", "origin": "behaviour",
            "name": "t", "args": {} } },
        { "event": "tool-finished", "data": { "request_id": "r", "effect": 1, "name": "t", "status": "ok",
            "value": null } },
        { "event": "effect-done", "data": { "effect": 1, "status": "ok", "value": 1 } },
        { "event": "timer", "data": { "effect": 1 } },
        { "event": "context-changed", "data": {} },
        { "event": "voicemail", "data": { "outcome": "human" } },
        { "event": "transferred", "data": { "effect": 1, "status": "busy" } },
        { "event": "control", "data": { "kind": "inject", "payload": "x" } },
        { "event": "failed", "data": { "effect": null, "part": "llm", "code": "timeout", "message": "m",
            "retryable": true } },
        { "event": "denied", "data": { "effect": 1, "action": "say", "rule": "invalid", "message": "m" } },
        { "event": "swapped", "data": { "from": "d" } },
        { "event": "custom", "data": { "name": "n", "payload": {} } },
        { "event": "ended", "data": { "reason": "caller-hangup", "duration_ms": 9 } },
    ]);
    for event in serde_json::from_value::<Vec<Event>>(events).unwrap() {
        let name = event.name();
        assert!(first(&echo(), event).await.is_ok(), "{name}");
    }
}

/// One `emit` whose payload is the text `{`.
#[tokio::test]
async fn an_action_that_is_no_json_is_marked_and_the_others_stay() {
    let answer = r#"(i32.store (i32.const 76) (i32.const 128)) (i32.store (i32.const 80) (i32.const 1))
        (i32.store (i32.const 128) (i32.const 9)) (i32.store8 (i32.const 136) (i32.const 18))
        (i32.store (i32.const 152) (i32.const 1024)) (i32.store (i32.const 156) (i32.const 1)) (i32.const 64)"#;
    let component = agent(1, answer, r#"(data (i32.const 1024) "{")"#);
    let behaviour = runtime().load(&component).unwrap().behaviour().unwrap();
    let output = first(&behaviour, turn(1, "hi")).await.unwrap();
    assert!(output.actions.is_empty());
    assert_eq!((output.invalid[0].effect, output.invalid[0].action), (9, "emit"));
    assert!(output.invalid[0].message.starts_with("`payload` is not JSON"), "{}", output.invalid[0].message);
}

#[tokio::test]
async fn equal_inputs_give_equal_outputs() {
    let output = |input: Input| async { comparable(echo().handle(input).await.unwrap()) };
    let one = input(5, Vec::new(), turn(1, "hi"));
    assert_eq!(output(one.clone()).await, output(one.clone()).await);
    let other = Input { seed: 99, ..one.clone() };
    assert_ne!(output(one).await.actions, output(other).await.actions);
}

#[tokio::test]
async fn an_abandoned_event_leaves_room_for_the_next() {
    let config = Config { max_instances: 1, ..config() };
    let runtime = Runtime::new(&config).unwrap();
    let behaviour = runtime.load(ECHO).unwrap().behaviour().unwrap();
    for _ in 0..20 {
        let mut spinning = Box::pin(first(&behaviour, custom("spin")));
        assert!(futures_poll(&mut spinning).await.is_none());
        drop(spinning);
        assert!(first(&behaviour, turn(1, "hi")).await.is_ok());
    }
}

/// Polls once.
async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| match std::pin::Pin::new(&mut *future).poll(context) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn more_events_than_places_wait_for_each_other() {
    let config = Config { max_instances: 2, ..config() };
    let runtime = Runtime::new(&config).unwrap();
    let behaviour = runtime.load(ECHO).unwrap().behaviour().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for seq in 1..=16 {
        let behaviour = behaviour.clone();
        tasks.spawn(async move { behaviour.handle(input(seq, Vec::new(), turn(1, "hi"))).await });
    }
    for output in tasks.join_all().await {
        assert_eq!(output.unwrap().actions.len(), 2);
    }
}

#[test]
fn a_component_outlives_its_runtime() {
    let runtime = Runtime::new(&config()).unwrap();
    let component = runtime.load(&agent(1, "(i32.const 0)", "")).unwrap();
    assert_eq!(component.world(), World::Agent010);
    assert!(component.tool().is_err());
    drop(runtime);
    let threads = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(threads.block_on(first(&component.behaviour().unwrap(), turn(1, "hi"))).is_ok());
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => "\\PC{0,40}".prop_map(|text| turn(1, &text)),
        1 => any::<u32>().prop_map(|effect| Event::Timer { effect }),
        1 => any::<u64>().prop_map(|silent_ms| Event::Silence(Silence { count: 1, silent_ms })),
        1 => Just(started()),
        1 => Just(custom("error")),
        1 => Just(custom("trap")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn warm_and_fresh_instances_give_the_same(events in proptest::collection::vec(event(), 1..12)) {
        let threads = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (fresh, warm) = threads.block_on(async { (run_fresh(&events).await, run_warm(&events).await) });
        prop_assert_eq!(fresh, warm);
    }
}
