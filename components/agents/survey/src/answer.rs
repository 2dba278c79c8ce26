//! What an answer means to a question: the value that is stored, and how it is said back.

use crate::choice::choose;
use crate::number::{homophone, numbers};
use crate::phone::phone;
use crate::settings::{Kind, Question};
use crate::words::{core, has_any, latest_first};
use crate::yes_no::yes_no;
use trunkline_sdk::serde_json::Value;

/// An answer that was understood.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) value: Value,
    /// What is said back; absent where that would only parrot.
    pub(crate) echo: Option<String>,
    /// It can mean nothing else: a choice by its whole name.
    pub(crate) certain: bool,
}

impl Answer {
    fn plain(value: impl Into<Value>) -> Self {
        Answer { value: value.into(), echo: None, certain: false }
    }
}

/// Reads what was said.
pub(crate) fn answer(question: &Question, words: &[String], text: &str) -> Option<Answer> {
    match question.kind {
        Kind::Text => Some(text.trim()).filter(|_| !words.is_empty()).map(Answer::plain),
        Kind::YesNo => yes_no(words).map(Answer::plain),
        Kind::Number | Kind::Rating => {
            let said = latest_first(words).into_iter().find_map(|part| number(question, part));
            said.or_else(|| number(question, words)).and_then(|value| number_answer(question, value))
        }
        Kind::Choice => choose(words, &question.choices).and_then(|chosen| {
            let mut answer = choice_answer(question, chosen.index)?;
            answer.certain = chosen.exact;
            Some(answer)
        }),
        Kind::Phone => phone(words).map(phone_answer),
    }
}

/// Reads what was typed with the keys of a telephone; digits only.
pub(crate) fn keyed(question: &Question, keys: &str) -> Option<Answer> {
    match (question.kind, keys) {
        (Kind::YesNo, "1") => Some(Answer::plain(true)),
        (Kind::YesNo, "2") => Some(Answer::plain(false)),
        (Kind::YesNo | Kind::Text, _) => None,
        (Kind::Number | Kind::Rating, keys) => number_answer(question, keys.parse().ok()?),
        (Kind::Choice, keys) => choice_answer(question, keys.parse::<usize>().ok()?.checked_sub(1)?),
        (Kind::Phone, keys) => phone(&[keys.to_owned()]).map(phone_answer),
    }
}

/// Whether more keys could follow these.
pub(crate) fn may_grow(question: &Question, keys: &str) -> bool {
    let most = match question.kind {
        Kind::Text | Kind::YesNo => return false,
        Kind::Phone => return keys.len() < 15,
        Kind::Choice => f64::from(u32::try_from(question.choices.len()).unwrap_or(0)),
        Kind::Number | Kind::Rating => question.range().1,
    };
    keys.len() < 12 && keys.parse::<f64>().is_ok_and(|value| value * 10.0 <= most)
}

fn choice_answer(question: &Question, index: usize) -> Option<Answer> {
    let label = question.choices.get(index)?.label();
    Some(Answer { value: label.into(), echo: Some(label.to_owned()), certain: false })
}

fn phone_answer(number: String) -> Answer {
    let spoken = number.chars().map(|c| if c == '+' { "plus".to_owned() } else { c.to_string() });
    let echo = Some(spoken.collect::<Vec<_>>().join(" "));
    Answer { value: number.into(), echo, certain: false }
}

/// Refuses what is out of range, and parts of a whole in a rating.
fn number_answer(question: &Question, value: f64) -> Option<Answer> {
    let (min, max) = question.range();
    let whole = value.fract() == 0.0 && value.abs() < 1e15;
    if !(min..=max).contains(&value) || (question.kind == Kind::Rating && !whole) {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, reason = "whole and small enough")]
    let stored = if whole { Value::from(value as i64) } else { Value::from(value) };
    Some(Answer { echo: Some(stored.to_string()), value: stored, certain: false })
}

/// The one number that was meant. Two that differ mean none.
fn number(question: &Question, words: &[String]) -> Option<f64> {
    let mut found = numbers(words);
    // "Four out of five", "on a scale from one to five": these are not the answer.
    let scale = has_any(words, "scale");
    let is_bound = |word: &str| word == "of" || (scale && matches!(word, "from" | "to" | "between" | "and"));
    if found.len() > 1 {
        found.retain(|number| {
            let before = number.start.checked_sub(1).and_then(|before| words.get(before));
            !before.is_some_and(|word| is_bound(word))
        });
    }
    match found.as_slice() {
        [first, others @ ..] if others.iter().all(|other| other.value == first.value) => Some(first.value),
        [_, ..] => None,
        [] => word_for_number(question, words),
    }
}

fn word_for_number(question: &Question, words: &[String]) -> Option<f64> {
    let (min, max) = question.range();
    let said = core(words);
    if has_any(said, "none, never, nothing, not any, not at all, not once, no one, nobody") && min <= 0.0 {
        return Some(0.0);
    }
    if question.kind == Kind::Rating && said.len() <= 4 {
        if has_any(said, "maximum, the max, highest, the best, full marks, top marks") {
            return Some(max);
        }
        if has_any(said, "minimum, lowest, the worst") {
            return Some(min);
        }
    }
    let [word] = said else { return None };
    homophone(word)
}

