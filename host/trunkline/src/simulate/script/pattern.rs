//! What an answer must match: words that it contains, or a regular expression between slashes.

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};
use std::fmt;

/// A regular expression may not use more memory than this, bytes.
const MAX_SIZE: usize = 1 << 20;

/// What an answer must match.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    written: String,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    /// Without regard to case and to how many blanks there are.
    Contains(String),
    Matches(Regex),
}

impl Pattern {
    /// Reads it as it is written: `/.../` is a regular expression, everything else are words.
    ///
    /// # Errors
    /// A sentence about the expression.
    pub(crate) fn parse(written: &str) -> Result<Self, String> {
        let rule = match expression(written) {
            Some(expression) => Rule::Matches(compile(expression)?),
            None if plain(written).is_empty() => return Err("is empty: it would match everything".to_owned()),
            None => Rule::Contains(plain(written)),
        };
        Ok(Self { written: written.to_owned(), rule })
    }

    /// Whether a text fits.
    pub(crate) fn fits(&self, text: &str) -> bool {
        match &self.rule {
            Rule::Contains(words) => plain(text).contains(words),
            Rule::Matches(regex) => regex.is_match(text),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

fn expression(written: &str) -> Option<&str> {
    written.strip_prefix('/')?.strip_suffix('/').filter(|expression| !expression.is_empty())
}

fn compile(expression: &str) -> Result<Regex, String> {
    RegexBuilder::new(expression).case_insensitive(true).size_limit(MAX_SIZE).build().map_err(|error| {
        // The library draws the expression and a caret over several lines; the last one says what is wrong.
        let said = error.to_string();
        let last = said.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
        format!("is no regular expression: {last}")
    })
}

fn plain(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How `found` differs from `expected`, one sentence each. Fields that are not expected may be anything; a text between
/// slashes is a regular expression.
pub(crate) fn differences(expected: &Map<String, Value>, found: &Map<String, Value>) -> Vec<String> {
    let mut all = Vec::new();
    compare("", &Value::Object(expected.clone()), &Value::Object(found.clone()), &mut all);
    all
}

fn compare(at: &str, expected: &Value, found: &Value, all: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, value) in expected {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                match found.get(name) {
                    Some(found) => compare(&at, value, found, all),
                    None => all.push(format!("`{at}` is not there, expected {value}")),
                }
            }
        }
        _ if same(expected, found) => {}
        _ => all.push(format!("`{at}` is {found}, expected {expected}")),
    }
}

fn same(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        // 7 and 7.0 are one number to whoever writes a script.
        (Value::Number(expected), Value::Number(found)) => expected.as_f64() == found.as_f64(),
        (Value::String(written), found) if expression(written).is_some() => {
            let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            Pattern::parse(written).is_ok_and(|pattern| pattern.fits(&text))
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(expected, found)| same(expected, found))
        }
        _ => expected == found,
    }
}
