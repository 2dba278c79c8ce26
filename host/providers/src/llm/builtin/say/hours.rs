//! When a business is open.

use super::{capital, sentence};
use crate::llm::builtin::english::{DAYS, Topic, phrases};
use crate::llm::builtin::facts::{Fact, Facts, scalar};

/// Words of a name that mean the ordinary hours.
const ORDINARY: &[&str] = &[
    "business",
    "opening",
    "office",
    "open",
    "working",
    "store",
    "shop",
    "hours",
    "of",
    "operation",
    "times",
    "time",
    "schedule",
];

/// Names that are said like days.
const PERIODS: &[&str] = &["weekday", "weekdays", "weekend", "weekends", "holiday", "holidays"];

/// One text: `We are open Monday to Friday, 9 am to 5 pm.`
pub(super) fn single(fact: &Fact<'_>, above: Option<&Fact<'_>>, text: &str) -> Option<String> {
    let text = spoken(text);
    if above.is_some_and(|above| above.topic == Some(Topic::Hours)) {
        let when = fact.label.get(fact.inherited..).unwrap_or_default().join(" ");
        return Some(sentence(&on(&[when], &text, fact)));
    }
    if !fact.label.iter().all(|word| ORDINARY.contains(&word.as_str())) {
        return Some(sentence(&format!("{} are {text}", capital(&super::name(fact)))));
    }
    Some(sentence(&format!("We are {}", open(&text))))
}

/// A group with a text per day; days in a row with the same hours are said together.
pub(super) fn of_days(facts: &Facts<'_>, at: usize) -> Option<String> {
    let fact = facts.get(at)?;
    let mut entries: Vec<(usize, String, String)> = Vec::new();
    for (_, inner) in facts.children(at) {
        let own = inner.label.get(inner.inherited..).unwrap_or_default().join(" ");
        entries.push((day(&own).unwrap_or(DAYS.len()), own, spoken(&scalar(inner.value)?)));
    }
    entries.sort_by_key(|(place, ..)| *place);
    let (shut, hours): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(.., text)| closed(text));
    let mut said: Vec<String> = runs(hours).iter().map(|(names, text)| format!("{}, {text}", range(names))).collect();
    let shut: Vec<String> = shut.into_iter().map(|(_, name, _)| range(&[name])).collect();
    let ordinary = fact.label.iter().all(|word| ORDINARY.contains(&word.as_str()));
    let begin = if ordinary { "We are".to_owned() } else { format!("{} are", capital(&super::name(fact))) };
    if let Some(first) = said.first_mut().filter(|_| ordinary) {
        *first = open(first);
    }
    let mut text = said.join("; ");
    if !shut.is_empty() {
        let and = if text.is_empty() { "" } else { ", and " };
        text = format!("{text}{and}closed on {}", phrases::list(&shut));
    }
    (!text.is_empty()).then(|| sentence(&format!("{begin} {text}")))
}

/// Days in a row with the same text.
fn runs(entries: Vec<(usize, String, String)>) -> Vec<(Vec<String>, String)> {
    let mut runs: Vec<(Vec<String>, String)> = Vec::new();
    let mut next = None;
    for (place, name, text) in entries {
        match runs.last_mut() {
            Some((names, same)) if *same == text && next == Some(place) => names.push(name),
            _ => runs.push((vec![name], text)),
        }
        next = (place < DAYS.len()).then_some(place + 1);
    }
    runs
}

/// The days that a group of hours has, if it has any.
pub(in crate::llm::builtin) fn days_of(facts: &Facts<'_>, at: usize) -> Vec<&'static str> {
    let last = |fact: &Fact<'_>| fact.label.last().and_then(|word| day(word)).and_then(|at| DAYS.get(at).copied());
    facts.children(at).filter_map(|(_, inner)| last(inner)).collect()
}

fn on(names: &[String], text: &str, fact: &Fact<'_>) -> String {
    let when = range(names);
    let known = names.iter().all(|name| day(name).is_some() || PERIODS.contains(&name.as_str()));
    match (known, closed(text)) {
        (true, true) => format!("On {when} we are closed"),
        (true, false) => format!("On {when} we are {}", open(text)),
        (false, _) => format!("{} are {text}", capital(&super::name(fact))),
    }
}

fn open(text: &str) -> String {
    let low = text.to_lowercase();
    if closed(text) || low.starts_with("open") {
        let mut letters = text.chars();
        return letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default();
    }
    format!("open {text}")
}

fn closed(text: &str) -> bool {
    text.to_lowercase().starts_with("closed")
}

fn range(names: &[String]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| day(name).and_then(|at| DAYS.get(at)).map_or_else(|| name.clone(), |day| capital(day)))
        .collect();
    match names.as_slice() {
        [first, _, .., last] => format!("{first} to {last}"),
        few => phrases::list(few),
    }
}

