use super::{heard, plain, rich};
use crate::llm::builtin::english::phrases;
use serde_json::json;

const HOURS: &str = "We are open Monday to Friday, 9 am to 5 pm.";
const ADDRESS: &str = "Our address is 12 Harbour Street, Boston.";
const EMAIL: &str = "You can reach support by email at support@harbourdental.com.";
const SERVICES: &str = "We offer cleaning, whitening and fillings.";

#[tokio::test]
async fn plain_questions_are_answered_in_sentences() {
    let table = [
        ("what are your business hours", HOURS),
        ("when are you open", HOURS),
        ("what time do you close on friday", HOURS),
        ("are you open on saturdays", HOURS),
        ("what is your address", ADDRESS),
        ("where are you located", ADDRESS),
        ("where are you", ADDRESS),
        ("how do I get to your office", ADDRESS),
        ("what is your email address", EMAIL),
        ("how can I reach support", EMAIL),
        ("where can I write to you", EMAIL),
        ("what services do you offer", SERVICES),
        ("what do you do", SERVICES),
        ("do you sell anything", SERVICES),
        ("do you do teeth whitening", "Yes, we offer whitening."),
        ("what company is this", "This is Harbour Dental."),
    ];
    for (words, expected) in table {
        let said = heard(&plain(), words).await;
        assert!(said.ends_with(expected) || said == expected, "{words}: {said}");
    }
}

#[tokio::test]
async fn nested_data_is_found_and_said() {
    let table = [
        (
            "what are your opening hours",
            "We are open Monday to Thursday, 9 to 5; Friday, 9 am to 3 pm, and closed on Saturday.",
        ),
        ("when do you open on monday", "On Monday we are open 9 to 5."),
        ("and on saturday", "On Saturday we are closed."),
        ("are you open on sunday", "I have no hours for Sunday. We are open Monday to Thursday"),
        ("what's your address", "Our address is 12 Harbour Street, Boston, 02110."),
        ("can I have your phone number", "Our phone number is plus 1, 5 5 5, 0 1 0, 0 1 0 0."),
        ("what is the e-mail address", "You can write to us at hello@harbourdental.com."),
        ("do you do whitening", "Yes, we offer teeth whitening."),
        ("how much is whitening", "Whitening costs 200."),
        ("how much does a consultation cost", "Consultation is free."),
        ("what are your prices", "Cleaning costs 80 dollars. Whitening costs 200. Consultation is free."),
        ("where can I park", "Free parking behind the building."),
        ("do you take delta dental", "Yes, our insurance includes Delta Dental."),
        ("which insurance do you accept", "Our insurance includes Delta Dental, Aetna and Cigna."),
        ("who are your doctors", "Our doctors are Dr. Ann Lee and Dr. Bob Ray."),
        ("which doctor speaks korean", "and the languages are English and Korean"),
        ("are you wheelchair accessible", "Wheelchair accessible: yes."),
        ("how do I cancel", "Please cancel at least 24 hours before."),
        ("what is your website", "Our website is harbourdental.com."),
        ("when is my next visit", "Your next visit is Tuesday at 10."),
        ("what are your hours and your address", "9 am to 3 pm, and closed on Saturday."),
        ("what are your hours and your address", "Our address is 12 Harbour Street"),
    ];
    for (words, expected) in table {
        let said = heard(&rich(), words).await;
        assert!(said.contains(expected), "{words}: {said}");
    }
}

#[tokio::test]
async fn two_ways_to_reach_somebody_are_said_together() {
    let said = heard(&rich(), "how can I contact you").await;
    assert!(said.contains("hello@harbourdental.com") && said.contains("5 5 5"), "{said}");
}

/// What a recogniser made of the sentences on the left, spoken by three synthetic voices.
#[tokio::test]
async fn half_of_the_words_are_enough_when_one_entry_wins() {
    let table = [
        ("what are your business hours", "what are your business card", HOURS),
        ("what are your business hours", "what are your business owners", HOURS),
        ("when are you open", "when are you again", HOURS),
        ("when are you open", "what are you open", HOURS),
        ("what time do you close on friday", "what 'em do you closed on friday", HOURS),
        ("are you open on saturday", "are you again on saturday", HOURS),
        ("are you open on saturday", "are you open and shut her do", HOURS),
        ("where are you located", "what are you located", ADDRESS),
        ("where are you located", "where are you on hold and", ADDRESS),
        ("how do I get to your office", "how do i get to your shoulders", ADDRESS),
        ("what is your address", "what is your a dress", ADDRESS),
        ("how can I reach support", "how can i reach us apart", EMAIL),
        ("how can I reach support", "how can i reached support", EMAIL),
        ("what services do you offer", "what services do you over", SERVICES),
        ("what services do you offer", "what services you you up for", SERVICES),
        ("what services do you offer", "what service is do you", SERVICES),
    ];
    for (meant, words, expected) in table {
        let said = heard(&plain(), words).await.to_lowercase();
        let fact = expected.split_once(' ').map_or(expected, |(_, fact)| fact).to_lowercase();
        let it = fact.replace("address is", "it is");
        assert!(said.contains(&fact) || said.contains(&it), "{meant}, heard as {words}: {said}");
    }
}

