//! What was heard as a question: its words with what they may mean, and how much each counts.

use super::english::{self, Points, Topic};
use super::language::{is_common, stem};
use super::sound::alike;
use std::collections::HashSet;

/// Most words of a question that are looked at: the last ones, where people say what they want.
const MOST_WORDS: usize = 80;
/// Most terms.
const MOST_TERMS: usize = 16;
/// Most words that a term is looked for with in documents.
const MOST_ALTERNATIVES: usize = 12;

/// Words that a question for information begins with.
const ASKING: &[&str] = &[
    "what", "how", "when", "where", "which", "who", "why", "is", "are", "does", "do", "did", "was", "were", "have",
    "has",
];

/// What a word that points at a thing counts beside one that names it.
const HINT: f64 = 0.6;
/// The same when another word does name a thing.
const HINT_ASIDE: f64 = 0.3;
/// What a word counts that seldom decides.
const VAGUE: f64 = 0.35;
/// What a word of the question before counts, when this one leaves out what it is about.
const EARLIER: f64 = 0.3;

/// A word of a question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    /// As heard.
    pub(super) word: String,
    /// None for words that only point at a topic.
    pub(super) stem: Option<String>,
    /// How plainly it says what it means.
    pub(super) points: Points,
    pub(super) topics: Vec<Topic>,
    /// 0-1, before it is known how rare the word is.
    pub(super) weight: f64,
    /// It is from the question before.
    pub(super) earlier: bool,
}

impl Term {
    /// Whether it seldom decides what is asked.
    pub(super) fn is_vague(&self) -> bool {
        self.weight <= VAGUE
    }

    /// The words that stand for it in documents.
    pub(super) fn alternatives(&self) -> Vec<String> {
        let mut words: Vec<String> = self.stem.iter().map(|_| self.word.clone()).collect();
        let day = english::DAYS.contains(&self.word.trim_end_matches('s'));
        words
            .extend(self.topics.iter().filter(|_| !day).flat_map(|topic| english::words_of(*topic)).map(str::to_owned));
        let mut seen = HashSet::new();
        words.retain(|word| seen.insert(stem(word)));
        words.truncate(MOST_ALTERNATIVES);
        words
    }
}

/// A question.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Question {
    pub(super) terms: Vec<Term>,
    /// It asks whether there is something: `do you`, `is there`.
    pub(super) whether: bool,
    /// It asks what, how, when or the like, or whether: not for something to be done.
    pub(super) informs: bool,
    /// It asks for more than one thing.
    pub(super) both: bool,
    /// Days of the week that it names, from Monday.
    pub(super) days: Vec<usize>,
}

