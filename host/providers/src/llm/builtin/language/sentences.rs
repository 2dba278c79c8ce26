//! Where sentences end.

/// Words with a full stop that do not end a sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "ave", "vs", "e.g", "i.e", "approx", "dept", "est", "inc", "ltd", "co",
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "bzw", "z.b", "d.h", "nr",
    "str",
];

/// Marks that still belong to the sentence before them.
const CLOSING: [char; 8] = ['"', '\'', ')', ']', '”', '’', '*', '_'];

/// The sentences of a text: joined, they are the text. A line break ends one when the line does not go on: before an
/// empty line, a list item or a heading, and after a heading.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (sentence, after) = rest.split_at(end(rest));
        found.push(sentence);
        rest = after;
    }
    found
}

/// Where the first sentence ends, with the space that follows it.
fn end(text: &str) -> usize {
    let heading = text.trim_start_matches(['\n', '\r', ' ']).starts_with('#');
    let mut begun = false;
    for (at, mark) in text.char_indices() {
        let after = text.get(at + mark.len_utf8()..).unwrap_or_default();
        let ends = match mark {
            '\n' => begun && (heading || begins_anew(after)),
            '.' => spaced(after) && !abbreviates(text.get(..at).unwrap_or_default(), after),
            '!' | '?' | '…' => spaced(after),
            '。' | '！' | '？' => true,
            _ => false,
        };
        begun |= mark.is_alphanumeric();
        if ends && begun {
            let rest = if mark == '\n' { after } else { after.trim_start_matches(CLOSING) };
            let rest = rest.trim_start();
            return text.len() - rest.len();
        }
    }
    text.len()
}

fn spaced(after: &str) -> bool {
    let after = after.trim_start_matches(CLOSING);
    after.is_empty() || after.starts_with(char::is_whitespace)
}

fn begins_anew(line: &str) -> bool {
    let begin = line.trim_start_matches([' ', '\t', '\r']);
    let numbered = begin.trim_start_matches(|c: char| c.is_ascii_digit());
    begin.starts_with(['\n', '#', '-', '*', '•', '|', '>', '–'])
        || (numbered.len() < begin.len() && numbered.starts_with(['.', ')']))
        || ["Q:", "A:", "Q.", "A."].iter().any(|label| begin.starts_with(label))
}

fn abbreviates(before: &str, after: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    let goes_on = after.trim_start().starts_with(|c: char| c.is_lowercase());
    initial
        || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
        || (word.eq_ignore_ascii_case("no") && after.trim_start().starts_with(|c: char| c.is_ascii_digit()))
        || (goes_on && matches!(word, "a.m" | "p.m" | "etc"))
        // A numbered item's own number.
        || (!word.is_empty() && word.len() <= 3 && word.chars().all(|c| c.is_ascii_digit()) && before.trim() == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_cut_after_each_sentence() {
        let table: [(&str, &[&str]); 9] = [
            ("One. Two! Three? Four", &["One. ", "Two! ", "Three? ", "Four"]),
            ("It costs 3.50 at example.com today. Yes.", &["It costs 3.50 at example.com today. ", "Yes."]),
            ("Ask Dr. Lee or J. Smith. Soon.", &["Ask Dr. Lee or J. Smith. ", "Soon."]),
            ("We open at 9 a.m. on Monday. Come.", &["We open at 9 a.m. on Monday. ", "Come."]),
            ("A line\nthat goes on.\n\nNext", &["A line\nthat goes on.\n\n", "Next"]),
            ("# Parking\nFree.\n- here\n* there", &["# Parking\n", "Free.\n", "- here\n", "* there"]),
            ("Q: Is it free?\nA: Yes.", &["Q: Is it free?\n", "A: Yes."]),
            ("1. First step\n2. Second step", &["1. First step\n", "2. Second step"]),
            ("He said \"no.\" Then left.", &["He said \"no.\" ", "Then left."]),
        ];
        for (text, expected) in table {
            assert_eq!(sentences(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[ -~\\n.!?#é口-]{0,200}") {
            prop_assert_eq!(sentences(&text).concat(), text);
        }
    }
}