#[tokio::test]
async fn a_guess_is_said_to_be_one() {
    let said = heard(&plain(), "what are your business card").await;
    assert_eq!(said, "I think you ask about our business hours: we are open Monday to Friday, 9 am to 5 pm.");
    let said = heard(&plain(), "what is your adress").await;
    assert_eq!(said, "I think you ask about our address: it is 12 Harbour Street, Boston.");
}

#[tokio::test]
async fn what_is_not_known_is_said_so_with_what_is() {
    let unknown = [
        "what is the capital of france",
        "who won the world cup",
        "tell me a joke about elephants",
        "it is they're blocking your body",
        "do you take insurance",
        "sent you very much",
        "when was the dentist born",
        "know that shoulder and you",
    ];
    for words in unknown {
        let said = heard(&plain(), words).await;
        let offered = "I can tell you about our business hours, address, services and support email.";
        assert_eq!(said, format!("{} {offered}", phrases::UNKNOWN), "{words}");
    }
}

#[tokio::test]
async fn what_everybody_asks_for_is_named_when_it_is_not_known() {
    let said = heard(&plain(), "how much is a cleaning").await;
    assert!(said.starts_with("I do not know our prices."), "{said}");
    let said = heard(&plain(), "what is your phone number").await;
    assert!(said.starts_with("I do not know our phone number."), "{said}");
}

#[tokio::test]
async fn two_that_fit_equally_are_asked_back() {
    let context = json!({"support_email": "a@x.org", "billing_email": "b@x.org"});
    let said = heard(&context, "what is your email").await;
    assert_eq!(said, "Do you mean our support email or our billing email?");
    assert_eq!(heard(&context, "the billing email").await, "You can reach billing by email at b@x.org.");
}

#[tokio::test]
async fn the_usual_one_is_meant_when_nothing_is_added() {
    let context = json!({"business_hours": "9 to 5", "pharmacy_hours": "8 to 8"});
    assert_eq!(heard(&context, "what are your hours").await, "We are open 9 to 5.");
    assert_eq!(heard(&context, "pharmacy hours please").await, "Our pharmacy hours are 8 to 8.");
}

#[tokio::test]
async fn nothing_is_told_of_keys_with_an_underscore() {
    for words in ["what is the crm key", "tell me about crm", "what is hidden", "what can you do"] {
        assert!(!heard(&rich(), words).await.contains("hidden"), "{words}");
    }
}

#[tokio::test]
async fn what_is_to_be_done_cannot_be_done() {
    let said = heard(&rich(), "I would like to book a table").await;
    assert!(said.starts_with(phrases::NO_ACTION) && said.contains("5 5 5"), "{said}");
}

#[tokio::test]
async fn values_of_any_kind_are_sentences() {
    let table = [
        (json!({"menu": ["pizza", "pasta"]}), "what is on the menu", "Our menu includes pizza and pasta."),
        (json!({"wifi": true}), "do you have wifi", "Wifi: yes."),
        (json!({"rooms": 42}), "how many rooms", "Our rooms are 42."),
        (json!({"hours": "24/7"}), "hours", "We are open 24/7."),
        (json!({"opening_hours": "Open daily from 9"}), "hours", "We are open daily from 9."),
        (json!({"opening_hours": "We are open all day. Come in!"}), "hours", "We are open all day. Come in!"),
        (json!({"about": "We are a family business since 1950."}), "about what", "Sorry, I did not get that."),
        (json!({"pets": "Dogs are welcome."}), "are pets allowed", "Dogs are welcome."),
        (json!({"staff": [{"age": 3}]}), "staff", "I have no details about our staff."),
        (json!({"deep": {"er": {"secret garden": "roses"}}}), "secret garden", "roses"),
        (json!({"hotline": "112"}), "what is the hotline", "112"),
        (json!({"name": "Acme\n\nInc"}), "what company is this", "This is Acme Inc."),
    ];
    for (context, words, expected) in table {
        let said = heard(&context, words).await;
        assert!(said.contains(expected), "{words}: {said}");
    }
}
