//! How calls end.

use super::world::{Answer, World, asks, config, says};
use crate::{Command, Control, EndOfMedia, Input, ProviderFault};
use serde_json::json;
use trunkline_contract::ActionKind;
use trunkline_contract::action::Note;
use trunkline_contract::event::Event;
use trunkline_contract::log::Entry;

fn end(world: &World) -> (u64, &str) {
    let (at, reason) = world.finished.as_ref().expect("the call has ended");
    (*at, reason)
}

fn generates(event: &Event, answer: &mut Answer) {
    if matches!(event, Event::Started(_)) {
        answer.generate();
    }
}

#[test]
fn the_last_word_is_heard_before_the_hang_up() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.say("Thank you for calling, good bye.");
            answer.hang_up(true);
        }
    });
    world.run_until(10_000);
    assert_eq!(world.heard(), "Thank you for calling, good bye.");
    assert_eq!(world.story()[1..], ["said 1: Thank you for calling, good bye.", "ended agent-hangup"]);
    let closed = world.commanded_at(|c| *c == Command::CloseMedia(EndOfMedia::HangUp)).unwrap();
    assert!((300 + 32 * 60..300 + 32 * 60 + 300).contains(&closed), "{closed}");
    super::ledger::check(&world.rows);
}

#[test]
fn a_hang_up_at_once_cuts_what_is_said() {
    let mut world = World::new(|event, answer| match event {
        Event::Started(_) => {
            answer.say("Thank you for calling, good bye.");
            answer.timer(1_500);
        }
        Event::Timer { .. } => {
            answer.hang_up(false);
            answer.say("Too late.");
        }
        _ => {}
    });
    world.run_until(10_000);
    let story = world.story();
    assert!(story[2].starts_with("interrupted 1: Thank you"), "{story:?}");
    assert_eq!(story[3..], ["denied 4: ended", "ended agent-hangup"]);
    super::ledger::check(&world.rows);
}

#[test]
fn nothing_is_said_after_the_good_bye() {
    let mut world = World::new(|event, answer| match event {
        Event::Started(_) => {
            answer.say("Welcome.");
        }
        Event::Failed(_) => {
            answer.say("Are you still there?");
            answer.generate();
        }
        _ => {}
    });
    let fault = ProviderFault { code: "unauthorised".into(), message: "wrong key".into(), retryable: false };
    // Before the greeting was decided.
    world.input_at(1, Input::SttFailed(fault));
    world.run_until(20_000);
    assert_eq!(world.heard(), "Good bye.");
    let story = world.story();
    assert!(story.iter().filter(|line| line.ends_with(": ended")).count() >= 2, "{story:?}");
    assert_eq!(end(&world).1, "failed");
    super::ledger::check(&world.rows);
}

#[test]
fn a_model_that_ends_the_call_with_words_is_heard_out() {
    let mut world = World::new(generates);
    world.model(|_, _| asks("Bye then, Ada.", &["end_call"]));
    world.run_until(10_000);
    assert_eq!(world.heard(), "Bye then, Ada.");
    assert_eq!(end(&world).1, "agent-hangup");
    assert_eq!(world.requests.len(), 1, "nothing is asked after the end was decided");
    assert_eq!(world.story()[1..], ["tool-finished end_call: ok", "generated 1: Bye then, Ada.", "ended agent-hangup"]);
}

#[test]
fn a_model_that_ends_the_call_without_a_word_gets_the_good_bye_of_the_contract() {
    let mut world = World::new(generates);
    world.model(|_, _| asks("", &["end_call"]));
    world.run_until(10_000);
    assert_eq!(world.heard(), "Good bye.");
    assert_eq!(end(&world).1, "agent-hangup");
}

#[test]
fn the_caller_cannot_talk_the_good_bye_away() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.say("Thank you for calling, and a very good bye to you.");
            answer.hang_up(true);
        }
    });
    world.caller_says(1_000, 2_000, "Wait a moment please.");
    world.run_until(10_000);
    assert_eq!(world.heard(), "Thank you for calling, and a very good bye to you.");
    assert_eq!(world.story()[1], "user-turn 1: Wait a moment please.");
    super::ledger::check(&world.rows);
}

#[test]
fn a_call_that_is_to_end_while_speech_is_held_back_is_heard_out() {
    let mut world = World::new(|event, answer| match event {
        Event::Started(_) => {
            answer.say("Thank you for calling, and a very good bye to you.");
            answer.timer(1_350);
        }
        Event::Timer { .. } => {
            answer.hang_up(true);
        }
        _ => {}
    });
    world.caller_says(1_000, 1_600, "");
    world.run_until(10_000);
    assert!(world.heard().ends_with("good bye to you."), "{}", world.heard());
    assert_eq!(end(&world).1, "agent-hangup");
}

