//! Barge-in: what stops the agent, what does not, and what is kept of what it said.

use super::world::{Answer, World, asks, config, is_clear, says};
use crate::{Command, playout};
use serde_json::json;
use trunkline_contract::action::{Generate, ToolMode};
use trunkline_contract::event::Event;
use trunkline_contract::log::Entry;
use trunkline_contract::{ActionKind, EffectId};

const STORY: &str = "Once upon a time there was a king who had three daughters and a very large garden.";

const TALE: &str = "There was a king. He had three daughters. They had a garden. It was very large. It had a wall.";

fn tells(event: &Event, answer: &mut Answer) {
    match event {
        Event::Started(_) => {
            answer.say(STORY);
        }
        Event::UserTurn(_) => {
            answer.generate();
        }
        _ => {}
    }
}

fn outcomes(world: &World) -> Vec<String> {
    let outcome = |e: &Entry| if let Entry::BargeIn { outcome, .. } = e { Some(outcome.clone()) } else { None };
    world.entries().filter_map(outcome).collect()
}

/// The text without what was said twice because the agent went on from a word that was cut.
fn is_whole(heard: &str, text: &str) -> bool {
    (0..=text.len()).any(|cut| {
        let (before, _) = text.split_at(cut);
        let from = before.rfind(' ').map_or(0, |space| space + 1);
        heard == format!("{before}{}", &text[from..])
    })
}

#[test]
fn a_backchannel_does_not_interrupt_and_the_agent_goes_on_from_the_cut_word() {
    for words in ["Mm-hm.", "I see.", "Yeah, okay."] {
        let mut world = World::new(tells);
        world.caller_says(2_000, 2_600, words);
        world.run_until(12_000);
        assert_eq!(world.story(), ["started".to_owned(), format!("said 1: {STORY}")], "{words}");
        assert_eq!(outcomes(&world), ["false"]);
        assert!(is_whole(&world.heard(), STORY), "{}", world.heard());
        assert_eq!(world.count(is_clear), 1);
        world.finish();
    }
}

#[test]
fn a_false_alarm_without_words_resumes() {
    let mut world = World::new(tells);
    world.caller_says(2_000, 2_500, "");
    world.run_until(12_000);
    assert_eq!(world.story(), ["started".to_owned(), format!("said 1: {STORY}")]);
    assert_eq!(outcomes(&world), ["false"]);
    assert!(is_whole(&world.heard(), STORY), "{}", world.heard());
    world.finish();
}

#[test]
fn speech_without_words_for_long_lets_the_agent_go_on() {
    let mut world = World::new(tells);
    world.caller_says(2_000, 30_000, "");
    world.run_until(14_000);
    assert_eq!(world.story()[1], format!("said 1: {STORY}"));
    world.finish();
}

#[test]
fn a_confirmed_interruption_stops_everything_in_order_and_keeps_what_was_heard() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_) | Event::UserTurn(_)) {
            answer.generate();
        }
    });
    world.model(|_, n| if n == 0 { slow(TALE) } else { says("Of course.") });
    world.caller_says(3_000, 4_500, "Stop, I want something else.");
    world.run_until(4_000);
    let heard = world.heard();
    world.run_until(9_000);

    let clear = world.commands.iter().position(|(_, c)| is_clear(c)).unwrap();
    let llm = world.commands.iter().position(|(_, c)| matches!(c, Command::CancelGenerate { .. })).unwrap();
    let tts = world.commands.iter().position(|(_, c)| matches!(c, Command::CancelSpeech { .. })).unwrap();
    assert!(clear < llm && llm < tts);
    let (clear_ms, _) = world.commands[clear];
    assert!((3_200..3_280).contains(&clear_ms), "at once when speech is suspected: {clear_ms}");

    let story = world.story();
    let cut = story[1].strip_prefix("interrupted 1: ").unwrap();
    assert!(!cut.is_empty() && TALE.starts_with(cut));
    assert!(heard.len().abs_diff(cut.len()) <= 6, "heard {heard:?}, told {cut:?}");
    assert_eq!(story[2], "user-turn 1: Stop, I want something else.");
    assert_eq!(world.asked(), [format!("agent: {cut}"), "user: Stop, I want something else.".to_owned()]);
    assert_eq!(outcomes(&world), ["confirmed"]);
    assert!(world.heard().ends_with("Of course."));
    world.finish();
}

/// A model that is still writing when it is interrupted.
fn slow(text: &str) -> super::world::Script {
    says(text).into_iter().map(|(after, delta)| (after * 8, delta)).collect()
}

