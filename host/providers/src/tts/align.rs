//! From the times of characters to the places of words.
//!
//! Providers tell when each character is spoken, in pieces that may cut a word in two, and may leave out or replace
//! characters. Here they are matched against the text as it was sent, so that a span always covers a whole word of it.

use trunkline_contract::speech::WordSpan;

/// How many characters of the text may be missing from a provider's account in one place.
const LOOK_AHEAD: usize = 48;

/// A character as the provider spoke it; times in ms of the context's audio.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spoken<'a> {
    pub(crate) text: &'a str,
    pub(crate) start_ms: u32,
    pub(crate) end_ms: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Aligner {
    text: String,
    cursor: usize,
    /// A word whose last character has not been spoken yet.
    open: Option<WordSpan>,
}

impl Aligner {
    pub(crate) fn sent(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Takes a character; a word that is complete goes to `words`.
    pub(crate) fn spoken(&mut self, spoken: Spoken<'_>, words: &mut Vec<WordSpan>) {
        if spoken.text.trim().is_empty() {
            return;
        }
        let Some((start, end)) = self.find(spoken.text) else {
            // Its sound still belongs to the word around it.
            if let Some(open) = &mut self.open {
                open.end_ms = open.end_ms.max(spoken.end_ms);
            }
            return;
        };
        self.cursor = end;
        let (text_start, text_end) = self.word_around(start, end);
        match &mut self.open {
            Some(open) if open.text_start == text_start => {
                open.text_end = text_end;
                open.end_ms = open.end_ms.max(spoken.end_ms);
            }
            open => {
                words.extend(open.take());
                let end_ms = spoken.end_ms.max(spoken.start_ms);
                *open = Some(WordSpan { text_start, text_end, start_ms: spoken.start_ms, end_ms });
            }
        }
        if end == text_end {
            words.extend(self.open.take());
        }
    }

    /// Nothing more will be spoken.
    pub(crate) fn finish(&mut self, words: &mut Vec<WordSpan>) {
        words.extend(self.open.take());
    }

    fn find(&self, spoken: &str) -> Option<(usize, usize)> {
        let ahead = self.text.get(self.cursor..)?;
        let place = |same: fn(&str, &str) -> bool| {
            ahead.char_indices().filter(|(_, c)| !c.is_whitespace()).take(LOOK_AHEAD).find_map(|(at, _)| {
                let candidate = ahead.get(at..at + spoken.len())?;
                same(candidate, spoken).then_some((self.cursor + at, self.cursor + at + spoken.len()))
            })
        };
        place(|a, b| a == b).or_else(|| place(|a, b| a.eq_ignore_ascii_case(b)))
    }

    fn word_around(&self, start: usize, end: usize) -> (usize, usize) {
        let before = self.text.get(..start).unwrap_or_default();
        let after = self.text.get(end..).unwrap_or_default();
        let word_start =
            before.char_indices().rev().find(|(_, c)| c.is_whitespace()).map_or(0, |(at, c)| at + c.len_utf8());
        let word_end = after.find(char::is_whitespace).map_or(self.text.len(), |at| end + at);
        (word_start, word_end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Speaks `spoken` at 50 ms a character from `from_ms`; returns words with their texts.
    fn speak(aligner: &mut Aligner, from_ms: u32, spoken: &str) -> Vec<(String, u32, u32)> {
        let mut words = Vec::new();
        for (i, c) in spoken.chars().enumerate() {
            let (start_ms, mut buffer) = (from_ms + 50 * u32::try_from(i).unwrap(), [0; 4]);
            aligner.spoken(Spoken { text: c.encode_utf8(&mut buffer), start_ms, end_ms: start_ms + 50 }, &mut words);
        }
        named(aligner, &words)
    }

    fn named(aligner: &Aligner, words: &[WordSpan]) -> Vec<(String, u32, u32)> {
        words.iter().map(|w| (aligner.text[w.text_start..w.text_end].to_owned(), w.start_ms, w.end_ms)).collect()
    }

    fn word(text: &str, start_ms: u32, end_ms: u32) -> (String, u32, u32) {
        (text.to_owned(), start_ms, end_ms)
    }

    #[test]
    fn words_get_the_times_of_their_characters() {
        let mut aligner = Aligner::default();
        aligner.sent("Hello there, Zoë. ");
        assert_eq!(
            speak(&mut aligner, 0, "Hello there, Zoë. "),
            [word("Hello", 0, 250), word("there,", 300, 600), word("Zoë.", 650, 850)]
        );
    }

    #[test]
    fn a_word_cut_by_a_piece_comes_once_it_is_complete() {
        let mut aligner = Aligner::default();
        aligner.sent("Good morning ");
        assert_eq!(speak(&mut aligner, 0, "Good mor"), [word("Good", 0, 200)]);
        assert_eq!(speak(&mut aligner, 400, "ning "), [word("morning", 250, 600)]);
    }

    #[test]
    fn characters_may_be_missing_or_different() {
        let mut aligner = Aligner::default();
        aligner.sent("\"Yes\" — he said: no! ");
        let words = speak(&mut aligner, 0, "yes he SAID no");
        let texts: Vec<_> = words.iter().map(|(text, ..)| text.as_str()).collect();
        assert_eq!(texts, ["\"Yes\"", "he", "said:"]);
        let mut rest = Vec::new();
        aligner.finish(&mut rest);
        assert_eq!(named(&aligner, &rest)[0].0, "no!");
    }

    #[test]
    fn the_same_text_spoken_twice_is_two_places() {
        let mut aligner = Aligner::default();
        aligner.sent("no ");
        assert_eq!(speak(&mut aligner, 0, "no "), [word("no", 0, 100)]);
        aligner.sent("no ");
        let mut words = Vec::new();
        aligner.spoken(Spoken { text: "n", start_ms: 200, end_ms: 250 }, &mut words);
        aligner.spoken(Spoken { text: "o", start_ms: 250, end_ms: 300 }, &mut words);
        assert_eq!(words, [WordSpan { text_start: 3, text_end: 5, start_ms: 200, end_ms: 300 }]);
    }

    proptest! {
        #[test]
        fn spans_lie_in_the_text_and_in_order(text in "\\PC{0,60}", spoken in "\\PC{0,60}") {
            let mut aligner = Aligner::default();
            aligner.sent(&text);
            let mut words = Vec::new();
            for (i, c) in spoken.chars().enumerate() {
                let (start_ms, mut buffer) = (u32::try_from(i).unwrap(), [0; 4]);
                aligner.spoken(Spoken { text: c.encode_utf8(&mut buffer), start_ms, end_ms: start_ms + 1 }, &mut words);
            }
            aligner.finish(&mut words);
            prop_assert!(words.iter().all(|w| text.get(w.text_start..w.text_end).is_some_and(|t| !t.is_empty())));
            prop_assert!(words.windows(2).all(|w| w[0].text_end <= w[1].text_start && w[0].start_ms <= w[1].start_ms));
        }
    }
}
