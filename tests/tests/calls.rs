//! A call from the first ring to the record, on real audio.

use crate::world::{NUMBER, Setting, World, event_names, of_kind};
use trunkline_tests::emulators::openai::Rule;
use trunkline_tests::emulators::twilio::{What, When};
use trunkline_tests::speech;

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_greeted_answered_and_recorded() {
    let world = World::start(Setting {
        utterances: vec!["When do you open?", "That is all good-bye."],
        script: vec![
            Rule::say("We open at nine. Is there anything else?").when("open"),
            Rule::call("end_call", serde_json::json!({"reason": "done"})).when("good-bye"),
        ],
        ..Setting::default()
    })
    .await;
    let call = world
        .host
        .inbound(NUMBER)
        .step(When::AgentSilent(400), What::Say(speech::say("When do you open?").unwrap()))
        .step(When::AgentSilent(400), What::Say(speech::say("That is all good-bye.").unwrap()))
        .step(When::AgentSilent(5_000), What::HangUp);
    let record = world.carrier.place_call(call).finished().await;
    assert!(record.succeeded(), "{:#?}\n{}", record.errors, world.host.output());

    let stored = world.api.ended(&record.call_sid).await.unwrap();
    let id = stored["id"].as_str().unwrap();
    let rows = world.api.events(id).await.unwrap();
    for row in &rows {
        println!("{row}");
    }
    assert_eq!(stored["end_reason"], "agent-hangup", "{stored}");
    let transcript = world.api.transcript(id).await.unwrap();
    let lines: Vec<(String, String)> = transcript
        .iter()
        .filter(|line| line["role"] != "tool" && line["text"] != "")
        .map(|line| (line["role"].as_str().unwrap().to_owned(), line["text"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [
        ("assistant", "Welcome to Acme. How can I help you?"),
        ("user", "When do you open?"),
        ("assistant", "We open at nine. Is there anything else?"),
        ("user", "That is all good-bye."),
        ("assistant", "Good-bye."),
    ];
    let expected: Vec<(String, String)> = expected.iter().map(|(r, t)| ((*r).to_owned(), (*t).to_owned())).collect();
    assert_eq!(lines, expected);

    let rows = world.api.events(id).await.unwrap();
    crate::golden::keep("answered", &rows);
    let names = event_names(&rows);
    assert_eq!(names.first().map(String::as_str), Some("started"));
    assert_eq!(names.last().map(String::as_str), Some("ended"));
    let seqs: Vec<u64> = rows.iter().map(|row| row["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "the log is dense");
    assert_eq!(of_kind(&rows, "latency").len(), 2, "one row per answered turn");
    assert_eq!(of_kind(&rows, "dropped").len(), 0);
}
