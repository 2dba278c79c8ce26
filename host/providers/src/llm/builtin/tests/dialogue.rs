use super::{WELCOME, answer, assistant, heard, plain, rich, user};
use crate::llm::builtin::english::phrases;
use serde_json::json;
use trunkline_contract::chat::Message;

const HOURS: &str = "We are open Monday to Friday, 9 am to 5 pm.";

/// The answer to the last of several turns; the answers before it are the engine's own.
async fn talk(turns: &[&str]) -> String {
    let mut history = vec![assistant(WELCOME)];
    let mut last = String::new();
    for turn in turns {
        history.push(user(turn));
        last = answer(&plain(), history.clone()).await;
        history.push(assistant(&last));
    }
    last
}

#[tokio::test]
async fn small_talk_is_answered() {
    let table = [
        ("hello", "How can I help you?"),
        ("how are you", phrases::FINE),
        ("thank you very much", phrases::WELCOME),
        ("thank you very much", phrases::ANYTHING_ELSE),
        ("okay great", phrases::ANYTHING_ELSE),
        ("who are you", "I am Ava, the automatic assistant of Harbour Dental."),
        ("what is your name", "Ava"),
        ("are you a robot", phrases::PROGRAM),
        ("can i speak to a human please", phrases::NO_TRANSFER),
        ("can i speak to a human please", "5 5 5, 0 1 0, 0 1 0 0"),
        ("what can you do", "I can tell you about our business hours, address, services and prices."),
        ("hold on", phrases::TAKE_YOUR_TIME),
        ("do you speak spanish", phrases::ONLY_ENGLISH),
        ("goodbye", phrases::FAREWELL),
        ("no that's all thank you", phrases::FAREWELL),
        ("um", phrases::NOT_HEARD),
        ("", phrases::NOT_HEARD),
        ("hello what are your hours", "We are open Monday"),
        ("thanks and where are you", "Our address is"),
    ];
    for (words, expected) in table {
        let said = heard(&rich(), words).await;
        assert!(said.contains(expected), "{words}: {said}");
    }
}

#[tokio::test]
async fn a_conversation_without_words_begins_with_a_greeting() {
    assert_eq!(answer(&plain(), vec![]).await, "Hello, this is Harbour Dental. How can I help you?");
    assert_eq!(answer(&json!({}), vec![]).await, "Hello. How can I help you?");
    assert_eq!(answer(&plain(), vec![assistant("Sorry, we were cut off.")]).await, phrases::HOW_CAN_I_HELP);
}

#[tokio::test]
async fn no_to_anything_else_is_good_bye() {
    for no in ["no", "no thank you", "nope", "not really", "no I'm good"] {
        assert_eq!(talk(&["what are your hours", "thanks", no]).await, phrases::FAREWELL, "{no}");
    }
    assert_eq!(talk(&["what are your hours", "no"]).await, phrases::ANYTHING_ELSE, "nothing was asked");
    assert_eq!(talk(&["thanks", "yes"]).await, phrases::WHAT_TO_KNOW);
    assert!(talk(&["thanks", "no where are you"]).await.contains("12 Harbour Street"));
    assert!(talk(&["what are your business card", "no"]).await.starts_with(phrases::MISUNDERSTOOD));
}

#[tokio::test]
async fn words_that_are_only_like_good_bye_do_not_end_a_call() {
    for words in ["the body", "good god", "juan", "bye the way what does a new tooth cost", "ha ha ha ha ha number"] {
        assert_ne!(heard(&plain(), words).await, phrases::FAREWELL, "{words}");
    }
    for words in ["bye", "by by", "good by", "okay goodbye", "goodbye my friend"] {
        assert_eq!(heard(&plain(), words).await, phrases::FAREWELL, "{words}");
    }
}

#[tokio::test]
async fn the_last_answer_is_said_again() {
    for again in ["pardon", "could you say that again please", "what?", "sorry I didn't catch that", "repeat that"] {
        assert_eq!(talk(&["what are your hours", again]).await, HOURS, "{again}");
        assert_eq!(talk(&["what are your hours", again, again]).await, HOURS, "{again}");
    }
    assert_eq!(answer(&plain(), vec![user("pardon")]).await, phrases::NOTHING_TO_REPEAT);
}

#[tokio::test]
async fn an_answer_that_was_cut_is_said_whole_when_it_is_asked_for_again() {
    let history = vec![user("what are your hours"), assistant("We are open Mon"), user("sorry?")];
    assert_eq!(answer(&plain(), history).await, HOURS);
}

#[tokio::test]
async fn an_address_is_spelled_when_it_is_asked_for() {
    let spelled = "S u p p o r t, at, h a r b o u r d e n t a l, dot, c o m.";
    assert_eq!(talk(&["what is your email", "can you spell that"]).await, spelled);
    assert_eq!(talk(&["could you spell your email address"]).await, spelled);
}

#[tokio::test]
async fn the_second_time_it_does_not_know_it_says_how_to_reach_somebody() {
    let said = talk(&["who won the world cup", "and who is the president"]).await;
    assert_eq!(
        said,
        format!("{} You can reach support by email at support@harbourdental.com.", phrases::STILL_UNKNOWN)
    );
    let said = talk(&["um", "uh"]).await;
    assert!(said.starts_with(phrases::STILL_NOT_HEARD) && said.contains("business hours"), "{said}");
}

#[tokio::test]
async fn it_means_what_was_spoken_of_last() {
    let history = [assistant(WELCOME), user("do you do whitening"), assistant("Yes, we offer teeth whitening.")];
    let history = history.into_iter().chain([user("how much is it")]).collect();
    assert_eq!(answer(&rich(), history).await, "Whitening costs 200.");
}

#[tokio::test]
async fn a_question_in_two_turns_is_put_together() {
    let history: Vec<Message> = vec![assistant(WELCOME), user("I want to know your business"), user("um hours I mean")];
    assert_eq!(answer(&plain(), history).await, HOURS);
    let history: Vec<Message> = vec![assistant(WELCOME), user("where are"), user("are you um")];
    assert!(answer(&plain(), history).await.contains("12 Harbour Street"));
}

#[tokio::test]
async fn a_choice_is_made_by_naming_one() {
    let context = json!({"support_email": "a@x.org", "billing_email": "b@x.org"});
    let asked = "Do you mean our support email or our billing email?";
    let history = |words: &str| vec![user("email"), assistant(asked), user(words)];
    assert_eq!(answer(&context, history("the support one")).await, "You can reach support by email at a@x.org.");
    assert_eq!(answer(&context, history("yes")).await, asked);
}
