use super::{after, call, hangs_up, said, settings, with};
use std::collections::BTreeMap;
use trunkline_sdk::ActionKind;
use trunkline_sdk::serde_json::{self, Value, json};
use trunkline_sdk::test::{Harness, names};

#[test]
fn asks_one_question_after_the_other_and_says_good_bye() {
    let mut call = call();
    assert_eq!(said(&call.start()), "Hello from Acme. This takes two minutes. How happy are you, from one to five?");
    assert_eq!(said(&call.user_says("four out of five")), "4. Thank you. Would you come again?");
    assert_eq!(
        said(&call.user_says("Yeah, sure")),
        "Okay. How did you reach us? You can say: By phone, E-mail or Web site."
    );
    assert_eq!(said(&call.user_says("the second one")), "E-mail. Got it. How many people work with you?");
    assert_eq!(said(&call.user_says("twenty five")), "25. Thank you. What should we do better?");
    let last = call.user_says("The pages are slow.");
    assert_eq!(said(&last), "Okay. Thanks, bye.");
    assert!(hangs_up(&last));
    let expected = json!({
        "score": 4, "again": true, "way": "E-mail", "staff": 25, "wish": "The pages are slow.",
        "answers_count": 5, "completed": true,
    });
    assert_eq!(json!(call.results), expected);
}

#[test]
fn results_come_as_the_answers_do() {
    let mut call = call();
    call.start();
    assert_eq!(json!(call.results), json!({"completed": false}));
    call.user_says("five");
    assert_eq!(json!(call.results), json!({"completed": false, "score": 5, "answers_count": 1}));
}

fn results(mut call: Harness<super::Survey>, answers: &[&str]) -> BTreeMap<String, Value> {
    call.start();
    for answer in answers {
        call.user_says(answer);
    }
    call.results
}

#[test]
fn speech_writing_and_keys_give_the_same_results() {
    let spoken = ["I'd say four", "well, not really", "web site please", "twenty five", "The prices"];
    let written = ["4", "no", "3", "25", "The prices"];
    let expected = results(call(), &spoken);
    assert_eq!(expected["completed"], json!(true));
    for answers in [spoken, written] {
        assert_eq!(results(call(), &answers), expected, "{answers:?}");
        assert_eq!(results(call().text(), &answers), expected, "{answers:?}");
    }
    let mut keyed = call();
    keyed.start();
    keyed.user_presses("42325#");
    keyed.user_says("The prices");
    assert_eq!(keyed.results, expected);
}

#[test]
fn choices_are_a_list_in_writing() {
    let mut call = call().text();
    call.start();
    call.user_says("4");
    let actions = call.user_says("yes");
    assert_eq!(said(&actions), "Okay. How did you reach us?\n1. By phone\n2. E-mail\n3. Web site");
    assert_eq!(names(&actions), ["set-result", "set-result", "say"]);
    let again = said(&call.user_says("purple"));
    assert_eq!(again, "Sorry, I did not get that. How did you reach us?\n1. By phone\n2. E-mail\n3. Web site");
}

#[test]
fn choices_that_the_question_names_are_not_said_twice() {
    let question = json!({"id": "q", "ask": "Tea or coffee?", "type": "choice", "choices": ["Tea", "Coffee"]});
    let mut call = with(&json!({"questions": [question]}));
    assert_eq!(said(&call.start()), "Hello from Acme. Tea or coffee?");
}

#[test]
fn the_recogniser_is_told_what_to_expect() {
    let mut call = after(&["4"]);
    let actions = call.user_says("yes");
    let hints = actions.iter().find_map(|action| match &action.kind {
        ActionKind::Listen(listen) => Some(listen.hints.clone()),
        _ => None,
    });
    assert_eq!(hints.unwrap(), ["By phone", "E-mail", "Web site"]);
}

