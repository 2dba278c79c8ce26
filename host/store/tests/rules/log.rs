use crate::{Fixture, append, new_call, note};
use proptest::prelude::*;
use serde_json::{Value, json};
use trunkline_contract::chat::Message;
use trunkline_contract::log::{Entry, Row};
use trunkline_store::{
    Append, Appended, CallState, CallUpdate, EnqueueError, NewCall, ReducerState, StoreError, new_call_id,
};

fn entry(seq: u64, entry: Entry) -> Row {
    Row { seq, at_ms: seq, entry, component: None }
}

fn intent(seq: u64, key: &str) -> Row {
    let (idempotency_key, what, detail) = (key.to_owned(), "tool".to_owned(), json!({ "name": "book" }));
    entry(seq, Entry::EffectIntent { idempotency_key, what, detail })
}

fn outcome(seq: u64, key: &str, status: &str) -> Row {
    let (idempotency_key, status, value) = (key.to_owned(), status.to_owned(), json!({ "booked": true }));
    entry(seq, Entry::EffectOutcome { idempotency_key, status, value })
}

#[tokio::test]
async fn rows_come_back_in_order_and_in_parts() {
    let fixture = Fixture::new().await;
    let log = fixture.tenant.log();
    let done = log.append(append(fixture.call, (1..=5).map(note))).await.unwrap();
    assert_eq!(done, Appended { last_seq: 5 });
    log.append(append(fixture.call, (6..=7).map(note))).await.unwrap();
    assert_eq!(log.rows(fixture.call, 1, 100).await.unwrap(), (1..=7).map(note).collect::<Vec<_>>());
    assert_eq!(log.rows(fixture.call, 4, 2).await.unwrap(), [note(4), note(5)]);
    assert_eq!(log.last_seq(fixture.call).await, Ok(7));
}

#[tokio::test]
async fn a_row_that_does_not_follow_is_refused_with_its_whole_append() {
    let fixture = Fixture::new().await;
    let log = fixture.tenant.log();
    for (rows, expected, got) in [(vec![2], 1, 2), (vec![0], 1, 0), (vec![1, 3], 2, 3), (vec![1, 1], 2, 1)] {
        let error = log.append(append(fixture.call, rows.into_iter().map(note))).await.unwrap_err();
        assert_eq!(error, StoreError::OutOfOrder { expected, got });
    }
    assert_eq!(log.last_seq(fixture.call).await, Ok(0));
    log.append(append(fixture.call, [note(1)])).await.unwrap();
}

#[tokio::test]
async fn appends_queued_behind_a_refused_one_are_refused_too() {
    let fixture = Fixture::new().await;
    let log = fixture.tenant.log();
    let first = log.enqueue(append(fixture.call, [note(1)])).await.unwrap();
    let gap = log.enqueue(append(fixture.call, [note(3)])).await.unwrap();
    let behind = log.enqueue(append(fixture.call, [note(4)])).await.unwrap();
    assert_eq!(first.await, Ok(Appended { last_seq: 1 }));
    assert_eq!(gap.await, Err(StoreError::OutOfOrder { expected: 2, got: 3 }));
    assert_eq!(behind.await, Err(StoreError::OutOfOrder { expected: 2, got: 4 }));
}

#[tokio::test]
async fn an_append_that_nobody_waits_for_is_written() {
    let fixture = Fixture::new().await;
    let log = fixture.tenant.log();
    drop(log.enqueue(append(fixture.call, [note(1)])).await.unwrap());
    let Ok(pending) = log.try_enqueue(append(fixture.call, [note(2)])) else { panic!("the queue is not full") };
    pending.await.unwrap();
    assert_eq!(log.last_seq(fixture.call).await, Ok(2));
    fixture.store.close().await;
    let closed = log.try_enqueue(append(fixture.call, [note(3)]));
    assert!(matches!(closed, Err(EnqueueError::Store(StoreError::Closed))));
}

#[tokio::test]
async fn state_rows_and_call_are_written_together() {
    let fixture = Fixture::new().await;
    let log = fixture.tenant.log();
    let state = |seq, bytes: &[u8]| Some(ReducerState { seq, bytes: bytes.to_vec() });
    let update = CallUpdate { state: Some(CallState::Active), result: Some(json!({ "a": 1 })), ..Default::default() };
    let full = Append {
        state: state(2, b"two"),
        snapshot: true,
        call_update: Some(update),
        ..append(fixture.call, [note(1), note(2)])
    };
    log.append(full).await.unwrap();
    log.append(Append { state: state(3, b""), ..append(fixture.call, [note(3)]) }).await.unwrap();
    let bad = Append { state: state(9, b"nine"), ..append(fixture.call, [note(4)]) };
    assert!(matches!(log.append(bad).await, Err(StoreError::Invalid(_))));

    assert_eq!(log.last_seq(fixture.call).await, Ok(3));
    assert_eq!(log.state(fixture.call).await, Ok(state(3, b"")));
    assert_eq!(log.snapshot_before(fixture.call, 99).await, Ok(state(2, b"two")));
    assert_eq!(log.snapshot_before(fixture.call, 1).await, Ok(None));
    let call = fixture.tenant.calls().get(fixture.call).await.unwrap().unwrap();
    assert_eq!((call.state, call.result), (CallState::Active, Some(json!({ "a": 1 }))));
}

