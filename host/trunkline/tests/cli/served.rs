//! Versions of agents, who answers, what is in force; in a data directory that no server uses.

use crate::Place;
use serde_json::json;
use trunkline_store::{Secret, Store, StoreConfig, Vault};

const DESK: &str = "Front desk";

/// With an agent of two versions.
fn changed() -> (Place, String) {
    let (place, id) = Place::with_agent();
    place.run(&["agent", "set", DESK, "prompt.greeting=Good morning.", "context.hours=9 to 5"]).ok();
    (place, id)
}

#[test]
fn versions_are_compared() {
    let (place, _) = changed();
    let shown = place.run(&["agent", "diff", DESK]).ok().out;
    let expected = "version 1 to version 2\n/prompt/greeting\n  - Welcome to {{ company }}.\n  + Good morning.\n\
        /context/hours\n  + 9 to 5\n";
    assert_eq!(shown, expected);
    let same = place.run(&["agent", "diff", DESK, "--from", "2", "--to", "2", "--json"]).ok().json();
    assert_eq!(same, json!({"from": 2, "to": 2, "changes": []}));
    let ran = place.run(&["agent", "diff", DESK, "--from", "9"]).failed(1);
    assert!(ran.sentence().contains("there is no such version"), "{}", ran.err);
    let ran = place.run(&["agent", "diff", "Nobody"]).failed(1);
    assert_eq!(ran.sentence(), "there is no agent `Nobody`: `trunkline agent list` shows all");
    place.run(&["agent", "diff", DESK, "--from", "one"]).failed(2);
}

#[test]
fn an_old_version_becomes_the_newest_one() {
    let (place, id) = changed();
    assert_eq!(place.run(&["agent", "rollback", DESK, "1"]).ok().out.trim(), format!("{id} version 3"));
    assert_eq!(place.run(&["agent", "export", DESK]).ok().json(), crate::contract());
    let ran = place.run(&["agent", "rollback", DESK, "9"]).failed(1);
    assert!(ran.sentence().starts_with("the agent has no version 9"), "{}", ran.err);
}

#[test]
fn a_version_is_pinned_and_rolled_out() {
    let (place, _) = changed();
    assert_eq!(place.run(&["agent", "serving", DESK]).ok().out, "version 2 answers, the latest\n");
    assert_eq!(place.run(&["agent", "pin", DESK, "1"]).ok().out, "version 1 answers, pinned\n");
    let shown = place.run(&["agent", "rollout", DESK, "2", "--percent", "10"]).ok().out;
    assert_eq!(shown, "version 1 answers, pinned\nversion 2 answers 10 of 100 (by caller)\n");
    let ended = place.run(&["agent", "rollout", DESK, "--end", "--json"]).ok().json();
    assert_eq!(ended, json!({"version": 1, "pinned": true, "rollout": null}));
    let free = place.run(&["agent", "unpin", DESK, "--json"]).ok().json();
    assert_eq!(free, json!({"version": 2, "pinned": false, "rollout": null}));
    for wrong in [["2"].as_slice(), &[], &["2", "--percent", "101"], &["--percent", "3"], &["2", "--end"]] {
        place.run(&[&["agent", "rollout", DESK], wrong].concat()).failed(2);
    }
}

#[test]
fn what_is_in_force_is_shown_with_its_layers() {
    let (place, _) = changed();
    let document = place.run(&["agent", "effective", DESK, "--at", "1"]).ok().json();
    assert_eq!(document["prompt"]["greeting"], "Welcome to {{ company }}.");
    let layers = place.run(&["agent", "effective", DESK, "--origin"]).ok().out;
    assert!(layers.lines().any(|line| line.starts_with("agent") && line.ends_with("Good morning.")), "{layers}");
    assert!(layers.lines().any(|line| line.starts_with("default")), "{layers}");
    let fields = place.run(&["agent", "field", "list", DESK, "--json"]).ok().json();
    assert_eq!(fields["items"], json!([]));
    place.write("field.json", r#"{"type": "str"}"#);
    let ran = place.run(&["agent", "field", "set", DESK, "field.json"]).failed(1);
    assert_eq!(ran.sentence(), "the field has no `name`");
}

#[test]
fn an_agent_is_put_away_and_taken_back() {
    let (place, id) = changed();
    assert_eq!(place.run(&["agent", "archive", DESK]).ok().out.trim(), format!("{id} version 3"));
    assert_eq!(place.run(&["agent", "restore", DESK]).ok().out.trim(), format!("{id} version 4"));
    place.run(&["agent", "default", DESK]).ok();
    let ran = place.run(&["agent", "archive", DESK]).failed(1);
    assert!(ran.sentence().contains("it is the default agent of production"), "{}", ran.err);
}

#[test]
fn a_webhook_gets_another_secret() {
    let (place, _) = Place::with_agent();
    let made = place.run(&["webhook", "create", "https://hooks.example.com/", "--json"]).ok().json();
    let id = made["webhook"]["id"].as_str().unwrap();
    let ran = place.run(&["webhook", "replace-secret", id]).ok();
    assert!(ran.out.starts_with("whsec_") && ran.out.trim() != made["secret"], "{}", ran.out);
    assert_eq!(place.run(&["webhook", "show", id, "--json"]).ok().json()["version"], 2);
    let ran = place.run(&["webhook", "replace-secret", "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f"]).failed(1);
    assert!(ran.sentence().contains("webhook not found"), "{}", ran.err);
}

#[test]
fn rotation_names_what_it_cannot_read_and_goes_on() {
    let (place, _) = Place::with_agent();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let set = |vault: Option<Vault>, name: &'static str| {
        runtime.block_on(async {
            let store = Store::open(StoreConfig { vault, ..StoreConfig::new(place.data()) }).await.unwrap();
            let tenant = store.tenants().by_name("default").await.unwrap().unwrap();
            store.tenant(tenant.id).secrets().set(name, Secret::new("x"), 1).await.unwrap();
            store.close().await;
        });
    };
    set(None, "readable");
    assert_eq!(place.run(&["secret", "rotate"]).ok().out, "1 values are sealed with a new key\n");
    set(Some(Vault::new().unwrap()), "lost");
    let ran = place.run(&["secret", "rotate"]).failed(1);
    assert!(ran.out.starts_with("1 values are sealed"), "{}", ran.out);
    assert!(ran.out.contains("default: secret lost cannot be read: its key is not known here"), "{}", ran.out);
    assert!(ran.err.contains("the old keys: set or delete them"), "{}", ran.err);
    let answer = place.run(&["secret", "rotate", "--json"]).failed(1).json();
    assert_eq!((&answer["sealed"], &answer["unreadable"][0]["name"]), (&json!(1), &json!("lost")));
    place.run(&["secret", "delete", "lost"]).ok();
    place.run(&["secret", "rotate"]).ok();
    let lines = place.run(&["audit", "--host", "--action", "secret.rotate", "--json"]).ok().json();
    assert_eq!(lines["items"].as_array().unwrap().len(), 4, "one line for each: {lines}");
    assert_eq!(std::fs::read_to_string(place.path("data/secrets.key")).unwrap().lines().count(), 1);
}
