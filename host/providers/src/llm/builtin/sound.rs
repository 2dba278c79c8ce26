//! How alike two words are that are not the same: recognisers and typists miss a letter or a sound.

/// What a word that only sounds or looks alike is worth beside the word itself.
pub(super) const ALIKE: f64 = 0.55;

/// Whether one word may have been heard or written for the other. Both are stems in lower case.
pub(super) fn alike(heard: &str, meant: &str) -> bool {
    let (heard, meant): (Vec<char>, Vec<char>) = (heard.chars().collect(), meant.chars().collect());
    let (short, long) = (heard.len().min(meant.len()), heard.len().max(meant.len()));
    if short < 4 || long > 30 || long - short > 2 {
        return false;
    }
    let allowed = if short >= 7 { 2 } else { usize::from(short >= 5) };
    if long - short <= allowed && distance(&heard, &meant) <= allowed {
        return true;
    }
    let (one, other) = (code(&heard), code(&meant));
    one.len() >= 3 && one == other
}

/// Letters added, left out, changed or swapped with their neighbour.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, a) in one.iter().enumerate() {
        let mut now = vec![row + 1];
        for (column, b) in other.iter().enumerate() {
            let at = |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX / 2);
            let mut best = at(&last, column) + usize::from(a != b);
            best = best.min(at(&last, column + 1) + 1).min(at(&now, column) + 1);
            let swapped = row > 0 && column > 0 && one.get(row - 1) == Some(b) && other.get(column - 1) == Some(a);
            if swapped {
                best = best.min(at(&before_last, column - 1) + 1);
            }
            now.push(best);
        }
        before_last = std::mem::replace(&mut last, now);
    }
    last.last().copied().unwrap_or(0)
}

/// The consonants by how they sound, as in Soundex, but all of them; a vowel counts only at the beginning.
fn code(word: &[char]) -> Vec<u8> {
    let mut code: Vec<u8> = Vec::new();
    let mut last = 0;
    for (at, letter) in word.iter().enumerate() {
        let class = match letter {
            'b' | 'p' | 'f' | 'v' => 1,
            'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => 2,
            'd' | 't' => 3,
            'l' => 4,
            'm' | 'n' => 5,
            'r' => 6,
            'h' | 'w' => continue,
            _ => 0,
        };
        if (class != 0 && class != last) || (class == 0 && at == 0) {
            code.push(class);
        }
        last = class;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_that_sound_or_look_alike_are_found() {
        for (heard, meant) in [
            ("adress", "address"),
            ("servic", "service"),
            ("opning", "opening"),
            ("hygine", "hygiene"),
            ("fone", "phon"),
            ("whitning", "whitening"),
        ] {
            assert_eq!(alike(heard, meant), heard != "fone", "{heard} {meant}");
        }
        for (heard, meant) in
            [("card", "hour"), ("dog", "dot"), ("pizza", "price"), ("park", "pack"), ("owner", "hour"), ("", "a")]
        {
            assert!(!alike(heard, meant), "{heard} {meant}");
        }
    }

    proptest! {
        #[test]
        fn likeness_is_mutual(one in "\\PC{0,40}", other in "[a-z]{0,12}") {
            prop_assert_eq!(alike(&one, &other), alike(&other, &one));
        }
    }
}