#[test]
fn what_was_heard_is_right_without_word_timings_too() {
    let mut world = World::new(tells);
    world.tts = super::world::Tts::Untimed;
    world.caller_says(3_000, 4_500, "Stop, I want something else.");
    world.run_until(4_000);
    let heard = world.heard();
    world.run_until(9_000);
    let cut = world.story()[1].strip_prefix("interrupted 1: ").unwrap().to_owned();
    assert!(heard.len().abs_diff(cut.len()) <= 6, "heard {heard:?}, told {cut:?}");
    world.finish();
}

#[test]
fn a_first_interim_word_of_an_ignored_phrase_does_not_interrupt() {
    let mut world = World::new(tells);
    world.caller_says(2_000, 3_200, "I see");
    world.run_until(12_000);
    assert_eq!(outcomes(&world), ["false"]);
    world.finish();

    let mut world = World::new(tells);
    world.caller_says(2_000, 3_200, "I want");
    world.run_until(5_000);
    assert_eq!(outcomes(&world), ["confirmed"]);
    world.finish();
}

#[test]
fn fewer_words_than_the_rules_ask_for_do_not_interrupt() {
    let mut config = config();
    config.rules.interruption.min_words = 2;
    let mut world = World::with(config, tells);
    world.caller_says(2_000, 2_600, "No.");
    world.run_until(5_000);
    assert_eq!(outcomes(&world), ["false"]);
    world.caller_says(5_500, 6_300, "No, stop.");
    world.run_until(9_000);
    assert_eq!(outcomes(&world), ["false", "confirmed"]);
    world.finish();
}

#[test]
fn speech_does_not_stop_what_may_not_be_interrupted() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.announce(STORY);
        }
        if matches!(event, Event::UserTurn(_)) {
            answer.say("Yes.");
        }
    });
    world.caller_says(2_000, 3_000, "Stop it now.");
    world.run_until(12_000);
    assert_eq!(world.heard(), format!("{STORY} Yes."));
    assert_eq!(world.story()[1..3], ["user-turn 1: Stop it now.".to_owned(), format!("said 1: {STORY}")]);
    assert_eq!(world.count(is_clear), 0);
    world.finish();
}

#[test]
fn an_announcement_that_comes_while_speech_is_held_back_is_heard() {
    let mut world = World::new(|event, answer| match event {
        Event::Started(_) => {
            answer.say(STORY);
            answer.timer(2_350);
        }
        Event::Timer { .. } => {
            answer.announce("This call is recorded.");
        }
        _ => {}
    });
    world.caller_says(2_000, 4_500, "Stop, I want something else.");
    world.run_until(20_000);
    assert!(world.heard().contains("This call is recorded."), "{}", world.heard());
    assert!(world.story().contains(&"said 3: This call is recorded.".to_owned()));
    world.finish();
}

#[test]
fn when_interruption_is_switched_off_the_agent_goes_on() {
    let mut config = config();
    config.rules.interruption.enabled = false;
    let mut world = World::with(config, tells);
    world.caller_says(2_000, 3_000, "Stop it now.");
    world.run_until(12_000);
    assert!(world.heard().starts_with(STORY));
    assert_eq!(world.story()[1], "user-turn 1: Stop it now.");
    world.finish();
}

#[test]
fn the_agents_own_echo_in_the_recogniser_is_no_turn() {
    let mut world = World::new(tells);
    world.caller.audible = false;
    world.caller_says(2_000, 3_000, "Once upon a time");
    world.run_until(12_000);
    assert_eq!(world.story(), ["started".to_owned(), format!("said 1: {STORY}")]);
    world.finish();
}

#[test]
fn a_caller_who_goes_on_while_the_agent_thinks_takes_the_turn_back() {
    let mut world = World::new(tells_only_when_asked);
    world.model(|_, n| if n == 0 { slow("Too early.") } else { says("Both, then.") });
    world.caller_says(1_000, 2_000, "I want fish.");
    world.caller_says(2_700, 3_500, "And some chips.");
    world.run_until(8_000);
    assert_eq!(world.heard(), "Both, then.");
    assert_eq!(
        world.story()[1..],
        ["user-turn 1: I want fish.", "interrupted 1: ", "user-turn 2: And some chips.", "generated 2: Both, then."]
    );
    assert_eq!(world.asked(), ["user: I want fish.", "user: And some chips."]);
    world.finish();
}

fn tells_only_when_asked(event: &Event, answer: &mut Answer) {
    if matches!(event, Event::UserTurn(_)) {
        answer.generate();
    }
}

#[test]
fn a_generation_that_fails_while_speech_is_suspected_leaves_the_agent_able_to_speak() {
    let mut world = World::new(tells_only_when_asked);
    world.model(|_, n| match n {
        0 => vec![(700, Err(super::world::fault("unavailable")))],
        _ => says("Here I am."),
    });
    world.caller_says(1_000, 2_000, "I want fish.");
    world.caller_says(2_900, 4_500, "Are you there at all?");
    world.run_until(9_000);
    assert!(world.story().contains(&"failed 1: llm unavailable".to_owned()), "{:?}", world.story());
    assert_eq!(world.heard(), "Here I am.");
    world.finish();
}

