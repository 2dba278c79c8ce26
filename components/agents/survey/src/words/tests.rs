use super::{alike, core, distance, latest_first, words};
use proptest::prelude::*;

#[test]
fn texts_become_words() {
    let cases = [
        ("Yes, I don't mind.", "yes i dont mind"),
        ("It’s 4/5!", "its 4 of 5"),
        ("1,250.50 at 15:30", "1250.50 at 15:30"),
        ("1, 2", "1 2"),
        ("1,2", "1 2"),
        ("the 2nd at 3pm", "the 2nd at 3 pm"),
        ("twenty-five, mm-hm, uh-huh", "twenty five mhm uhhuh"),
        ("Uh, uh-uh.", "uhuh uh"),
        ("-5 or +49", "minus 5 or plus 49"),
        ("...", ""),
        ("10K", "10 k"),
    ];
    for (text, expected) in cases {
        assert_eq!(words(text).join(" "), expected, "{text}");
    }
}

#[test]
fn fillers_do_not_count() {
    assert_eq!(core(&words("Um, well, what, uh?")), ["what"]);
    assert_eq!(core(&words("okay")), ["okay"]);
    assert!(core(&[]).is_empty());
}

#[test]
fn the_last_word_counts() {
    let parts = |text: &str| latest_first(&words(text)).iter().map(|part| part.join(" ")).collect::<Vec<_>>();
    assert_eq!(parts("three, no, four"), ["four", "three"]);
    assert_eq!(parts("No, I meant five"), ["five"]);
    assert_eq!(parts("two"), ["two"]);
    assert!(parts("sorry").is_empty());
}

#[test]
fn misheard_words_are_alike() {
    let cases = [
        ("phone", "phones", true),
        ("phone", "fone", false),
        ("email", "emale", false),
        ("delivery", "delivary", true),
        ("support", "sport", false),
        ("quality", "quantity", true),
        ("price", "prize", true),
        ("web", "wed", false),
        ("service", "services", true),
    ];
    for (a, b, expected) in cases {
        assert_eq!((alike(a, b), alike(b, a)), (expected, expected), "{a} {b}");
    }
}

proptest! {
    #[test]
    fn any_text_has_words(text in ".{0,60}") {
        for word in words(&text) {
            prop_assert!(!word.is_empty() && !word.contains(' '));
        }
    }

    #[test]
    fn the_distance_is_symmetric_and_bounded(a in "[ab]{0,6}", b in "[abc]{0,6}") {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        prop_assert_eq!(distance(&a, &b), distance(&b, &a));
        prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
        prop_assert_eq!(distance(&a, &b) == 0, a == b);
    }
}