#[tokio::test]
async fn an_effect_without_outcome_is_open_after_a_restart() {
    let fixture = Fixture::new().await;
    let log = fixture.tenant.log();
    log.append(append(fixture.call, [intent(1, "c/1"), intent(2, "c/2"), outcome(3, "c/1", "ok")])).await.unwrap();
    let fixture = fixture.reopened().await;
    let log = fixture.tenant.log();
    let open = log.open_effects(fixture.call).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].idempotency_key.as_str(), open[0].intent_seq, open[0].status.as_str()), ("c/2", 2, "intent"));
    log.append(append(fixture.call, [outcome(4, "c/2", "unknown")])).await.unwrap();
    assert!(log.open_effects(fixture.call).await.unwrap().is_empty());
    let done = log.effect(fixture.call, "c/1").await.unwrap().unwrap();
    assert_eq!((done.status.as_str(), done.value), ("ok", Some(json!({ "booked": true }))));
}

#[tokio::test]
async fn an_effect_is_begun_once() {
    let fixture = Fixture::new().await;
    let log = fixture.tenant.log();
    log.append(append(fixture.call, [intent(1, "c/1")])).await.unwrap();
    let again = log.append(append(fixture.call, [note(2), intent(3, "c/1")])).await;
    assert_eq!(again.unwrap_err(), StoreError::DuplicateEffect("c/1".into()));
    let stray = log.append(append(fixture.call, [outcome(2, "c/9", "ok")])).await;
    assert_eq!(stray.unwrap_err(), StoreError::UnknownEffect("c/9".into()));
    assert_eq!(log.last_seq(fixture.call).await, Ok(1));
}

#[tokio::test]
async fn the_transcript_is_what_was_heard() {
    let fixture = Fixture::new().await;
    let said = |seq, index, text: &str| {
        entry(seq, Entry::message(index, Message::Assistant { text: text.into(), tool_calls: vec![] }))
    };
    let log = fixture.tenant.log();
    let rows = [said(1, 0, "Hello, how are you?"), note(2), said(3, 0, "Hello,")];
    log.append(append(fixture.call, rows)).await.unwrap();
    let lines = log.transcript(fixture.call).await.unwrap();
    assert_eq!((lines.len(), lines[0].text.as_str(), lines[0].at_ms), (1, "Hello,", 1));
    assert_eq!(log.messages(fixture.call).await.unwrap().len(), 1);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// What a careless writer may do: append to one of three calls, sometimes with a wrong seq or an old lease.
#[derive(Clone, Debug)]
struct Step {
    call: usize,
    rows: u64,
    skew: u64,
    fencing: u64,
    urgent: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let skew = prop_oneof![8 => Just(0_u64), 1 => 1..3_u64];
    let fencing = prop_oneof![8 => Just(1_u64), 1 => Just(0_u64)];
    (0..3_usize, 0..4_u64, skew, fencing, any::<bool>()).prop_map(|(call, rows, skew, fencing, urgent)| Step {
        call,
        rows,
        skew,
        fencing,
        urgent,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_interleaving_leaves_dense_logs(steps in prop::collection::vec(step(), 1..60)) {
        runtime().block_on(async {
            let fixture = Fixture::new().await;
            let log = fixture.tenant.log();
            let mut calls = Vec::new();
            for _ in 0..3 {
                let call = NewCall { id: new_call_id(), ..new_call(fixture.agent) };
                calls.push((fixture.tenant.calls().create(call).await.unwrap().id, 0_u64));
            }
            let mut queued = Vec::new();
            for step in steps {
                let (call, last) = &mut calls[step.call];
                let from = *last + 1 + step.skew;
                let rows: Vec<Row> = (from..from + step.rows).map(note).collect();
                let expected = if step.fencing != 1 {
                    Err(StoreError::Fenced { current: 1 })
                } else if step.skew > 0 && step.rows > 0 {
                    Err(StoreError::OutOfOrder { expected: *last + 1, got: from })
                } else {
                    *last += step.rows;
                    Ok(Appended { last_seq: *last })
                };
                let append = Append { fencing: step.fencing, urgent: step.urgent, ..append(*call, rows) };
                queued.push((log.enqueue(append).await.unwrap(), expected));
            }
            for (pending, expected) in queued {
                assert_eq!(pending.await, expected);
            }
            for (call, last) in calls {
                let rows = log.rows(call, 1, 1_000).await.unwrap();
                assert_eq!(rows, (1..=last).map(note).collect::<Vec<_>>());
            }
        });
    }

    #[test]
    fn numbers_and_text_come_back_bit_for_bit(
        numbers in prop::collection::vec(any::<f64>().prop_filter("JSON has no other", |n| n.is_finite()), 1..40),
        text in any::<String>(),
        seed: u64,
    ) {
        runtime().block_on(async {
            let fixture = Fixture::new().await;
            let numbers: Vec<Value> = numbers.into_iter().map(Value::from).collect();
            let context = json!({ "numbers": numbers, text.as_str(): text, "seed": seed });
            let rows = [entry(1, Entry::Context { context }), entry(2, Entry::Note { level: "info".into(), text })];
            let log = fixture.tenant.log();
            log.append(append(fixture.call, rows.clone())).await.unwrap();
            assert_eq!(log.rows(fixture.call, 1, 9).await.unwrap(), rows);
        });
    }
}
