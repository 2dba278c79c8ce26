//! Numbers in what was said, in digits and in words.

use crate::words::{begins, begins_any, from};

/// A number and the words it was found in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) value: f64,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// 0-19 in a word.
pub(crate) fn small(word: &str) -> Option<u32> {
    match word {
        "nil" | "nought" => Some(0),
        "once" => Some(1),
        "twice" => Some(2),
        _ => index(&SMALL, word),
    }
}

/// 20-90 in a word.
pub(crate) fn tens(word: &str) -> Option<u32> {
    match word {
        "fourty" => Some(40),
        _ => index(&TENS, word).map(|tens| (tens + 2) * 10),
    }
}

fn index(list: &[&str], word: &str) -> Option<u32> {
    list.iter().position(|name| *name == word).and_then(|place| u32::try_from(place).ok())
}

/// A number in digits; at most 15 of them, so that none is rounded.
pub(crate) fn digits(word: &str) -> Option<f64> {
    let numeric = word.len() <= 16 && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if numeric { word.parse().ok() } else { None }
}

/// All numbers, in order.
pub(crate) fn numbers(words: &[String]) -> Vec<Found> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < words.len() {
        match number_at(from(words, at)).filter(|(_, length)| *length > 1 || !is_pronoun(words, at)) {
            Some((value, length)) => {
                found.push(Found { value, start: at, end: at + length });
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// "One" that counts nothing: "the second one", "one of them".
fn is_pronoun(words: &[String], at: usize) -> bool {
    const BEFORE: &[&str] = &[
        "this", "that", "the", "which", "no", "any", "some", "every", "each", "other", "another", "first", "second",
        "third", "last", "next", "previous",
    ];
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    let of = begins_any(from(words, at + 1), "of the, of those, of them, of these");
    words.get(at).is_some_and(|word| word == "one")
        && (before.is_some_and(|w| BEFORE.contains(&w.as_str())) || of.is_some())
}

/// What may come next depends on what came last.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    /// Digits, or a word below twenty.
    Unit,
    Tens,
    Hundred,
    Scale,
}

/// The number that these words begin with, and its length in words.
fn number_at(words: &[String]) -> Option<(f64, usize)> {
    if let Some(length) = begins_any(words, "minus, negative") {
        let (value, more) = unsigned(from(words, length))?;
        return Some((-value, length + more));
    }
    unsigned(words)
}

fn unsigned(words: &[String]) -> Option<(f64, usize)> {
    if let Some(length) = begins_any(words, "a couple of, a couple, couple of") {
        return Some((2.0, length));
    }
    let (mut total, mut current, mut last, mut at) = (0.0, 0.0, Last::Nothing, 0);
    while let Some(word) = words.get(at) {
        let word = word.as_str();
        let small = small(word).map(f64::from);
        let tens = tens(word).map(f64::from);
        (current, last) = match (digits(word).or(small), tens, scale(word), last) {
            (Some(value), _, _, Last::Nothing) => (value, Last::Unit),
            (Some(value), _, _, Last::Tens) if small.is_some_and(|v| (1.0..10.0).contains(&v)) => {
                (current + value, Last::Unit)
            }
            (Some(value), _, _, Last::Hundred | Last::Scale) if small.is_some() => (current + value, Last::Unit),
            (_, Some(value), _, Last::Nothing | Last::Hundred | Last::Scale) => (current + value, Last::Tens),
            (_, _, Some(factor), Last::Nothing | Last::Unit | Last::Tens | Last::Hundred) if factor >= 1_000.0 => {
                total += if last == Last::Nothing { factor } else { current * factor };
                (0.0, Last::Scale)
            }
            (_, _, Some(factor), Last::Nothing | Last::Scale) => (factor, Last::Hundred),
            (_, _, Some(factor), Last::Unit | Last::Tens) => (current * factor, Last::Hundred),
            _ if joins(words, at, last) => (current, last),
            _ => break,
        };
        at += 1;
    }
    if last == Last::Nothing {
        return None;
    }
    let (fraction, more) = fraction(from(words, at));
    Some((total + current + fraction, at + more))
}

fn scale(word: &str) -> Option<f64> {
    match word {
        "dozen" => Some(12.0),
        "hundred" => Some(100.0),
        "thousand" | "k" | "grand" => Some(1_000.0),
        "million" => Some(1_000_000.0),
        _ => None,
    }
}

/// "And" in "two hundred and five", "a" in "a hundred".
fn joins(words: &[String], at: usize, last: Last) -> bool {
    let next = words.get(at + 1).map(String::as_str).unwrap_or_default();
    match words.get(at).map(String::as_str) {
        Some("and") => matches!(last, Last::Hundred | Last::Scale) && (small(next).is_some() || tens(next).is_some()),
        Some("a" | "an") => last == Last::Nothing && scale(next).is_some(),
        _ => false,
    }
}

/// What follows a whole number: "point five", "and a half".
fn fraction(words: &[String]) -> (f64, usize) {
    if let Some(length) = begins(words, "and a half") {
        return (0.5, length);
    }
    let (mut value, mut place, mut length) = (0.0, 0.1, 0);
    if begins(words, "point").is_some() {
        for word in from(words, 1) {
            let digit = small(word).filter(|digit| *digit < 10);
            let Some(digit) = digit.or_else(|| word.parse().ok().filter(|digit| *digit < 10)) else { break };
            value += f64::from(digit) * place;
            place /= 10.0;
            length += 1;
        }
    }
    // Tenths of tenths are not exact: as many places as were said.
    let shift = 10_f64.powi(i32::try_from(length).unwrap_or(0));
    if length == 0 { (0.0, 0) } else { ((value * shift).round() / shift, length + 1) }
}

/// What a recogniser may make of a number that was said alone.
pub(crate) fn homophone(word: &str) -> Option<f64> {
    match word {
        "won" => Some(1.0),
        "to" | "too" => Some(2.0),
        "tree" | "free" => Some(3.0),
        "for" | "fore" | "fourth" => Some(4.0),
        "fife" | "hive" | "fives" => Some(5.0),
        "sex" | "sicks" => Some(6.0),
        "ate" => Some(8.0),
        "nein" => Some(9.0),
        "tan" => Some(10.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::numbers;
    use crate::words::words;
    use proptest::prelude::*;

    fn values(text: &str) -> Vec<f64> {
        numbers(&words(text)).iter().map(|found| found.value).collect()
    }

    #[test]
    fn numbers_are_found_in_digits_and_in_words() {
        let cases: &[(&str, &[f64])] = &[
            ("three", &[3.0]),
            ("twenty five", &[25.0]),
            ("Twenty-five, please.", &[25.0]),
            ("a hundred", &[100.0]),
            ("a hundred and twenty", &[120.0]),
            ("two hundred and five people", &[205.0]),
            ("hundred", &[100.0]),
            ("two thousand twenty four", &[2_024.0]),
            ("one million two hundred thousand", &[1_200_000.0]),
            ("1,200", &[1_200.0]),
            ("5 hundred", &[500.0]),
            ("10k", &[10_000.0]),
            ("three point five", &[3.5]),
            ("three point one two", &[3.12]),
            ("3.5", &[3.5]),
            ("three and a half", &[3.5]),
            ("minus five", &[-5.0]),
            ("-5", &[-5.0]),
            ("a dozen", &[12.0]),
            ("two dozen", &[24.0]),
            ("a couple of times", &[2.0]),
            ("twice", &[2.0]),
            ("four out of five", &[4.0, 5.0]),
            ("4/5", &[4.0, 5.0]),
            ("four five", &[4.0, 5.0]),
            ("nineteen eighty four", &[19.0, 84.0]),
            ("twenty and five", &[20.0, 5.0]),
            ("that one is a four", &[4.0]),
            ("one of them", &[]),
            ("the second one", &[]),
            ("one", &[1.0]),
            ("15:30", &[]),
            ("nothing here", &[]),
            ("12345678901234567890", &[]),
            ("1.2.3", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(values(text), *expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_finite_numbers(text in "(one|two|hundred|thousand|million|and|a|half|point|minus|twenty|9|k|[a-z]| )( (one|two|hundred|thousand|million|and|a|half|point|minus|twenty|9|k)){0,12}") {
            prop_assert!(values(&text).iter().all(|value| value.is_finite()));
        }

        #[test]
        fn what_is_written_in_digits_is_found(number in 0_u32..1_000_000_000) {
            prop_assert_eq!(values(&format!("about {number} I think")), [f64::from(number)]);
        }
    }
}
