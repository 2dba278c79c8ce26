//! Simulated callers: by speech and in writing, with expectations that hold and that do not.

use super::Place;
use crate::world::{Setting, World};
use serde_json::{Value, json};
use trunkline_tests::emulators::openai::Rule;

const LONG: &str = "We are open from nine to five on weekdays, and from ten to two on Saturdays. On Sundays we are closed, \
    as is the whole street, and on public holidays it depends on the weather and on the mood of the owner.";

fn front_desk() -> Setting {
    Setting {
        utterances: vec!["When do you open?", "Stop, that is enough.", "good-bye"],
        script: vec![
            Rule::call("end_call", json!({"reason": "done"})).when("good-bye"),
            Rule::say(LONG).when("open"),
            Rule::say("All right."),
        ],
        ..Setting::default()
    }
}

const VISIT: &str = r#"
agent = "Front desk"
[[step]]
expect = "welcome to ACME"
[[step]]
wav = "open.wav"
say = "When do you open?"
expect = "/nine|ten/"
[[step]]
interrupt_after_ms = 2500
wav = "stop.wav"
say = "Stop, that is enough."
expect = "all right"
expect_not = "sorry"
[[step]]
wav = "bye.wav"
say = "good-bye"
[end]
expect_reason = "agent-hangup"
"#;

fn visit(world: &World) -> Place {
    let place = Place::at(world);
    for (file, text) in [("open", "When do you open?"), ("stop", "Stop, that is enough."), ("bye", "Good-bye.")] {
        place.record(&format!("{file}.wav"), text);
    }
    place.write("visit.toml", VISIT);
    place
}

