//! Cuts a stream of tokens into pieces that can be spoken, as early as that sounds right, and takes out what cannot be
//! spoken: markdown and emoji.

/// Words with a full stop that do not end a sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "no", "approx", "dept", "est", "inc", "ltd",
    "co", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "bzw", "z.b", "d.h",
    "usw", "nr", "str", "sr", "sra", "srta", "ud", "uds",
];

/// The first piece may end at a comma when it is at least this long, bytes: it starts the voice sooner.
const FIRST_CLAUSE: usize = 24;
/// No piece is longer, bytes: a model that never ends a sentence is spoken all the same.
const LONGEST: usize = 400;

/// Cuts a stream of tokens into pieces.
#[derive(Debug, Default)]
pub(crate) struct Segmenter {
    buffer: String,
    spoken: bool,
}

impl Segmenter {
    /// Adds tokens; gives the pieces that are complete. Each ends with a space.
    pub(crate) fn push(&mut self, token: &str) -> Vec<String> {
        self.buffer.push_str(token);
        let mut pieces = Vec::new();
        while let Some(end) = self.boundary() {
            let rest = self.buffer.split_off(end);
            let piece = std::mem::replace(&mut self.buffer, rest);
            pieces.extend(self.speakable(&piece));
        }
        pieces
    }

    /// The stream is over: what is left.
    pub(crate) fn finish(&mut self) -> Option<String> {
        let piece = std::mem::take(&mut self.buffer);
        self.speakable(&piece)
    }

    fn speakable(&mut self, piece: &str) -> Option<String> {
        let text = clean(piece);
        let wanted = text.chars().any(char::is_alphanumeric);
        self.spoken |= wanted;
        wanted.then(|| text + " ")
    }

    /// End of the first complete piece in the buffer. A mark counts only when the next character is there and is a
    /// space, so that `3.50`, `example.com` and an unfinished `...` are not cut.
    fn boundary(&self) -> Option<usize> {
        let text = self.buffer.as_str();
        let mut marks = text.char_indices().peekable();
        while let Some((at, mark)) = marks.next() {
            if mark == '\n' && at > 0 {
                return Some(at + 1);
            }
            let spaced = marks.peek().is_some_and(|(_, next)| next.is_whitespace());
            let end = at + mark.len_utf8();
            let sentence = matches!(mark, '.' | '!' | '?' | '…') && !(mark == '.' && is_abbreviation(&text[..at]));
            let clause = matches!(mark, ',' | ';' | ':' | '—') && !self.spoken && end >= FIRST_CLAUSE;
            if spaced && (sentence || clause || (end >= LONGEST && matches!(mark, ',' | ';'))) {
                return Some(end);
            }
            if end >= LONGEST && spaced {
                return Some(end);
            }
        }
        None
    }
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or("").to_lowercase();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    let ordinal =
        !word.is_empty() && word.len() <= 2 && word.chars().all(|c| c.is_ascii_digit()) && before.len() <= word.len();
    initial || ordinal || ABBREVIATIONS.contains(&word.as_str())
}

/// Takes out markdown and emoji and folds white space.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches(['#', '>']).trim_start();
        let line = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).unwrap_or(line);
        for word in link_texts(line).split_whitespace() {
            let word: String = word.chars().filter(|c| !matches!(c, '*' | '`' | '~') && !is_emoji(*c)).collect();
            let word = word.trim_matches('_');
            if !word.is_empty() {
                if !out.is_empty() {
                    out.push(' ');
                }
                out.push_str(word);
            }
        }
    }
    out
}

/// `[text](address)` becomes `text`.
fn link_texts(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after.split_once("](").and_then(|(text, tail)| Some((text, tail.split_once(')')?.1)));
        out.push_str(before);
        match link {
            Some((text, tail)) => {
                out.push_str(text);
                rest = tail;
            }
            None => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_emoji(c: char) -> bool {
    matches!(u32::from(c), 0x1F000..=0x1FAFF | 0x2600..=0x27BF | 0x2B00..=0x2BFF | 0xFE00..=0xFE0F | 0x200D | 0xE0000..=0xE007F)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<String> {
        let mut segmenter = Segmenter::default();
        let mut out: Vec<String> = text.char_indices().flat_map(|(_, c)| segmenter.push(&c.to_string())).collect();
        out.extend(segmenter.finish());
        out
    }

    #[test]
    fn pieces_end_where_a_speaker_would_pause() {
        let cases: [(&str, &[&str]); 6] = [
            ("Hello. How are you?", &["Hello. ", "How are you? "]),
            ("It costs 3.50 at example.com today. Yes!", &["It costs 3.50 at example.com today. ", "Yes! "]),
            ("Dr. Smith is in. J. Doe is not.", &["Dr. Smith is in. ", "J. Doe is not. "]),
            (
                "Well, as far as I can see from here, it is open. And, yes, warm.",
                &["Well, as far as I can see from here, ", "it is open. ", "And, yes, warm. "],
            ),
            ("One line\nanother line", &["One line ", "another line "]),
            ("Wait... what?", &["Wait... ", "what? "]),
        ];
        for (text, expected) in cases {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }

    #[test]
    fn markdown_and_emoji_are_not_spoken() {
        let cases = [
            ("**Bold** and `code` 🎉", "Bold and code"),
            ("# Title", "Title"),
            ("- item one", "item one"),
            ("see [our page](https://example.com) now", "see our page now"),
            ("an [odd bracket", "an [odd bracket"),
            ("_so_ it is", "so it is"),
        ];
        for (text, expected) in cases {
            assert_eq!(clean(text), expected);
        }
        assert!(pieces("🎉 **").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_word_is_lost_and_none_is_added(text in "[a-zA-Z0-9 .,!?\n]{0,300}") {
            let spoken = pieces(&text).concat();
            let words = |t: &str| t.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).map(str::to_owned).collect::<Vec<_>>();
            proptest::prop_assert_eq!(words(&spoken), words(&text.replace('\n', " ")));
        }

        #[test]
        fn any_text_is_cut_without_panic(text in "\\PC*") {
            let _ = pieces(&text);
        }
    }
}
