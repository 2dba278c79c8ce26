//! The agent's context data as facts: every value and every group of values under the words of its key.
//!
//! Keys that begin with an underscore are for others (templates, tools) and are never told.

use super::english::{Topic, is_compound, topics};
use super::language::{is_common, name_words, stem, words};
use serde_json::Value;

/// Most facts of one context; what comes later is not seen.
const MOST: usize = 1_000;
/// Deepest nesting that is followed.
const DEEPEST: usize = 8;
/// Most words of one value that are looked at.
const MOST_WORDS: usize = 200;
/// Most items of one list that are looked at.
const MOST_ITEMS: usize = 200;

/// Keys that only hold others together: they are not said.
const HOLDERS: &[&str] =
    &["context", "data", "details", "detail", "facts", "general", "info", "information", "misc", "profile"];
/// Words of keys that a label can do without.
const FILLERS: &[&str] = &["our", "the", "my", "your", "of", "and"];
/// Keys of data about the one who calls.
const CALLERS: &[&str] = &["caller", "customer", "client", "user", "patient", "guest", "member", "account", "order"];
/// What is offered first.
const USUAL: [Topic; 7] =
    [Topic::Hours, Topic::Address, Topic::Services, Topic::Price, Topic::Phone, Topic::Email, Topic::Website];
/// Keys whose value names the object that they are in.
const NAMES: &[&str] = &["name", "title", "label", "item", "service", "product", "question"];

/// A value of the context under its name.
#[derive(Clone, Debug)]
pub(super) struct Fact<'a> {
    /// The words of its name, as said after "our": `business hours`.
    pub(super) label: Vec<String>,
    /// How many of these are the name of the group that it is in.
    pub(super) inherited: usize,
    /// What it is about.
    pub(super) topic: Option<Topic>,
    pub(super) value: &'a Value,
    /// It is about the one who calls.
    pub(super) callers: bool,
    /// It only holds others together: what is in it needs no more than its own name.
    pub(super) holds: bool,
    /// The group that it is in.
    pub(super) parent: Option<usize>,
    /// Stems of its key.
    pub(super) own: Vec<String>,
    /// Stems of the keys above.
    pub(super) above: Vec<String>,
    /// Stems of its text.
    pub(super) inside: Vec<String>,
    /// Stems of each item of a list.
    pub(super) items: Vec<Vec<String>>,
    /// Stems of the keys and values below.
    pub(super) below: Vec<String>,
}

/// All facts of a context.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts<'a>(Vec<Fact<'a>>);

impl<'a> Facts<'a> {
    /// The facts of a context, in its order.
    pub(super) fn of(context: &'a Value) -> Self {
        let mut facts = Facts::default();
        let Value::Object(fields) = context else { return facts };
        for (key, value) in fields {
            facts.add(key, value, None, 0);
        }
        facts.gather();
        facts
    }

    pub(super) fn all(&self) -> &[Fact<'a>] {
        &self.0
    }

