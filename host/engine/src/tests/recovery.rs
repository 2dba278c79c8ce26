//! Recovery from the log, cut anywhere.

use super::ledger;
use super::world::{Answer, World, asks, config, says};
use crate::{Call, Command, Control, Input, Recovered, ResumeError};
use serde_json::json;
use trunkline_contract::ActionKind;
use trunkline_contract::action::{HangUp, Listen, Play};
use trunkline_contract::event::{Custom, Event};
use trunkline_contract::log::Entry;

/// A behaviour that does a bit of everything; its only state is the number of its last effect.
fn busy(event: &Event, answer: &mut Answer) {
    match event {
        Event::Started(_) => {
            answer.say("Hello, how can I help you today?");
            answer.tool("book");
            answer.timer(3_500);
            answer.act(ActionKind::SetResult { name: "greeted".to_owned(), value: json!(true) });
            answer.act(ActionKind::Emit(Custom { name: "began".to_owned(), payload: json!({}) }));
            answer.act(ActionKind::UpdateContext(json!({"name": "Grace"})));
            answer.act(ActionKind::Listen(Listen { hints: vec!["fish".to_owned()], endpointing_ms: Some(400) }));
            answer.act(ActionKind::Play(Play { sound: "ding".to_owned(), interruptible: true }));
            answer.with(1, ActionKind::Cancel { target: 99 });
        }
        Event::UserTurn(_) => {
            answer.generate();
        }
        Event::Timer { .. } => {
            answer.tool("look_up");
        }
        Event::Resumed(_) => {
            answer.say("I am back.");
        }
        _ => {}
    }
}

fn furnish(world: &mut World) {
    world.tool("book", 700, json!("booked"));
    world.tool("look_up", 400, json!("found"));
    world.model(|request, _| {
        match request.messages.iter().any(|m| matches!(m, trunkline_contract::chat::Message::Tool { .. })) {
            false => asks("Let me see.", &["look_up", "book"]),
            true => says("It is done. Anything else I can do for you?"),
        }
    });
}

/// An undisturbed call: a turn with tools, an interruption, a turn, the end.
fn first_life() -> World {
    let mut world = World::new(busy);
    furnish(&mut world);
    world.caller_says(3_000, 4_000, "Book a table.");
    world.caller_says(7_500, 8_600, "No wait, make it two.");
    world.run_until(14_000);
    world.finish();
    world
}

#[test]
fn a_call_goes_on_from_every_prefix_of_its_log() {
    let first = first_life();
    assert!(first.story().iter().any(|line| line.starts_with("interrupted")), "{:?}", first.story());
    for seq in 0..first.rows.len() as u64 {
        let (rows, states) = first.log_until(seq);
        let mut second = World::resumed(config(), rows, states, busy);
        furnish(&mut second);
        let now = second.now;
        second.run_until(now + 3_000);
        second.caller_says(now + 4_000, now + 5_000, "Are you there?");
        second.run_until(now + 12_000);
        second.finish();

        let started = second.entries().filter(|e| matches!(e, Entry::Event { event: Event::Started(_), .. })).count();
        assert_eq!(started, 1, "after row {seq}");
        assert_eq!(second.call.results()["greeted"], true, "after row {seq}");
        let kinds = |kind| second.entries().filter(|e| e.kind() == kind).count();
        assert_eq!((kinds("result"), kinds("emitted")), (1, 1), "after row {seq}");
        let told: Vec<_> = second.story();
        let over = first.rows[..usize::try_from(seq).unwrap()]
            .iter()
            .any(|row| matches!(&row.entry, Entry::Event { event: Event::Ended(_), .. }));
        if !over {
            assert!(told.iter().any(|line| line == "resumed host-restart"), "after row {seq}: {told:?}");
            assert!(told.iter().any(|line| line.ends_with("Are you there?")), "after row {seq}: {told:?}");
            assert!(second.heard().contains("I am back."), "after row {seq}: {}", second.heard());
        }
        for (asked, answered) in second.rows.iter().zip(&first.rows).take(usize::try_from(seq).unwrap()) {
            assert_eq!(asked, answered);
        }
    }
}

#[test]
fn a_call_survives_losing_its_host_twice() {
    let first = first_life();
    for seq in (1..first.rows.len() as u64).step_by(3) {
        let (rows, states) = first.log_until(seq);
        let mut second = World::resumed(config(), rows, states, busy);
        furnish(&mut second);
        second.run_until(second.now + 1_200);
        let middle = seq + (second.rows.len() as u64 - seq) / 2;
        let (rows, states) = second.log_until(middle);
        if rows.iter().any(|row| matches!(row.entry, Entry::Ended { .. })) {
            continue;
        }
        let mut third = World::resumed(config(), rows, states, busy);
        furnish(&mut third);
        third.run_until(third.now + 6_000);
        third.finish();
    }
}

fn resumed_at(first: &World, cut: impl Fn(&Entry) -> bool, behaviour: fn(&Event, &mut Answer)) -> World {
    let seq = first.rows.iter().find(|row| cut(&row.entry)).unwrap().seq;
    let (rows, states) = first.log_until(seq);
    World::resumed(config(), rows, states, behaviour)
}

#[test]
fn a_write_in_flight_comes_back_as_unknown_and_is_not_run_again() {
    let first = first_life();
    let mut second = resumed_at(&first, |e| matches!(e, Entry::EffectIntent { .. }), busy);
    second.run_until(second.now + 5_000);
    assert!(second.story().contains(&"tool-finished book: unknown".to_owned()), "{:?}", second.story());
    assert!(second.tool_runs.iter().all(|(_, _, name)| name != "book"));
    second.finish();
}

