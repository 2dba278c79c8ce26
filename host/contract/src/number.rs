//! Telephone numbers.

/// Whether a text is a number in E.164 form: `+` and 7 to 15 digits, the first not 0 (ITU-T E.164).
pub fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_plus_and_seven_to_fifteen_digits() {
        for (text, valid) in [
            ("+15550100", true),
            ("+4930123456", true),
            ("15550100", false),
            ("+05550100", false),
            ("+1555", false),
            ("+1234567890123456", false),
            ("+1555 0100", false),
            ("", false),
        ] {
            assert_eq!(is_e164(text), valid, "{text}");
        }
    }
}
