//! Structured answers: one field is spoken, the others become the result.

use super::world::{Answer, World, config, says, written};
use crate::{CallConfig, Control, Input};
use serde_json::json;
use trunkline_contract::agent::OutputSchema;
use trunkline_contract::event::Event;
use trunkline_contract::log::Entry;

fn interview() -> OutputSchema {
    serde_json::from_value(json!({"fields": [
        {"name": "score", "type": "int", "constraints": {"le": 10}, "hidden": true},
        {"name": "reply", "type": "str", "use_in_tts": true},
        {"name": "mood", "type": "Literal['calm','tense']", "required": false, "default": "calm"},
    ]}))
    .unwrap()
}

fn structured(base: CallConfig) -> CallConfig {
    let instructions = "The score so far is {{ output.score }}.".to_owned();
    CallConfig { output: interview(), instructions, ..base }
}

fn answers(event: &Event, answer: &mut Answer) {
    if matches!(event, Event::Started(_) | Event::UserTurn(_)) {
        answer.generate();
    }
}

const ANSWER: &str = r#"{"reply": "Good. Tell me more about it.", "score": 7, "mood": null}"#;

#[test]
fn the_spoken_field_is_said_and_the_others_become_the_result() {
    let mut world = World::with(structured(config()), answers);
    world.model(|_, _| says(ANSWER));
    world.run_until(6_000);
    assert_eq!(world.heard(), "Good. Tell me more about it.");
    assert_eq!(world.call.results(), json!({"score": 7, "mood": "calm"}).as_object().unwrap());
    let schema = world.requests[0].output_schema.clone().unwrap();
    assert_eq!(schema["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), ["reply", "score", "mood"]);
    let generated = world.told.iter().find_map(|(_, event)| match event {
        Event::Generated(generated) => Some(generated.clone()),
        _ => None,
    });
    let generated = generated.unwrap();
    assert_eq!(generated.output.unwrap()["score"], 7);
    assert_eq!(
        (generated.text.as_str(), generated.heard.as_str()),
        ("Good. Tell me more about it.", "Good. Tell me more about it.")
    );
    world.caller_says(7_000, 8_000, "It was fine.");
    world.run_until(12_000);
    assert_eq!(world.requests[0].instructions, "The score so far is .");
    assert_eq!(world.requests[1].instructions, "The score so far is 7.");
    world.finish();
}

#[test]
fn in_writing_only_the_spoken_field_is_shown() {
    let mut world = World::around_written(structured(written()), answers);
    world.model(|_, _| says(ANSWER));
    world.run_until(6_000);
    assert_eq!(world.written(), ["Good. Tell me more about it."]);
    world.finish();
}

#[test]
fn what_does_not_fit_is_noted_and_left_out() {
    let mut world = World::with(structured(config()), answers);
    world
        .model(|_, n| says(if n == 0 { r#"{"reply": "Hm.", "score": 70}"# } else { "I am not in the mood for JSON." }));
    world.caller_says(5_000, 6_000, "And now?");
    world.run_until(12_000);
    assert_eq!(world.heard(), "Hm. I am not in the mood for JSON.");
    assert_eq!(world.call.results(), json!({"mood": "calm"}).as_object().unwrap());
    let notes = world.entries().filter(|entry| matches!(entry, Entry::Note { level, .. } if level == "warn"));
    assert!(notes.count() >= 2);
    world.finish();
}

#[test]
fn a_running_call_has_new_fields_with_its_next_answer() {
    let mut world = World::with(structured(config()), answers);
    world.model(|_, _| says(ANSWER));
    world.run_until(5_000);
    let mut fields = interview();
    fields.fields.retain(|field| field.name != "mood");
    world.give(Input::Control(Control::Output(fields)));
    world.caller_says(6_000, 7_000, "Go on.");
    world.run_until(12_000);
    let names = |n: usize| world.requests[n].output_schema.clone().unwrap()["required"].clone();
    assert_eq!((names(0), names(1)), (json!(["reply", "score", "mood"]), json!(["reply", "score"])));
    assert_eq!(world.call.results()["mood"], "calm", "what was there stays");
    world.finish();
}

#[test]
fn the_model_is_shown_the_newest_messages_only() {
    let mut world = World::with(CallConfig { thread_window: 2, ..config() }, answers);
    world.model(|_, n| says(&format!("Answer {n}.")));
    for n in 0..3 {
        world.caller_says(4_000 + n * 4_000, 4_800 + n * 4_000, &format!("Question {n}."));
    }
    world.run_until(18_000);
    assert_eq!(world.asked(), ["agent: Answer 2.", "user: Question 2."]);
    world.finish();
}

#[test]
fn a_call_that_is_closed_says_good_bye_first() {
    let mut world = World::with(config(), answers);
    world.run_until(4_000);
    world.give(Input::Control(Control::Close { reason: "spend-cap".to_owned() }));
    world.run_until(20_000);
    assert!(world.heard().ends_with("Good bye."), "{}", world.heard());
    assert_eq!(world.finished.as_ref().unwrap().1, "spend-cap");
}
