use super::{after, call, said, say_of, with};
use trunkline_sdk::serde_json::json;
use trunkline_sdk::test::names;
use trunkline_sdk::{ActionKind, Event};

#[test]
fn a_key_answers_at_once_where_no_other_can_follow() {
    let mut call = call();
    let asked = say_of(&call.start());
    let actions = call.user_presses("4");
    assert_eq!(actions[0].kind, ActionKind::Cancel(asked), "the question need not be heard to its end");
    assert_eq!(said(&actions), "4. Thank you. Would you come again?");
    assert!(said(&call.user_presses("2")).contains("How did you reach us?"));
    call.user_presses("3");
    assert_eq!((&call.results["again"], &call.results["way"]), (&json!(false), &json!("Web site")));
}

#[test]
fn keys_that_may_go_on_wait_for_a_pause_or_the_end_key() {
    let mut call = after(&["4", "yes", "web"]);
    let actions = call.user_presses("12");
    assert_eq!(names(&actions), ["cancel", "set-timer", "cancel", "set-timer"]);
    let (old, timer) = (actions[1].effect, actions[3].effect);
    assert!(call.send(Event::Timer(old)).is_empty(), "a timer that was stopped says nothing");
    assert!(said(&call.send(Event::Timer(timer))).starts_with("12. "));
    assert_eq!(call.results["staff"], json!(12));

    let mut call = after(&["4", "yes", "web"]);
    assert!(said(&call.user_presses("7#")).starts_with("7. "));
}

#[test]
fn the_star_takes_keys_back_or_asks_again() {
    let mut call = after(&["4", "yes", "web"]);
    call.user_presses("99*");
    assert!(said(&call.user_presses("8#")).starts_with("8. "));
    assert_eq!(said(&call.user_presses("*")), "What should we do better?");
}

#[test]
fn the_hash_alone_skips_what_may_be_skipped() {
    let mut call = after(&["4", "yes", "web"]);
    assert_eq!(said(&call.user_presses("#")), "What should we do better?");
    let mut call = after(&[]);
    assert!(call.user_presses("#").is_empty());
}

#[test]
fn wrong_keys_are_an_answer_that_was_not_understood() {
    let mut call = after(&[]);
    assert!(said(&call.user_presses("9")).starts_with("Sorry, I did not get that."));
    call.user_presses("8");
    call.user_presses("7");
    assert_eq!(call.results["score_raw"], json!("7"));
}

#[test]
fn who_speaks_instead_starts_anew() {
    let mut call = after(&["4", "yes", "web"]);
    call.user_presses("1");
    assert!(said(&call.user_says("thirty")).starts_with("30. "));
    assert_eq!(call.results["staff"], json!(30));
}

#[test]
fn a_long_number_ends_by_itself() {
    let question = json!({"id": "q", "ask": "How many?", "type": "number", "max": 150});
    let mut call = with(&json!({"questions": [question]}));
    call.start();
    assert!(said(&call.user_presses("120")).starts_with("120. "));
}
