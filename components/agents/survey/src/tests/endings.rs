use super::{after, call, hangs_up, said, settings, with};
use trunkline_sdk::serde_json::json;
use trunkline_sdk::test::names;
use trunkline_sdk::{ActionKind, Denial, Event};

#[test]
fn a_busy_caller_is_asked_when_to_be_called_back() {
    let mut call = after(&["4"]);
    assert_eq!(said(&call.user_says("I'm busy right now")), "No problem. When would be a good time to call you back?");
    let actions = call.user_says("Tomorrow at three.");
    assert!(said(&actions).starts_with("All right, I have noted: tomorrow at 3 pm."), "{}", said(&actions));
    assert_eq!(names(&actions), ["set-result", "set-result", "schedule-callback", "say", "hang-up"]);
    let Some(ActionKind::ScheduleCallback(callback)) = actions.get(2).map(|action| &action.kind) else { panic!() };
    assert_eq!(json!(callback.at), call.results["callback_at"]);
    assert!(callback.at.ends_with("T15:00:00+00:00"), "{}", callback.at);
    assert_eq!(call.results["callback"], json!("Tomorrow at three."));
    assert_eq!((&call.results["completed"], &call.results["answers_count"]), (&json!(false), &json!(1)));
}

#[test]
fn a_wish_that_names_the_time_is_not_asked_for() {
    let mut call = after(&[]);
    let actions = call.user_says("Can you call me back in half an hour?");
    assert!(hangs_up(&actions));
    assert!(call.results.contains_key("callback_at"));
}

#[test]
fn a_wish_without_a_time_is_kept_as_it_was_said() {
    let mut call = after(&["I'm busy"]);
    let actions = call.user_says("Oh, any time next month.");
    assert_eq!(said(&actions), "All right, I have noted: Oh, any time next month. Thank you, and good-bye.");
    assert_eq!(names(&actions), ["set-result", "say", "hang-up"]);
    assert_eq!(call.results["callback"], json!("Oh, any time next month."));
}

#[test]
fn the_wish_stays_when_the_host_does_not_call_back() {
    let mut call = after(&["call me later", "tomorrow at noon"]);
    let denied = Denial {
        effect: 9,
        action: "schedule-callback".to_owned(),
        rule: "unsupported".to_owned(),
        message: "this host does not carry out `schedule-callback`".to_owned(),
    };
    assert!(call.send(Event::Denied(denied)).is_empty());
    assert_eq!(call.results["callback"], json!("tomorrow at noon"));
}

#[test]
fn a_call_that_does_not_know_the_time_of_day_keeps_the_wish() {
    let mut call = call();
    call.call.call_id = "simulated".to_owned();
    call.start();
    call.user_says("I'm busy");
    let actions = call.user_says("tomorrow at three");
    assert_eq!(names(&actions), ["set-result", "say", "hang-up"]);
    assert_eq!(call.results["callback"], json!("tomorrow at three"));
}

#[test]
fn who_finds_time_after_all_goes_on() {
    let mut call = after(&["4", "I'm busy"]);
    assert_eq!(said(&call.user_says("no, go on")), "Would you come again?");
    call.user_says("yes");
    assert_eq!(call.results["again"], json!(true));
}

#[test]
fn who_does_not_want_to_be_called_is_not() {
    for answer in ["no thanks", "don't call me", "never", "nope"] {
        let mut call = after(&["4", "I'm busy"]);
        let actions = call.user_says(answer);
        assert_eq!(said(&actions), "No problem. Thank you, and good-bye.", "{answer}");
        assert!(hangs_up(&actions));
        assert_eq!(call.results["declined"], json!(true));
        assert!(!call.results.contains_key("callback"));
    }
}

#[test]
fn the_time_is_asked_for_again_when_it_was_not_heard() {
    let mut call = after(&["I'm busy"]);
    assert_eq!(said(&call.user_says("Sorry, what?")), "No problem. When would be a good time to call you back?");
}

#[test]
fn without_callbacks_a_busy_caller_is_let_go() {
    let mut settings = settings();
    settings["callback"] = json!(false);
    let mut call = with(&settings);
    call.start();
    assert_eq!(said(&call.user_says("I'm busy")), "No problem. Thank you, and good-bye.");
}

#[test]
fn who_declines_is_let_go() {
    for text in ["not interested", "No thanks.", "stop calling me", "Goodbye"] {
        let mut call = after(&[]);
        let actions = call.user_says(text);
        assert!(hangs_up(&actions), "{text}");
        assert_eq!(json!(call.results), json!({"completed": false, "declined": true}));
    }
}

#[test]
fn nothing_is_said_after_the_good_bye() {
    let mut call = after(&["4", "yes", "web", "3", "no"]);
    assert!(call.user_says("Wait, I meant five").is_empty());
    assert!(call.user_presses("1").is_empty());
    assert!(call.silent(1).is_empty());
    assert_eq!(names(&call.resumed("media-lost")), ["hang-up"]);
}
