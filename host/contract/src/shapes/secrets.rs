//! Keys and passwords in a source, taken out before anything else looks at it: no shape can put one into a contract.

use super::{Entry, Outcome};
use crate::diff::child;
use crate::validate::Fault;
use serde_json::Value;
use std::collections::HashSet;

/// Secrets of one source.
const MOST: usize = 100;
/// Longest name of a secret, characters.
const NAME: usize = 64;
/// A name with one of these words is that of a secret.
const WORDS: &[&str] = &[
    "secret",
    "secrets",
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "pwd",
    "credential",
    "credentials",
    "bearer",
    "authorization",
    "apikey",
    "apikeys",
    "apitoken",
    "authtoken",
    "accesstoken",
];
/// With one of these before them, keys and tokens are not those of a table or a text.
const KINDS: &[&str] = &["api", "access", "auth", "refresh", "private", "signing", "id"];

/// What was taken out of a source.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) secrets: Vec<(String, String)>,
    pub(super) entries: Vec<Entry>,
    names: HashSet<String>,
}

impl Taken {
    /// Takes everything out that a name calls a secret: texts and numbers, however deep they stand below that name.
    ///
    /// # Errors
    /// There are more than an agent can need.
    pub(super) fn out_of(source: &mut Value) -> Result<Self, Fault> {
        let mut taken = Self::default();
        taken.search(source, "", false);
        if taken.secrets.len() > MOST {
            let message =
                format!("there are {} keys and passwords in it, at most {MOST} are taken", taken.secrets.len());
            return Err(Fault::error("", "secrets", message));
        }
        Ok(taken)
    }

    /// Whether anything is left of a value.
    fn search(&mut self, value: &mut Value, at: &str, secret: bool) -> bool {
        match value {
            Value::Object(members) => {
                members.retain(|name, value| self.search(value, &child(at, name), secret || is_secret(name)));
                !secret || !members.is_empty()
            }
            Value::Array(items) if secret => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.search(item, &format!("{at}/{index}"), true);
                }
                false
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.search(item, &format!("{at}/{index}"), false);
                }
                true
            }
            Value::String(text) if secret => {
                let text = std::mem::take(text);
                self.hide(at, text);
                false
            }
            Value::Number(number) if secret => {
                self.hide(at, number.to_string());
                false
            }
            _ => true,
        }
    }

    fn hide(&mut self, at: &str, value: String) {
        let entry = |outcome, to, message: Option<&str>| Entry {
            from: at.to_owned(),
            outcome,
            to,
            message: message.map(str::to_owned),
        };
        if value.is_empty() {
            return self.entries.push(entry(Outcome::Dropped, None, Some("it is empty")));
        }
        let name = self.name(at);
        self.entries.push(entry(Outcome::Secret, Some(name.clone()), None));
        self.secrets.push((name, value));
    }

    /// A name that no other has.
    fn name(&mut self, at: &str) -> String {
        let letter = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
        let mut name: String = at.trim_start_matches('/').chars().map(letter).collect();
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            name.insert(0, 'S');
        }
        let name: String = name.chars().take(NAME).collect::<String>().to_uppercase();
        let numbered = |number: usize| {
            let end = format!("_{number}");
            format!("{}{end}", name.chars().take(NAME - end.len()).collect::<String>())
        };
        let free = std::iter::once(name.clone()).chain((2..).map(numbered)).find(|name| !self.names.contains(name));
        let free = free.unwrap_or(name);
        self.names.insert(free.clone());
        free
    }
}

/// Whether a name says that its value is nobody's business.
pub(super) fn is_secret(name: &str) -> bool {
    let words = words(name);
    let words: Vec<&str> = words.split('_').filter(|word| !word.is_empty()).collect();
    words.iter().any(|word| WORDS.contains(word))
        || words.windows(2).any(|pair| matches!(pair, [kind, "key" | "keys" | "tokens"] if KINDS.contains(kind)))
        || matches!(words.as_slice(), [.., "token"] | [_, .., "key"])
}

/// `accessToken`, `APIKey` and `auth-token` as words with `_` between them.
fn words(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut words = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let behind = letters.get(index + 1);
        let begins = before.is_some_and(|before| {
            before.is_lowercase()
                || before.is_ascii_digit()
                || (before.is_uppercase() && behind.is_some_and(|behind| behind.is_lowercase()))
        });
        if letter.is_uppercase() && begins {
            words.push('_');
        }
        match letter {
            letter if letter.is_alphanumeric() => words.extend(letter.to_lowercase()),
            _ => words.push('_'),
        }
    }
    words
}
