//! Conversations in writing.

use super::world::{Answer, World, says, written};
use crate::{Command, Control, Input};
use trunkline_contract::Ms;
use trunkline_contract::chat::Delta;
use trunkline_contract::event::Event;
use trunkline_contract::log::Entry;

const DAY: Ms = 86_400_000;

fn answers(event: &Event, answer: &mut Answer) {
    match event {
        Event::Started(_) => {
            answer.say("Hello, how can I help?");
        }
        Event::UserTurn(turn) if turn.text == "bye" => {
            answer.say("Good-bye.");
            answer.hang_up(true);
        }
        Event::UserTurn(_) => {
            answer.generate();
        }
        _ => {}
    }
}

fn writes(world: &mut World, at: Ms, text: &str) {
    world.input_at(at, Input::Text(text.to_owned()));
}

#[test]
fn what_is_written_is_answered_in_writing() {
    let mut world = World::in_writing(answers);
    world.model(|_, _| says("**Certainly**, e.g. this: https://a.b/c"));
    writes(&mut world, 1_000, "Can you?");
    world.run_until(5_000);
    assert_eq!(
        world.written(),
        ["Hello, how can I help?", "**Certainly**, e.g. this: https://a.b/c"],
        "not cut for a voice"
    );
    assert_eq!(
        world.transcript(),
        ["agent: Hello, how can I help?", "user: Can you?", "agent: **Certainly**, e.g. this: https://a.b/c"]
    );
    let turn =
        world.told.iter().find_map(|(_, event)| if let Event::UserTurn(turn) = event { Some(turn) } else { None });
    assert_eq!(turn.map(|turn| (turn.number, turn.source.as_str())), Some((1, "text")));
    assert!(world.entries().any(|entry| matches!(entry, Entry::Latency(row) if row.first_frame_ms.is_some())));
    assert_eq!(world.count(|c| matches!(c, Command::Speak { .. } | Command::Carrier(_))), 0);
}

#[test]
fn nothing_is_shown_before_started_is_durable() {
    let mut world = World::in_writing(answers);
    world.forget_commits();
    world.run_until(3_000);
    assert_eq!(world.written(), [""; 0]);
    assert!(!world.call.at_rest());
    world.input_at(3_000, Input::Committed { seq: 2 });
    world.run_until(3_001);
    assert_eq!(world.written(), ["Hello, how can I help?"]);
}

#[test]
fn it_rests_when_everything_is_answered() {
    let mut world = World::in_writing(answers);
    world.model(|_, _| {
        vec![(500, Ok(Delta::Text("Yes".to_owned()))), (500, says("!").remove(0).1), (0, says("!").pop().unwrap().1)]
    });
    world.run_until(900);
    assert!(world.call.at_rest(), "after the greeting");
    writes(&mut world, 1_000, "Can you?");
    world.run_until(1_700);
    assert!(!world.call.at_rest());
    world.run_until(3_000);
    assert!(world.call.at_rest());
    assert_eq!(world.call.deadline(), None, "nothing is due");
}

#[test]
fn what_is_written_meanwhile_stops_the_answer() {
    let mut world = World::in_writing(answers);
    world.model(|_, n| {
        if n == 0 {
            vec![(100, Ok(Delta::Text("First".to_owned()))), (9_000, Ok(Delta::Text(" and more".to_owned())))]
        } else {
            says("Second.")
        }
    });
    writes(&mut world, 1_000, "One?");
    writes(&mut world, 2_000, "No, two?");
    world.run_until(12_000);
    assert_eq!(
        world.transcript(),
        ["agent: Hello, how can I help?", "user: One?", "agent: First", "user: No, two?", "agent: Second."]
    );
    assert!(world.story().contains(&"interrupted 2: First".to_owned()), "{:?}", world.story());
}

#[test]
fn nobody_is_hurried() {
    let mut world = World::in_writing(answers);
    writes(&mut world, 10 * DAY, "Still here.");
    world.run_until(10 * DAY + 5_000);
    assert_eq!(world.finished, None);
    assert_eq!(world.transcript().len(), 3);
    assert!(world.entries().all(|entry| !matches!(entry, Entry::Ended { .. })));
}

#[test]
fn the_agent_may_end_it() {
    let mut world = World::in_writing(answers);
    writes(&mut world, 1_000, "bye");
    world.run_until(3_000);
    assert_eq!(world.written().last().map(String::as_str), Some("Good-bye."));
    assert_eq!(world.finished.map(|(_, reason)| reason).as_deref(), Some("agent-hangup"));
}

#[test]
fn the_host_may_end_it() {
    let mut world = World::in_writing(answers);
    world.input_at(1_000, Input::Control(Control::HangUp { reason: "closed".to_owned() }));
    world.run_until(3_000);
    assert_eq!(world.finished.map(|(_, reason)| reason).as_deref(), Some("closed"));
}

#[test]
fn it_goes_on_from_its_log_as_if_nothing_had_happened() {
    let mut first = World::in_writing(answers);
    writes(&mut first, 1_000, "Can you?");
    first.run_until(9_000);
    let mut second = World::resumed(written(), first.rows, first.states, answers);
    let at = second.now + DAY;
    writes(&mut second, at, "And now?");
    second.run_until(at + 5_000);
    assert_eq!(second.transcript().len(), 5);
    assert_eq!(second.story(), ["user-turn 2: And now?", "generated 3: Certainly, that can be done."]);
    assert_eq!(second.requests[0].messages.len(), 4, "with the whole history");
}
