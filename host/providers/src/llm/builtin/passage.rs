//! The words of a passage that answer: one sentence, or a few, as they can be spoken.

use super::language::{Initials, is_common, sentences, stem, words};
use super::rank::{Weighed, Weights};
use super::say;
use crate::documents::Passage;

/// What a word in the text itself is worth.
const TEXT: f64 = 0.68;
/// What a word of the heading, the question before, or the document's name is worth.
const ABOVE: f64 = 0.6;
/// An answer is filled up with the next sentence when it is shorter, characters.
const SHORT: usize = 60;
/// Sentences that are said together at most.
const MOST_UNITS: usize = 4;
/// Scores that differ by less are equal.
const EQUAL: f64 = 1e-6;
/// Items of a list up to this length are said as one sentence, characters.
const ITEM: usize = 80;

/// A stretch of a passage.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quote {
    /// At most about 300 characters, as it is said.
    pub(super) text: String,
    /// What of the question it has, by weight.
    pub(super) score: f64,
    /// How many words of the question it has, in itself or in what stands above it.
    pub(super) terms: usize,
    /// One of them as it was said, and not only by its meaning.
    pub(super) literal: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Unit {
    text: String,
    stems: Vec<String>,
    above: Vec<String>,
    item: bool,
}

/// The best stretch of a passage: of those with most of the question the shortest; none when nothing in it can be said.
pub(super) fn best(passage: &Passage, weights: &Weights<'_>) -> Option<Quote> {
    let units = units(passage, weights.initials());
    // With the sentence that it begins with, and how many it takes to have that much of the question.
    let mut best: Option<(Quote, usize, usize)> = None;
    for from in 0..units.len() {
        let (mut text, mut stems) = (String::new(), Vec::new());
        let Some(above) = units.get(from).map(|unit| &unit.above) else { continue };
        for (more, unit) in units.iter().skip(from).take(MOST_UNITS).take_while(|unit| unit.above == *above).enumerate()
        {
            if !text.is_empty() && text.chars().count() + unit.text.chars().count() >= say::LONG {
                break;
            }
            let short = text.chars().count() < SHORT;
            text = format!("{text} {}", unit.text).trim_start().to_owned();
            stems.extend(unit.stems.iter().cloned());
            let worth = |term: &Weighed<'_>| (TEXT * term.within(&stems)).max(ABOVE * term.within(above));
            let score = weights.sum(worth);
            let core = match &best {
                Some((best, began, core)) if (score - best.score).abs() < EQUAL => match *began == from && short {
                    true => *core,
                    false if more + 1 < *core => more + 1,
                    false => continue,
                },
                Some((best, ..)) if score < best.score => continue,
                _ => more + 1,
            };
            let (terms, literal) = (weights.count(worth), weights.has_any(stems.iter().chain(above)));
            best = Some((Quote { text: text.clone(), score, terms, literal }, from, core));
        }
    }
    best.map(|(quote, ..)| Quote { text: say::shortened(&quote.text), ..quote })
}

/// The sentences of a passage that can be said, each with what it stands under. A question stands above its answer, and
/// short items of a list are one sentence.
fn units(passage: &Passage, initials: &Initials) -> Vec<Unit> {
    let stems = |text: &str| stems(text, initials);
    let mut above_all = stems(&passage.document);
    above_all.extend(passage.heading.as_deref().map(stems).unwrap_or_default());
    let (mut units, mut above): (Vec<Unit>, Vec<String>) = (Vec::new(), Vec::new());
    let mut introduces = None;
    for raw in sentences(&passage.text).into_iter().flat_map(str::lines) {
        let text = spoken(raw);
        if text.is_empty() {
            continue;
        }
        let item = raw.trim_start().starts_with(['-', '*', '•']);
        let heading = raw.trim_start().starts_with('#') || is_heading(passage, &text);
        if heading || text.ends_with('?') {
            above = stems(&text);
            introduces = None;
            continue;
        }
        if text.ends_with(':') {
            introduces = Some(text.trim_end_matches(':').to_owned());
            continue;
        }
        let joins = item && text.chars().count() <= ITEM;
        match units.last_mut() {
            Some(last) if joins && last.item && introduces.is_none() && last.text.chars().count() < say::LONG => {
                last.stems.extend(stems(&text));
                last.text = format!("{}, {}", last.text.trim_end_matches('.'), text.trim_end_matches('.'));
            }
            _ => {
                let begin = introduces.take().map(|text| format!("{text}: ")).unwrap_or_default();
                let text = format!("{begin}{text}");
                let stems = stems(&text);
                units.push(Unit { text, stems, above: [above_all.as_slice(), above.as_slice()].concat(), item: joins });
            }
        }
    }
    for unit in &mut units {
        unit.text = say::sentence(&unit.text);
    }
    units
}

