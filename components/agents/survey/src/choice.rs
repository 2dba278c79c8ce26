//! Which of several choices was meant: by its name, part of its name, or its place in the list.

use crate::number::{homophone, numbers};
use crate::settings::Choice;
use crate::words::{alike, core, from, is_any, latest_first, words};

/// A choice that was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// Its place, from 0.
    pub(crate) index: usize,
    /// It was said as it is written, with nothing else.
    pub(crate) exact: bool,
}

/// A choice must have this share of its words said...
const LEAST: f64 = 0.4;
/// ...or this share, when nothing else of what was said fits any other choice...
const LEAST_ALONE: f64 = 0.2;
/// ...and be ahead of the second by this much.
const AHEAD: f64 = 0.15;

const FIRST_TO_TENTH: [[&str; 2]; 10] = [
    ["first", "1st"],
    ["second", "2nd"],
    ["third", "3rd"],
    ["fourth", "4th"],
    ["fifth", "5th"],
    ["sixth", "6th"],
    ["seventh", "7th"],
    ["eighth", "8th"],
    ["ninth", "9th"],
    ["tenth", "10th"],
];

/// Finds the one choice that was meant.
pub(crate) fn choose(said: &[String], choices: &[Choice]) -> Option<Chosen> {
    let said_core = core(said);
    let names: Vec<Vec<Vec<String>>> =
        choices.iter().map(|choice| choice.names().map(canonical_name).collect()).collect();
    let exact = |name: &Vec<String>| *name == canonical(said_core);
    if let Some(index) = names.iter().position(|names| names.iter().any(exact)) {
        return Some(Chosen { index, exact: true });
    }
    let parts = latest_first(said);
    let likely = parts.into_iter().chain([said]).find_map(|part| {
        let part = core(part);
        by_name(&canonical(part), &names).or_else(|| by_place(part, choices.len()))
    });
    likely.map(|index| Chosen { index, exact: false })
}

fn canonical_name(name: &str) -> Vec<String> {
    canonical(core(&words(name)))
}

/// Numbers in digits, however they were said.
fn canonical(words: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = 0;
    for number in numbers(words) {
        out.extend(words.get(at..number.start).unwrap_or_default().iter().cloned());
        out.push(number.value.to_string());
        at = number.end;
    }
    out.extend(from(words, at).iter().cloned());
    out
}

fn by_name(said: &[String], names: &[Vec<Vec<String>>]) -> Option<usize> {
    let said = without_denied(said);
    let score = |names: &Vec<Vec<String>>, all: &[Vec<Vec<String>>]| {
        names.iter().map(|name| share(&said, name, all)).fold(0.0, f64::max)
    };
    let mut scores: Vec<(f64, usize)> = names.iter().enumerate().map(|(i, own)| (score(own, names), i)).collect();
    scores.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (best, index) = scores.first().copied()?;
    let second = scores.get(1).map_or(0.0, |(score, _)| *score);
    let alone = second == 0.0 && best >= LEAST_ALONE;
    ((best >= LEAST || alone) && best - second >= AHEAD).then_some(index)
}

/// "Not the phone": what follows is not what is wanted.
fn without_denied(said: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut denied = false;
    for word in said {
        match word.as_str() {
            "not" => denied = true,
            word if is_small(word) => {}
            _ if denied => denied = false,
            _ => out.push(word.clone()),
        }
    }
    out
}

fn is_small(word: &str) -> bool {
    const SMALL: &[&str] = &[
        "the", "a", "an", "of", "and", "or", "by", "via", "on", "in", "at", "to", "for", "with", "our", "your", "my",
        "i", "it", "is", "was", "one", "id", "say", "take", "choose", "pick", "prefer", "would", "think", "want",
        "use",
    ];
    SMALL.contains(&word)
}

/// How much of a name was said. Words that many names have tell less.
fn share(said: &[String], name: &[String], all: &[Vec<Vec<String>>]) -> f64 {
    let weight = |word: &String| {
        let having = all.iter().filter(|names| names.iter().flatten().any(|other| other == word)).count();
        1.0 / f64::from(u32::try_from(having.max(1)).unwrap_or(u32::MAX))
    };
    let all_small = name.iter().all(|word| is_small(word));
    let (mut total, mut met) = (0.0, 0.0);
    for (at, word) in name.iter().enumerate().filter(|(_, word)| all_small || !is_small(word)) {
        let weight = weight(word);
        total += weight;
        if is_said(said, word) || joined(said, word) || split(said, name, at) {
            met += weight;
        }
    }
    if total == 0.0 { 0.0 } else { met / total }
}

fn is_said(said: &[String], word: &str) -> bool {
    let number = word.bytes().any(|byte| byte.is_ascii_digit());
    said.iter().any(|other| other == word || (!number && alike(other, word)))
}

/// "E mail" for "email".
fn joined(said: &[String], word: &str) -> bool {
    let pair = |pair: &[String]| pair.concat() == word;
    said.windows(2).any(pair)
}

