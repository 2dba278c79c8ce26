//! What a broken behaviour, model, synthesiser or recogniser does to a call.

use super::world::{Answer, Tts, World, config, fault, generate, says};
use crate::{Command, Input};
use serde_json::json;
use std::cell::Cell;
use trunkline_contract::ActionKind;
use trunkline_contract::action::{Generate, Listen, Play, Say};
use trunkline_contract::chat::Delta;
use trunkline_contract::event::Event;
use trunkline_contract::log::Entry;

fn say(text: &str) -> ActionKind {
    ActionKind::Say(Say { text: text.to_owned(), interruptible: true })
}

#[test]
fn an_effect_id_that_was_used_before_is_denied() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.with(5, say("One."));
            answer.with(5, say("Two."));
        }
    });
    world.run_until(3_000);
    assert_eq!(world.story()[1..], ["denied 5: duplicate-effect", "said 5: One."]);
    world.finish();
}

#[test]
fn what_the_host_does_not_do_or_cannot_read_is_denied() {
    let mut config = config();
    config.can_generate = false;
    let mut world = World::with(config, |event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.act(ActionKind::Play(Play { sound: "ding".to_owned(), interruptible: true }));
            answer.act(ActionKind::SendDigits { digits: "1".to_owned() });
            answer.generate();
            answer.say("  ");
            answer.say(&"long ".repeat(2_000));
            answer.act(ActionKind::UpdateContext(json!([1])));
            answer.act(ActionKind::Listen(Listen { hints: Vec::new(), endpointing_ms: Some(1) }));
            answer.timer(u64::MAX);
        }
    });
    world.run_until(3_000);
    let rules = ["unsupported", "unsupported", "not-granted", "invalid", "invalid", "invalid", "invalid", "invalid"];
    let expected: Vec<String> = rules.iter().enumerate().map(|(n, rule)| format!("denied {}: {rule}", n + 1)).collect();
    assert_eq!(world.story()[1..], expected);
    world.finish();
}

#[test]
fn a_structured_answer_cannot_be_spoken_but_can_be_read() {
    let schema = json!({"type": "object"});
    let mut world = World::new(move |event, answer| {
        if matches!(event, Event::Started(_)) {
            let spec = Generate { output_schema: Some(schema.clone()), ..generate() };
            answer.act(ActionKind::Generate(spec.clone()));
            answer.act(ActionKind::Generate(Generate { speak: false, ..spec }));
        }
    });
    world.model(|_, _| says(r#"{"guests": 3}"#));
    world.run_until(3_000);
    assert_eq!(world.story()[1], "denied 1: unsupported");
    assert!(matches!(&world.told[2].1, Event::Generated(done) if done.output == Some(json!({"guests": 3}))));
    assert_eq!(world.heard(), "");
    assert!(world.transcript().is_empty());
    world.finish();
}

#[test]
fn a_behaviour_that_answers_denials_with_what_is_denied_comes_to_rest() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_) | Event::Denied(_)) {
            answer.act(ActionKind::SendDigits { digits: "1".to_owned() });
            answer.with(1, say("again"));
        }
    });
    world.run_until(3_000);
    assert!(world.told.len() < 6, "{:?}", world.story());
    world.finish();
}

#[test]
fn a_behaviour_that_answers_every_answer_is_slowed_down() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_) | Event::EffectDone(_)) {
            answer.act(ActionKind::Listen(Listen::default()));
        }
    });
    world.run_until(5_000);
    assert!((100..=600).contains(&world.told.len()), "{}", world.told.len());
    world.finish();
}

#[test]
fn when_the_behaviour_fails_once_the_fallback_line_is_said_and_the_event_tried_again() {
    let failed = Cell::new(false);
    let mut world = World::new(move |event, answer| match event {
        Event::Started(_) if !failed.replace(true) => answer.fail("trap"),
        Event::Started(_) => {
            answer.say("Hello.");
        }
        _ => {}
    });
    world.run_until(4_000);
    assert_eq!(world.heard(), "One moment please. Hello.");
    assert_eq!(world.story(), ["started", "started", "said 1: Hello."]);
    assert!(world.entries().any(|e| matches!(e, Entry::Dropped { event_seq: 2, reason } if reason == "trap")));
    world.finish();
}

#[test]
fn a_component_that_keeps_failing_is_replaced_and_its_successor_told_about_the_call() {
    let mut world = World::new(|event, answer| match event {
        Event::Digits(_) if answer.is_fresh() => {
            answer.say("Stock here.");
        }
        Event::Digits(_) => answer.fail("trap"),
        Event::Started(_) => {
            answer.say("Hello.");
        }
        _ => {}
    });
    world.input_at(2_000, Input::Digit('1'));
    world.run_until(6_000);
    assert_eq!(
        world.story()[1..],
        [
            "said 1: Hello.",
            "digits 1",
            "digits 1",
            "resumed component-changed",
            "digits 1",
            "denied 1: duplicate-effect"
        ]
    );
    assert!(
        world
            .entries()
            .any(|e| matches!(e, Entry::Component { digest, reason } if digest == "stock" && reason == "stock"))
    );
    world.finish();
}

