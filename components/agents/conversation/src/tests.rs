use super::{Conversation, Settings};
use trunkline_sdk::test::{Harness, names, spoken};
use trunkline_sdk::{
    Action, ActionKind, Behaviour, Denial, EndReason, Event, Fault, Interruption, Resumption, Silence, ToolMode,
};

fn call() -> Harness<Conversation> {
    Harness::default().greeting("Hello, this is Ada.").tool("end_call")
}

/// A call after the greeting and a turn; the generation is under way.
fn asked() -> (Harness<Conversation>, u32) {
    let mut call = call();
    call.start();
    let actions = call.user_says("What time is it?");
    (call, actions[0].effect)
}

fn resumed(call: &mut Harness<Conversation>, reason: &str) -> Vec<Action> {
    let info = call.call.clone();
    call.send(Event::Resumed(Resumption { reason: reason.to_owned(), call: info }))
}

fn llm_failed(call: &mut Harness<Conversation>, effect: u32) -> Vec<Action> {
    call.send(Event::Failed(Fault {
        effect: Some(effect),
        part: "llm".to_owned(),
        code: "timeout".to_owned(),
        message: "no answer".to_owned(),
        retryable: true,
    }))
}

#[test]
fn greets_at_the_start() {
    assert_eq!(spoken(&call().start()), ["Hello, this is Ada."]);
}

#[test]
fn generates_the_first_words_without_a_greeting() {
    assert_eq!(names(&Harness::<Conversation>::default().start()), ["generate"]);
}

#[test]
fn a_turn_is_answered_aloud_with_the_granted_tools() {
    let mut call = call();
    call.start();
    let actions = call.user_says("What time is it?");
    let [Action { kind: ActionKind::Generate(generate), .. }] = actions.as_slice() else { panic!("{actions:?}") };
    assert!(generate.speak && generate.interruptible);
    assert_eq!(generate.tools, ToolMode::Auto);
    assert_eq!(generate.allowed_tools, None);
}

#[test]
fn a_cut_call_goes_on_with_a_short_line() {
    let (mut call, _) = asked();
    assert_eq!(spoken(&resumed(&mut call, "host-restart")), ["Sorry, we were cut off."]);
    assert_eq!(names(&call.user_says("As I said")), ["generate"]);
}

#[test]
fn a_turn_that_was_cut_off_unanswered_is_answered_after_the_line() {
    let (mut call, effect) = asked();
    call.send(Event::Interrupted(Interruption { effect, heard: String::new() }));
    assert_eq!(names(&resumed(&mut call, "host-restart")), ["say", "generate"]);
}

#[test]
fn an_answer_that_is_under_way_is_not_asked_for_twice() {
    let (mut call, _) = asked();
    assert_eq!(names(&resumed(&mut call, "host-restart")), ["say"]);
}

#[test]
fn a_turn_that_was_answered_in_part_is_not_answered_again() {
    let (mut call, effect) = asked();
    call.send(Event::Interrupted(Interruption { effect, heard: "It is".to_owned() }));
    assert_eq!(names(&resumed(&mut call, "media-lost")), ["say"]);
}

#[test]
fn a_changed_component_goes_on_silently() {
    let mut call = call();
    assert!(resumed(&mut call, "component-changed").is_empty());
    assert_eq!(names(&call.user_says("Hello?")), ["generate"]);
}

#[test]
fn an_interruption_alone_asks_for_nothing() {
    let (mut call, effect) = asked();
    assert!(call.send(Event::Interrupted(Interruption { effect, heard: "It is".to_owned() })).is_empty());
    assert_eq!(names(&call.user_says("No, wait")), ["generate"]);
}

#[test]
fn ending_the_call_is_left_to_the_host() {
    let (mut call, effect) = asked();
    assert!(call.tool_finished("end_call", "ok", "{}").is_empty());
    assert!(call.generated(effect, "Bye for now!").is_empty());
}

#[test]
fn other_tools_leave_the_course_to_the_model() {
    let (mut call, _) = asked();
    assert!(call.tool_finished("save_data", "ok", "{}").is_empty());
}

#[test]
fn apologises_once_until_an_answer_succeeds() {
    let (mut call, effect) = asked();
    assert_eq!(names(&llm_failed(&mut call, effect)), ["say"]);
    let effect = call.user_says("What time is it?")[0].effect;
    assert!(llm_failed(&mut call, effect).is_empty());
    let effect = call.user_says("What time is it?")[0].effect;
    call.generated(effect, "Noon.");
    let effect = call.user_says("And now?")[0].effect;
    assert_eq!(names(&llm_failed(&mut call, effect)), ["say"]);
}

#[test]
fn says_so_and_hangs_up_when_the_model_will_not_answer() {
    let (mut call, effect) = asked();
    let actions = call.send(Event::Failed(Fault {
        effect: Some(effect),
        part: "llm".to_owned(),
        code: "unauthorised".to_owned(),
        message: "the key was refused".to_owned(),
        retryable: false,
    }));
    assert_eq!(names(&actions), ["say", "hang-up"]);
}

fn denied(call: &mut Harness<Conversation>, rule: &str) -> Vec<Action> {
    call.send(Event::Denied(Denial {
        effect: 1,
        action: "generate".to_owned(),
        rule: rule.to_owned(),
        message: "denied".to_owned(),
    }))
}

#[test]
fn says_so_and_hangs_up_when_the_agent_has_no_model() {
    let (mut call, _) = asked();
    assert_eq!(names(&denied(&mut call, "not-granted")), ["say", "hang-up"]);
    assert!(denied(&mut call, "ended").is_empty());
}

#[test]
fn the_hosts_own_silence_prompts_are_left_alone() {
    let (mut call, _) = asked();
    assert!(call.send(Event::Silence(Silence { count: 1, silent_ms: 8_000 })).is_empty());
}

#[test]
fn the_end_asks_for_nothing() {
    let (mut call, _) = asked();
    assert!(call.send(Event::Ended(EndReason { reason: "caller-hangup".to_owned(), duration_ms: 9_000 })).is_empty());
}

#[test]
fn the_settings_are_the_schemas() {
    let schema: trunkline_sdk::serde_json::Value =
        trunkline_sdk::serde_json::from_str(&Conversation::manifest().settings_schema).unwrap();
    let defaults = trunkline_sdk::serde_json::to_value(Settings::default()).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(properties.keys().collect::<Vec<_>>(), defaults.as_object().unwrap().keys().collect::<Vec<_>>());
    for (name, property) in properties {
        assert_eq!(property["default"], defaults[name], "{name}");
    }
}

#[test]
fn settings_replace_the_lines() {
    let mut call = Harness::<Conversation>::with_settings(r#"{"cut_off": "Hier bin ich wieder."}"#);
    call.start();
    assert_eq!(spoken(&resumed(&mut call, "media-lost")), ["Hier bin ich wieder."]);
}

#[test]
fn settings_of_another_behaviour_do_not_stop_the_stock_one() {
    let mut call = Harness::<Conversation>::with_settings(r#"{"questions": ["How old are you?"]}"#);
    assert_eq!(names(&call.start()), ["generate"]);
}
