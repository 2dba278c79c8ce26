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
    let dropped: BTreeSet<u64> = rows.iter().filter(|row| row["kind"] == "dropped").map(about).collect();
    let told: Vec<&Value> = rows
        .iter()
        .filter(|row| row["kind"] == "event" && !dropped.contains(&row["seq"].as_u64().unwrap()))
        .map(|row| &row["event"])
        .collect();
    assert_eq!(told.first().unwrap()["event"], "started");
    assert_eq!(told.last().unwrap()["event"], "ended");
    for name in ["started", "ended"] {
        assert_eq!(told.iter().filter(|event| event["event"] == name).count(), 1, "{name} is told once");
    }
    assert_eq!(rows.last().unwrap()["kind"], "ended");
    every_effect_ends_once(rows);
    no_write_happens_twice(rows);
}

/// The event's row.
fn about(row: &Value) -> u64 {
    row["event_seq"].as_u64().unwrap()
}

/// Of what speaks or runs a tool, or waits.
#[track_caller]
fn every_effect_ends_once(rows: &[Value]) {
    let mut ends: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row["kind"] == "actions") {
        for action in row["actions"].as_array().unwrap() {
            if matches!(action["action"].as_str().unwrap(), "say" | "generate" | "call-tool" | "set-timer") {
                ends.insert(action["effect"].as_u64().unwrap(), Vec::new());
            }
        }
    }
    for row in rows.iter().filter(|row| row["kind"] == "event") {
        let event = &row["event"];
        let Some(effect) = event["data"]["effect"].as_u64() else { continue };
        ends.entry(effect).or_default().push(event["event"].as_str().unwrap());
    }
    for (effect, ends) in ends {
        assert_eq!(ends.len(), 1, "effect {effect} ended with {ends:?}");
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
