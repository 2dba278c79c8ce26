use super::{Quiz, guess};
use trunkline_sdk::serde_json::json;
use trunkline_sdk::test::{Harness, names, spoken};

/// A quiz in which all claims have this truth.
fn quiz(truth: bool) -> Harness<Quiz> {
    let claim = |n: u32| json!({"text": format!("Claim {n}."), "truth": truth, "because": "So."});
    Harness::with_settings(&json!({"rounds": 2, "claims": [claim(1), claim(2), claim(3)]}).to_string())
}

#[test]
fn right_answers_are_cheered_and_counted() {
    let mut call = quiz(true);
    assert!(spoken(&call.start())[0].starts_with("True or false? Number 1: Claim "));
    assert!(spoken(&call.user_says("That's true."))[0].starts_with("Right! So. Number 2: Claim "));
    let last = call.user_says("yes");
    assert_eq!(spoken(&last), ["Right! So. That makes 2 out of 2. Thanks for playing, and good-bye!"]);
    assert_eq!(names(&last), ["set-result", "set-result", "say", "hang-up"]);
    assert_eq!(json!(call.results), json!({"score": 2, "rounds": 2}));
    assert!(call.user_says("true").is_empty(), "the quiz is over");
}

#[test]
fn wrong_answers_are_explained() {
    let mut call = quiz(false);
    call.start();
    assert!(spoken(&call.user_says("true"))[0].starts_with("Ah, no. So. Number 2: "));
    call.user_presses("2");
    assert_eq!(call.results["score"], json!(1));
}

#[test]
fn what_is_neither_is_asked_again() {
    let mut call = quiz(true);
    let first = spoken(&call.start())[0].replace("True or false?", "Just say true or false.");
    assert_eq!(spoken(&call.user_says("banana")), [first]);
}

#[test]
fn a_cut_call_goes_on_with_its_claim() {
    let mut call = quiz(true);
    let claim = spoken(&call.start())[0].replace("True or false?", "Where were we? Ah, yes.");
    assert_eq!(spoken(&call.resumed("media-lost")), [claim]);
}

#[test]
fn no_claim_comes_twice() {
    let mut call = Harness::<Quiz>::with_settings(r#"{"rounds": 5}"#).greeting("Hi.");
    let mut heard: Vec<String> = spoken(&call.start()).iter().map(|text| (*text).to_owned()).collect();
    (1..5).for_each(|_| heard.extend(spoken(&call.user_says("true")).iter().map(|text| (*text).to_owned())));
    heard.iter_mut().for_each(|text| *text = text.split_off(text.find("Number").unwrap() + 11));
    heard.sort();
    heard.dedup();
    assert_eq!(heard.len(), 5);
}

#[test]
fn guesses_are_heard_in_many_ways() {
    for (text, expected) in [("No way!", Some(false)), ("I think that's right", Some(true)), ("hm", None)] {
        assert_eq!(guess(text), expected, "{text}");
    }
}
