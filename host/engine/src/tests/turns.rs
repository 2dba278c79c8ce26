//! The caller's turn: when it ends, and with which words.

use super::caller::{Stt, transcript};
use super::world::{Answer, World, config};
use crate::{Command, Input};
use serde_json::json;
use trunkline_contract::ActionKind;
use trunkline_contract::action::Listen;
use trunkline_contract::agent::EndpointingStrategy;
use trunkline_contract::event::Event;
use trunkline_contract::log::Entry;

fn answers(event: &Event, answer: &mut Answer) {
    if matches!(event, Event::UserTurn(_)) {
        answer.generate();
    }
}

/// Silence in the audio between the end of speech and the decision, for this text.
fn silence_before_turn(text: &str, configure: impl FnOnce(&mut crate::CallConfig)) -> u64 {
    let mut config = config();
    configure(&mut config);
    let mut world = World::with(config, answers);
    world.caller_says(1_000, 2_500, text);
    world.run_until(6_000);
    assert!(world.story()[1].starts_with(&format!("user-turn 1: {text}")), "{:?}", world.story());
    let at = world.told_at("user-turn").unwrap();
    world.finish();
    at - 2_500
}

#[test]
fn a_turn_ends_after_the_shortest_silence_and_its_final_words() {
    let silence = silence_before_turn("I want to book a table.", |_| {});
    assert!((500..600).contains(&silence), "{silence} ms");
}

#[test]
fn a_dangling_word_waits_longer() {
    let silence = silence_before_turn("I want fish and", |_| {});
    assert!((1_500..1_600).contains(&silence), "{silence} ms");
}

#[test]
fn with_the_vad_strategy_a_dangling_word_does_not_wait() {
    let silence = silence_before_turn("I want fish and", |c| c.rules.endpointing.strategy = EndpointingStrategy::Vad);
    assert!((500..600).contains(&silence), "{silence} ms");
}

#[test]
fn a_monologue_of_ten_minutes_is_one_turn_with_all_its_words() {
    let words: Vec<String> = (0..1_500).map(|n| format!("word{n}")).collect();
    let text = format!("{}.", words.join(" "));
    let mut world = World::new(answers);
    world.caller_says(1_000, 601_000, &text);
    world.run_until(610_000);
    assert_eq!(world.story()[1], format!("user-turn 1: {text}"));
    assert_eq!(world.count(|c| matches!(c, Command::Generate { .. })), 1);
    world.finish();
}

#[test]
fn a_pause_within_a_sentence_does_not_end_the_turn() {
    let mut world = World::new(answers);
    world.caller_says(1_000, 2_000, "I want fish and");
    world.caller_says(2_900, 3_600, "some chips please.");
    world.run_until(6_000);
    assert_eq!(world.story()[1], "user-turn 1: I want fish and some chips please.");
    assert_eq!(world.count(|c| matches!(c, Command::Generate { .. })), 1);
    world.finish();
}

#[test]
fn listen_changes_the_silence_that_ends_a_turn() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.act(ActionKind::Listen(Listen { hints: vec!["Trunkline".to_owned()], endpointing_ms: Some(1_200) }));
        }
        answers(event, answer);
    });
    world.caller_says(1_000, 2_500, "Yes please.");
    world.run_until(6_000);
    let silence = world.told_at("user-turn").unwrap() - 2_500;
    assert!((1_200..1_300).contains(&silence), "{silence} ms");
    assert!(world.story().contains(&"effect-done".to_owned()));
    assert_eq!(world.count(|c| matches!(c, Command::SttHints(_))), 1);
    world.finish();
}

#[test]
fn a_turn_is_not_left_open_when_the_recogniser_falls_silent() {
    let mut world = World::new(answers);
    world.caller.stt = Stt::InterimsOnly;
    world.caller_says(1_000, 2_500, "I want fish.");
    world.run_until(6_000);
    assert_eq!(world.story()[1], "user-turn 1: I want fish.", "the words known by then");
    let at = world.commanded_at(|c| matches!(c, Command::ReconnectStt)).unwrap();
    assert!((4_200..4_500).contains(&at), "{at}");
    assert!(
        world.entries().any(|e| matches!(e, Entry::Provider { part, what, .. } if part == "stt" && what == "stalled"))
    );
    world.finish();
}

#[test]
fn speech_that_is_never_recognised_ends_without_a_turn_and_the_call_goes_on() {
    let mut world = World::new(answers);
    world.caller.stt = Stt::Silent;
    world.caller_says(1_000, 2_500, "");
    world.run_until(4_400);
    assert_eq!(world.count(|c| matches!(c, Command::ReconnectStt)), 1);
    assert!(!world.call.expects_words());
    world.caller.stt = Stt::Works;
    world.caller_says(6_000, 7_000, "Hello?");
    world.run_until(9_000);
    assert!(world.story()[1].ends_with("Hello?"), "{:?}", world.story());
    world.finish();
}

#[test]
fn words_that_come_after_a_reconnect_still_make_a_turn() {
    let mut world = World::new(answers);
    world.caller.stt = Stt::Silent;
    world.caller_says(1_000, 2_500, "");
    world.input_at(4_600, Input::Transcript(transcript("I want fish.", true, 700, 2_200)));
    world.run_until(6_000);
    assert_eq!(world.story()[1], "user-turn 1: I want fish.");
    world.finish();
}

#[test]
fn a_late_final_of_a_turn_that_is_over_is_not_said_twice() {
    let mut world = World::new(answers);
    world.caller.stt = Stt::InterimsOnly;
    world.caller_says(1_000, 2_500, "I want fish.");
    world.input_at(6_200, Input::Transcript(transcript("I want fish.", true, 700, 2_200)));
    world.caller_says(6_000, 7_000, "With chips.");
    world.run_until(10_000);
    let turns: Vec<_> = world.story().into_iter().filter(|line| line.starts_with("user-turn")).collect();
    assert_eq!(turns, ["user-turn 1: I want fish.", "user-turn 2: With chips."]);
    world.finish();
}