/// "Email" for "e-mail".
fn split(said: &[String], name: &[String], at: usize) -> bool {
    let pair = |start: usize| name.get(start..start + 2).map(<[String]>::concat);
    let pairs = [pair(at), at.checked_sub(1).and_then(pair)];
    pairs.into_iter().flatten().any(|pair| said.contains(&pair))
}

fn by_place(said: &[String], count: usize) -> Option<usize> {
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let place = |place: usize| (place < count).then_some(place);
    if said.len() > 5 {
        return None;
    }
    if let Some(ordinal) = FIRST_TO_TENTH.iter().position(|names| names.iter().any(|name| said.contains(name))) {
        return place(ordinal);
    }
    if said.contains(&"last") || (count == 2 && said.contains(&"latter")) {
        return count.checked_sub(1);
    }
    if count == 2 && said.contains(&"former") {
        return Some(0);
    }
    if let [letter] | ["option" | "letter" | "answer" | "choice", letter] = said.as_slice()
        && let [letter @ b'a'..=b'z'] = letter.as_bytes()
    {
        return place(usize::from(letter - b'a'));
    }
    let owned: Vec<String> = said.iter().map(|word| (*word).to_owned()).collect();
    let number = match numbers(&owned).as_slice() {
        [one] => Some(one.value),
        [] if is_any(&owned, "to, too, for, won, tree, free") => said.first().and_then(|word| homophone(word)),
        _ => None,
    };
    (0..count).find(|index| number == u32::try_from(index + 1).ok().map(f64::from))
}

#[cfg(test)]
mod tests {
    use super::choose;
    use crate::settings::Choice;
    use crate::words::words;
    use proptest::prelude::*;

    fn list(names: &[&str]) -> Vec<Choice> {
        names.iter().map(|name| Choice::Name((*name).to_owned())).collect()
    }

    fn chosen(said: &str, names: &[&str]) -> Option<usize> {
        choose(&words(said), &list(names)).map(|chosen| chosen.index)
    }

    const WAYS: [&str; 4] = ["By phone", "E-mail", "The web site", "In the shop"];

    #[test]
    fn a_choice_is_found_by_its_name_or_part_of_it() {
        let cases = [
            ("By phone", 0),
            ("phone please", 0),
            ("I'd say by the phone", 0),
            ("email", 1),
            ("e mail", 1),
            ("over the website", 2),
            ("web", 2),
            ("the site", 2),
            ("in your shop I think", 3),
            ("the shops", 3),
            ("phone, no, email", 1),
            ("not by phone, by email", 1),
            ("Email. No wait, the shop.", 3),
        ];
        for (said, expected) in cases {
            assert_eq!(chosen(said, &WAYS), Some(expected), "{said}");
        }
    }

    #[test]
    fn a_choice_is_found_by_its_place() {
        let cases = [
            ("the second one", 1),
            ("number three", 2),
            ("option 4", 3),
            ("2", 1),
            ("two", 1),
            ("to", 1),
            ("the last one", 3),
            ("b", 1),
            ("the 1st", 0),
            ("for", 3),
        ];
        for (said, expected) in cases {
            assert_eq!(chosen(said, &WAYS), Some(expected), "{said}");
        }
        assert_eq!(chosen("the latter", &["Tea", "Coffee"]), Some(1));
        assert_eq!(chosen("the former", &["Tea", "Coffee"]), Some(0));
    }

    #[test]
    fn what_is_unclear_is_not_guessed() {
        for said in ["phone or email", "five", "the ninth", "all of them are fine to me", "purple", "", "the one"] {
            assert_eq!(chosen(said, &WAYS), None, "{said}");
        }
        assert_eq!(chosen("support", &["Technical support", "Customer support"]), None);
        assert_eq!(chosen("technical", &["Technical support", "Customer support"]), Some(0));
    }

    #[test]
    fn names_with_numbers_and_with_no_are_names() {
        let sizes = ["1 to 10", "11 to 50", "More than 50"];
        assert_eq!(chosen("eleven to fifty", &sizes), Some(1));
        assert_eq!(chosen("more than fifty", &sizes), Some(2));
        let answers = ["Yes", "No", "No preference"];
        assert_eq!(chosen("no", &answers), Some(1));
        assert_eq!(chosen("no preference", &answers), Some(2));
    }

    #[test]
    fn other_names_count_too() {
        let choices = [
            Choice::Named { label: "Chat".to_owned(), also: vec!["messenger".to_owned()] },
            Choice::Name("Mail".to_owned()),
        ];
        assert_eq!(choose(&words("messenger"), &choices).map(|c| (c.index, c.exact)), Some((0, true)));
        assert_eq!(choose(&words("the messenger thing"), &choices).map(|c| (c.index, c.exact)), Some((0, false)));
    }

    proptest! {
        #[test]
        fn every_name_is_its_own_choice(names in proptest::collection::btree_set("[a-z]{3,8}( [a-z]{3,8})?", 1..6)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            for name in &names {
                prop_assert_eq!(chosen(name, &names).map(|index| names[index]), Some(*name));
            }
        }

        #[test]
        fn any_text_gives_a_choice_of_the_list_or_none(said in ".{0,40}") {
            prop_assert!(chosen(&said, &WAYS).is_none_or(|index| index < WAYS.len()));
        }
    }
}