fn verdicts(report: &Value) -> Vec<bool> {
    let steps = report["steps"].as_array().unwrap().iter().flat_map(|step| step["verdicts"].as_array().unwrap());
    steps.chain(report["end"].as_array().unwrap()).map(|verdict| verdict["ok"].as_bool().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulated_caller_is_greeted_interrupts_and_is_told_good_bye() {
    let world = World::start(front_desk()).await;
    let place = visit(&world);
    let arguments = ["call", "simulate", "--script", "visit.toml", "--record", "visit.wav", "--json"];
    let report = place.run(&arguments).await.ended(0).json();
    assert_eq!((&report["ok"], &report["channel"]), (&json!(true), &json!("web-voice")), "{report:#}");
    assert_eq!(verdicts(&report), [true; 5], "{report:#}");
    assert_eq!(report["line"]["clears"], 1, "the interruption silenced the agent: {report:#}");
    assert_eq!(report["line"]["underruns"], 0);
    let answered: Vec<bool> = report["steps"].as_array().unwrap().iter().map(|s| s["answered_ms"].is_u64()).collect();
    assert_eq!(answered[..3], [false, true, true], "listening is not answered: {report:#}");
    assert!(report["latency"].as_array().unwrap().len() >= 2);

    // What the caller's side took for the conversation is what the host has kept.
    let call = report["call"].as_str().unwrap();
    let stored = world.api.transcript(call).await.unwrap();
    let texts = |lines: &[Value]| lines.iter().map(|line| line["text"].clone()).collect::<Vec<_>>();
    assert_eq!(texts(report["transcript"].as_array().unwrap()), texts(&stored));
    assert!(stored.iter().any(|line| line["not_heard"].is_string()), "{stored:#?}");

    // Both sides were recorded: as long as the call, and neither is silent.
    let recording = std::fs::read(place.path("visit.wav")).unwrap();
    assert_eq!(recording[22], 2);
    let (frames, _) = recording[44..].as_chunks::<4>();
    let loud = |side: usize| {
        frames.iter().filter(|f| i16::from_le_bytes([f[side], f[side + 1]]).unsigned_abs() > 1_000).count()
    };
    assert!(loud(0) > 8_000 && loud(2) > 8_000, "caller {}, agent {}", loud(0), loud(2));
    let lasted = report["duration_ms"].as_u64().unwrap();
    assert!((frames.len() as u64 / 16).abs_diff(lasted) < 2_000, "{} samples, {lasted} ms", frames.len());

    let shown = place.run(&["call", "show", call]).await.ended(0).out;
    assert!(shown.contains("[not heard: ") && shown.contains("TURN") && shown.contains("HOST"), "{shown}");
    let exported = place.run(&["call", "export", call]).await.ended(0).json();
    assert_eq!(
        (&exported["call"]["id"], texts(exported["transcript"].as_array().unwrap())),
        (&json!(call), texts(&stored))
    );
    assert_eq!(exported["events"].as_array().unwrap().last().unwrap()["kind"], "ended");
    place.run(&["call", "export", call, "--format", "jsonl", "--out", "call.jsonl"]).await.ended(0);
    let lines = std::fs::read_to_string(place.path("call.jsonl")).unwrap();
    let kinds: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((kinds[0].as_str(), kinds.last().map(String::as_str)), ("call", Some("event")));
    let tailed = place.run(&["call", "tail", call, "--json"]).await.ended(0).out;
    assert_eq!(tailed.lines().count(), exported["events"].as_array().unwrap().len());
    let listed = place.run(&["call", "list", "--channel", "web-voice", "--json"]).await.ended(0).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let ran = place.run(&["call", "hangup", call]).await.ended(1);
    assert!(ran.err.contains("refuses with 409"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_script_is_played_in_writing() {
    let world = World::start(front_desk()).await;
    let place = visit(&world);
    let report = place.run(&["call", "simulate", "--script", "visit.toml", "--text", "--json"]).await.ended(0).json();
    assert_eq!((&report["ok"], &report["channel"]), (&json!(true), &json!("chat")), "{report:#}");
    assert_eq!(verdicts(&report), [true; 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_expected_in_vain_is_told_and_fails() {
    let world = World::start(front_desk()).await;
    let place = visit(&world);
    let script = VISIT.replace("welcome to ACME", "good evening").replace("agent-hangup", "caller-hangup");
    place.write("vain.toml", &script);
    let ran = place.run(&["call", "simulate", "--script", "vain.toml", "--text"]).await.ended(1);
    let told = "failed  the agent says good evening: it says \"Welcome to Acme. How can I help you?\"";
    assert!(ran.out.contains(told), "{}", ran.out);
    assert!(ran.out.contains("failed  the end is caller-hangup: agent-hangup"), "{}", ran.out);
    assert!(ran.out.contains("failed, 3 of 5 expectations met"), "{}", ran.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_expectations_says_what_they_have_and_hangs_up() {
    let world = World::start(Setting { utterances: vec!["What else?"], ..front_desk() }).await;
    let place = visit(&world);
    let ran = place.run(&["call", "simulate", "--agent", "Front desk", "--wav", "stop.wav"]).await.ended(0);
    assert!(ran.out.contains("user       What else?") && ran.out.contains("All right."), "{}", ran.out);
    assert!(ran.out.contains("caller-hangup after"), "{}", ran.out);
    let calls = world.api.calls().await.unwrap();
    assert_eq!((&calls[0]["state"], &calls[0]["end_reason"]), (&json!("ended"), &json!("caller-hangup")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_does_not_answer_fails_the_call() {
    // The recogniser hears nothing, so nobody asks the agent anything.
    let world = World::start(Setting { utterances: vec![""], ..front_desk() }).await;
    let place = visit(&world);
    place.write("short.toml", "patience_ms = 4000\n[[step]]\nwav = \"open.wav\"\nexpect = \"nine\"\n");
    let arguments = ["call", "simulate", "--agent", "Front desk", "--script", "short.toml", "--json"];
    let report = place.run(&arguments).await.ended(1).json();
    assert_eq!(report["problems"], json!(["the agent did not answer step 1 within 4000 ms"]), "{report:#}");
    assert_eq!(verdicts(&report), [false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_played_is_told_apart_from_what_fails() {
    let world = World::start(front_desk()).await;
    let place = visit(&world);
    place.write("typo.toml", "[[step]]\nsay = \"a\"\nexpct = \"b\"\n");
    let ran = place.run(&["call", "simulate", "--script", "typo.toml"]).await.ended(2);
    assert!(ran.err.starts_with("typo.toml:3:1: `expct` is no key of a step; did you mean `expect`?"), "{}", ran.err);
    let faults = place.run(&["call", "simulate", "--script", "typo.toml", "--json"]).await.ended(2).json();
    assert_eq!((&faults["faults"][0]["line"], &faults["faults"][0]["column"]), (&json!(3), &json!(1)));
    let ran = place.run(&["call", "simulate", "--agent", "Nobody", "--wav", "open.wav"]).await.ended(2);
    assert!(ran.err.contains("there is no agent `Nobody`"), "{}", ran.err);
    let ran = place.run(&["call", "simulate", "--agent", "Front desk", "--wav", "absent.wav"]).await.ended(2);
    assert!(ran.err.contains("the recording absent.wav cannot be read"), "{}", ran.err);
    assert!(world.api.calls().await.unwrap().is_empty(), "nobody was called");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_comes_back_when_the_host_was_lost() {
    let mut world = World::start(Setting { utterances: vec!["When do you open?"], ..front_desk() }).await;
    let place = visit(&world);
    let script = "[[step]]\nexpect = \"cut off\"\n[[step]]\nwait = 4000\nwav = \"open.wav\"\nexpect = \"nine\"\n";
    place.write("lost.toml", script);
    let arguments = ["call", "simulate", "--agent", "Front desk", "--script", "lost.toml", "--json"];
    let (report, ()) = tokio::join!(place.run(&arguments), async {
        crate::by_hand::until(|| async {
            let calls = world.api.calls().await.unwrap();
            calls.first().filter(|call| call["state"] == "active").map(drop)
        })
        .await;
        world.host.kill().await.unwrap();
        world.host.restart().await.unwrap();
    });
    let report = report.ended(0).json();
    assert_eq!(report["problems"], json!([]), "{report:#}");
    assert!(report["steps"][1]["answer"].as_str().unwrap().contains("from nine to five"), "{report:#}");
}
