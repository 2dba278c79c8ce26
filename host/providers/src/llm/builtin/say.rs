//! Facts as sentences that can be spoken.
//!
//! Nothing is added to what the fact says: where its kind is not known, its name and its value stand side by side.

mod contact;
mod hours;

pub(super) use contact::spelled;
pub(super) use hours::days_of;

use super::english::Topic;
use super::english::phrases;
use super::facts::{Fact, Facts, is_name, name_of, scalar};
use super::language::{sentences, stem, words};
use serde_json::Value;

/// An answer is about this long at most, characters: more is hard to remember, and to interrupt.
pub(super) const LONG: usize = 300;
/// Most items of a list that are said.
const ITEMS: usize = 8;
/// A value of so many words is a sentence of its own.
const SENTENCE: usize = 9;

/// What one fact says.
pub(super) fn fact(facts: &Facts<'_>, at: usize) -> String {
    let Some(fact) = facts.get(at) else { return String::new() };
    let said = match fact.value {
        value if scalar(value).is_some() => scalar(value).map(|text| single(facts, fact, &text)),
        Value::Object(_) if fact.topic == Some(Topic::Hours) => hours::of_days(facts, at),
        Value::Object(_) if fact.topic == Some(Topic::Address) => contact::address(facts, at),
        Value::Array(_) => Some(list(fact)),
        Value::Bool(yes) => Some(format!("{}: {}.", capital(&fact.label.join(" ")), if *yes { "yes" } else { "no" })),
        Value::Null | Value::String(_) | Value::Number(_) | Value::Object(_) => None,
    };
    said.unwrap_or_else(|| group(facts, at))
}

/// The name of a fact with its owner: `our business hours`.
pub(super) fn name(fact: &Fact<'_>) -> String {
    let (group, own) = fact.label.split_at_checked(fact.inherited).unwrap_or_default();
    let between = match fact.topic {
        Some(Topic::Hours) if !group.is_empty() => " on ",
        Some(Topic::Price) if !group.is_empty() => " for ",
        _ if !group.is_empty() => " ",
        _ => "",
    };
    format!("{} {}{between}{}", if fact.callers { "your" } else { "our" }, group.join(" "), own.join(" "))
}

/// A text with a mark at its end and a capital at its beginning.
pub(super) fn sentence(text: &str) -> String {
    let text = capital(text.trim());
    if text.ends_with(['.', '!', '?', '…']) { text } else { format!("{}.", text.trim_end_matches([',', ';', ':'])) }
}

/// As many sentences as fit, or the beginning of the first.
pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() <= LONG {
        return text.to_owned();
    }
    let mut short = String::new();
    for sentence in sentences(text) {
        if short.chars().count() + sentence.trim_end().chars().count() > LONG {
            break;
        }
        short.push_str(sentence);
    }
    if short.trim().is_empty() {
        let most: String = text.chars().take(LONG).collect();
        let cut = most.rfind(char::is_whitespace).and_then(|at| most.get(..at)).unwrap_or(&most);
        short = format!("{}…", cut.trim_end_matches(|c: char| !c.is_alphanumeric()));
    }
    short.trim().to_owned()
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn single(facts: &Facts<'_>, fact: &Fact<'_>, text: &str) -> String {
    if reads_as_sentence(text) {
        return sentence(&shortened(text));
    }
    let text = &shortened(text);
    let above = fact.parent.and_then(|parent| facts.get(parent));
    let said = match fact.topic {
        _ if fact.callers => None,
        Some(Topic::Hours) => hours::single(fact, above, text),
        Some(Topic::Email | Topic::Phone | Topic::Website) => contact::single(fact, text),
        Some(Topic::Price) => above.filter(|above| above.topic == Some(Topic::Price)).map(|_| price(fact, text)),
        Some(Topic::Company) => Some(format!("This is {text}.")),
        Some(Topic::Agent) => Some(format!("My name is {text}.")),
        _ => None,
    };
    said.unwrap_or_else(|| plain(fact, text))
}

fn plain(fact: &Fact<'_>, text: &str) -> String {
    let inside: Vec<String> = words(text).iter().map(|word| stem(word)).collect();
    if fact.own.last().is_some_and(|name| inside.len() > 1 && inside.contains(name)) {
        return sentence(text);
    }
    let participle = fact.label.last().is_some_and(|word| word.ends_with("ed") || word.ends_with("able"));
    if participle || text.split(' ').count() >= SENTENCE {
        return sentence(&format!("{}: {text}", capital(&fact.label.join(" "))));
    }
    sentence(&format!("{} {} {text}", capital(&name(fact)), if is_plural(fact) { "are" } else { "is" }))
}

