//! Documents, log-in links and changes of agents, at a running host.

use super::Place;
use crate::world::{Setting, World};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_added_found_and_taken_away() {
    let world = World::start(Setting::default()).await;
    let place = Place::at(&world);
    place.write("parking.txt", "Guests park behind the house. The gate opens at seven.");
    place.write("dogs.md", "# Dogs\n\nDogs are welcome, and get a bowl of water.");
    let ran = place.run(&["document", "add", "parking.txt", "dogs.md", "--json"]).await.ended(0);
    let made: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&serde_json::Value> = made.iter().map(|document| &document["name"]).collect();
    assert_eq!(names, [&json!("parking.txt"), &json!("dogs.md")]);
    let ran =
        place.typed(&["document", "add", "--name", "Cats", "--agent", "Front desk", "-"], "No cats.").await.ended(0);
    assert!(ran.out.contains(" Cats "), "{}", ran.out);
    let found = place.run(&["document", "search", "where do I park", "--json"]).await.ended(0).json();
    assert_eq!(found["items"][0]["name"], "parking.txt", "{found}");
    let shown = place.run(&["document", "search", "where do I park"]).await.ended(0).out;
    assert!(shown.starts_with("parking.txt") && shown.contains("behind the house"), "{shown}");
    let listed = place.run(&["document", "list", "--json"]).await.ended(0).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    let id = made[0]["id"].as_str().unwrap();
    place.run(&["document", "delete", id]).await.ended(0);
    let ran = place.run(&["document", "delete", id]).await.ended(1);
    assert!(ran.err.contains("refuses with 404"), "{}", ran.err);
    let ran = place.run(&["document", "add", "absent.txt"]).await.ended(1);
    assert!(ran.err.contains("absent.txt cannot be read as text"), "{}", ran.err);
    let ran = place.run(&["document", "add", "--name", "x", "parking.txt", "dogs.md"]).await.ended(1);
    assert!(ran.err.contains("--name names one document"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_logs_in_once() {
    let world = World::start(Setting::default()).await;
    let place = Place::at(&world);
    let ran = place.run(&["login"]).await.ended(0);
    let (origin, code) = ran.out.trim().split_once("/#login=").unwrap();
    assert_eq!(origin, world.host.origin());
    assert!(ran.err.starts_with("good once, until "), "{}", ran.err);
    let http = crate::by_hand::Hand::of(&world.host).http;
    let login = || http.post(format!("{origin}/api/v1/auth/login")).json(&json!({"code": code})).send();
    assert_eq!(login().await.unwrap().status(), 200);
    assert_eq!(login().await.unwrap().status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_for_the_next_conversation() {
    let world = World::start(Setting::default()).await;
    let place = Place::at(&world);
    place.run(&["agent", "set", "Front desk", "prompt.greeting=Ahoy!", "-m", "At sea"]).await.ended(0);
    assert_eq!(place.typed(&["chat", "Front desk"], "").await.ended(0).out, "Ahoy!\n");
    let versions = place.run(&["agent", "versions", "Front desk", "--json"]).await.ended(0).json();
    let latest = &versions["items"][0];
    assert_eq!((&latest["version"], &latest["summary"]), (&json!(2), &json!("At sea")));
    let ran = place.run(&["agent", "set", "Front desk", "prompt.greeting={{ nobody }}"]).await.ended(1);
    assert!(ran.out.contains("/prompt/greeting"), "{}", ran.out);
    let exported = place.run(&["agent", "export", "Front desk"]).await.ended(0).json();
    place.write("desk.json", &exported.to_string().replace("Ahoy!", "Good day!"));
    place.run(&["agent", "import", "desk.json"]).await.ended(0);
    assert_eq!(place.typed(&["chat", "Front desk"], "").await.ended(0).out, "Good day!\n");
}
