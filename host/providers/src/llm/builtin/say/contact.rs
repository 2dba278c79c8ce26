//! Addresses, numbers and the like, so that they can be understood when spoken.

use super::{capital, sentence};
use crate::llm::builtin::english::Topic;
use crate::llm::builtin::facts::{Fact, Facts, scalar};

/// Parts of an address in the order in which they are said.
const PARTS: &[&str] = &[
    "name", "company", "building", "floor", "suite", "unit", "room", "line1", "street", "address", "number", "line2",
    "district", "city", "town", "state", "region", "zip", "zipcode", "postcode", "postal", "code", "country",
];
/// Words of a name that say no more than what kind of thing it is.
const KINDS: &[&str] = &[
    "email",
    "e",
    "mail",
    "address",
    "phone",
    "telephone",
    "tel",
    "number",
    "contact",
    "website",
    "web",
    "site",
    "url",
    "main",
    "company",
    "business",
    "mobile",
    "cell",
];
/// A row of digits of this length is said digit by digit.
const MANY_DIGITS: usize = 5;

pub(super) fn single(fact: &Fact<'_>, text: &str) -> Option<String> {
    let whose: Vec<&str> = fact.label.iter().map(String::as_str).filter(|word| !KINDS.contains(word)).collect();
    let whose = whose.join(" ");
    match fact.topic? {
        Topic::Email if whose.is_empty() => Some(format!("You can write to us at {text}.")),
        Topic::Email => Some(format!("You can reach {whose} by email at {text}.")),
        Topic::Phone if whose.is_empty() => Some(format!("Our phone number is {}.", digits(text))),
        Topic::Phone => Some(format!("Our {whose} phone number is {}.", digits(text))),
        Topic::Website if whose.is_empty() => Some(format!("Our website is {}.", address_of_page(text))),
        Topic::Website => Some(format!("Our {whose} website is {}.", address_of_page(text))),
        _ => None,
    }
}

/// The parts of an address on one line.
pub(super) fn address(facts: &Facts<'_>, at: usize) -> Option<String> {
    let fact = facts.get(at)?;
    let place = |part: &Fact<'_>| {
        let last = part.label.iter().rev().find_map(|word| PARTS.iter().position(|known| known == word));
        last.unwrap_or(PARTS.len())
    };
    let mut parts: Vec<(usize, String)> = Vec::new();
    for (_, part) in facts.children(at) {
        parts.push((place(part), scalar(part.value)?));
    }
    parts.sort_by_key(|(place, _)| *place);
    let line = parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ");
    (!line.is_empty()).then(|| sentence(&format!("{} is {line}", capital(&super::name(fact)))))
}

/// A number as it is dictated: `plus 1, 5 5 5, 0 1 0 0`.
fn digits(text: &str) -> String {
    let longest = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    let all = text.chars().filter(char::is_ascii_digit).count();
    let other = text.chars().any(|c| c.is_alphabetic());
    if other || (longest < MANY_DIGITS && all < MANY_DIGITS) {
        return text.to_owned();
    }
    let groups = text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
    let spaced = groups.map(|group| group.chars().map(String::from).collect::<Vec<_>>().join(" "));
    let spaced = spaced.collect::<Vec<_>>().join(", ");
    if text.trim_start().starts_with('+') { format!("plus {spaced}") } else { spaced }
}

fn address_of_page(text: &str) -> &str {
    let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    text.strip_prefix("www.").unwrap_or(text).trim_end_matches('/')
}

/// A word letter by letter: `s u p p o r t, at, a c m e, dot, c o m`.
pub(in crate::llm::builtin) fn spelled(text: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut letters: Vec<String> = Vec::new();
    for letter in text.chars() {
        let name = match letter {
            '@' => "at",
            '.' => "dot",
            '-' => "dash",
            '_' => "underscore",
            '/' => "slash",
            '+' => "plus",
            _ if letter.is_alphanumeric() => {
                letters.push(letter.to_lowercase().collect());
                continue;
            }
            _ => continue,
        };
        parts.extend((!letters.is_empty()).then(|| std::mem::take(&mut letters).join(" ")));
        parts.push(name.to_owned());
    }
    parts.extend((!letters.is_empty()).then(|| letters.join(" ")));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dictated() {
        assert_eq!(digits("+15550100"), "plus 1 5 5 5 0 1 0 0");
        assert_eq!(digits("(555) 010-0100"), "5 5 5, 0 1 0, 0 1 0 0");
        assert_eq!(digits("112"), "112");
        assert_eq!(digits("1-800-DENTIST"), "1-800-DENTIST");
    }

    #[test]
    fn addresses_are_spelled() {
        assert_eq!(spelled("Help@acme-x.com"), "h e l p, at, a c m e, dash, x, dot, c o m");
        assert_eq!(spelled(""), "");
    }

    #[test]
    fn pages_lose_what_nobody_says() {
        assert_eq!(address_of_page("https://www.example.com/"), "example.com");
    }
}