fn price(fact: &Fact<'_>, text: &str) -> String {
    let what = capital(&fact.label.iter().skip(fact.inherited).cloned().collect::<Vec<_>>().join(" "));
    let plural = is_plural(fact);
    match text.to_lowercase().as_str() {
        "free" | "free of charge" => format!("{what} {} {}.", if plural { "are" } else { "is" }, text.to_lowercase()),
        _ => sentence(&format!("{what} {} {text}", if plural { "cost" } else { "costs" })),
    }
}

/// The items of a list that can be said, and how many more there are.
fn items_of(value: &Value) -> Option<String> {
    let said = |item: &Value| scalar(item).or_else(|| name_of(item));
    let mut names: Vec<String> = value.as_array()?.iter().filter_map(said).map(|name| shortened(&name)).collect();
    let more = names.len().saturating_sub(ITEMS);
    names.truncate(ITEMS);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    (!names.is_empty()).then(|| phrases::list(&names))
}

fn list(fact: &Fact<'_>) -> String {
    let Some(items) = items_of(fact.value) else { return sentence(&format!("I have no details about {}", name(fact))) };
    let own = fact.label.len() == 1;
    match fact.topic {
        Some(Topic::Services) if own && !fact.callers => sentence(&format!("We offer {items}")),
        _ if is_plural(fact) => sentence(&format!("{} are {items}", capital(&name(fact)))),
        _ => sentence(&format!("{} includes {items}", capital(&name(fact)))),
    }
}

/// Everything in a group, as far as there is room; then the names of the rest.
fn group(facts: &Facts<'_>, at: usize) -> String {
    let Some(fact) = facts.get(at) else { return String::new() };
    if name_of(fact.value).is_some() && !fact.holds {
        return item(facts, at);
    }
    let (mut text, mut rest) = (String::new(), Vec::new());
    for (child, inner) in facts.children(at) {
        let said = self::fact(facts, child);
        if text.is_empty() || (rest.is_empty() && text.chars().count() + said.chars().count() < LONG) {
            text = format!("{text} {said}");
        } else {
            rest.push(inner.label.join(" "));
        }
    }
    rest.truncate(ITEMS);
    if !rest.is_empty() {
        text = format!("{text} There is also {}.", phrases::list(&rest));
    }
    text.trim().to_owned()
}

/// An object with a name of its own: `For cleaning, the price is 80 dollars, and the duration is 30 minutes.`
fn item(facts: &Facts<'_>, at: usize) -> String {
    let Some(fact) = facts.get(at) else { return String::new() };
    let own = |key: &Fact<'_>| key.label.get(key.inherited..).unwrap_or_default().to_vec();
    let details = facts.children(at).filter(|(_, inner)| !is_name(&own(inner))).filter_map(|(_, inner)| {
        let text = scalar(inner.value).or_else(|| yes_or_no(inner.value)).or_else(|| items_of(inner.value))?;
        let is = if is_plural(inner) { "are" } else { "is" };
        Some(format!("the {} {is} {}", own(inner).join(" "), shortened(&text).trim_end_matches('.')))
    });
    let details: Vec<String> = details.take(4).collect();
    let name = name_of(fact.value).unwrap_or_default();
    match details.as_slice() {
        [] => sentence(&format!(
            "{} includes {name}",
            capital(&facts.get(fact.parent.unwrap_or(at)).map(self::name).unwrap_or_default())
        )),
        [only] => sentence(&format!("For {name}, {only}")),
        [before @ .., last] => sentence(&format!("For {name}, {}, and {last}", before.join(", "))),
    }
}

fn yes_or_no(value: &Value) -> Option<String> {
    value.as_bool().map(|yes| if yes { "yes" } else { "no" }.to_owned())
}

pub(super) fn is_plural(fact: &Fact<'_>) -> bool {
    let ends =
        |word: &String| word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is");
    fact.label
        .last()
        .is_some_and(|word| ends(word) || matches!(word.as_str(), "people" | "staff" | "men" | "women" | "children"))
}

/// A value that says all by itself.
fn reads_as_sentence(text: &str) -> bool {
    let words = text.split(' ').count();
    words >= 4 && text.ends_with(['.', '!', '?']) && text.starts_with(|c: char| c.is_uppercase() || c == '"')
}
