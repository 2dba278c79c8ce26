//! Porter's stemmer, as FTS5 has it: `opening`, `opened` and `opens` are `open`.
//!
//! It works on bytes: letters beyond ASCII count as consonants and are never cut.

/// Longer words are left as they are, as in FTS5; bytes.
const LONGEST: usize = 64;

/// Suffixes with what replaces them. Of each list only the first that fits is tried.
type Suffixes = &'static [(&'static str, &'static str)];

const STEP_2: Suffixes = &[
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("logi", "log"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
];

const STEP_3: Suffixes =
    &[("ical", "ic"), ("ness", ""), ("icate", "ic"), ("iciti", "ic"), ("ful", ""), ("ative", ""), ("alize", "al")];

const STEP_4: &[&str] = &[
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti",
    "ous", "ive", "ize",
];

/// The stem of a word in lower case.
pub fn stem(word: &str) -> String {
    if word.len() < 3 || word.len() > LONGEST {
        return word.to_owned();
    }
    let mut stem = Stem(word.as_bytes().to_vec());
    stem.plural();
    stem.past_and_progressive();
    if stem.0.split_last().is_some_and(|(last, rest)| *last == b'y' && has_vowel(rest)) {
        stem.0.pop();
        stem.0.push(b'i');
    }
    stem.replace(STEP_2);
    stem.replace(STEP_3);
    stem.residue();
    stem.tidy();
    String::from_utf8(stem.0).unwrap_or_else(|_| word.to_owned())
}

/// The letters that some words begin with. A stem begins with the letter of its word, so a word that begins with another
/// has none of their stems, and need not be stemmed to know that.
#[derive(Clone, Debug)]
pub struct Initials([bool; 256]);

impl Initials {
    /// Of these words or stems.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut initials = [false; 256];
        for first in words.into_iter().filter_map(|word| word.bytes().next()) {
            if let Some(known) = initials.get_mut(usize::from(first)) {
                *known = true;
            }
        }
        Self(initials)
    }

    /// Whether one of the words may have the same stem.
    pub fn have(&self, word: &str) -> bool {
        word.bytes().next().is_some_and(|first| self.0.get(usize::from(first)).copied().unwrap_or(false))
    }
}

struct Stem(Vec<u8>);

impl Stem {
    /// What stands before the suffix, if the word ends with it and is longer.
    fn before(&self, suffix: &str) -> Option<&[u8]> {
        self.0.strip_suffix(suffix.as_bytes()).filter(|rest| !rest.is_empty())
    }

    fn cut(&mut self, bytes: usize) {
        self.0.truncate(self.0.len().saturating_sub(bytes));
    }

    fn plural(&mut self) {
        if self.before("sses").is_some() || self.before("ies").is_some() {
            self.cut(2);
        } else if self.0.ends_with(b"s") && !self.0.ends_with(b"ss") {
            self.cut(1);
        }
    }

    fn past_and_progressive(&mut self) {
        if let Some(rest) = self.before("eed") {
            if measure(rest) > 0 {
                self.cut(1);
            }
            return;
        }
        let Some(suffix) = ["ed", "ing"].into_iter().find(|suffix| self.before(suffix).is_some()) else { return };
        if !self.before(suffix).is_some_and(has_vowel) {
            return;
        }
        self.cut(suffix.len());
        if ["at", "bl", "iz"].into_iter().any(|end| self.before(end).is_some()) {
            self.0.push(b'e');
        } else if let [.., before, last] = self.0.as_slice()
            && before == last
            && last.is_ascii()
            && !matches!(last, b'a' | b'e' | b'i' | b'o' | b'u' | b'l' | b's' | b'z')
        {
            self.cut(1);
        } else if measure(&self.0) == 1 && ends_short(&self.0) {
            self.0.push(b'e');
        }
    }

    fn replace(&mut self, suffixes: Suffixes) {
        let Some((suffix, with)) = suffixes.iter().find(|(suffix, _)| self.before(suffix).is_some()) else { return };
        if self.before(suffix).is_some_and(|rest| measure(rest) > 0) {
            self.cut(suffix.len());
            self.0.extend_from_slice(with.as_bytes());
        }
    }

    fn residue(&mut self) {
        let Some(suffix) = STEP_4.iter().find(|suffix| self.before(suffix).is_some()) else { return };
        let cut = self.before(suffix).is_some_and(|rest| {
            measure(rest) > 1 && (*suffix != "ion" || rest.last().is_some_and(|last| matches!(last, b's' | b't')))
        });
        if cut {
            self.cut(suffix.len());
        }
    }

    fn tidy(&mut self) {
        if let Some((b'e', rest)) = self.0.split_last()
            && (measure(rest) > 1 || (measure(rest) == 1 && !ends_short(rest)))
        {
            self.cut(1);
        }
        if let [rest @ .., b'l'] = self.0.as_slice()
            && rest.ends_with(b"l")
            && measure(rest) > 1
        {
            self.cut(1);
        }
    }
}

/// For each letter, whether it is a vowel; `y` is one after a consonant.
fn vowels(word: &[u8]) -> impl Iterator<Item = bool> {
    word.iter().scan(false, |after_consonant, letter| {
        let vowel = matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u') || (*letter == b'y' && *after_consonant);
        *after_consonant = !vowel;
        Some(vowel)
    })
}

fn has_vowel(word: &[u8]) -> bool {
    word.iter().enumerate().any(|(at, c)| matches!(c, b'a' | b'e' | b'i' | b'o' | b'u') || (*c == b'y' && at > 0))
}

/// How often a vowel is followed by a consonant.
fn measure(word: &[u8]) -> usize {
    let kinds: Vec<bool> = vowels(word).collect();
    kinds.windows(2).filter(|pair| matches!(pair, [true, false])).count()
}

/// Ends with consonant, vowel, consonant, the last of which is none of w, x, y.
fn ends_short(word: &[u8]) -> bool {
    if word.last().is_none_or(|last| matches!(last, b'w' | b'x' | b'y')) {
        return false;
    }
    let kinds: Vec<bool> = vowels(word).collect();
    matches!(kinds.as_slice(), [.., false, true, false])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_of_a_word_have_one_stem() {
        let table = [
            ("open", &["opens", "opened", "opening"][..]),
            ("price", &["prices", "pricing", "priced"]),
            ("clean", &["cleaning", "cleaned", "cleans"]),
            ("park", &["parking", "parked", "parks"]),
            ("company", &["companies"]),
            ("locate", &["located", "location", "locations", "locating"]),
            ("hop", &["hopping", "hopped"]),
            ("fall", &["falling"]),
            ("agree", &["agreed"]),
            ("relation", &["relational", "relations"]),
        ];
        for (word, forms) in table {
            for form in forms {
                assert_eq!(stem(form), stem(word), "{form}");
            }
        }
    }

    #[test]
    fn short_words_and_other_alphabets_stay() {
        for word in ["is", "as", "24", "", "口腔", "привет"] {
            assert_eq!(stem(word), word);
        }
    }

    proptest! {
        #[test]
        fn any_word_has_a_stem(word in "\\PC{0,80}|[a-z]{0,12}") {
            let stem = stem(&word);
            prop_assert!(stem.len() <= word.len() + 1);
            prop_assert_eq!(Initials::of([stem.as_str()]).have(&word), !word.is_empty());
        }
    }
}
