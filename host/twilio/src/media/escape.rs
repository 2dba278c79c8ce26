//! JSON strings without a serialiser.

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends `text` as the inside of a JSON string.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    // Most texts need no escape at all and are copied in one go.
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        let (clean, from) = rest.split_at(at);
        out.push_str(clean);
        let mut chars = from.chars();
        match chars.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some(control) => {
                let code = control as usize;
                out.push_str("\\u00");
                for digit in [code >> 4, code & 15] {
                    out.push(HEX.get(digit).copied().map_or('0', char::from));
                }
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}
