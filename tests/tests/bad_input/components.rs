//! Behaviours that fail in a call.

use std::path::Path;

use serde_json::{Value, json};

use super::{assert_ready, assert_undisturbed, caller, lines_of, rows_of};
use crate::world::{Setting, World, of_kind};

/// What the contract lets the caller hear when the agent's own code fails.
const FALLBACK: &str = "One moment, something went wrong.";

/// A folder with the stock behaviour and the one that fails on request.
fn components() -> tempfile::TempDir {
    let (built, folder) = (trunkline_tests::host::components(), tempfile::tempdir().unwrap());
    for (from, to) in [("conversation.wasm", "conversation.wasm"), ("fixtures/misbehave.wasm", "misbehave.wasm")] {
        let path: &Path = &built.join(from);
        std::fs::copy(path, folder.path().join(to)).unwrap_or_else(|error| {
            panic!("{} ({error}): build it with `cargo xtask components misbehave`", path.display())
        });
    }
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_behaviour_that_fails_is_replaced_while_the_caller_hears_the_fallback_line() {
    let folder = components();
    let setting = Setting {
        contract: json!({"behaviour": {"component": "misbehave"}, "prompt": {"fallback": FALLBACK}}),
        ..Setting::default()
    };
    let path = folder.path().to_string_lossy().into_owned();
    let world = World::start_with(setting, |spec| spec.env.push(("TRUNKLINE_COMPONENTS".into(), path))).await;
    // On a machine that is short of CPU the wall time is over before the budget is spent.
    let ways: [(&str, &[&str]); 5] = [
        ("trap", &["trap"]),
        ("loop", &["cpu", "timeout"]),
        ("memory", &["memory", "cpu", "timeout"]),
        ("flood", &["memory", "output-too-large", "cpu", "timeout"]),
        ("refuse", &["guest"]),
    ];
    let mut calls = Vec::new();
    for (number, (way, reasons)) in ways.into_iter().enumerate() {
        world.deepgram.next_script([format!("Please {way}."), "When do you open?".to_owned()]);
        let call = world.carrier.place_call(caller(&world, &["Please do it.", "When do you open?"]));
        // The next connection has the next script.
        world.deepgram.control.wait_for(|records| records.len() > number).await;
        calls.push((way, reasons, call));
    }
    for (way, reasons, call) in calls {
        let record = call.finished().await;
        assert_undisturbed(&record);
        assert_eq!(record.turns().len(), 2, "{way}");
        let lines = lines_of(&world.api, &record.call_sid).await;
        let said = |role: &str, text: &str| lines.iter().any(|(r, t)| r == role && t.contains(text));
        assert!(said("assistant", FALLBACK), "{way}: {lines:?}");
        // The stock behaviour answers what its predecessor failed on, and what follows.
        assert!(said("assistant", &format!("You said: Please {way}.")), "{way}: {lines:?}");
        assert!(said("assistant", "You said: When do you open?"), "{way}: {lines:?}");
        let rows = rows_of(&world.api, &record.call_sid).await;
        let dropped: Vec<&str> = of_kind(&rows, "dropped").iter().map(|row| row["reason"].as_str().unwrap()).collect();
        let known = |why: &&str| reasons.iter().any(|reason| why.starts_with(reason));
        assert!(dropped.len() == 2 && dropped.iter().all(known), "{way}: {dropped:?}");
        let components: Vec<&Value> = of_kind(&rows, "component").iter().map(|row| &row["reason"]).collect();
        assert_eq!(components, [&json!("start"), &json!("stock")], "{way}");
    }
    assert_ready(&world).await;
    assert!(world.host.metrics().await.unwrap().contains("trunkline_events_dropped_total 10"));
}

#[tokio::test(flavor = "multi_thread")]
async fn fixtures_are_not_among_the_components_of_a_host() {
    let world = World::start(Setting::default()).await;
    let mut contract = crate::world::contract();
    contract["behaviour"] = json!({"component": "misbehave"});
    let (status, answer) = world.api.request(reqwest::Method::POST, "/agents", Some(&contract)).await.unwrap();
    assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &json!("/behaviour/component")), "{answer}");
}