#[test]
fn finals_that_cover_the_speech_need_no_answer_to_finalize() {
    let mut world = World::new(answers);
    world.caller.stt = Stt::NeverAnswersFinalize;
    world.caller_says(1_000, 2_500, "I want fish.");
    world.run_until(3_300);
    assert_eq!(world.story()[1], "user-turn 1: I want fish.");
    assert_eq!(world.count(|c| matches!(c, Command::ReconnectStt)), 0);
    world.finish();
}

#[test]
fn an_answer_to_an_earlier_finalize_does_not_end_the_turn() {
    let mut world = World::new(|_, _| {});
    world.caller.stt = Stt::Silent;
    world.caller_says(1_000, 1_500, "");
    world.caller_says(1_720, 2_300, "");
    let mut first = transcript("One", true, 700, 1_200);
    first.from_finalize = true;
    world.input_at(2_560, Input::Transcript(first));
    let mut second = transcript("two.", true, 1_400, 2_000);
    second.from_finalize = true;
    world.input_at(3_200, Input::Transcript(second));
    world.run_until(5_000);
    assert_eq!(world.story()[1], "user-turn 1: One two.");
    world.finish();
}

#[test]
fn soft_speech_that_only_the_recogniser_hears_makes_a_turn() {
    let mut world = World::new(answers);
    world.caller.audible = false;
    world.caller_says(1_000, 2_500, "I want some fish please.");
    world.run_until(5_000);
    assert_eq!(world.story()[1], "user-turn 1: I want some fish please.");
    world.finish();
}

#[test]
fn speech_that_never_ends_without_words_is_noise_and_does_not_hold_the_call() {
    let mut world = World::new(answers);
    world.caller_says(1_000, 200_000, "");
    world.run_until(100_000);
    assert_eq!(world.finished.as_ref().unwrap().1, "silence");
    assert!(world.story().contains(&"silence 1".to_owned()));
}

#[test]
fn audio_that_stops_in_mid_speech_does_not_leave_the_turn_open() {
    let mut world = World::new(answers);
    world.caller_says(1_000, 9_000, "I want some fish please and all the chips you have.");
    world.run_until(3_000);
    world.stop_audio();
    world.run_until(8_000);
    assert!(world.story()[1].starts_with("user-turn 1: I want"), "{:?}", world.story());
    world.finish();
}

#[test]
fn what_was_said_before_the_caller_hung_up_is_in_the_log() {
    let mut world = World::new(answers);
    world.caller_says(1_000, 2_500, "Thank you, bye.");
    world.hang_up_at(2_800);
    world.run_until(5_000);
    assert_eq!(world.story()[1..], ["user-turn 1: Thank you, bye.", "denied 1: ended", "ended caller-hangup"]);
    assert_eq!(world.finished.as_ref().unwrap().1, "caller-hangup");
    assert_eq!(world.transcript(), ["user: Thank you, bye."]);
}

#[test]
fn digits_come_to_the_behaviour_and_nonsense_does_not() {
    let mut world = World::new(|_, _| {});
    for (at, key) in [(1_000, '1'), (1_100, '#'), (1_200, 'x'), (1_300, '\u{0}')] {
        world.input_at(at, Input::Digit(key));
    }
    world.run_until(2_000);
    assert_eq!(world.story()[1..], ["digits 1", "digits #"]);
    world.finish();
}

#[test]
fn a_changed_context_reaches_the_next_instructions() {
    let mut world = World::new(answers);
    let patch = json!({"name": "Grace"}).as_object().unwrap().clone();
    world.input_at(900, Input::Control(crate::Control::PatchContext(patch)));
    world.caller_says(1_000, 2_500, "I want fish.");
    world.run_until(6_000);
    assert_eq!(world.requests[0].instructions, "You talk to Grace.");
    assert!(world.story().contains(&"context-changed".to_owned()));
    world.finish();
}

#[test]
fn the_stages_of_a_turn_are_in_order_and_the_hosts_share_is_small() {
    let mut world = World::new(|event, answer| {
        if matches!(event, Event::Started(_)) {
            answer.announce("A long announcement that goes on and on while the caller already speaks.");
            answer.announce("And another one.");
        }
        answers(event, answer);
    });
    world.caller_says(1_000, 2_500, "I want fish.");
    world.run_until(12_000);
    let row = world.entries().find_map(|e| if let Entry::Latency(row) = e { Some(row.clone()) } else { None }).unwrap();
    let stages = [
        Some(row.speech_end_ms),
        row.endpoint_ms,
        row.decision_ms,
        row.first_token_ms,
        row.first_segment_ms,
        row.first_audio_ms,
        row.first_frame_ms,
    ];
    let stages: Vec<u64> = stages.into_iter().map(Option::unwrap).collect();
    assert!(stages.is_sorted(), "{row:?}");
    assert!(row.transcript_ms.unwrap() <= stages[2]);
    assert_eq!(row.turn, 1);
    let announced = world.told_at("said 2").unwrap();
    assert!(stages[6] + 500 > announced, "the frame is the answer's: {row:?}, announced until {announced}");

    let mut world = World::new(answers);
    world.caller_says(1_000, 2_500, "I want fish.");
    world.run_until(8_000);
    let row = world.entries().find_map(|e| if let Entry::Latency(row) = e { Some(row.clone()) } else { None }).unwrap();
    assert!(row.host_added_ms.unwrap() <= 10, "{row:?}");
    assert!((2_480..2_560).contains(&row.speech_end_ms), "{row:?}");
}
