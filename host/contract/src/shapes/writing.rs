//! A contract that is written value by value in another shape; what has no place there is told.

use super::reading::{Pair, set};
use super::{Entry, Exported, Outcome, Shape, Written};
use crate::layers::Layer;
use crate::template;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

pub(super) struct Writing<'a> {
    pub(super) agent: &'a Written<'a>,
    shape: Shape,
    content: Value,
    entries: Vec<Entry>,
    told: HashSet<String>,
}

impl<'a> Writing<'a> {
    pub(super) fn new(agent: &'a Written<'a>, shape: Shape) -> Self {
        let mut writing = Self { agent, shape, content: json!({}), entries: Vec::new(), told: HashSet::new() };
        let at = format!("/metadata/notes/{}", shape.name());
        let below = format!("{at}/");
        let notes = agent.effective.document.pointer(&at).cloned().unwrap_or_else(|| json!({}));
        let noted = agent.effective.origin.keys().filter(|from| from.starts_with(&below)).cloned().collect::<Vec<_>>();
        for from in noted {
            let to = from.strip_prefix(&at).map(str::to_owned);
            writing.tell(&from, Outcome::Mapped, to, None);
        }
        writing.content = notes;
        writing
    }

    pub(super) fn get(&self, from: &str) -> Option<&'a Value> {
        self.agent.effective.document.pointer(from)
    }

    /// The places at or below a place of which something is said.
    fn said(&self, from: &str) -> impl Iterator<Item = &'a String> + use<'a> {
        let origin = &self.agent.effective.origin;
        let below = format!("{from}/");
        let deeper = origin.range(below.clone()..).take_while(move |(at, _)| at.starts_with(&below));
        origin
            .get_key_value(from)
            .into_iter()
            .chain(deeper)
            .filter(|(_, layer)| **layer != Layer::Default)
            .map(|(at, _)| at)
    }

    /// Whether something else is said than nothing.
    pub(super) fn says(&self, from: &str) -> bool {
        self.said(from).next().is_some()
    }

    /// What is written there by now.
    pub(super) fn wrote(&self, to: &str) -> Option<&Value> {
        self.content.pointer(to)
    }

    /// Whether the notes or what was written before say something there.
    pub(super) fn noted(&self, to: &str) -> bool {
        self.wrote(to).is_some()
    }

    /// Says that a value follows from another that is written.
    pub(super) fn implied(&mut self, from: &str, to: &str) {
        self.tell(from, Outcome::Mapped, Some(to.to_owned()), None);
    }

    /// What the notes say of a list, by the names of its items, which are taken out.
    pub(super) fn noted_items(&mut self, to: &str) -> Map<String, Value> {
        match self.content.pointer_mut(to).map(Value::take) {
            Some(Value::Object(items)) => items,
            _ => Map::new(),
        }
    }

    /// Copies each pair back; of several places for the same value the first is written.
    pub(super) fn copy(&mut self, pairs: &[Pair]) {
        for (to, from) in pairs {
            if let Some(value) = self.get(from).filter(|_| !self.told.contains(*from)) {
                self.put(from, to, value.clone());
            }
        }
    }

    /// Copies the pairs of a section, if other systems have its provider.
    pub(super) fn section(&mut self, section: &str, pairs: &[Pair]) {
        let at = format!("/{section}");
        let provider = self.get(&format!("{at}/provider")).and_then(Value::as_str).unwrap_or_default();
        if matches!(provider, "builtin" | "local") {
            return self.drop(&at, &format!("other systems have no provider `{provider}`"));
        }
        let said: Vec<Pair> = pairs.iter().copied().filter(|(_, from)| self.says(from)).collect();
        self.copy(&said);
    }

    pub(super) fn put(&mut self, from: &str, to: &str, value: Value) {
        let (value, message) = self.rendered(from, value);
        set(&mut self.content, to, value);
        self.tell(from, Outcome::Mapped, Some(to.to_owned()), message);
    }

    /// Other systems know no variables, but for those that have the data too.
    fn rendered(&self, from: &str, value: Value) -> (Value, Option<String>) {
        let Some(text) = value.as_str().filter(|text| text.contains("{{") && !from.starts_with("/context")) else {
            return (value, None);
        };
        if self.shape == Shape::Phone && !text.contains("{{{{") {
            return (value, None);
        }
        let context = self.get("/context").and_then(Value::as_object).cloned().unwrap_or_default();
        match template::render(text, &context) {
            Ok(text) => (text.into(), Some("variables are filled in".to_owned())),
            Err(_) => (value, Some("its variables are left as they are".to_owned())),
        }
    }

    /// Writes what follows from other values.
    pub(super) fn add(&mut self, to: &str, value: Value) {
        set(&mut self.content, to, value);
    }

    /// Says that what is said at or below a place is not written.
    pub(super) fn drop(&mut self, from: &str, why: &str) {
        for at in self.said(from).cloned().collect::<Vec<_>>() {
            self.tell(&at, Outcome::Dropped, None, Some(why.to_owned()));
        }
    }

    /// Nobody asked what becomes of defaults.
    fn tell(&mut self, from: &str, outcome: Outcome, to: Option<String>, message: Option<String>) {
        if self.told.insert(from.to_owned()) && self.says(from) {
            self.entries.push(Entry { from: from.to_owned(), outcome, to, message });
        }
    }

    pub(super) fn end(mut self) -> Exported {
        let origin = &self.agent.effective.origin;
        let said = origin.iter().filter(|(_, layer)| **layer != Layer::Default).map(|(at, _)| at);
        for at in said.cloned().collect::<Vec<_>>() {
            let ends = at.match_indices('/').map(|(end, _)| end).filter(|end| *end > 0).chain([at.len()]);
            let written = ends.filter_map(|end| at.get(..end)).any(|above| self.told.contains(above));
            // What other layers are made of is in force already.
            if !written && at != "/extends" {
                self.tell(&at, Outcome::Dropped, None, Some(format!("`{}` has no place for it", self.shape.name())));
            }
        }
        Exported { content: self.content, entries: self.entries }
    }
}

/// What was noted of something stands beside what it is.
pub(super) fn put_over(theirs: &mut Value, noted: &Value) {
    match (theirs, noted) {
        (Value::Object(theirs), Value::Object(noted)) => {
            for (name, value) in noted {
                put_over(theirs.entry(name).or_insert(Value::Null), value);
            }
        }
        (theirs, noted) => *theirs = noted.clone(),
    }
}
