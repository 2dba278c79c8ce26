//! Text as words, the way the index of documents sees them: lower case, without accents, with one form per stem.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words that say nothing about what is asked: they are neither looked for nor counted. English.
const COMMON: &str = "\
    a about actually after again all also am an and any anybody anyone anything are as ask at be because \
    been before being but by can could d did do does doing don done each either else er erm ever exactly \
    find for from get getting give go going gonna got had has have having he hear her here him his hm how i \
    if in information into is it its just kind know let like little ll look looking lot m make may maybe me \
    might mine more much must my need not now of off oh okay on one only or other our ours out over please \
    question questions quite re really right s say see she should so some somebody someone something sort \
    speak still such sure t talk tell than that the their them then there these they thing things think this \
    those to too try trying uh um under up us use ve very wanna want wanted was we well were what whatever \
    when where whether which while who whom whose why will with wonder wondering would yeah yes you your \
    yours";

static COMMON_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON.split_whitespace().collect());

/// The words of a text, in order. Everything but letters and digits separates them.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        let ascii = part.is_ascii().then(|| part.to_ascii_lowercase());
        words.push(ascii.unwrap_or_else(|| part.chars().flat_map(char::to_lowercase).flat_map(plain).collect()));
    }
    words
}

/// Whether a word says nothing about what is asked.
pub fn is_common(word: &str) -> bool {
    COMMON_WORDS.contains(word)
}

/// The words of a name as programs write it: `businessHours`, `business_hours`, `business-hours`.
pub fn name_words(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len() + 8);
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(at + 1);
        let begins = letter.is_uppercase()
            && (before.is_some_and(|c| c.is_lowercase() || c.is_ascii_digit())
                || (before.is_some_and(|c| c.is_uppercase()) && after.is_some_and(|c| c.is_lowercase())));
        if begins {
            spaced.push(' ');
        }
        spaced.push(*letter);
    }
    words(&spaced)
}

/// A letter without its accent, as the index has it. Letters of other alphabets stay.
fn plain(letter: char) -> impl Iterator<Item = char> {
    let plain = match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        // Combining marks, which stand after their letter.
        '\u{300}'..='\u{36f}' => return None.into_iter(),
        other => other,
    };
    Some(plain).into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_without_accents() {
        assert_eq!(words("What's the Café's Wi-Fi?"), ["what", "s", "the", "cafe", "s", "wi", "fi"]);
        assert_eq!(words("Zahnärzte, ÉCOLE 24/7"), ["zahnarzte", "ecole", "24", "7"]);
        assert!(words(" \t…!? ").is_empty());
    }

    #[test]
    fn names_of_programs_are_split() {
        let table: [(&str, &[&str]); 7] = [
            ("business_hours", &["business", "hours"]),
            ("businessHours", &["business", "hours"]),
            ("Business-Hours", &["business", "hours"]),
            ("supportURL", &["support", "url"]),
            ("URLOfSupport", &["url", "of", "support"]),
            ("floor2Plan", &["floor2", "plan"]),
            ("Opening hours", &["opening", "hours"]),
        ];
        for (name, words) in table {
            assert_eq!(name_words(name), words, "{name}");
        }
    }
}
