use super::{after, call, said, say_of, settings, with};
use trunkline_sdk::serde_json::json;
use trunkline_sdk::test::names;
use trunkline_sdk::{Event, Fault};

#[test]
fn a_cut_call_goes_on_with_the_open_question() {
    for reason in ["media-lost", "host-restart"] {
        let mut call = after(&["4"]);
        assert_eq!(said(&call.resumed(reason)), "Sorry, we were cut off. Would you come again?");
        call.user_says("yes");
        assert_eq!(call.results["again"], json!(true));
    }
    let mut call = after(&["I'm busy"]);
    assert!(said(&call.resumed("media-lost")).starts_with("Sorry, we were cut off. No problem. When"));
}

#[test]
fn a_component_that_takes_over_with_the_state_goes_on_silently() {
    let mut call = after(&["4"]);
    assert!(call.resumed("component-changed").is_empty());
    call.user_says("yes");
    assert_eq!(call.results["again"], json!(true));
}

#[test]
fn a_component_that_takes_over_without_the_state_takes_no_turn_for_an_answer() {
    let mut call = after(&["4"]);
    call.forget();
    let actions = call.resumed("component-changed");
    assert!(said(&actions).starts_with("How happy are you"));
    assert!(call.user_says("five").is_empty(), "it was meant for the component before");
    call.heard(say_of(&actions), "How happy are you, from one to five?");
    assert!(said(&call.user_says("two")).contains("Would you come again?"));
    assert_eq!(call.results["score"], json!(2));
}

#[test]
fn what_is_said_before_the_question_was_heard_is_no_answer() {
    let mut call = after(&[]);
    let actions = call.user_says("four");
    call.interrupted(say_of(&actions), "4. Thank");
    assert_eq!(said(&call.user_says("no problem")), "Would you come again?");
    assert!(!call.results.contains_key("again"));
}

#[test]
fn an_answer_into_the_question_is_one() {
    let mut call = after(&[]);
    let actions = call.user_says("four");
    call.interrupted(say_of(&actions), "4. Thank you. Would you");
    assert!(said(&call.user_says("yes")).contains("How did you reach us?"));
}

#[test]
fn who_speaks_into_the_introduction_hears_it_again() {
    let mut first = call();
    let actions = first.start();
    first.interrupted(say_of(&actions), "Hello");
    assert_eq!(said(&first.user_says("Yes, hello?")), "This takes two minutes. How happy are you, from one to five?");
    let mut second = call();
    let actions = second.start();
    second.interrupted(say_of(&actions), "Hello from Acme. This takes two");
    assert_eq!(said(&second.user_says("Yes, hello?")), "How happy are you, from one to five?");
}

#[test]
fn who_is_busy_need_not_hear_the_question() {
    let mut call = call();
    let actions = call.start();
    call.interrupted(say_of(&actions), "Hello");
    assert!(said(&call.user_says("I'm busy")).starts_with("No problem."));
}

#[test]
fn silence_brings_the_question_again() {
    let mut call = after(&["4"]);
    assert_eq!(said(&call.silent(1)), "Would you come again?");
    let mut call = after(&["I'm busy"]);
    assert!(said(&call.silent(1)).contains("When would be a good time"));
}

#[test]
fn a_question_that_cannot_be_said_is_said_again_and_then_the_call_ends() {
    let mut call = call();
    let mut actions = call.start();
    let mut fail = |effect| {
        let failed = Fault {
            effect: Some(effect),
            part: "tts".to_owned(),
            code: "unavailable".to_owned(),
            message: "no voice".to_owned(),
            retryable: true,
        };
        call.send(Event::Failed(failed))
    };
    for _ in 0..2 {
        actions = fail(say_of(&actions));
        assert_eq!(said(&actions), "How happy are you, from one to five?");
    }
    assert_eq!(names(&fail(say_of(&actions))), ["hang-up"]);
}

#[test]
fn failures_of_others_change_nothing() {
    let mut call = after(&[]);
    let failed = Fault {
        effect: None,
        part: "stt".to_owned(),
        code: "timeout".to_owned(),
        message: "no answer".to_owned(),
        retryable: true,
    };
    assert!(call.send(Event::Failed(failed)).is_empty());
}

#[test]
fn a_changed_contract_keeps_the_answers_and_the_open_question() {
    let mut call = after(&["4"]);
    let mut changed = settings();
    changed["questions"].as_array_mut().unwrap().remove(1);
    call.call.settings = changed.to_string();
    let info = call.call.clone();
    assert!(said(&call.send(Event::Configured(info))).starts_with("How did you reach us?"));
    call.call.settings = settings().to_string();
    let info = call.call.clone();
    assert!(call.send(Event::Configured(info)).is_empty(), "the open question is still there");
}

#[test]
fn a_survey_without_questions_ends_and_says_why() {
    let mut call = with(&json!({}));
    let actions = call.start();
    assert_eq!(names(&actions), ["set-result", "set-result", "note", "say", "hang-up"]);
    assert_eq!(call.results["completed"], json!(false));
}
