//! What was said as words: lower case, without punctuation and apostrophes, so that it makes no difference whether a
//! recogniser writes them or a person types them.

/// The words of a text. Numbers keep what belongs to them ("3.5", "15:30", "2nd"); "4/5" becomes "4 of 5".
pub(crate) fn words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or(' ');
    let mut out = Words::default();
    for (index, &c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).map_or(' ', at);
        let inside = before.is_ascii_digit() && at(index + 1).is_ascii_digit();
        match c {
            '\'' | '\u{2019}' => {}
            '.' | ':' if inside => out.word.push(c),
            ',' if inside && (1..4).all(|next| at(index + next).is_ascii_digit()) => {}
            '/' if inside => out.add("of"),
            '-' | '\u{2212}' if !before.is_alphanumeric() && at(index + 1).is_ascii_digit() => out.add("minus"),
            '+' if at(index + 1).is_ascii_digit() => out.add("plus"),
            c if c.is_alphanumeric() => {
                let ordinal = matches!((c, at(index + 1)), ('s', 't') | ('n' | 'r', 'd') | ('t', 'h'));
                if c.is_alphabetic() && before.is_ascii_digit() && !ordinal {
                    out.close();
                }
                out.word.push(c);
            }
            _ => out.close(),
        }
    }
    out.close();
    grunts(out.done)
}

/// "Uh huh" and "mm hm" are one word, or they would pass for hesitation.
fn grunts(words: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        match (out.last_mut(), word.as_str()) {
            (Some(last), "huh" | "uh") if last == "uh" || last == "nuh" => last.push_str(&word),
            (Some(last), "hm" | "hmm" | "hmmm") if last == "mm" || last == "mhm" => "mhm".clone_into(last),
            _ => out.push(word),
        }
    }
    out
}

#[derive(Default)]
struct Words {
    done: Vec<String>,
    word: String,
}

impl Words {
    fn close(&mut self) {
        if !self.word.is_empty() {
            self.done.push(std::mem::take(&mut self.word));
        }
    }

    fn add(&mut self, word: &str) {
        self.close();
        self.done.push(word.to_owned());
    }
}

/// The words from `start` on; none past the end.
pub(crate) fn from(words: &[String], start: usize) -> &[String] {
    words.get(start..).unwrap_or_default()
}

/// How many words the phrase has that these words begin with.
pub(crate) fn begins(words: &[String], phrase: &str) -> Option<usize> {
    let mut rest = words.iter();
    let fits = phrase.split(' ').all(|word| rest.next().is_some_and(|said| said == word));
    fits.then(|| words.len() - rest.len())
}

/// The longest phrase of a list, separated by commas, that these words begin with: its number of words.
pub(crate) fn begins_any(words: &[String], phrases: &str) -> Option<usize> {
    phrases.split(", ").filter_map(|phrase| begins(words, phrase)).max()
}

/// Whether one of the phrases is said anywhere.
pub(crate) fn has_any(words: &[String], phrases: &str) -> bool {
    (0..words.len()).any(|start| begins_any(from(words, start), phrases).is_some())
}

/// Whether one of the phrases is all that is said.
pub(crate) fn is_any(words: &[String], phrases: &str) -> bool {
    !words.is_empty() && phrases.split(", ").any(|phrase| begins(words, phrase) == Some(words.len()))
}

/// What people say before and after what they mean.
const FILLERS: &str = "\
    um, uh, uhm, umm, er, erm, ah, oh, hm, hmm, well, so, like, okay, ok, and, but, please, hey, alright";

fn is_filler(word: &str) -> bool {
    FILLERS.split(", ").any(|filler| filler == word)
}

/// How many fillers come first; none when there is nothing else.
pub(crate) fn leading(words: &[String]) -> usize {
    words.iter().position(|word| !is_filler(word)).unwrap_or(0)
}

/// The words without fillers at either end; all of them when there is nothing else.
pub(crate) fn core(words: &[String]) -> &[String] {
    // "So" at the end says something: "I think so".
    let end = words.iter().rposition(|word| !is_filler(word) || word == "so").map_or(words.len(), |last| last + 1);
    words.get(leading(words)..end).unwrap_or(words)
}

/// After these, what was said before does not count any more.
const CORRECTIONS: &str = "no, nope, sorry, wait, actually, rather, i mean, i meant, make that, make it, correction";

/// What is said between corrections, the last first: "three, no, four" is "four", then "three".
pub(crate) fn latest_first(words: &[String]) -> Vec<&[String]> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while at < words.len() {
        match begins_any(from(words, at), CORRECTIONS) {
            Some(length) => {
                parts.push(words.get(start..at).unwrap_or_default());
                at += length;
                start = at;
            }
            None => at += 1,
        }
    }
    parts.push(from(words, start));
    parts.retain(|part| !part.is_empty());
    parts.reverse();
    parts
}

/// Whether two words are the same but for what a recogniser mishears: one letter, two in long words, or an ending.
pub(crate) fn alike(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let slips = match short.len() {
        0..4 => 0,
        4..7 => 1,
        _ => 2,
    };
    short == long
        || (short.len() >= 4 && long.len() <= short.len() + 3 && long.starts_with(short))
        || (slips > 0 && long.len() - short.len() <= slips && distance(short, long) <= slips)
}

/// Levenshtein's, with one row.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (slot, y) in row.iter_mut().skip(1).zip(b) {
            let here = (corner + usize::from(x != y)).min(left + 1).min(*slot + 1);
            corner = std::mem::replace(slot, here);
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
