//! A source that is read value by value; what nobody takes is kept as a note.

use super::{Entry, Imported, Outcome, Shape, provider};
use crate::diff::child;
use crate::template;
use crate::version::Semver;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashSet};

/// Places of the contract whose text may have variables.
const TEMPLATES: &[&str] = &[
    "/prompt/instructions",
    "/prompt/greeting",
    "/identity/character_role",
    "/identity/mission",
    "/identity/interaction_style",
];

/// A place in the source and its place in the contract.
pub(super) type Pair = (&'static str, &'static str);

pub(super) struct Reading<'a> {
    shape: Shape,
    source: &'a Value,
    pub(super) tools: &'a [&'a str],
    document: Value,
    notes: Value,
    pub(super) semver: Option<Semver>,
    entries: Vec<Entry>,
    /// Places of the source that were told of.
    told: BTreeSet<String>,
    /// Places of the contract that are taken.
    taken: HashSet<String>,
}

impl<'a> Reading<'a> {
    /// `entries` tell what was taken out of the source before.
    pub(super) fn new(shape: Shape, source: &'a Value, tools: &'a [&'a str], entries: Vec<Entry>) -> Self {
        Self {
            shape,
            source,
            tools,
            document: json!({}),
            notes: json!({}),
            semver: None,
            entries,
            told: BTreeSet::new(),
            taken: HashSet::new(),
        }
    }

    /// What stands there; null says nothing.
    pub(super) fn get(&self, from: &str) -> Option<&'a Value> {
        self.source.pointer(from).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, from: &str) -> Option<&'a str> {
        self.get(from)?.as_str()
    }

    /// Copies each pair whose place is free, in order.
    pub(super) fn copy(&mut self, pairs: &[Pair]) {
        for (from, to) in pairs {
            if let Some(value) = self.get(from) {
                self.put(from, to, value.clone());
            }
        }
    }

    /// Copies the pairs of a section, if the provider that they are about is one of this host.
    pub(super) fn section(&mut self, section: &str, pairs: &[Pair]) {
        let to = format!("/{section}/provider");
        let named = pairs.iter().find(|(_, place)| *place == to).and_then(|(from, _)| Some((*from, self.get(from)?)));
        let known = named.map(|(from, name)| (from, provider(section, name)));
        match known {
            Some((_, Err(why))) => {
                for (from, _) in pairs {
                    self.note(from, Some(&why));
                }
            }
            Some((from, Ok(name))) => {
                self.put(from, &to, name);
                self.copy(&pairs.iter().copied().filter(|(_, place)| *place != to).collect::<Vec<_>>());
            }
            None => self.copy(pairs),
        }
    }

    /// Gives a value its place in the contract.
    pub(super) fn put(&mut self, from: &str, to: &str, value: Value) {
        if value.is_null() || self.told.contains(from) {
            return;
        }
        if !self.taken.insert(to.to_owned()) {
            return self.note(from, Some(&format!("{to} is said already")));
        }
        let (value, message) = self.escaped(to, value);
        set(&mut self.document, to, value);
        self.tell(from, Outcome::Mapped, Some(to.to_owned()), message);
    }

    /// What these shapes hold is text and no template: braces that stand for nothing are written as braces.
    fn escaped(&self, to: &str, value: Value) -> (Value, Option<String>) {
        let Some(text) = value.as_str().filter(|_| TEMPLATES.contains(&to)) else { return (value, None) };
        let context = self.document.get("context").and_then(Value::as_object).cloned().unwrap_or_default();
        if template::faults(text, &context).is_empty() && !text.contains("{{{{") {
            return (value, None);
        }
        (text.replace("{{", "{{{{").into(), Some("`{{` is written as `{{{{`: it names no variable".to_owned()))
    }

    /// Adds what the source does not say.
    pub(super) fn add(&mut self, to: &str, value: Value, message: &str) {
        set(&mut self.document, to, value);
        let message = Some(message.to_owned());
        self.entries.push(Entry { from: String::new(), outcome: Outcome::Added, to: Some(to.to_owned()), message });
    }

    /// Names the agent, when nothing else did, by an id that is kept all the same.
    pub(super) fn name_by(&mut self, from: &str) {
        self.note(from, None);
        if let Some(id) = self.get(from).filter(|_| !self.taken.contains("/name")) {
            self.add("/name", id.clone(), "the source has no name but its id");
        }
    }

    /// The number of the version.
    pub(super) fn version(&mut self, from: &str) {
        match self.text(from).and_then(|text| text.parse().ok()) {
            Some(semver) => {
                self.semver = Some(semver);
                self.tell(from, Outcome::Mapped, None, Some("the number of the version".to_owned()));
            }
            None => self.note(from, Some("it is no version such as 1.4.0")),
        }
    }

    /// Appends to a list of the contract, whose parts were told of by [`Self::used`].
    pub(super) fn push(&mut self, to: &str, item: Value) {
        self.taken.insert(to.to_owned());
        match self.document.pointer_mut(to) {
            Some(Value::Array(items)) => items.push(item),
            _ => set(&mut self.document, to, json!([item])),
        }
    }

    /// Says that a value was used for a place, without keeping it as such.
    pub(super) fn used(&mut self, from: &str, to: &str) {
        self.tell(from, Outcome::Mapped, Some(to.to_owned()), None);
    }

    /// Keeps a value beside the contract.
    pub(super) fn note(&mut self, from: &str, why: Option<&str>) {
        self.note_as(from, from, why);
    }

    /// Keeps a value beside the contract, at another place: an item of a list by its name.
    pub(super) fn note_as(&mut self, from: &str, place: &str, why: Option<&str>) {
        if let Some(value) = self.get(from) {
            self.keep(value, from, place, why);
        }
    }

    /// Keeps no value.
    pub(super) fn drop(&mut self, from: &str, why: &str) {
        if self.get(from).is_some() {
            self.tell(from, Outcome::Dropped, None, Some(why.to_owned()));
        }
    }

    fn tell(&mut self, from: &str, outcome: Outcome, to: Option<String>, message: Option<String>) {
        if self.told.insert(from.to_owned()) {
            self.entries.push(Entry { from: from.to_owned(), outcome, to, message });
        }
    }

    /// Notes what was not told of in a value.
    fn keep(&mut self, value: &Value, at: &str, place: &str, why: Option<&str>) {
        match value {
            _ if self.told.contains(at) => {}
            Value::Object(members) => {
                for (name, value) in members {
                    self.keep(value, &child(at, name), &child(place, name), why);
                }
            }
            Value::Null => {}
            // Of a list that was taken apart, every item was told of.
            Value::Array(_) if self.told_below(at) => {}
            value => {
                set(&mut self.notes, place, value.clone());
                let to = format!("/metadata/notes/{}{place}", self.shape.name());
                self.tell(at, Outcome::Note, Some(to), why.map(str::to_owned));
            }
        }
    }

    fn told_below(&self, at: &str) -> bool {
        let below = format!("{at}/");
        self.told.range(below.clone()..).next().is_some_and(|told| told.starts_with(&below))
    }

    pub(super) fn end(mut self) -> Imported {
        self.keep(self.source, "", "", None);
        if self.notes.as_object().is_some_and(|notes| !notes.is_empty()) {
            set(&mut self.document, &format!("/metadata/notes/{}", self.shape.name()), self.notes);
        }
        let Self { shape, document, semver, entries, .. } = self;
        Imported { shape, document, semver, secrets: Vec::new(), entries }
    }
}

/// Puts a value at a JSON pointer, making the objects on the way.
pub(super) fn set(document: &mut Value, at: &str, value: Value) {
    let Some((above, name)) = at.rsplit_once('/') else {
        *document = value;
        return;
    };
    let mut here = document;
    for step in above.split('/').skip(1).chain([name]) {
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        let Value::Object(members) = here else { return };
        here = members.entry(step.replace("~1", "/").replace("~0", "~")).or_insert(Value::Null);
    }
    *here = value;
}
