//! Cuts a text into chunks along its own joints: headings, then paragraphs, then sentences, then words.
//!
//! Every byte of the text is in exactly one chunk, so the text can be had back from them.

use trunkline_providers::language::sentences;
use trunkline_store::Chunk;

/// A chunk is about this long, bytes: a few sentences about one thing.
const LONG: usize = 800;
/// Longest line that counts as a heading, characters.
const HEADING: usize = 60;
/// Longest heading that is kept with a chunk, characters.
const KEPT_HEADING: usize = 200;

/// The chunks of a text, in order.
pub(crate) fn of(text: &str) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut headings: Vec<(usize, String)> = Vec::new();
    for section in sections(text) {
        if let Some((level, title)) = section.heading {
            headings.retain(|(above, _)| *above < level);
            headings.push((level, title));
        }
        let heading = headings.iter().map(|(_, title)| title.as_str()).collect::<Vec<_>>().join(", ");
        let heading: String = heading.chars().take(KEPT_HEADING).collect();
        let heading = (!heading.is_empty()).then_some(heading);
        for piece in pieces(section.text) {
            chunks.push(Chunk { heading: heading.clone(), text: piece.to_owned() });
        }
    }
    chunks
}

struct Section<'a> {
    /// Level from 1, and its words.
    heading: Option<(usize, String)>,
    /// Heading included.
    text: &'a str,
}

/// Cuts before each heading.
fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections = Vec::new();
    let (mut from, mut at, mut heading) = (0, 0, None);
    let (mut after_blank, mut fenced) = (true, false);
    for line in text.split_inclusive('\n') {
        let rest = text.get(at + line.len()..).unwrap_or_default();
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let found = if fenced { None } else { title(line, after_blank, rest) };
        if let Some(found) = found {
            if let Some(before) = text.get(from..at).filter(|before| !before.is_empty()) {
                sections.push(Section { heading: heading.take(), text: before });
            }
            (from, heading) = (at, Some(found));
        }
        after_blank = line.trim().is_empty();
        at += line.len();
    }
    if let Some(last) = text.get(from..).filter(|last| !last.is_empty()) {
        sections.push(Section { heading, text: last });
    }
    sections
}

/// The heading in a line: one of Markdown, or a short line of its own that is no sentence and has something after it.
fn title(line: &str, after_blank: bool, rest: &str) -> Option<(usize, String)> {
    let line = line.trim();
    let words = line.trim_start_matches('#');
    let level = line.len() - words.len();
    if (1..=6).contains(&level) && words.starts_with(' ') {
        return Some((level, words.trim().trim_end_matches('#').trim_end().to_owned()));
    }
    let plain = after_blank
        && line.starts_with(char::is_alphabetic)
        && line.chars().count() <= HEADING
        && !line.ends_with(['.', '!', '?', ',', ';'])
        && !line.contains(": ")
        && (rest.starts_with('\n') || rest.starts_with("\r\n"))
        && !rest.trim().is_empty();
    plain.then(|| (7, line.trim_end_matches(':').to_owned()))
}

/// Cuts a section into pieces that are not too long.
fn pieces(section: &str) -> Vec<&str> {
    let mut cuts = Vec::new();
    for paragraph in paragraphs(section) {
        if paragraph.len() <= LONG {
            cuts.push(paragraph);
            continue;
        }
        for sentence in sentences(paragraph) {
            cuts.extend(short(sentence));
        }
    }
    // As many as fit go together.
    let (mut pieces, mut from, mut end) = (Vec::new(), 0, 0);
    for cut in cuts {
        if end > from && end - from + cut.len() > LONG {
            pieces.extend(section.get(from..end));
            from = end;
        }
        end += cut.len();
    }
    pieces.extend(section.get(from..).filter(|last| !last.is_empty()));
    pieces
}

/// Cuts after each empty line.
fn paragraphs(text: &str) -> Vec<&str> {
    let (mut found, mut from, mut at, mut blank) = (Vec::new(), 0, 0, false);
    for line in text.split_inclusive('\n') {
        let is_blank = line.trim().is_empty();
        if blank && !is_blank && at > from {
            found.extend(text.get(from..at));
            from = at;
        }
        blank = is_blank;
        at += line.len();
    }
    found.extend(text.get(from..).filter(|last| !last.is_empty()));
    found
}

/// Cuts a sentence that is too long between words, or wherever it must be.
fn short(mut sentence: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while sentence.len() > LONG {
        let most = sentence.floor_char_boundary(LONG);
        let (begin, _) = sentence.split_at(most);
        let space = begin.char_indices().rev().find(|(_, c)| c.is_whitespace()).map(|(at, c)| at + c.len_utf8());
        let (part, rest) = sentence.split_at(space.filter(|at| *at > 0).unwrap_or(most));
        parts.push(part);
        sentence = rest;
    }
    parts.push(sentence);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(text: &str) -> Vec<(Option<String>, String)> {
        of(text).into_iter().map(|chunk| (chunk.heading, chunk.text)).collect()
    }

    #[test]
    fn a_short_text_is_one_chunk() {
        assert_eq!(table("Free parking behind the house."), [(None, "Free parking behind the house.".to_owned())]);
    }

    #[test]
    fn chunks_begin_at_headings_and_know_them() {
        let text = "Intro.\n# Visit\nCome by.\n## Parking\nBehind the house.\n# Prices\n80 dollars.\n";
        let some = |heading: &str| Some(heading.to_owned());
        assert_eq!(
            table(text),
            [
                (None, "Intro.\n".to_owned()),
                (some("Visit"), "# Visit\nCome by.\n".to_owned()),
                (some("Visit, Parking"), "## Parking\nBehind the house.\n".to_owned()),
                (some("Prices"), "# Prices\n80 dollars.\n".to_owned()),
            ]
        );
    }

    #[test]
    fn a_short_line_between_empty_lines_is_a_heading() {
        let found = table("Opening hours\n\nMonday to Friday.\n\nCancellations:\n\nOne day before.\n\nThe end");
        let headings: Vec<_> = found.iter().map(|(heading, _)| heading.as_deref().unwrap()).collect();
        assert_eq!(headings, ["Opening hours", "Cancellations"]);
        assert!(found[1].1.ends_with("The end"));
    }

    #[test]
    fn long_texts_are_cut_between_paragraphs_and_sentences() {
        let sentence = "This is a sentence of forty-four characters. ";
        let text = format!("{}\n\n{}", sentence.repeat(30), sentence.repeat(3));
        let found = of(&text);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|chunk| chunk.text.len() <= LONG && chunk.text.starts_with("This is")));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_long(text in "([a-z#é口 .!?\\-]{0,40}(\\n|\\r\\n|\\n\\n)?){0,60}") {
            let chunks = of(&text);
            prop_assert!(chunks.iter().all(|chunk| !chunk.text.is_empty() && chunk.text.len() <= LONG));
            let joined: String = chunks.into_iter().map(|chunk| chunk.text).collect();
            prop_assert_eq!(joined, text);
        }

        #[test]
        fn words_without_end_are_cut(text in "[a口]{0,3000}") {
            let joined: String = of(&text).into_iter().map(|chunk| chunk.text).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