#[test]
fn the_longest_duration_ends_the_call_with_a_good_bye() {
    let mut config = config();
    config.limits.max_duration_s = 5;
    let mut world = World::with(config, |_, _| {});
    world.run_until(20_000);
    assert_eq!(world.heard(), "Good bye.");
    assert_eq!(world.story()[1..], ["ended max-duration"]);
    assert!((5_000..6_500).contains(&end(&world).0));
}

#[test]
fn a_caller_who_hangs_up_ends_the_call_and_everything_in_it() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.say("Thank you for calling, what can I do for you?");
            answer.tool("look_up");
            answer.timer(60_000);
        }
    });
    world.hang_up_at(1_500);
    world.run_until(10_000);
    let story = world.story();
    assert!(story[1].starts_with("interrupted 1: Thank you"), "{story:?}");
    assert_eq!(story[2..], ["tool-finished look_up: cancelled", "ended caller-hangup"]);
    assert_eq!(world.count(|c| matches!(c, Command::CloseMedia(_))), 0, "it is closed already");
    assert!(end(&world).0 < 1_600);
    super::ledger::check(&world.rows);
}

#[test]
fn the_behaviour_may_leave_results_in_answer_to_the_end_but_not_speak() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Ended(_)) {
            answer.act(ActionKind::SetResult { name: "mood".to_owned(), value: json!("good") });
            answer.act(ActionKind::Note(Note { level: "info".to_owned(), text: "done".to_owned() }));
            answer.act(ActionKind::UpdateContext(json!({"a": 1})));
            answer.say("Hello?");
            answer.timer(10);
        }
    });
    world.hang_up_at(1_500);
    world.run_until(10_000);
    assert_eq!(world.story(), ["started", "ended caller-hangup"]);
    assert_eq!(world.call.results()["mood"], "good");
    super::ledger::check(&world.rows);
}

#[test]
fn a_behaviour_that_cannot_take_the_end_does_not_keep_the_call() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Ended(_)) {
            answer.fail("trap");
        }
    });
    world.hang_up_at(1_500);
    world.run_until(10_000);
    assert_eq!(end(&world).1, "caller-hangup");
    super::ledger::check(&world.rows);
}

#[test]
fn a_behaviour_that_never_decides_does_not_keep_the_call() {
    let mut call = crate::Call::new(config());
    call.handle(0, Input::Begin);
    call.handle(10, Input::Digit('1'));
    call.handle(20, Input::Control(Control::HangUp { reason: "drained".to_owned() }));
    let at = call.deadline().unwrap();
    assert_eq!(at, 1_020);
    let commands = call.handle(at, Input::Tick);
    assert!(matches!(commands.last(), Some(Command::Finished { reason }) if reason == "drained"));
    let kinds: Vec<&str> = commands
        .iter()
        .filter_map(|c| if let Command::Append { row, .. } = c { Some(row.entry.kind()) } else { None })
        .collect();
    assert_eq!(kinds, ["dropped", "event", "dropped", "ended"], "the log tells what was not decided");
    assert!(call.handle(at + 1, Input::Begin).is_empty());
}

#[test]
fn control_hangs_up_with_its_reason_and_injects_events() {
    let mut world = World::new(|event, answer| {
        if let Event::Control(control) = event {
            answer.say(control.payload.as_str().unwrap());
        }
    });
    world.input_at(1_000, Input::Control(Control::Inject(json!("From outside."))));
    world.run_until(4_000);
    assert_eq!(world.heard(), "From outside.");
    world.finish();
    assert_eq!(end(&world).1, "drained");
}

#[test]
fn the_end_is_the_last_row_and_urgent() {
    let mut world = World::new(|_, _| {});
    world.hang_up_at(1_500);
    world.run_until(10_000);
    let last = world.commands.iter().rev().find_map(|(_, c)| match c {
        Command::Append { row, urgent, .. } => Some((row.clone(), *urgent)),
        _ => None,
    });
    let (row, urgent) = last.unwrap();
    assert!(urgent && matches!(row.entry, Entry::Ended { duration_ms: 1_500, .. }));
}

#[test]
fn a_caller_who_answers_the_good_bye_is_answered_before_the_hang_up_if_there_is_time() {
    let mut world = World::new(|event, answer| match event {
        Event::Started(_) => {
            answer.say("Thank you for calling, it was a pleasure to help you, and a very good bye to you.");
            answer.hang_up(true);
        }
        Event::UserTurn(_) => {
            answer.generate();
        }
        _ => {}
    });
    world.model(|_, _| says("Bye!"));
    world.caller_says(1_000, 2_000, "Thanks, bye.");
    world.run_until(20_000);
    assert!(world.heard().ends_with("to you. Bye!"), "{}", world.heard());
    assert_eq!(end(&world).1, "agent-hangup");
}