#[cfg(test)]
mod tests {
    use super::{answer, keyed, may_grow};
    use crate::settings::Question;
    use crate::words::words;
    use proptest::prelude::*;
    use trunkline_sdk::serde_json::{Value, from_value, json};

    fn question(kind: &str, more: &Value) -> Question {
        let mut question = json!({"id": "q", "ask": "?", "type": kind});
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        from_value(question).unwrap()
    }

    fn read(question: &Question, text: &str) -> Value {
        answer(question, &words(text), text).map_or(Value::Null, |answer| answer.value)
    }

    #[test]
    fn ratings_are_read() {
        let rating = question("rating", &json!({}));
        let cases = [
            ("four", json!(4)),
            ("4", json!(4)),
            ("I'd give it a four.", json!(4)),
            ("four out of five", json!(4)),
            ("4/5", json!(4)),
            ("five stars", json!(5)),
            ("on a scale of one to five I would say three", json!(3)),
            ("three, no, four", json!(4)),
            ("Actually two", json!(2)),
            ("four four", json!(4)),
            ("I'd give that one a five", json!(5)),
            ("for", json!(4)),
            ("um, too", json!(2)),
            ("the highest", json!(5)),
            ("the worst", json!(1)),
            ("three or four", json!(null)),
            ("six", json!(null)),
            ("zero", json!(null)),
            ("three and a half", json!(null)),
            ("it was nice", json!(null)),
            ("for my taste it was fine", json!(null)),
        ];
        for (text, expected) in cases {
            assert_eq!(read(&rating, text), expected, "{text}");
        }
        let ten = question("rating", &json!({"min": 0, "max": 10}));
        for (text, expected) in [("ten", 10), ("zero", 0), ("not at all", 0), ("tan", 10), ("eight of ten", 8)] {
            assert_eq!(read(&ten, text), json!(expected), "{text}");
        }
    }

    #[test]
    fn numbers_are_read() {
        let number = question("number", &json!({"min": 0, "max": 500}));
        let cases = [
            ("twenty five", json!(25)),
            ("about a hundred", json!(100)),
            ("25 people", json!(25)),
            ("2.5", json!(2.5)),
            ("two and a half", json!(2.5)),
            ("none", json!(0)),
            ("never", json!(0)),
            ("twice", json!(2)),
            ("a couple", json!(2)),
            ("six hundred", json!(null)),
            ("minus one", json!(null)),
            ("ten or twenty", json!(null)),
            ("many", json!(null)),
        ];
        for (text, expected) in cases {
            assert_eq!(read(&number, text), expected, "{text}");
        }
        let any = question("number", &json!({}));
        assert_eq!(read(&any, "minus twelve"), json!(-12));
        assert_eq!(read(&any, "none"), json!(0));
    }

    #[test]
    fn texts_are_kept_as_they_were_said() {
        let text = question("text", &json!({}));
        assert_eq!(read(&text, " The price, I think. "), json!("The price, I think."));
        assert_eq!(read(&text, "..."), json!(null));
    }

    #[test]
    fn keys_are_read() {
        let cases = [
            (question("yes_no", &json!({})), "1", json!(true)),
            (question("yes_no", &json!({})), "2", json!(false)),
            (question("yes_no", &json!({})), "3", json!(null)),
            (question("rating", &json!({})), "4", json!(4)),
            (question("rating", &json!({})), "9", json!(null)),
            (question("number", &json!({})), "125", json!(125)),
            (question("choice", &json!({"choices": ["A", "B"]})), "2", json!("B")),
            (question("choice", &json!({"choices": ["A", "B"]})), "0", json!(null)),
            (question("phone", &json!({})), "5550123", json!("5550123")),
            (question("text", &json!({})), "1", json!(null)),
        ];
        for (question, keys, expected) in cases {
            let value = keyed(&question, keys).map_or(Value::Null, |answer| answer.value);
            assert_eq!(value, expected, "{:?} {keys}", question.kind);
        }
    }

    #[test]
    fn a_key_that_says_it_all_is_not_waited_after() {
        let cases = [
            (question("rating", &json!({})), "4", false),
            (question("rating", &json!({"max": 10})), "1", true),
            (question("rating", &json!({"max": 10})), "2", false),
            (question("number", &json!({})), "12", true),
            (question("number", &json!({"max": 99})), "12", false),
            (question("yes_no", &json!({})), "1", false),
            (question("choice", &json!({"choices": ["A", "B"]})), "1", false),
            (question("phone", &json!({})), "555", true),
        ];
        for (question, keys, expected) in cases {
            assert_eq!(may_grow(&question, keys), expected, "{:?} {keys}", question.kind);
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_allowed(text in ".{0,40}|(one|two|ten|a|hundred)( (one|two|of|no|five|never)){0,6}") {
            let rating = question("rating", &json!({"min": 2, "max": 7}));
            let value = read(&rating, &text);
            prop_assert!(value.is_null() || value.as_i64().is_some_and(|value| (2..=7).contains(&value)));
            let choice = question("choice", &json!({"choices": ["Red", "Green"]}));
            let value = read(&choice, &text);
            prop_assert!(value.is_null() || value == "Red" || value == "Green");
        }
    }
}