#[test]
fn a_write_that_had_ended_is_reported_as_it_ended() {
    let first = first_life();
    let mut second = resumed_at(&first, |e| matches!(e, Entry::EffectOutcome { .. }), busy);
    second.run_until(second.now + 5_000);
    assert!(second.story().contains(&"tool-finished book: ok".to_owned()), "{:?}", second.story());
    second.finish();
}

#[test]
fn a_turn_that_was_logged_but_not_told_is_told() {
    let first = first_life();
    let user = |e: &Entry| matches!(e, Entry::Message { message: trunkline_contract::chat::Message::User { .. }, .. });
    let mut second = resumed_at(&first, user, busy);
    furnish(&mut second);
    second.run_until(second.now + 8_000);
    assert!(second.story().contains(&"user-turn 1: Book a table.".to_owned()), "{:?}", second.story());
    second.finish();
}

#[test]
fn an_event_without_its_decision_is_decided_again_with_the_same_time_and_seed() {
    let first = first_life();
    let mut second = resumed_at(&first, |e| matches!(e, Entry::Event { event: Event::UserTurn(_), .. }), busy);
    furnish(&mut second);
    let given = |world: &World| {
        world.commands.iter().find_map(|(_, c)| match c {
            Command::Decide { event, seed, event_seq, at_ms, .. } if matches!(**event, Event::UserTurn(_)) => {
                Some((*event_seq, *at_ms, *seed))
            }
            _ => None,
        })
    };
    assert_eq!(given(&first), given(&second));
    second.finish();
}

#[test]
fn a_hang_up_that_was_decided_is_carried_out() {
    let mut first = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.say("Good bye to you.");
            answer.act(ActionKind::HangUp(HangUp { reason: String::new(), after_speech: true }));
        }
    });
    first.run_until(20_000);
    let mut second = resumed_at(&first, |e| matches!(e, Entry::Actions { .. }), |_, _| {});
    second.run_until(second.now + 3_000);
    assert_eq!(second.finished.as_ref().unwrap().1, "agent-hangup");
    assert_eq!(second.story(), ["interrupted 1: ", "ended agent-hangup"]);
    ledger::check(&second.rows);
}

#[test]
fn an_end_that_the_model_decided_is_carried_out() {
    let mut first = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.generate();
        }
    });
    first.model(|_, _| asks("Bye then, Ada.", &["end_call"]));
    first.run_until(10_000);
    let decided = |e: &Entry| matches!(e, Entry::Event { event: Event::ToolFinished(_), .. });
    let mut second = resumed_at(&first, decided, |_, _| {});
    second.run_until(second.now + 3_000);
    assert_eq!(second.finished.as_ref().unwrap().1, "agent-hangup");
    ledger::check(&second.rows);
}

#[test]
fn after_a_component_was_replaced_the_old_ones_state_is_not_used() {
    let mut first = World::new(|event, answer| match event {
        Event::Digits(_) if !answer.is_fresh() => answer.fail("trap"),
        Event::Started(_) => {
            answer.say("Hello.");
        }
        _ => {}
    });
    first.input_at(2_000, Input::Digit('1'));
    first.run_until(4_000);
    let mut second = resumed_at(
        &first,
        |e| matches!(e, Entry::Component { reason, .. } if reason == "stock"),
        |event, answer| {
            assert!(answer.is_fresh(), "{event:?}");
        },
    );
    second.run_until(second.now + 1_000);
    let story = second.story();
    assert_eq!(story[..2], ["resumed component-changed", "digits 1"], "{story:?}");
    assert!(second.commands.iter().any(|(_, c)| matches!(c, Command::Decide { component: 1, .. })));
    second.finish();
}

#[test]
fn what_listen_had_set_is_set_again() {
    let first = first_life();
    let mut second = resumed_at(&first, |e| matches!(e, Entry::Event { event: Event::UserTurn(_), .. }), |_, _| {});
    assert_eq!(second.count(|c| matches!(c, Command::SttHints(_))), 1);
    let now = second.now;
    second.run_until(now + 1_000);
    second.caller_says(now + 2_000, now + 3_000, "Hello there.");
    second.run_until(now + 6_000);
    let silence = second.told_at("user-turn 2").unwrap() - (now + 3_000);
    assert!((400..470).contains(&silence), "{silence} ms");
    second.finish();
}

#[test]
fn a_log_with_a_gap_or_an_end_is_refused() {
    let first = first_life();
    let resume = |rows| Call::resume(config(), Recovered { rows, state: Vec::new() }, 0, "host-restart").err();
    assert_eq!(resume(first.rows.clone()), Some(ResumeError::Ended { reason: "drained".to_owned() }));
    let mut rows = first.rows;
    rows.remove(4);
    assert_eq!(resume(rows), Some(ResumeError::Gap { expected: 5, found: 6 }));
}

#[test]
fn a_carrier_that_never_comes_back_ends_the_call() {
    let first = first_life();
    let (rows, states) = first.log_until(30);
    let state = states.values().last().cloned().unwrap();
    let mut call = Call::resume(config(), Recovered { rows, state }, 50_000, "host-restart").unwrap();
    call.handle(50_000, Input::Begin);
    call.handle(70_000, Input::Tick);
    let commands = call.handle(71_000, Input::Tick);
    assert!(matches!(commands.last(), Some(Command::Finished { reason }) if reason == "media-lost"));
    assert!(call.handle(71_000, Input::Control(Control::Inject(json!(1)))).is_empty());
}
