//! The first minute on the command line: no key, no token, only the data directory of a host of the same machine.

use super::Place;
use super::terminal::Terminal;
use serde_json::{Value, json};
use trunkline_tests::host::{Host, HostSpec, Providers};

async fn host() -> (Host, Place) {
    let host = Host::start(HostSpec::new(Providers::default())).await.unwrap();
    let place = Place::beside(&host);
    (host, place)
}

/// Answers for the survey that ships, in words that a recogniser of this machine understands.
const SURVEY: &str = r#"
agent = "Survey"
voice = "slt"
pause_ms = 1000
patience_ms = 60000
[[step]]
expect = "how satisfied"
[[step]]
say = "Five."
expect = "ready"
expect_result = { satisfaction = 5 }
[[step]]
say = "Yes."
expect = "how did you order"
[[step]]
say = "In the shop."
[[step]]
say = "Seven."
[[step]]
say = "No, thank you."
[end]
expect_reason = "agent-hangup"
expect_result = { satisfaction = 5, ready_in_time = true, ordered_by = "In the shop", orders = 7, completed = true }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_gives_the_same_result_by_speech_and_in_writing() {
    let (_host, place) = host().await;
    place.write("survey.toml", SURVEY);
    let written = place.run(&["call", "simulate", "--script", "survey.toml", "--text", "--json"]).await.ended(0).json();
    let spoken = place.run(&["call", "simulate", "--script", "survey.toml", "--json"]).await.ended(0).json();
    assert_eq!((&written["channel"], &spoken["channel"]), (&json!("chat"), &json!("web-voice")));
    let fields = ["satisfaction", "ready_in_time", "ordered_by", "orders", "completed"];
    for field in fields {
        assert_eq!(written["result"][field], spoken["result"][field], "{field}: {spoken:#}");
    }
    let answered: Vec<u64> =
        spoken["steps"].as_array().unwrap().iter().filter_map(|step| step["answered_ms"].as_u64()).collect();
    println!("answered after {answered:?} ms");
    assert_eq!(answered.len(), 5, "{spoken:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receptionist_is_asked_by_voice() {
    let (_host, place) = host().await;
    let ran = place.run(&["call", "simulate", "--say", "What are your business hours?"]).await.ended(0);
    assert!(ran.out.contains("business hours") && ran.out.contains("Monday"), "{}", ran.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_speak_and_listen_is_shown_and_tried() {
    let (_host, place) = host().await;
    let listed = place.run(&["provider", "list", "--json"]).await.ended(0).json();
    let ready = |kind: &str| {
        let items = listed["items"].as_array().unwrap().iter();
        items
            .filter(|item| item["kind"] == kind && item["ready"] == true)
            .map(|item| item["name"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (ready("stt"), ready("tts"), ready("llm")),
        (vec![json!("local")], vec![json!("local")], vec![json!("builtin")])
    );
    let table = place.run(&["provider", "list"]).await.ended(0).out;
    assert!(table.contains("voices: slt"), "{table}");
    let tried = place.run(&["provider", "check", "--json"]).await.ended(0).json();
    let kinds: Vec<&Value> = tried["items"].as_array().unwrap().iter().map(|item| &item["kind"]).collect();
    assert_eq!(kinds, ["tts", "tts", "stt"], "{tried:#}");
    let ran = place.run(&["provider", "check", "deepgram"]).await.ended(1);
    assert!(ran.err.contains("`deepgram` is not ready: there is no key"), "{}", ran.err);
    let doctor = place.run(&["doctor", "--check", "--json"]).await;
    let checks: Value = serde_json::from_str(&doctor.out).unwrap();
    let state = |name: &str| {
        checks["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["name"] == name)
            .map(|check| check["state"].clone())
    };
    for name in
        ["speech synthesis", "speech recognition", "language", "trial of local/flite", "trial of local/pocketsphinx"]
    {
        assert_eq!(state(name), Some(json!("ok")), "{name}: {checks:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_made_by_answering_questions() {
    let (_host, place) = host().await;
    let mut terminal = Terminal::start(&place, &["agent", "create"]);
    terminal.until("What is it called?").await;
    terminal.until("> ").await;
    // What is proposed is taken away first.
    terminal.press("\u{15}Bolt Bikes\r");
    terminal.until("first words?").await;
    terminal.until("Hello, this is Bolt Bikes. How can I help you?").await;
    terminal.press("\r");
    terminal.until("What should it know?").await;
    terminal.until("> ").await;
    terminal.press("opening hours: nine to five\r");
    terminal.until("> ").await;
    terminal.press("what is this\r");
    terminal.until("write a name, a colon").await;
    terminal.until("> ").await;
    terminal.press("\r");
    for (question, proposed) in [("Who thinks?", "builtin"), ("Who listens?", "local"), ("Who speaks?", "local")] {
        terminal.until(question).await;
        terminal.until(proposed).await;
        terminal.press("\r");
    }
    terminal.until("With which voice?").await;
    terminal.until("slt").await;
    terminal.press("\r");
    terminal.until("version 1").await;
    terminal.until("trunkline chat \"Bolt Bikes\"").await;
    assert_eq!(terminal.ended().await, 0);
    let made = place.run(&["agent", "export", "Bolt Bikes"]).await.ended(0).json();
    assert_eq!(made["context"]["opening hours"], "nine to five");
    assert_eq!((&made["llm"]["provider"], &made["tts"]["voice"]), (&json!("builtin"), &json!("slt")));
    let ran = place.typed(&["chat", "Bolt Bikes"], "What are your opening hours?\n").await.ended(0);
    assert!(ran.out.contains("nine to five"), "{}", ran.out);
}