impl Question {
    /// Reads words; `known` says which stems the context has, so that a word that was heard as two is put together.
    pub(super) fn of(words: &[String], known: &HashSet<&str>) -> Self {
        let words = words.get(words.len().saturating_sub(MOST_WORDS)..).unwrap_or_default();
        let mut question = Question { both: words.iter().any(|word| word == "and"), ..Question::default() };
        let begins: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .filter(|word| !matches!(*word, "and" | "so" | "well" | "but" | "okay"))
            .take(2)
            .collect();
        question.whether = matches!(
            begins.as_slice(),
            ["do" | "can" | "could", "you" | "i" | "we"] | ["is" | "are", "there"] | ["have", "you"]
        );
        question.informs = begins.first().is_some_and(|first| ASKING.contains(first));
        let mut at = 0;
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            at += question.take(rest, known).max(1);
        }
        question.terms.truncate(MOST_TERMS);
        if question.terms.iter().any(|term| term.points == Points::Plainly && !term.is_vague()) {
            let aside = question.terms.iter_mut().filter(|term| term.points != Points::Plainly);
            aside.for_each(|term| term.weight = HINT_ASIDE);
        }
        question
    }

    /// Adds what the question before was about, which this one may leave out.
    pub(super) fn after(mut self, earlier: &Question) -> Self {
        let new = |term: &&Term| !self.terms.iter().any(|own| own.stem == term.stem) && term.stem.is_some();
        let added = earlier.terms.iter().filter(new).map(|term| Term {
            weight: term.weight * EARLIER,
            earlier: true,
            ..term.clone()
        });
        let added: Vec<Term> = added.take(4).collect();
        self.terms.extend(added);
        self
    }

    /// Takes a term from the beginning of the words; gives how many words that took.
    fn take(&mut self, words: &[String], known: &HashSet<&str>) -> usize {
        if let Some((long, topic, points)) = english::hint(words) {
            self.point_at(topic, points, words.iter().take(long).cloned().collect::<Vec<_>>().join(" "));
            return long;
        }
        let [word, after @ ..] = words else { return 0 };
        if let Some(next) = after.first() {
            let joined = format!("{word}{next}");
            let stem = stem(&joined);
            if english::is_compound(&self::stem(word), next) {
                self.name(word.clone(), self::stem(word));
                return 2;
            }
            let alone = |word: &str| is_common(word) || word.len() <= 2 || !known.contains(self::stem(word).as_str());
            if joined.len() >= 4 && known.contains(stem.as_str()) && (alone(word) || alone(next)) {
                self.name(joined, stem);
                return 2;
            }
            // Without a word that means something by itself, a likeness is enough.
            let sounds = |known: &&str| alike(&stem, known) && !known.starts_with(self::stem(next).as_str());
            if is_common(word) && !known.contains(self::stem(next).as_str()) && known.iter().any(sounds) {
                self.name(joined, stem);
                return 2;
            }
        }
        let meant = english::sound_alike(word)
            .filter(|meant| !known.contains(stem(word).as_str()) && known.contains(stem(meant).as_str()));
        match meant {
            Some(meant) => self.name(meant.to_owned(), stem(meant)),
            None if is_common(word) || word.chars().count() < 2 && !word.chars().all(char::is_numeric) => {}
            None => self.name(word.clone(), stem(word)),
        }
        1
    }

    fn name(&mut self, word: String, stem: String) {
        let day = english::DAYS.iter().position(|day| *day == word || word.strip_suffix('s') == Some(day));
        self.days.extend(day);
        if self.terms.iter().any(|term| term.stem.as_deref() == Some(stem.as_str())) {
            return;
        }
        let weight = if english::is_vague(&word) { VAGUE } else { 1.0 };
        // Who names a day asks for hours, but not for everything that is open.
        let topics = if day.is_some() { vec![Topic::Hours] } else { english::topics(&stem).to_vec() };
        self.terms.push(Term { word, stem: Some(stem), points: Points::Plainly, topics, weight, earlier: false });
    }

    fn point_at(&mut self, topic: Topic, points: Points, word: String) {
        if !self.terms.iter().any(|term| term.topics.contains(&topic)) {
            let weight = if points == Points::Plainly { 1.0 } else { HINT };
            self.terms.push(Term { word, stem: None, points, topics: vec![topic], weight, earlier: false });
        }
    }

    /// Whether any of it is about a topic.
    pub(super) fn asks(&self, topic: Topic) -> bool {
        self.terms.iter().any(|term| term.topics.contains(&topic))
    }

    /// Whether it says what it is about by itself.
    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::builtin::language::words;

    fn terms(text: &str) -> Vec<String> {
        let known: HashSet<&str> = ["address", "hour", "email"].into();
        Question::of(&words(text), &known).terms.into_iter().map(|term| term.word).collect()
    }

    #[test]
    fn a_question_is_what_says_something_in_it() {
        let table: [(&str, &[&str]); 9] = [
            ("What are your business hours?", &["business", "hours"]),
            ("um could you please tell me what time you close", &["what time", "close"]),
            ("where are you", &["where are you"]),
            ("where is it", &["where"]),
            ("what is your a dress", &["adress"]),
            ("e mail", &["email"]),
            ("what are your business ours", &["business", "hours"]),
            ("how much is a cleaning", &["how much", "cleaning"]),
            ("what is it", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(terms(text), expected, "{text}");
        }
    }
}
