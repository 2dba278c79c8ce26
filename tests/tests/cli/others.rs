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

const PHONE: &str = include_str!("../../../host/contract/tests/golden/shapes/phone.json");
const ENV: &str = include_str!("../../../host/contract/tests/golden/shapes/env.env");

#[tokio::test(flavor = "multi_thread")]
async fn agents_of_other_systems_come_in_and_go_out_with_a_report() {
    let world = World::start(Setting::default()).await;
    moved(&Place::at(&world)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_of_other_systems_come_into_a_data_directory_that_no_server_uses() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").to_str().unwrap().to_owned();
    let components = trunkline_tests::host::components().to_str().unwrap().to_owned();
    let env = vec![("TRUNKLINE_DATA", data), ("TRUNKLINE_COMPONENTS", components)];
    moved(&Place { folder, env }).await;
}

async fn moved(place: &Place) {
    let phone = PHONE.replace("\"Front desk\"", "\"Desk\"");
    let ran = place.typed(&["agent", "import", "-"], &phone).await.ended(0);
    assert!(ran.err.contains("mapped   /greeting_message -> /prompt/greeting"), "{}", ran.err);
    assert!(
        ran.err.contains("note     /phone_number -> /metadata/notes/phone/phone_number  (assign it"),
        "{}",
        ran.err
    );
    assert!(ran.out.trim_end().ends_with(" version 1"), "{}", ran.out);
    let changed = PHONE.replace("how can I help?", "good morning!").replace("\"Front desk\"", "\"Maple\"");
    place.write("maple.json", &changed);
    let dry = place.run(&["agent", "import", "maple.json", "--dry-run", "--json"]).await.ended(0).json();
    assert_eq!((&dry["agent"], &dry["document"]["name"]), (&json!(null), &json!("Maple")));
    place.run(&["agent", "show", "Maple"]).await.ended(1);
    let second = place.run(&["agent", "import", "maple.json", "--into", "Desk", "-m", "New words"]).await.ended(0);
    assert!(second.out.trim_end().ends_with(" version 2"), "{}", second.out);
    let written = place.run(&["agent", "export", "Maple", "--shape", "phone"]).await.ended(0).json();
    let source: serde_json::Value = serde_json::from_str(&changed).unwrap();
    assert_eq!(written, source, "the same as what came in");
    let first = place.run(&["agent", "export", "Maple", "--of", "1"]).await.ended(0).json();
    assert_eq!(first["name"], "Desk");
    place.run(&["agent", "export", "Maple", "--out", "own.json"]).await.ended(0);
    let own = place.run(&["agent", "import", "own.json", "--json"]).await.ended(0).json();
    assert_eq!(own["agent"]["version"], 2, "what is the same makes no version");

    place.write("office.env", ENV);
    let ran = place.run(&["agent", "import", "office.env", "--default"]).await.ended(0);
    assert!(ran.err.contains("secret   /OPENAI_API_KEY -> OPENAI_API_KEY"), "{}", ran.err);
    assert!(!format!("{}{}", ran.out, ran.err).contains("sk-test"), "a secret is shown");
    let secrets = place.run(&["secret", "list"]).await.ended(0).out;
    assert!(secrets.contains("OPENAI_API_KEY"), "{secrets}");
    let default = place.run(&["agent", "default"]).await.ended(0).out;
    assert!(default.contains("Office line"), "{default}");

    let unnamed = "LLM_PROVIDER=builtin\nSYSTEM_PROMPT=Be brief.";
    place.write("unnamed.env", unnamed);
    place.run(&["agent", "import", "unnamed.env"]).await.ended(0);
    place.write("unnamed.env", &unnamed.replace("brief", "kind"));
    let ran = place.run(&["agent", "import", "unnamed.env"]).await.ended(1);
    assert!(ran.err.contains("another agent of the tenant has this name"), "the first one is kept: {}", ran.err);

    place.write("wrong.env", "AGENT_NAME=x\nLLM_PROVIDER=openai\nLLM_MODEL=m\nLLM_TEMPERATURE=warm");
    let ran = place.run(&["agent", "import", "wrong.env"]).await.ended(1);
    assert!(ran.out.contains("/LLM_TEMPERATURE"), "{}", ran.out);
    place.write("words.txt", "Dear operator,");
    let ran = place.run(&["agent", "import", "words.txt"]).await.ended(1);
    assert!(ran.out.contains("line 1: `Dear operator,` is no variable"), "{}", ran.out);
    let ran = place.run(&["agent", "import", "absent.json"]).await.ended(1);
    assert!(ran.err.contains("the agent absent.json cannot be read"), "{}", ran.err);
    let ran = place.run(&["agent", "export", "Nobody"]).await.ended(1);
    assert!(ran.err.contains("there is no agent `Nobody`"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_answer_as_they_are_told_at_a_running_host() {
    let world = World::start(Setting::default()).await;
    let place = Place::at(&world);
    let desk = "Front desk";
    place.run(&["agent", "set", desk, "prompt.greeting=Ahoy!"]).await.ended(0);
    let shown = place.run(&["agent", "diff", desk]).await.ended(0).out;
    assert!(shown.starts_with("version 1 to version 2") && shown.contains("  + Ahoy!"), "{shown}");
    assert_eq!(place.run(&["agent", "pin", desk, "1"]).await.ended(0).out, "version 1 answers, pinned\n");
    assert_ne!(place.typed(&["chat", desk], "").await.ended(0).out, "Ahoy!\n");
    let shown = place.run(&["agent", "rollout", desk, "2", "--percent", "100"]).await.ended(0).out;
    assert!(shown.contains("version 2 answers 100 of 100"), "{shown}");
    assert_eq!(place.typed(&["chat", desk], "").await.ended(0).out, "Ahoy!\n");
    place.run(&["agent", "unpin", desk]).await.ended(0);
    assert_eq!(place.run(&["agent", "serving", desk]).await.ended(0).out, "version 2 answers, the latest\n");
    let layers = place.run(&["agent", "effective", desk, "--origin"]).await.ended(0).out;
    assert!(layers.lines().any(|line| line.starts_with("agent") && line.ends_with("Ahoy!")), "{layers}");
    place.write("mood.json", r#"{"name": "mood", "type": "str", "use_in_tts": true}"#);
    place.run(&["agent", "field", "set", desk, "mood.json"]).await.ended(0);
    assert!(place.run(&["agent", "field", "list", desk]).await.ended(0).out.contains("mood"));
    place.run(&["agent", "field", "remove", desk, "mood"]).await.ended(0);
    let ran = place.run(&["agent", "archive", desk]).await.ended(1);
    assert!(ran.err.contains("it answers +15550100"), "{}", ran.err);
    place.run(&["number", "unassign", "+15550100"]).await.ended(0);
    place.run(&["agent", "archive", desk]).await.ended(0);
    let ran = place.run(&["agent", "show", desk]).await.ended(1);
    assert!(ran.err.contains("there is no agent `Front desk`"), "{}", ran.err);
    place.run(&["agent", "restore", desk]).await.ended(0);
    place.run(&["agent", "show", desk]).await.ended(0);
}