fn is_heading(passage: &Passage, text: &str) -> bool {
    let heading = passage.heading.as_deref().unwrap_or_default();
    !heading.is_empty() && heading.split(", ").any(|part| part == text.trim_end_matches(':'))
}

/// Only the stems that the question may have.
fn stems(text: &str, initials: &Initials) -> Vec<String> {
    words(text).iter().filter(|word| initials.have(word) && !is_common(word)).map(|word| stem(word)).collect()
}

/// A line without its marks: Markdown, numbers of items, labels of questions and answers.
fn spoken(line: &str) -> String {
    let mut line = line.trim();
    loop {
        let before = line;
        line = line.trim_start_matches(['#', '>', '-', '*', '•', '|', ' ', '\t']);
        let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
        if numbered.len() < line.len() && line.len() - numbered.len() <= 2 && numbered.starts_with(['.', ')']) {
            line = numbered.get(1..).filter(|rest| rest.starts_with(' ')).unwrap_or(line);
        }
        for label in ["Q:", "A:", "Question:", "Answer:"] {
            line = line.strip_prefix(label).unwrap_or(line);
        }
        if line == before {
            break;
        }
    }
    let rule = line.chars().all(|c| matches!(c, '-' | '=' | '|' | ':' | ' ' | '*' | '_' | '`'));
    if rule {
        return String::new();
    }
    let plain = without_links(line).replace(['`', '*', '_'], " ").replace('|', ", ");
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ,", ",");
    let plain = plain.trim_matches([',', ' ']).replace(" .", ".");
    if plain.chars().any(char::is_alphanumeric) { plain } else { String::new() }
}

/// `[text](address)` is only its text.
fn without_links(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after.split_once("](").and_then(|(name, after)| Some((name, after.split_once(')')?.1)));
        text.push_str(before);
        match link {
            Some((name, after)) if !name.contains(['[', ']']) => {
                text.push_str(name);
                rest = after;
            }
            _ => {
                text.push('[');
                rest = after;
            }
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_said_without_its_marks() {
        let table = [
            ("## Parking", "Parking"),
            ("- **Free** for [guests](https://x.y)", "Free for guests"),
            ("Q: Is it free?", "Is it free?"),
            ("1. First", "First"),
            ("2.5 hours", "2.5 hours"),
            ("| Cleaning | 80 dollars |", "Cleaning, 80 dollars"),
            ("|---|---|", ""),
            ("a [b c", "a [b c"),
            ("***", ""),
        ];
        for (line, said) in table {
            assert_eq!(spoken(line), said, "{line}");
        }
    }

    #[test]
    fn questions_stand_above_their_answers_and_lists_are_sentences() {
        let text = "Q: Is parking free?\nA: Yes, for patients.\nWe offer:\n- cleaning\n- whitening\n";
        let passage = Passage { document: "FAQ".into(), heading: None, text: text.into(), score: 1.0 };
        let units = units(&passage, &Initials::of(["park", "free"]));
        let texts: Vec<&str> = units.iter().map(|unit| unit.text.as_str()).collect();
        assert_eq!(texts, ["Yes, for patients.", "We offer: cleaning, whitening."]);
        assert!(units[0].above.contains(&"park".to_owned()));
    }
}
