//! A reader of tables that keeps places: what is wrong is said with line and column, and nothing stops at the first fault.

use super::{Begin, Pattern};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Longest pattern, characters.
const MAX_PATTERN: usize = 1_000;
/// A key that is this like an allowed one is a slip of the fingers.
const ALIKE: f64 = 0.7;
/// A piece of a key, of so many letters, is as good as the key.
const SHORTEST_PART: usize = 4;

/// One thing that is wrong in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// From 1.
    pub(crate) line: usize,
    /// From 1, in characters.
    pub(crate) column: usize,
    pub(crate) message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// The keys of one table.
pub(super) struct Keys<'t> {
    values: BTreeMap<String, &'t Spanned<DeValue<'t>>>,
}

impl Keys<'_> {
    /// Where the value of a key begins, in bytes.
    pub(super) fn place(&self, key: &str) -> Option<usize> {
        self.values.get(key).map(|value| value.span().start)
    }
}

/// Reads tables and collects what is wrong.
pub(super) struct Reader<'t> {
    text: &'t str,
    faults: Vec<(usize, Fault)>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, faults: Vec::new() }
    }

    /// All faults, in the order of the text.
    pub(super) fn finish(mut self) -> Vec<Fault> {
        self.faults.sort_by_key(|(at, _)| *at);
        self.faults.into_iter().map(|(_, fault)| fault).collect()
    }

    pub(super) fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    /// Something is wrong at a byte.
    pub(super) fn fault(&mut self, at: usize, message: &str) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let fault = Fault { line: self.line(at), column, message: message.to_owned() };
        self.faults.push((at, fault));
    }

    /// The text is no TOML.
    pub(super) fn syntax(&mut self, error: &toml::de::Error) {
        let at = error.span().map_or(0, |span| span.start);
        self.fault(at, &error.message().trim().replace('\n', "; "));
    }

    /// The keys of a table; each that is not allowed is a fault that names the nearest one that is.
    pub(super) fn keys<'v>(&mut self, table: &'v DeTable<'v>, what: &str, allowed: &[&str]) -> Keys<'v> {
        let mut values = BTreeMap::new();
        for (key, value) in table.iter() {
            let name: &str = key.get_ref();
            if allowed.contains(&name) {
                values.insert(name.to_owned(), value);
                continue;
            }
            let nearest = nearest(name, allowed);
            let hint = nearest.map_or_else(String::new, |other| format!("; did you mean `{other}`?"));
            let list = allowed.join(", ");
            self.fault(key.span().start, &format!("`{name}` is no key of {what}{hint} (allowed: {list})"));
        }
        Keys { values }
    }

    /// A text of 1 to `max` characters.
    pub(super) fn text(&mut self, keys: &mut Keys<'_>, key: &str, max: usize) -> Option<String> {
        let value = keys.values.get(key)?;
        let at = value.span().start;
        match value.get_ref().as_str() {
            None => {
                let kind = value.get_ref().type_str();
                self.fault(at, &format!("`{key}` is a text in quotes, found {kind}"));
            }
            Some(text) if text.trim().is_empty() => self.fault(at, &format!("`{key}` is empty")),
            Some(text) if text.chars().count() > max => {
                let count = text.chars().count();
                self.fault(at, &format!("`{key}` has {count} characters (allowed: at most {max})"));
            }
            Some(text) => return Some(text.to_owned()),
        }
        None
    }

    /// Whether a switch is set.
    pub(super) fn flag(&mut self, keys: &mut Keys<'_>, key: &str) -> bool {
        let Some(value) = keys.values.get(key) else { return false };
        let at = value.span().start;
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.fault(at, &format!("`{key}` is true or false, found {}", value.get_ref().type_str()));
            false
        })
    }

    /// A time, 0 to `max` ms.
    pub(super) fn ms(&mut self, keys: &mut Keys<'_>, key: &str, max: u64) -> Option<u64> {
        let value = keys.values.get(key)?;
        let number = number(value.get_ref()).filter(|ms| *ms <= max);
        if number.is_none() {
            self.fault(value.span().start, &format!("`{key}` is a number of milliseconds, 0 to {max}"));
        }
        number
    }

    /// `"silence"`, or a time of 0 to `max` ms.
    pub(super) fn wait(&mut self, keys: &mut Keys<'_>, key: &str, max: u64) -> Option<Begin> {
        let value = keys.values.get(key)?;
        let begin = match value.get_ref().as_str() {
            Some("silence") => Some(Begin::Silence),
            Some(_) => None,
            None => number(value.get_ref()).filter(|ms| *ms <= max).map(Begin::After),
        };
        if begin.is_none() {
            let allowed = format!("`{key}` is \"silence\", or a number of milliseconds, 0 to {max}");
            self.fault(value.span().start, &allowed);
        }
        begin
    }

    /// One pattern or a list of them.
    pub(super) fn patterns(&mut self, keys: &mut Keys<'_>, key: &str) -> Vec<Pattern> {
        let Some(value) = keys.values.get(key) else { return Vec::new() };
        let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref().as_array() {
            Some(items) => items.iter().collect(),
            None => vec![value],
        };
        items.into_iter().filter_map(|item| self.pattern(key, item)).collect()
    }

    fn pattern(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Pattern> {
        let at = value.span().start;
        let Some(text) = value.get_ref().as_str().filter(|text| text.chars().count() <= MAX_PATTERN) else {
            let allowed = format!(
                "`{key}` is a text that the answer contains, or a regular expression \"/.../\", at most {MAX_PATTERN} \
                 characters, or a list of them"
            );
            self.fault(at, &allowed);
            return None;
        };
        Pattern::parse(text).map_err(|error| self.fault(at, &format!("`{key}` {error}"))).ok()
    }

    /// A table as the JSON object that it stands for; empty when it is not there.
    pub(super) fn object(&mut self, keys: &mut Keys<'_>, key: &str) -> Map<String, Value> {
        let Some(value) = keys.values.get(key) else { return Map::new() };
        match json(value.get_ref()) {
            Value::Object(fields) => {
                self.expressions(key, value);
                fields
            }
            _ => {
                let example = format!("`{key}` is a table, such as {{ age = 42, name = \"/smith/\" }}");
                self.fault(value.span().start, &example);
                Map::new()
            }
        }
    }

    /// Expressions among the values are checked where they stand, not when they are needed.
    fn expressions(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::String(text) if text.starts_with('/') => {
                if let Err(error) = Pattern::parse(text) {
                    self.fault(value.span().start, &format!("a value of `{key}` {error}"));
                }
            }
            DeValue::Array(items) => items.iter().for_each(|item| self.expressions(key, item)),
            DeValue::Table(fields) => fields.iter().for_each(|(_, item)| self.expressions(key, item)),
            _ => {}
        }
    }

    /// A table, if it is there.
    pub(super) fn table<'v>(&mut self, keys: &mut Keys<'v>, key: &str) -> Option<&'v DeTable<'v>> {
        let value: &'v Spanned<DeValue<'v>> = keys.values.get(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.fault(value.span().start, &format!("`{key}` is a table: write [{key}]"));
        }
        table
    }

    /// A list of tables, each with its place.
    pub(super) fn tables<'v>(&mut self, keys: &mut Keys<'v>, key: &str) -> Vec<(usize, &'v DeTable<'v>)> {
        let Some(value) = keys.values.get(key) else { return Vec::new() };
        let value: &'v Spanned<DeValue<'v>> = value;
        let mut tables = Vec::new();
        let items = value.get_ref().as_array().into_iter().flat_map(|items| items.iter());
        for item in items {
            match item.get_ref().as_table() {
                Some(table) => tables.push((item.span().start, table)),
                None => self.fault(item.span().start, &format!("`{key}` is a list of tables: write [[{key}]]")),
            }
        }
        if !value.get_ref().is_array() {
            self.fault(value.span().start, &format!("`{key}` is a list of tables: write [[{key}]]"));
        }
        tables
    }
}

/// The allowed key that was probably meant.
fn nearest<'k>(name: &str, allowed: &[&'k str]) -> Option<&'k str> {
    let part = |other: &str| name.len() >= SHORTEST_PART && other.contains(name);
    let like = |other: &str| if part(other) { 1.0 } else { strsim::jaro_winkler(name, other) };
    let alike = allowed.iter().map(|other| (like(other), *other)).filter(|(like, _)| *like >= ALIKE);
    alike.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, other)| other)
}

fn number(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).map_or(Value::Null, Value::from)
        }
        DeValue::Float(float) => float.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(fields) => {
            fields.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect()
        }
    }
}
