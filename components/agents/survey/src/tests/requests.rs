use super::{after, said, settings, with};
use trunkline_sdk::serde_json::json;

#[test]
fn a_question_is_repeated_without_counting() {
    let mut call = after(&["4"]);
    for text in ["Sorry, what?", "can you repeat that", "Pardon?", "hello?"] {
        assert_eq!(said(&call.user_says(text)), "Would you come again?", "{text}");
    }
    call.user_says("yes");
    assert_eq!(call.results["again"], json!(true));
}

#[test]
fn a_recogniser_that_hears_nothing_else_does_not_keep_the_call_for_ever() {
    let mut call = after(&[]);
    let rounds = (1..40).find(|_| said(&call.user_says("what")).contains("Would you come again?"));
    assert_eq!(rounds, Some(8));
}

#[test]
fn a_question_that_is_required_is_not_skipped_at_once() {
    let mut call = after(&["4"]);
    assert_eq!(
        said(&call.user_says("skip this one")),
        "I am afraid I need an answer to this one. Would you come again? Please answer yes or no."
    );
    call.user_says("skip");
    assert!(said(&call.user_says("skip")).starts_with("Let us go on. How did you reach us?"));
}

#[test]
fn an_answer_is_corrected_at_the_next_question() {
    let mut call = after(&["three"]);
    assert_eq!(said(&call.user_says("No, I meant four")), "Okay, I have changed that. 4. Would you come again?");
    assert_eq!((&call.results["score"], &call.results["answers_count"]), (&json!(4), &json!(1)));
    assert!(said(&call.user_says("yes")).contains("How did you reach us?"));
}

#[test]
fn a_correction_of_an_answer_that_was_not_understood_is_one_of_that() {
    let mut call = after(&["three", "maybe"]);
    assert!(said(&call.user_says("I mean yes")).contains("How did you reach us?"));
    assert_eq!((&call.results["score"], &call.results["again"]), (&json!(3), &json!(true)));
}

#[test]
fn the_caller_goes_back_and_on_again() {
    let mut call = after(&["three", "yes"]);
    assert_eq!(said(&call.user_says("go back please")), "Would you come again?");
    assert!(said(&call.user_says("no")).contains("How did you reach us?"), "what was answered is not asked again");
    assert_eq!((&call.results["again"], &call.results["answers_count"]), (&json!(false), &json!(2)));
}

#[test]
fn a_plain_no_to_what_was_said_back_goes_back() {
    let mut call = after(&["4", "yes", "web"]);
    assert!(said(&call.user_says("No!")).starts_with("How did you reach us?"));
    call.user_says("phone");
    assert_eq!(call.results["way"], json!("By phone"));
}

#[test]
fn a_plain_no_at_the_first_question_is_not_understood() {
    let mut call = after(&[]);
    assert!(said(&call.user_says("no")).starts_with("Sorry, I did not get that."));
}

#[test]
fn an_answer_given_later_replaces_what_was_not_understood() {
    let mut call = after(&["purple", "purple", "purple"]);
    assert_eq!(call.results["score_raw"], json!("purple"));
    call.user_says("go back");
    call.user_says("five");
    assert_eq!((&call.results["score"], &call.results["score_raw"]), (&json!(5), &json!(null)));
}

#[test]
fn who_asks_is_told() {
    let mut call = after(&[]);
    assert_eq!(said(&call.user_says("Who is this?")), "This takes two minutes. How happy are you, from one to five?");
}

#[test]
fn the_options_are_told_and_time_is_given() {
    let mut call = after(&["4", "yes"]);
    assert_eq!(
        said(&call.user_says("what are my options?")),
        "How did you reach us? Please choose one: By phone, E-mail or Web site."
    );
    assert_eq!(said(&call.user_says("hold on")), "Take your time.");
    assert!(said(&call.user_says("the web site")).starts_with("Web site."));
}

#[test]
fn a_choice_by_its_whole_name_is_no_request() {
    let mut settings = settings();
    settings["questions"][2]["choices"] = json!(["Now", "Later", "Call me back"]);
    let mut call = with(&settings);
    call.start();
    for answer in ["4", "yes", "later"] {
        call.user_says(answer);
    }
    assert_eq!(call.results["way"], json!("Later"));
}

#[test]
fn not_to_know_is_an_answer_in_free_words_and_skips_what_may_be_skipped() {
    let questions = json!([
        {"id": "a", "ask": "Why?", "type": "text"},
        {"id": "b", "ask": "And else?", "type": "text", "required": false},
    ]);
    let mut call = with(&json!({"questions": questions}));
    call.start();
    call.user_says("I don't know");
    call.user_says("No idea.");
    assert_eq!((&call.results["a"], &call.results["skipped"]), (&json!("I don't know"), &json!(["b"])));
}
