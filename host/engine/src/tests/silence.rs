//! Silence prompts.

use super::world::{World, config};
use trunkline_contract::event::Event;

fn greets(event: &Event, answer: &mut super::world::Answer) {
    if matches!(event, Event::Started(_)) {
        answer.say("Hello.");
    }
}

#[test]
fn silence_is_asked_about_and_then_ends_the_call() {
    let mut world = World::new(greets);
    world.run_until(60_000);
    assert_eq!(
        world.story(),
        ["started", "said 1: Hello.", "silence 1", "silence 2", "ended silence"],
        "the host's own lines are not the behaviour's"
    );
    assert_eq!(world.heard(), "Hello. Are you still there? I cannot hear you. Are you there? Good bye.");
    super::ledger::check(&world.rows);
}

#[test]
fn an_answer_starts_the_count_again() {
    let mut world = World::new(|_, _| {});
    world.caller_says(15_000, 16_000, "I am here.");
    world.run_until(35_000);
    let silences: Vec<_> = world.story().into_iter().filter(|line| line.starts_with("silence")).collect();
    assert_eq!(silences, ["silence 1", "silence 1"]);
    world.finish();
}

#[test]
fn a_noise_puts_the_question_off_but_does_not_answer_it() {
    let mut world = World::new(|_, _| {});
    world.caller_says(14_000, 14_500, "");
    world.run_until(40_000);
    let silences: Vec<_> = world.story().into_iter().filter(|line| line.starts_with("silence")).collect();
    assert_eq!(silences, ["silence 1", "silence 2"]);
    world.finish();
}

#[test]
fn without_prompts_silence_never_ends_the_call() {
    let mut config = config();
    config.rules.silence.prompts.clear();
    let mut world = World::with(config, greets);
    world.run_until(120_000);
    assert_eq!(world.story(), ["started", "said 1: Hello."]);
    world.finish();
}

#[test]
fn nobody_is_asked_while_a_tool_runs() {
    let mut config = config();
    config.tools = vec![{
        let mut tool = super::world::external("look_up", false, true);
        tool.runner = crate::Runner::External { write: false, cancellable: true, timeout_ms: 30_000 };
        tool
    }];
    let mut world = World::with(config, |event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.tool("look_up");
        }
    });
    world.tool("look_up", 25_000, serde_json::json!(1));
    world.run_until(34_000);
    assert_eq!(world.story(), ["started", "tool-finished look_up: ok"]);
    world.run_until(36_000);
    assert_eq!(world.story().last().unwrap(), "silence 1");
    world.finish();
}
