//! The media socket: lost, back, never there.

use super::world::{Answer, World, config};
use crate::{Command, Input, MediaEnd};
use trunkline_contract::event::Event;
use trunkline_contract::log::Entry;

const GREETING: &str = "Hello and welcome to our house, how can I help you today?";

fn greets(event: &Event, answer: &mut Answer) {
    match event {
        Event::Started(_) => {
            answer.say(GREETING);
        }
        Event::Resumed(_) => {
            answer.say("I am back.");
        }
        _ => {}
    }
}

fn lost() -> Input {
    Input::MediaStopped { end: MediaEnd::Lost }
}

#[test]
fn a_lost_socket_that_comes_back_goes_on_and_the_behaviour_is_told() {
    let mut world = World::new(greets);
    world.input_at(1_500, lost());
    world.run_until(1_499);
    let heard = world.heard();
    world.input_at(5_000, Input::MediaStarted { stream_id: "second".to_owned() });
    world.run_until(9_000);
    let story = world.story();
    let cut = story[1].strip_prefix("interrupted 1: ").unwrap();
    assert!(!cut.is_empty() && heard.len().abs_diff(cut.len()) <= 8, "{heard:?} {cut:?}");
    assert_eq!(story[2..], ["resumed media-lost", "said 2: I am back."]);
    assert!(world.heard().ends_with("I am back."));
    assert!(world.entries().any(|e| matches!(e, Entry::MediaStopped { reason } if reason == "lost")));
    world.finish();
}

#[test]
fn a_second_socket_before_the_loss_was_noticed_takes_over() {
    let mut world = World::new(greets);
    world.input_at(1_500, Input::MediaStarted { stream_id: "second".to_owned() });
    world.run_until(6_000);
    assert_eq!(world.story()[2..], ["resumed media-lost", "said 2: I am back."]);
    world.caller_says(7_000, 8_000, "Good.");
    world.run_until(9_000);
    assert_eq!(world.story()[4], "user-turn 1: Good.");
    world.finish();
}

#[test]
fn words_said_before_the_loss_are_a_turn() {
    let mut world = World::new(|_, _| {});
    world.caller_says(1_000, 2_500, "I want fish please.");
    world.input_at(2_400, lost());
    world.input_at(5_000, Input::MediaStarted { stream_id: "second".to_owned() });
    world.run_until(9_000);
    assert_eq!(world.story()[1..], ["user-turn 1: I want fish", "resumed media-lost"]);
    world.finish();
}

#[test]
fn a_turn_after_the_carrier_came_back_is_timed_by_the_new_stream() {
    let mut world = World::new(|_, _| {});
    world.run_until(60_000 - 40_000);
    world.input_at(20_000, lost());
    world.input_at(21_000, Input::MediaStarted { stream_id: "second".to_owned() });
    world.run_until(21_100);
    world.caller_says(22_000, 23_000, "Hello again.");
    // One recogniser for both streams: its clock goes on.
    world.caller.stt = super::caller::Stt::Silent;
    let mut words = super::caller::transcript("Hello again.", true, 21_500, 22_700);
    words.from_finalize = true;
    world.input_at(23_400, Input::Transcript(words));
    world.run_until(25_000);
    assert_eq!(world.story().last().unwrap(), "user-turn 1: Hello again.");
    let at = world.told_at("user-turn").unwrap();
    assert!(at < 23_700, "{at}");
    world.finish();
}

#[test]
fn a_socket_lost_beyond_its_grace_ends_the_call() {
    let mut world = World::new(greets);
    world.input_at(1_500, lost());
    world.run_until(40_000);
    assert_eq!(world.finished.as_ref().unwrap().1, "media-lost");
    assert!((21_500..21_600).contains(&world.finished.as_ref().unwrap().0));
    super::ledger::check(&world.rows);
}

#[test]
fn a_carrier_that_never_connects_ends_the_call() {
    let mut call = crate::Call::new(config());
    call.handle(0, Input::Begin);
    call.handle(1, Input::Decided { event_seq: 2, outcome: Ok(crate::Decision::default()) });
    assert_eq!(call.deadline(), Some(20_000));
    let commands = call.handle(20_000, Input::Tick);
    assert!(commands.iter().any(|c| matches!(c, Command::Decide { event, .. } if matches!(**event, Event::Ended(_)))));
}

#[test]
fn a_socket_without_media_ends_the_call() {
    let mut world = World::new(|_, _| {});
    world.run_until(300);
    world.stop_audio();
    world.run_until(40_000);
    assert_eq!(world.finished.as_ref().unwrap().1, "media-lost");
    assert!((15_300..15_400).contains(&world.finished.as_ref().unwrap().0));
}

#[test]
fn the_agent_goes_on_when_inbound_media_pauses() {
    let mut world = World::new(greets);
    world.run_until(600);
    world.stop_audio();
    world.run_until(6_000);
    assert_eq!(world.heard(), GREETING);
    world.finish();
}

#[test]
fn a_carrier_that_echoes_no_marks_does_not_hold_the_call() {
    let mut world = World::new(greets);
    world.carrier.deaf = true;
    world.run_until(8_000);
    assert_eq!(world.story()[1], format!("said 1: {GREETING}"));
    world.finish();
}
