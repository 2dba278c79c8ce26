//! How long a silence must be to end the caller's turn, by what was said.

use trunkline_contract::agent::{Endpointing, EndpointingStrategy};

/// Words that rarely end a sentence.
const DANGLING: &[&str] = &[
    "and", "or", "but", "because", "so", "if", "that", "the", "a", "an", "to", "of", "for", "with", "my", "is", "are",
    "um", "uh", "er", "und", "oder", "aber", "weil", "dass", "der", "die", "das", "ein", "eine", "mit", "y", "o",
    "pero", "porque", "que", "el", "la", "los", "las", "un", "una", "de", "con",
];

/// The silence, ms, after which a turn with this text is over.
pub(crate) fn delay_ms(text: &str, rules: &Endpointing, min_override: Option<u32>) -> u64 {
    let min = min_override.unwrap_or(rules.min_ms);
    let max = rules.max_ms.max(min);
    let delay = match rules.strategy {
        EndpointingStrategy::Vad => min,
        EndpointingStrategy::Adaptive if unfinished(text) => min + (max - min) / 2,
        EndpointingStrategy::Adaptive => min,
    };
    u64::from(delay)
}

/// The text looks as if more will come: a dangling word, a comma, a number that may go on.
fn unfinished(text: &str) -> bool {
    let text = text.trim_end();
    let Some(last) = text.split_whitespace().next_back() else { return false };
    if last.ends_with(['.', '!', '?']) {
        return false;
    }
    let word = last.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let spelling = word.chars().count() == 1 && word != "i" && word != "a";
    let number = !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    last.ends_with([',', ':', '-']) || DANGLING.contains(&word.as_str()) || spelling || number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_follows_what_was_said() {
        let rules = Endpointing::default();
        let cases = [
            ("I would like to book a table.", 500),
            ("I would like to book a table", 500),
            ("I would like to", 1_500),
            ("my number is five five", 500),
            ("my number is 555", 1_500),
            ("my number is 555.", 500),
            ("B as in Bravo, K", 1_500),
            ("ich möchte und", 1_500),
            ("", 500),
        ];
        for (text, expected) in cases {
            assert_eq!(delay_ms(text, &rules, None), expected, "{text}");
        }
    }

    #[test]
    fn the_vad_strategy_ignores_the_text() {
        let rules = Endpointing { strategy: EndpointingStrategy::Vad, ..Endpointing::default() };
        assert_eq!(delay_ms("and", &rules, None), 500);
        assert_eq!(delay_ms("and", &rules, Some(300)), 300);
    }
}