#[test]
fn the_third_event_dropped_in_a_row_ends_the_call() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Digits(_)) {
            answer.fail("trap");
        }
    });
    for at in [1_000, 2_000, 3_000] {
        world.input_at(at, Input::Digit('1'));
    }
    world.run_until(20_000);
    assert_eq!(world.finished.as_ref().unwrap().1, "failed");
    assert!(world.heard().ends_with("Good bye."), "{}", world.heard());
    assert_eq!(world.heard().matches("One moment").count(), 1, "not again and again");
    super::ledger::check(&world.rows);
}

#[test]
fn a_behaviour_that_cannot_even_start_ends_the_call() {
    let mut world = World::new(|_, answer| answer.fail("trap"));
    world.run_until(20_000);
    assert_eq!(world.finished.as_ref().unwrap().1, "failed");
    assert_eq!(world.heard(), "One moment please. Good bye.");
}

fn asked_once(event: &Event, answer: &mut Answer) {
    if matches!(event, Event::Started(_)) {
        answer.generate();
    }
}

#[test]
fn a_model_that_fails_before_its_first_token_is_reported_once() {
    let mut world = World::new(asked_once);
    world.model(|_, _| vec![(100, Err(fault("rate-limited"))), (10, Ok(Delta::Text("late".to_owned())))]);
    world.run_until(3_000);
    assert_eq!(world.story()[1..], ["failed 1: llm rate-limited"]);
    assert_eq!(world.count(|c| matches!(c, Command::CancelGenerate { .. })), 0, "it has ended by itself");
    world.finish();
}

#[test]
fn a_model_that_falls_silent_is_reported_once() {
    let mut world = World::new(asked_once);
    world.model(|_, _| vec![(100, Ok(Delta::Text("Well, this is what I have to say. And".to_owned())))]);
    world.run_until(20_000);
    let failures: Vec<_> = world.story().into_iter().filter(|line| line.starts_with("failed")).collect();
    assert_eq!(failures, ["failed 1: llm timeout"]);
    assert!(world.heard().starts_with("Well, this is what I have to say."));
    world.finish();
}

#[test]
fn a_synthesiser_that_falls_silent_is_reported_once() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.say("One. Two. Three.");
            answer.generate();
        }
    });
    world.tts = Tts::Silent;
    world.run_until(9_000);
    assert_eq!(world.story()[1..], ["failed 1: tts timeout", "failed 2: tts timeout"]);
    world.finish();
}

#[test]
fn a_synthesiser_that_fails_for_all_fails_what_it_still_owes() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.say("One and two.");
        }
        if matches!(event, Event::Digits(_)) {
            answer.say("Two.");
        }
    });
    world.input_at(700, Input::Digit('1'));
    world.input_at(710, Input::SpeechFailed { context: None, fault: fault("unavailable") });
    world.input_at(720, Input::SpeechFailed { context: Some(2), fault: fault("unavailable") });
    world.run_until(3_000);
    assert_eq!(world.story()[1..], ["digits 1", "said 1: One and two.", "failed 2: tts unavailable"]);
    world.finish();
}

#[test]
fn a_synthesiser_that_is_gone_for_good_ends_the_call() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.say("One and two.");
        }
    });
    let fault = crate::ProviderFault { retryable: false, ..fault("unauthorised") };
    world.input_at(10, Input::SpeechFailed { context: None, fault: fault.clone() });
    world.run_until(9_000);
    assert_eq!(world.story()[1..], ["failed 1: tts unauthorised", "ended failed"]);

    // Also when nothing was to be said yet.
    let mut world = World::new(|_, _| {});
    world.input_at(10, Input::SpeechFailed { context: None, fault });
    world.run_until(9_000);
    assert_eq!(world.story()[1..], ["failed 0: tts unauthorised", "ended failed"]);
    assert_eq!(world.heard(), "");
}

#[test]
fn a_failure_after_everything_was_delivered_changes_nothing() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.say("One and two and three.");
        }
    });
    world.input_at(900, Input::SpeechFailed { context: Some(1), fault: fault("unavailable") });
    world.run_until(4_000);
    assert_eq!(world.story()[1..], ["said 1: One and two and three."]);
    world.finish();
}

#[test]
fn a_recogniser_that_is_gone_for_good_ends_the_call_politely() {
    let mut world = World::new(|_, _| {});
    let fault = crate::ProviderFault { retryable: false, ..fault("unauthorised") };
    world.input_at(1_000, Input::SttFailed(fault));
    world.run_until(9_000);
    assert_eq!(world.story()[1..], ["failed 0: stt unauthorised", "ended failed"]);
    assert_eq!(world.heard(), "Good bye.");
}

#[test]
fn a_recogniser_that_reconnects_leaves_the_turn_alone() {
    let mut world = World::new(|_, _| {});
    world.caller_says(1_000, 2_500, "I want fish.");
    world.input_at(1_800, Input::SttFailed(fault("unavailable")));
    world.run_until(5_000);
    assert_eq!(world.story()[1..], ["user-turn 1: I want fish."]);
    world.finish();
}
