//! What holds of the log of every call that has ended, whatever happened to it.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The log is dense and whole: it begins with `started`, every effect ends once, no write happens twice, and `ended` is
/// the last thing that the behaviour is told.
#[track_caller]
pub(crate) fn assert_whole(rows: &[Value]) {
    let seqs: Vec<u64> = rows.iter().map(|row| row["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "the log is dense");
    let times: Vec<u64> = rows.iter().map(|row| row["at_ms"].as_u64().unwrap()).collect();
    assert!(times.is_sorted(), "the call's clock never goes back: {times:?}");
    let told: Vec<&str> = events(rows).map(|(_, event)| event["event"].as_str().unwrap()).collect();
    assert_eq!((told.first(), told.last()), (Some(&"started"), Some(&"ended")));
    assert_eq!(told.iter().filter(|name| **name == "ended").count(), 1, "the end is told once");
    assert_eq!(rows.last().unwrap()["kind"], "ended");
    every_effect_ends_once(rows);
    no_write_happens_twice(rows);
}

/// Every event with its row.
fn events(rows: &[Value]) -> impl Iterator<Item = (u64, &Value)> {
    rows.iter().filter(|row| row["kind"] == "event").map(|row| (row["seq"].as_u64().unwrap(), &row["event"]))
}

/// Of what speaks or runs a tool, or waits. An event that a behaviour gave no answer to is told again.
#[track_caller]
fn every_effect_ends_once(rows: &[Value]) {
    let dropped: BTreeSet<u64> =
        rows.iter().filter(|row| row["kind"] == "dropped").map(|row| row["event_seq"].as_u64().unwrap()).collect();
    // Ends that the behaviour took, and those that it gave no answer to.
    let mut ends: BTreeMap<u64, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row["kind"] == "actions") {
        for action in row["actions"].as_array().unwrap() {
            if matches!(action["action"].as_str().unwrap(), "say" | "generate" | "call-tool" | "set-timer") {
                ends.insert(action["effect"].as_u64().unwrap(), Default::default());
            }
        }
    }
    for (seq, event) in events(rows) {
        let Some(effect) = event["data"]["effect"].as_u64() else { continue };
        let (taken, lost) = ends.entry(effect).or_default();
        let name = event["event"].as_str().unwrap();
        if dropped.contains(&seq) { lost.push(name) } else { taken.push(name) }
    }
    for (effect, (taken, lost)) in ends {
        assert!(taken.len() <= 1 && taken.len() + lost.len() >= 1, "effect {effect} ended with {taken:?}, {lost:?}");
    }
}

#[track_caller]
fn no_write_happens_twice(rows: &[Value]) {
    let mut begun = BTreeSet::new();
    let mut ended = BTreeSet::new();
    for row in rows {
        let key = || row["idempotency_key"].as_str().unwrap();
        match row["kind"].as_str().unwrap() {
            "effect-intent" => assert!(begun.insert(key()), "{} was begun twice", key()),
            "effect-outcome" => assert!(ended.insert(key()), "{} ended twice", key()),
            _ => {}
        }
    }
    assert_eq!(begun, ended, "every write has an outcome");
}
