//! The text of a passage against its audio: which text lies before a point in the audio, and where the word begins that
//! the point falls into.
//!
//! Both questions are answered from word timings. Where the provider gives none, they are made up in proportion to the
//! length of the words, so there is one rule for what counts as heard: a word whose first half was played.

use std::borrow::Cow;

/// Where in the audio a word is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordTiming {
    /// Start of the word, byte offset into the passage's text.
    pub text_start: usize,
    /// End of the word, byte offset into the passage's text, exclusive.
    pub text_end: usize,
    /// Start, ms from the start of the passage's audio.
    pub start_ms: u32,
    /// End, ms from the start of the passage's audio.
    pub end_ms: u32,
}

impl WordTiming {
    fn middle_ms(&self) -> u32 {
        self.start_ms + self.end_ms.saturating_sub(self.start_ms) / 2
    }
}

/// How long speech takes, learned from passages of the same call that are complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    us_per_byte: u64,
}

impl Default for Pace {
    /// Fifteen bytes a second: English at ordinary speed, and Chinese at three bytes a character.
    fn default() -> Self {
        Self { us_per_byte: 66_000 }
    }
}

impl Pace {
    pub(super) fn learn(&mut self, text_len: usize, audio_ms: u32) {
        if let Some(sample) = (u64::from(audio_ms) * 1_000).checked_div(text_len as u64).filter(|us| *us > 0) {
            self.us_per_byte = (self.us_per_byte + sample) / 2;
        }
    }

    fn duration_ms(self, text_len: usize) -> u32 {
        u32::try_from((text_len as u64).saturating_mul(self.us_per_byte) / 1_000).unwrap_or(u32::MAX)
    }
}

/// How long a passage's audio is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Duration {
    /// All audio is there.
    Known(u32),
    /// So much is there, more may come. Text runs ahead of its audio, so this much audio need not cover all the text.
    AtLeast(u32, Pace),
}

impl Duration {
    fn of(self, text_len: usize) -> u32 {
        match self {
            Self::Known(ms) => ms,
            Self::AtLeast(ms, pace) => ms.max(pace.duration_ms(text_len)),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Script {
    text: String,
    words: Vec<WordTiming>,
}

impl Script {
    pub(super) fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn push_words(&mut self, words: &[WordTiming]) {
        self.words.extend_from_slice(words);
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// End of the last word that counts as heard when `ms` of the audio were played. Always on a char boundary.
    pub(super) fn heard_until(&self, ms: u32, duration: Duration) -> usize {
        let words = self.words(duration);
        let heard = words.iter().filter(|w| ms > 0 && w.middle_ms() <= ms).map(|w| w.text_end).max();
        self.text.floor_char_boundary(heard.unwrap_or(0))
    }

    /// Start of the word that is being spoken at `ms`; `ms` itself between two words.
    pub(super) fn word_start(&self, ms: u32, duration: Duration) -> u32 {
        self.words(duration).iter().find(|w| w.start_ms < ms && ms < w.end_ms).map_or(ms, |word| word.start_ms)
    }

    fn words(&self, duration: Duration) -> Cow<'_, [WordTiming]> {
        if self.words.is_empty() {
            Cow::Owned(self.words_in_proportion(duration.of(self.len())))
        } else {
            Cow::Borrowed(&self.words)
        }
    }

    fn words_in_proportion(&self, duration_ms: u32) -> Vec<WordTiming> {
        let len = self.len().max(1) as u64;
        let ms_at = |byte: usize| (byte as u64 * u64::from(duration_ms) / len) as u32;
        words(&self.text)
            .map(|(start, end)| WordTiming {
                text_start: start,
                text_end: end,
                start_ms: ms_at(start),
                end_ms: ms_at(end),
            })
            .collect()
    }
}

/// Byte ranges of the words: runs without white space; in scripts that are written without spaces, every character.
fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = rest.find(|(_, c)| !c.is_whitespace())?;
        let mut end = start + first.len_utf8();
        if !stands_alone(first) {
            while let Some((at, c)) = rest.next_if(|(_, c)| !c.is_whitespace() && !stands_alone(*c)) {
                end = at + c.len_utf8();
            }
        }
        Some((start, end))
    })
}

/// Thai, Lao, Khmer, Myanmar, Chinese, Japanese.
fn stands_alone(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x9FFF
        | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn script(text: &str, words: &[WordTiming]) -> Script {
        let mut script = Script::default();
        script.push_text(text);
        script.push_words(words);
        script
    }

    #[test]
    fn a_word_counts_as_heard_once_half_of_it_was_played() {
        let hello = WordTiming { text_start: 0, text_end: 6, start_ms: 100, end_ms: 500 };
        let there = WordTiming { text_start: 7, text_end: 12, start_ms: 500, end_ms: 900 };
        let script = script("Hello, there", &[hello, there]);
        for (ms, text) in [(0, 0), (299, 0), (300, 6), (699, 6), (700, 12), (5_000, 12)] {
            assert_eq!(script.heard_until(ms, Duration::Known(1_000)), text, "at {ms} ms");
        }
    }

    #[test]
    fn without_timings_words_take_time_in_proportion_to_their_length() {
        let script = script("aaaa bbbb", &[]);
        for (ms, text) in [(0, 0), (199, 0), (200, 4), (699, 4), (700, 9)] {
            assert_eq!(script.heard_until(ms, Duration::Known(900)), text, "at {ms} ms");
        }
    }

    #[test]
    fn text_that_runs_ahead_of_its_audio_is_not_taken_for_heard() {
        let script = script(&"word ".repeat(100), &[]);
        let heard = script.heard_until(1_000, Duration::AtLeast(1_000, Pace::default()));
        assert!((9..=19).contains(&heard), "{heard} of 500 bytes after one second");
    }

    #[test]
    fn scripts_without_spaces_are_cut_between_characters() {
        let script = script("你好世界", &[]);
        assert_eq!(script.heard_until(500, Duration::Known(1_000)), 6);
    }

    #[test]
    fn a_resume_starts_at_the_word_that_was_cut() {
        let script = script("aaaa bbbb", &[]);
        assert_eq!(script.word_start(650, Duration::Known(900)), 500);
        assert_eq!(script.word_start(450, Duration::Known(900)), 450, "between two words nothing is repeated");
    }

    proptest! {
        #[test]
        fn heard_text_ends_on_a_char_boundary_and_grows_with_the_audio(
            text in "\\PC{0,40}",
            words in proptest::collection::vec((0usize..80, 0usize..80, 0u32..3_000, 0u32..3_000), 0..8),
            duration in 0u32..5_000,
        ) {
            let words: Vec<_> = words.into_iter()
                .map(|(text_start, text_end, start_ms, end_ms)| WordTiming { text_start, text_end, start_ms, end_ms })
                .collect();
            let script = script(&text, &words);
            let mut before = 0;
            for ms in (0..5_000).step_by(250) {
                let heard = script.heard_until(ms, Duration::Known(duration));
                prop_assert!(text.is_char_boundary(heard) && heard >= before);
                prop_assert!(script.word_start(ms, Duration::Known(duration)) <= ms);
                before = heard;
            }
        }
    }
}
