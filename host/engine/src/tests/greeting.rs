//! The first words of a call.

use super::world::{World, config, says};
use crate::{Command, Input};
use trunkline_contract::event::Event;
use trunkline_contract::log::Entry;

fn greets(event: &Event, answer: &mut super::world::Answer) {
    if matches!(event, Event::Started(_)) {
        answer.say("Hello, how can I help?");
    }
}

#[test]
fn the_greeting_is_made_before_the_carrier_connects_and_heard_whole() {
    let mut world = World::new(greets);
    world.run_until(290);
    assert!(world.commanded_at(|c| matches!(c, Command::Speak { .. })).is_some());
    assert!(world.commanded_at(|c| matches!(c, Command::Carrier(_))).is_none(), "nobody is there to hear it");
    world.run_until(4_000);
    assert_eq!(world.heard(), "Hello, how can I help?");
    assert_eq!(world.story(), ["started", "said 1: Hello, how can I help?"]);
    assert_eq!(world.transcript(), ["agent: Hello, how can I help?"]);
    assert!(world.carrier.first_played().unwrap() < 420, "at once when the line opens");
    world.finish();
}

#[test]
fn nothing_is_spoken_before_started_is_durable() {
    let commands = crate::Call::new(config()).handle(0, Input::Begin);
    let started = commands.iter().find_map(|command| match command {
        Command::Append { row, urgent: true, .. } if matches!(row.entry, Entry::Event { .. }) => Some(row.seq),
        _ => None,
    });
    assert_eq!(started, Some(2), "and it is urgent");

    let mut world = World::new(greets);
    world.forget_commits();
    world.run_until(3_000);
    assert!(world.commanded_at(|c| matches!(c, Command::Carrier(_))).is_none());
    world.input_at(3_000, Input::Committed { seq: 1 });
    world.run_until(3_100);
    assert!(world.commanded_at(|c| matches!(c, Command::Carrier(_))).is_none(), "row 1 is not `started`");
    world.input_at(3_100, Input::Committed { seq: 2 });
    world.run_until(3_101);
    assert!(world.commanded_at(|c| matches!(c, Command::Carrier(_))).is_some());
    world.finish();
}

#[test]
fn a_generated_greeting_is_spoken_as_it_comes() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.generate();
        }
    });
    world.model(|_, _| says("Hello there. This is a long greeting, and it goes on."));
    world.run_until(5_000);
    assert_eq!(world.heard(), "Hello there. This is a long greeting, and it goes on.");
    assert_eq!(world.requests[0].instructions, "You talk to Ada.");
    assert_eq!(world.story()[1], "generated 1: Hello there. This is a long greeting, and it goes on.");
    world.finish();
}

#[test]
fn what_is_asked_for_together_is_spoken_in_that_order() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.generate();
            answer.say("Second.");
            answer.generate();
        }
    });
    world.model(|_, n| says(["First.", "Third."][n]));
    world.run_until(5_000);
    assert_eq!(world.heard(), "First. Second. Third.");
    assert_eq!(world.story()[1..], ["generated 1: First.", "said 2: Second.", "generated 3: Third."]);
    assert_eq!(world.asked(), ["agent: First.", "agent: Second."]);
    world.finish();
}

#[test]
fn text_that_cannot_be_spoken_ends_all_the_same() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.say("🎉");
            answer.say("Hello.");
        }
    });
    world.run_until(3_000);
    assert_eq!(world.story()[1..], ["said 1: ", "said 2: Hello."]);
    world.finish();
}
