//! Another agent takes over between two events.

use super::world::{Answer, World, asks, config, says};
use crate::{CallConfig, Command, Control, Input};
use serde_json::json;
use trunkline_contract::event::Event;
use trunkline_contract::log::Entry;

/// Effects of the successor begin here: a component counts on from the call's log.
const SECOND: u32 = 1_000;

/// The former agent greets, books and waits; the latter presents itself.
fn both(event: &Event, answer: &mut Answer) {
    match event {
        Event::Started(call) if call.agent_id == "support" => {
            answer.next = SECOND;
            answer.say("Support here, what is the matter?");
        }
        Event::Started(_) => {
            answer.announce("Good morning, and thank you for calling us on this very fine day.");
            answer.timer(9_000);
            answer.tool("book");
        }
        Event::UserTurn(_) => {
            answer.generate();
        }
        _ => {}
    }
}

fn support() -> CallConfig {
    let mut next = config();
    next.call.agent_id = "support".to_owned();
    next.call.agent_version = "7".to_owned();
    next.call.context = json!({"name": "Grace"});
    next.components[0].digest = "support".to_owned();
    next
}

fn switch() -> Input {
    Input::Control(Control::Switch(Box::new(support())))
}

/// A call whose agent is replaced at `at`.
fn switched_at(at: u64) -> World {
    let mut world = World::new(both);
    world.tool("book", 1_500, json!("booked"));
    world.model(|_, _| says("I shall see to it."));
    world.input_at(at, switch());
    world.caller_says(7_000, 8_000, "My printer is on fire.");
    world
}

#[test]
fn the_successor_is_told_who_led_before_and_nothing_of_what_the_former_had_begun() {
    let mut world = switched_at(2_000);
    world.run_until(16_000);
    let story = world.story();
    assert_eq!(story.iter().filter(|line| line.starts_with("started")).count(), 2, "{story:?}");
    let after = story.iter().rposition(|line| line.starts_with("started")).unwrap();
    assert!(story[after + 1..].iter().all(|line| !line.starts_with("timer") && !line.contains("book")), "{story:?}");
    let started = world.told.iter().rev().find_map(|(_, event)| match event {
        Event::Started(call) => Some(call.clone()),
        _ => None,
    });
    let call = started.unwrap();
    let handoff = call.handoff.unwrap();
    assert_eq!(handoff["from"], json!({"agent_id": "agent", "agent_version": "1"}));
    assert_eq!((&handoff["context"], &call.context), (&json!({"name": "Ada"}), &json!({"name": "Grace"})));
    assert!(world.requests.last().unwrap().instructions.contains("Grace"));
    assert!(world.asked().iter().any(|line| line.contains("fire")));
    world.finish();
}

#[test]
fn what_was_being_said_is_cut_to_what_was_heard_and_the_successor_speaks() {
    let mut world = switched_at(2_000);
    world.run_until(6_000);
    let lines = world.transcript();
    assert!(lines[0].starts_with("agent: Good morning") && !lines[0].ends_with("day."), "{lines:?}");
    assert!(world.heard().ends_with("Support here, what is the matter?"), "{}", world.heard());
    world.finish();
}

#[test]
fn rows_say_who_leads_and_a_write_of_the_former_keeps_its_outcome() {
    let mut world = switched_at(1_000);
    world.run_until(16_000);
    let agent = Entry::Agent { agent_id: "support".to_owned(), agent_version: "7".to_owned() };
    assert_eq!(world.entries().filter(|entry| **entry == agent).count(), 1);
    let digest = |entry: &&Entry| matches!(entry, Entry::Component { digest, reason } if digest == "support" && reason == "swap");
    assert_eq!(world.entries().filter(digest).count(), 1);
    assert!(world.entries().any(|entry| matches!(entry, Entry::EffectOutcome { status, .. } if status == "ok")));
    assert_eq!(world.count(|command| *command == Command::Switched), 1);
    world.finish();
}

#[test]
fn a_switch_waits_for_the_decision_under_way_and_the_newest_wish_counts() {
    let mut world = World::new(both);
    world.run_until(0);
    // The first decision takes 2 ms.
    let mut other = support();
    other.call.agent_id = "sales".to_owned();
    world.give(Input::Control(Control::Switch(Box::new(other))));
    world.give(switch());
    assert_eq!(world.count(|command| *command == Command::Switched), 0);
    world.run_until(10);
    assert_eq!(world.count(|command| *command == Command::Switched), 1);
    assert!(matches!(&world.told.last().unwrap().1, Event::Started(call) if call.agent_id == "support"));
    world.finish();
}

#[test]
fn a_call_that_is_ending_keeps_its_agent() {
    let mut world = World::new(|event, answer| {
        if let Event::Started(_) = event {
            answer.say("Good bye then.");
            answer.hang_up(true);
        }
    });
    world.input_at(1_000, switch());
    world.run_until(5_000);
    assert_eq!(world.count(|command| *command == Command::Switched), 0);
    world.finish();
}

#[test]
fn after_a_lost_host_the_successor_goes_on_from_every_prefix_of_the_log() {
    let mut first = switched_at(2_000);
    first.model(|_, n| if n == 0 { asks("Let me see.", &["book"]) } else { says("That is done.") });
    first.run_until(14_000);
    first.finish();
    let taken = first.rows.iter().find(|row| matches!(row.entry, Entry::Agent { .. })).unwrap().seq;
    for seq in taken + 1..first.rows.len() as u64 {
        let (rows, states) = first.log_until(seq);
        let mut second = World::resumed(support(), rows, states, both);
        second.tool("book", 100, json!("booked"));
        let now = second.now;
        second.run_until(now + 12_000);
        second.finish();
        let began = |entry: &&Entry| matches!(entry, Entry::Event { event: Event::Started(call), .. } if call.agent_id == "support");
        assert_eq!(second.entries().filter(began).count(), 1, "after row {seq}");
        assert_eq!(second.call.context()["name"], "Grace", "after row {seq}");
    }
}