#[test]
fn an_interruption_during_a_tool_call_leaves_a_valid_history_and_an_agent_that_speaks() {
    let mut world = World::new(tells_only_when_asked);
    world.tool("look_up", 1_900, json!({"found": true}));
    world.model(|_, n| match n {
        0 => asks("Let me look that up for you.", &["look_up", "book"]),
        _ => says("Fine."),
    });
    world.caller_says(1_000, 2_000, "I want fish.");
    world.caller_says(3_500, 4_200, "Never mind, forget it.");
    world.run_until(12_000);
    let story = world.story();
    assert!(story.contains(&"tool-finished look_up: cancelled".to_owned()), "{story:?}");
    assert!(story.contains(&"tool-finished book: unknown".to_owned()), "it may not be cancelled: {story:?}");
    assert_eq!(world.count(|c| matches!(c, Command::CancelTool { .. })), 2);
    let history = world.asked();
    assert_eq!(history[0], "user: I want fish.");
    assert_eq!(history[2], "asks: look_up, book");
    assert!(history[3].contains("cancelled"));
    assert!(history[4].contains("pending"));
    assert!(world.heard().ends_with("Fine."), "{}", world.heard());
    world.finish();
}

#[test]
fn what_a_superseded_turn_decides_is_reported_as_never_heard() {
    let mut world = World::new(|event, answer| match event {
        Event::UserTurn(turn) => {
            answer.say(&format!("Answer {}.", turn.number));
        }
        Event::Control(_) => {
            answer.say("An aside.");
            let spec = Generate { tools: ToolMode::None, ..super::world::generate() };
            answer.act(ActionKind::Generate(spec));
        }
        _ => {}
    });
    world.caller_says(1_000, 2_000, "I want fish.");
    world.run_until(2_400);
    // One millisecond before the turn ends an event is being decided, and another one waits.
    let turn_at = probe_turn();
    world.input_at(turn_at - 1, crate::Input::Control(crate::Control::Inject(json!({}))));
    world.input_at(turn_at - 1, crate::Input::Control(crate::Control::Inject(json!({}))));
    world.run_until(6_000);
    let story = world.story();
    assert_eq!(story[1..4], ["control", "control", "user-turn 1: I want fish."], "{story:?}");
    let never_heard = ["interrupted 1: ", "interrupted 2: ", "interrupted 3: ", "interrupted 4: "];
    assert_eq!(story[4..8], never_heard);
    assert_eq!(story[8..], ["said 5: Answer 1."]);
    assert_eq!(world.heard(), "Answer 1.");
    world.finish();
}

fn probe_turn() -> u64 {
    let mut world = World::new(|_, _| {});
    world.caller_says(1_000, 2_000, "I want fish.");
    world.run_until(6_000);
    world.told_at("user-turn").unwrap()
}

#[test]
fn cancel_stops_a_say_and_a_generation() {
    for generated in [false, true] {
        let mut world = World::new(move |event, answer| match event {
            Event::Started(_) => {
                if generated {
                    answer.generate()
                } else {
                    answer.say(STORY)
                };
                answer.timer(2_000);
            }
            Event::Timer { effect } => {
                answer.act(ActionKind::Cancel { target: effect - 1 });
                answer.act(ActionKind::Cancel { target: 77 });
            }
            _ => {}
        });
        world.model(|_, _| slow(STORY));
        world.run_until(6_000);
        let cut = world.story()[2].strip_prefix("interrupted 1: ").unwrap().to_owned();
        assert!(STORY.starts_with(&cut) && world.heard().len().abs_diff(cut.len()) <= 6);
        world.finish();
    }
}

#[test]
fn a_cancelled_timer_never_rings() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            let first: EffectId = answer.timer(500);
            answer.timer(600);
            answer.act(ActionKind::Cancel { target: first });
            answer.timer(0);
        }
    });
    world.run_until(2_000);
    assert_eq!(world.story(), ["started", "denied 4: invalid", "timer 2"]);
    world.finish();
}

#[test]
fn held_speech_is_not_lost_when_nothing_was_sent_yet() {
    // The caller speaks while the synthesiser still works on the first words.
    let mut world = World::new(tells_only_when_asked);
    world.model(|_, _| says("Right away, it is on its way."));
    world.caller_says(1_000, 2_000, "I want fish.");
    world.caller_says(2_550, 3_000, "");
    world.run_until(9_000);
    assert_eq!(world.heard(), "Right away, it is on its way.");
    assert!(world.commands.iter().all(|(_, c)| !matches!(c, Command::Carrier(playout::Out::Clear))));
    world.finish();
}