/// The day that a word means: `Mon`, `monday`, `mondays`.
fn day(word: &str) -> Option<usize> {
    let word = word.to_lowercase();
    let word = word.trim_end_matches('.');
    let short = matches!(word, "tues" | "thur" | "thurs" | "wednes") || word.len() == 3;
    DAYS.iter().position(|day| *day == word || word.strip_suffix('s') == Some(day) || (short && day.starts_with(word)))
}

/// `Mon-Fri 9am–5pm` as it is read out: `Monday to Friday 9 am to 5 pm`.
fn spoken(text: &str) -> String {
    let mut said = String::with_capacity(text.len() + 16);
    let letters: Vec<char> = text.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let (before, after) = (letters.get(..at).unwrap_or_default(), letters.get(at + 1..).unwrap_or_default());
        match letter {
            '-' | '–' | '—' if is_time(&word_before(before)) && is_time(&word_after(after)) => {
                said.push_str(" to ");
            }
            'a' | 'A' | 'p' | 'P' if before.last().is_some_and(char::is_ascii_digit) && half_of_day(&letters, at) => {
                said.push(' ');
                said.push(*letter);
            }
            '&' => said.push_str(" and "),
            _ => said.push(*letter),
        }
    }
    let named = said.split_whitespace().map(|word| {
        let bare = word.trim_end_matches([',', ';', ':', '.']);
        let mark = word.get(bare.len()..).unwrap_or_default().trim_start_matches('.');
        let short = bare.starts_with(char::is_uppercase) && bare.len() <= 5;
        match day(bare).filter(|_| short).and_then(|at| DAYS.get(at)) {
            Some(day) => format!("{}{mark}", capital(day)),
            None => word.to_owned(),
        }
    });
    named.collect::<Vec<_>>().join(" ")
}

fn word_before(letters: &[char]) -> String {
    let word = letters.iter().rev().skip_while(|c| c.is_whitespace()).take_while(|c| c.is_alphanumeric());
    word.collect::<Vec<_>>().into_iter().rev().collect()
}

fn word_after(letters: &[char]) -> String {
    letters.iter().skip_while(|c| c.is_whitespace()).take_while(|c| c.is_alphanumeric()).collect()
}

/// A time of the day, or a day.
fn is_time(word: &str) -> bool {
    let low = word.to_lowercase();
    word.starts_with(|c: char| c.is_ascii_digit())
        || matches!(low.as_str(), "am" | "pm" | "noon" | "midnight" | "m")
        || day(&low).is_some()
}

/// `am` or `pm` begins here and ends the word.
fn half_of_day(letters: &[char], at: usize) -> bool {
    letters.get(at + 1).is_some_and(|c| c.eq_ignore_ascii_case(&'m'))
        && letters.get(at + 2).is_none_or(|c| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_short_is_said_long() {
        let table = [
            ("Mon-Fri 9am-5pm", "Monday to Friday 9 am to 5 pm"),
            ("Monday to Friday, 9 am to 5 pm", "Monday to Friday, 9 am to 5 pm"),
            ("09:00–17:00", "09:00 to 17:00"),
            ("Mon., Wed & Sat 10 - 12", "Monday, Wednesday and Saturday 10 to 12"),
            ("24/7", "24/7"),
            ("by pre-order, 9 am - noon", "by pre-order, 9 am to noon"),
            ("Sun", "Sunday"),
        ];
        for (written, said) in table {
            assert_eq!(spoken(written), said);
        }
    }
}