#[test]
fn an_answer_that_is_not_understood_is_asked_for_with_a_hint() {
    let mut call = after(&[]);
    assert_eq!(
        said(&call.user_says("purple")),
        "Sorry, I did not get that. How happy are you, from one to five? Please give a number from 1 to 5."
    );
    let second = said(&call.user_says("seven"));
    assert!(second.ends_with("Please give a number from 1 to 5. You can also type it with the keys."), "{second}");
    assert_eq!(said(&call.user_says("purple rain")), "Let us go on. Would you come again?");
    assert_eq!(json!(call.results), json!({"completed": false, "score_raw": "purple rain", "answers_count": 0}));
}

#[test]
fn the_authors_own_line_replaces_question_and_hint() {
    let mut settings = settings();
    settings["questions"][0]["retry"] = json!("Just a number, please.");
    let mut call = with(&settings);
    call.start();
    assert_eq!(said(&call.user_says("purple")), "Sorry, I did not get that. Just a number, please.");
}

#[test]
fn the_tries_are_counted_per_question() {
    let mut call = after(&["purple", "purple", "four", "purple"]);
    assert!(said(&call.user_says("hard to say")).starts_with("Sorry, I did not get that. Would you come again?"));
    assert!(said(&call.user_says("yes")).contains("How did you reach us?"));
}

#[test]
fn questions_without_an_answer_are_listed() {
    let call = after(&["four", "yes", "web", "skip", "no, that's all"]);
    assert_eq!(
        json!(call.results),
        json!({
            "score": 4, "again": true, "way": "Web site", "answers_count": 3, "completed": true,
            "skipped": ["staff", "wish"],
        })
    );
}

#[test]
fn acknowledgements_and_echo_can_be_turned_off() {
    let mut settings = settings();
    settings["acknowledgements"] = json!([]);
    settings["echo"] = json!(false);
    let mut call = with(&settings);
    call.start();
    assert_eq!(said(&call.user_says("four")), "Would you come again?");
}

#[test]
fn texts_get_the_contexts_data() {
    let mut settings = settings();
    settings["intro"] = json!("I call for {{ company }}.");
    settings["questions"][0]["ask"] = json!("How do you like {{ company }}?");
    settings["outro"] = json!("{{ company }} thanks you.");
    let mut call = with(&settings).context(&json!({"company": "Globex"}));
    assert_eq!(said(&call.start()), "Hello from Acme. I call for Globex. How do you like Globex?");
    for answer in ["four", "yes", "web", "skip"] {
        call.user_says(answer);
    }
    assert_eq!(said(&call.user_says("no")), "Globex thanks you.");
}

#[test]
fn a_telephone_number_is_said_back_digit_by_digit() {
    let question = json!({"id": "q", "ask": "Your number?", "type": "phone"});
    let mut call = with(&json!({"questions": [question], "outro": "Bye."}));
    call.start();
    let actions = call.user_says("It's five five five, oh one double nine");
    assert_eq!(said(&actions), "5 5 5 0 1 9 9. Thank you. Bye.");
    assert_eq!(call.results["q"], json!("5550199"));
}

#[test]
fn the_survey_that_ships_gets_to_its_end_with_what_a_poor_recogniser_hears() {
    let contract: Value = serde_json::from_str(include_str!("../../../../../agents/survey.json")).unwrap();
    let cases = [
        ["four", "yes", "phone", "three", "nothing else, thank you"],
        ["for", "yeah it was", "the first one", "tree", "no"],
        ["um I guess a four", "uh huh", "I called them on the phone", "three or so", "nothing really"],
        ["4", "1", "1", "3", "That's all."],
    ];
    for answers in cases {
        let mut call = Harness::<super::Survey>::with_settings(&contract["behaviour"]["settings"].to_string());
        call.start();
        for answer in answers {
            call.user_says(answer);
        }
        let expected = json!({
            "satisfaction": 4, "ready_in_time": true, "ordered_by": "Phone", "orders": 3, "answers_count": 4,
            "skipped": ["wish"], "completed": true,
        });
        assert_eq!(json!(call.results), expected, "{answers:?}");
    }
}
