//! Conversations line by line, as scripts have them.

use super::Place;
use crate::world::{Setting, World};
use serde_json::{Value, json};
use trunkline_tests::emulators::openai::Rule;

fn setting() -> Setting {
    Setting {
        script: vec![
            Rule::call("end_call", json!({"reason": "done"})).when("good-bye"),
            Rule::say("We open at **nine**.").when("open"),
            Rule::say("I do not know."),
        ],
        ..Setting::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_is_a_message_and_each_answer_is_printed() {
    let world = World::start(setting()).await;
    let place = Place::at(&world);
    let ran = place.typed(&["chat", "Front desk"], "When do you open?\n\nWhat else?\n").await.ended(0);
    assert_eq!(ran.out, "Welcome to Acme. How can I help you?\nWe open at **nine**.\nI do not know.\n");
    assert_eq!(ran.err, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_turn_is_one_object() {
    let world = World::start(setting()).await;
    let place = Place::at(&world);
    let ran = place.typed(&["chat", "Front desk", "--json"], "When do you open?\ngood-bye\n").await.ended(0);
    let turns: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<(&Value, &Value)> = turns.iter().map(|turn| (&turn["text"], &turn["ended"])).collect();
    let expected = [
        (&json!(null), &json!(false)),
        (&json!("When do you open?"), &json!(false)),
        (&json!("good-bye"), &json!(true)),
    ];
    assert_eq!(said, expected, "{}", ran.out);
    assert!(turns.windows(2).all(|pair| pair[0]["thread"] == pair[1]["thread"]));
    let thread = turns[0]["thread"].as_str().unwrap();
    let ran = place.typed(&["chat", "Front desk", "--thread", thread], "Hello?\n").await.ended(1);
    assert!(ran.err.contains("refuses with 409"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_after_the_end_is_not_swallowed() {
    let world = World::start(setting()).await;
    let ran = Place::at(&world).typed(&["chat", "Front desk"], "good-bye\nWait!\n").await.ended(1);
    assert!(ran.err.contains("the agent has ended the conversation: `Wait!` was not sent"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_agent_is_who_answers_whoever_names_none() {
    let world = World::start(setting()).await;
    let place = Place::at(&world);
    let ran = place.typed(&["chat"], "\n").await.ended(0);
    assert!(!ran.out.is_empty() && !ran.out.contains("Acme"), "the one that ships: {}", ran.out);
    place.run(&["agent", "default", "Front desk"]).await.ended(0);
    let ran = place.typed(&["chat"], "Hello?\n").await.ended(0);
    assert!(ran.out.starts_with("Welcome to Acme."), "{}", ran.out);
}
