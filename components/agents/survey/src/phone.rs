//! Telephone numbers as they are dictated.

use crate::number::{small, tens};

/// A number has this many digits.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=15;

/// The number, digits only, with `+` in front if it was said.
pub(crate) fn phone(words: &[String]) -> Option<String> {
    let mut out = String::new();
    let mut times = 1;
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let said = match word.as_str() {
            "plus" if out.is_empty() => {
                out.push('+');
                continue;
            }
            "double" => {
                times = 2;
                continue;
            }
            "triple" => {
                times = 3;
                continue;
            }
            "oh" | "o" => Some("0".to_owned()),
            "hundred" => Some("00".to_owned()),
            "to" | "too" if !out.is_empty() => Some("2".to_owned()),
            "for" if !out.is_empty() => Some("4".to_owned()),
            word if word.bytes().all(|byte| byte.is_ascii_digit()) => Some(word.to_owned()),
            word => match tens(word) {
                Some(tens) => {
                    let unit = words.peek().and_then(|next| small(next)).filter(|unit| (1..10).contains(unit));
                    Some((tens + unit.inspect(|_| _ = words.next()).unwrap_or(0)).to_string())
                }
                None => small(word).map(|digit| digit.to_string()),
            },
        };
        if let Some(said) = said {
            (0..times).for_each(|_| out.push_str(&said));
        }
        times = 1;
    }
    DIGITS.contains(&out.trim_start_matches('+').len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::phone;
    use crate::words::words;

    #[test]
    fn numbers_are_taken_down() {
        let cases = [
            ("555 0123", Some("5550123")),
            ("It's five five five, oh one two three.", Some("5550123")),
            ("+1 (555) 010-0199", Some("+15550100199")),
            ("plus four four twenty seven double oh one", Some("+4427001")),
            ("five fifty five eight hundred", Some("555800")),
            ("triple nine one", Some("9991")),
            ("five five five won to three", Some("55523")),
            ("one two three", None),
            ("I have none", None),
            ("12345678901234567", None),
        ];
        for (said, expected) in cases {
            assert_eq!(phone(&words(said)).as_deref(), expected, "{said}");
        }
    }
}