    pub(super) fn get(&self, at: usize) -> Option<&Fact<'a>> {
        self.0.get(at)
    }

    pub(super) fn children(&self, of: usize) -> impl Iterator<Item = (usize, &Fact<'a>)> {
        self.0.iter().enumerate().skip(of).filter(move |(_, fact)| fact.parent == Some(of))
    }

    /// The text of the first fact about a topic.
    pub(super) fn text_of(&self, topic: Topic) -> Option<String> {
        self.0.iter().filter(|fact| fact.topic == Some(topic)).find_map(|fact| scalar(fact.value))
    }

    /// What there is to ask about: names of the outer facts, without those that only say who is talking.
    pub(super) fn topics(&self, most: usize) -> Vec<String> {
        let outer = |fact: &&Fact<'_>| {
            let held = fact.parent.is_none_or(|parent| self.get(parent).is_some_and(|above| above.holds));
            held && !fact.holds && !fact.callers && !matches!(fact.topic, Some(Topic::Company | Topic::Agent))
        };
        let mut facts: Vec<&Fact<'_>> = self.0.iter().filter(outer).collect();
        // The order of the keys says nothing; what most people ask for comes first.
        facts.sort_by_key(|fact| USUAL.iter().position(|topic| fact.topic == Some(*topic)).unwrap_or(USUAL.len()));
        let mut names: Vec<String> = facts.into_iter().map(|fact| fact.label.join(" ")).collect();
        names.retain(|name| !name.is_empty());
        names.dedup();
        names.truncate(most);
        names
    }

    fn add(&mut self, key: &str, value: &'a Value, parent: Option<usize>, depth: usize) {
        let words = name_words(key);
        if self.0.len() >= MOST || depth > DEEPEST || key.starts_with('_') || words.is_empty() || is_empty(value) {
            return;
        }
        let fact = self.named(words, value, parent);
        let at = self.0.len();
        self.0.push(fact);
        match value {
            Value::Object(_) if scalar(value).is_some() => {}
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.add(key, value, Some(at), depth + 1);
                }
            }
            Value::Array(items) => {
                for item in items.iter().take(MOST_ITEMS) {
                    if let (Some(name), Value::Object(_)) = (name_of(item), item) {
                        self.add(&name, item, Some(at), depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn named(&self, words: Vec<String>, value: &'a Value, parent: Option<usize>) -> Fact<'a> {
        let above = parent.and_then(|parent| self.0.get(parent));
        let words: Vec<String> = words.into_iter().filter(|word| !FILLERS.contains(&word.as_str())).collect();
        let root = parent.is_none();
        let about_caller = root && words.iter().any(|word| CALLERS.contains(&word.as_str()));
        let topic = topic(&words, value, above);
        let only_holds = words.iter().all(|word| HOLDERS.contains(&word.as_str()));
        let holds = value.is_object() && (only_holds || about_caller || (root && topic == Some(Topic::Company)));
        let own = own_stems(&words);
        let mut stems_above = above.map(|above| above.above.clone()).unwrap_or_default();
        stems_above.extend(above.map(|above| above.own.clone()).unwrap_or_default());
        let mut label = above.filter(|above| !above.holds).map(|above| above.label.clone()).unwrap_or_default();
        let inherited = label.len();
        label.extend(words);
        Fact {
            label,
            inherited,
            topic,
            value,
            callers: about_caller || above.is_some_and(|above| above.callers),
            holds,
            parent,
            own,
            above: stems_above,
            inside: scalar(value).map(|text| stems(&text)).unwrap_or_default(),
            items: items(value),
            below: Vec::new(),
        }
    }

    /// Tells each group what is in it.
    fn gather(&mut self) {
        for at in (0..self.0.len()).rev() {
            let Some(fact) = self.0.get(at) else { continue };
            let Some(parent) = fact.parent else { continue };
            let mut below = fact.own.clone();
            below.extend(fact.inside.iter().chain(fact.items.iter().flatten()).chain(&fact.below).cloned());
            if let Some(parent) = self.0.get_mut(parent) {
                parent.below.extend(below);
                parent.below.truncate(MOST_WORDS * 4);
            }
        }
    }
}

/// A single value, or a range by its two ends, as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(fields) if fields.len() == 2 => {
            let end = |names: [&str; 3]| names.iter().find_map(|name| fields.get(*name)).and_then(scalar);
            Some(format!("{} to {}", end(["open", "from", "start"])?, end(["close", "to", "end"])?))
        }
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The name of an object, as its own fields give it.
pub(super) fn name_of(item: &Value) -> Option<String> {
    let fields = item.as_object()?;
    NAMES.iter().find_map(|name| fields.get(*name)).and_then(Value::as_str).map(str::to_owned)
}

/// Whether a field only names the object that it is in.
pub(super) fn is_name(key: &[String]) -> bool {
    matches!(key, [only] if NAMES.contains(&only.as_str()))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(fields) => fields.iter().all(|(key, value)| key.starts_with('_') || is_empty(value)),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn stems(text: &str) -> Vec<String> {
    words(text).into_iter().filter(|word| !is_common(word)).take(MOST_WORDS).map(|word| stem(&word)).collect()
}

/// The stems of a name that say what it names.
fn own_stems(words: &[String]) -> Vec<String> {
    let mut stems: Vec<String> = words.iter().map(|word| stem(word)).collect();
    if let [.., before, last] = words
        && matches!(last.as_str(), "address" | "number")
        && is_compound(&stem(before), last)
    {
        stems.pop();
    }
    stems
}

fn items(value: &Value) -> Vec<Vec<String>> {
    let Value::Array(items) = value else { return Vec::new() };
    items.iter().take(MOST_ITEMS).filter_map(scalar).map(|item| stems(&item)).collect()
}

/// What a fact is about: by the last word of its key that says so, or else by the group that it is in.
fn topic(words: &[String], value: &Value, parent: Option<&Fact<'_>>) -> Option<Topic> {
    let text = value.as_str().unwrap_or_default();
    let above = parent.and_then(|parent| parent.topic);
    let names: Vec<&str> = words.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["agent" | "assistant" | "receptionist"] | [.., "agent" | "assistant" | "receptionist", "name"] => {
            return Some(Topic::Agent);
        }
        ["name"] if above == Some(Topic::Agent) => return Some(Topic::Agent),
        ["name"] if parent.is_none() || above == Some(Topic::Company) => return Some(Topic::Company),
        [.., "company" | "business" | "practice" | "store" | "shop" | "brand", "name"] => return Some(Topic::Company),
        [.., "company" | "business" | "practice" | "firm" | "organisation" | "organization"] => {
            return Some(Topic::Company);
        }
        _ => {}
    }
    if text.contains('@') && !text.contains(' ') {
        return Some(Topic::Email);
    }
    let known = |topic: &&Topic| {
        matches!(
            topic,
            Topic::Hours
                | Topic::Address
                | Topic::Email
                | Topic::Phone
                | Topic::Website
                | Topic::Price
                | Topic::Services
        )
    };
    let own = own_stems(words).iter().rev().find_map(|stem| topics(stem).iter().find(known)).copied();
    own.or(above.filter(|above| matches!(above, Topic::Hours | Topic::Price)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn table(context: &Value) -> Vec<(String, Option<Topic>)> {
        Facts::of(context).all().iter().map(|fact| (fact.label.join(" "), fact.topic)).collect()
    }

    #[test]
    fn keys_of_any_style_are_labels() {
        let context = json!({
            "businessHours": {"monday": "9 to 5", "tuesday": null},
            "company": {"name": "Harbour Dental", "support-email": "a@b.c"},
            "info": {"Street Address": "Here 1"},
            "_crm": {"id": 7},
            "empty": [],
            "customer": {"name": "Ada", "balance": 20},
            "prices": {"deep_cleaning": 80},
        });
        let expected: [(&str, Option<Topic>); 12] = [
            ("business hours", Some(Topic::Hours)),
            ("business hours monday", Some(Topic::Hours)),
            ("company", Some(Topic::Company)),
            ("name", Some(Topic::Company)),
            ("support email", Some(Topic::Email)),
            ("customer", None),
            ("balance", None),
            ("name", None),
            ("info", None),
            ("street address", Some(Topic::Address)),
            ("prices", Some(Topic::Price)),
            ("prices deep cleaning", Some(Topic::Price)),
        ];
        let mut found = table(&context);
        found.sort_by_key(|(label, _)| label.clone());
        let mut expected: Vec<_> = expected.into_iter().map(|(label, topic)| (label.to_owned(), topic)).collect();
        expected.sort_by_key(|(label, _)| label.clone());
        assert_eq!(found.len(), expected.len());
        for entry in &expected {
            assert!(found.contains(entry), "{entry:?} is not in {found:?}");
        }
    }

    #[test]
    fn topics_to_offer_are_the_outer_ones() {
        let context = json!({
            "company": {"name": "Acme", "address": "Here 1"}, "agent_name": "Ava",
            "business_hours": {"monday": "9 to 5"}, "customer": {"balance": 1}, "services": ["a"],
        });
        assert_eq!(Facts::of(&context).topics(5), ["business hours", "address", "services"]);
    }
}
