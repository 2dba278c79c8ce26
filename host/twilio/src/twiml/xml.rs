//! The XML that TwiML needs: elements, attributes, text.

use super::TwimlError;

/// Writes one document.
pub(super) struct Xml {
    out: String,
    /// The last start tag is not closed yet: attributes may follow.
    tag_open: bool,
}

impl Xml {
    pub(super) fn document() -> Self {
        Self { out: String::from(r#"<?xml version="1.0" encoding="UTF-8"?>"#), tag_open: false }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    pub(super) fn open(&mut self, name: &str) {
        self.end_tag();
        self.out.push('<');
        self.out.push_str(name);
        self.tag_open = true;
    }

    pub(super) fn close(&mut self, name: &str) {
        if self.tag_open {
            self.out.push_str("/>");
            self.tag_open = false;
        } else {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    pub(super) fn attribute(&mut self, name: &'static str, value: &str) -> Result<(), TwimlError> {
        if let Some(character) = value.chars().find(|&c| !allowed(c)) {
            return Err(TwimlError::Character { attribute: name, character });
        }
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        for c in value.chars() {
            match c {
                '"' => self.out.push_str("&quot;"),
                // A parser would turn these into spaces.
                '\n' => self.out.push_str("&#10;"),
                '\r' => self.out.push_str("&#13;"),
                '\t' => self.out.push_str("&#9;"),
                c => self.escaped(c),
            }
        }
        self.out.push('"');
        Ok(())
    }

    pub(super) fn optional(&mut self, name: &'static str, value: Option<&str>) -> Result<(), TwimlError> {
        value.map_or(Ok(()), |value| self.attribute(name, value))
    }

    /// Writes spoken text. Characters that XML cannot carry cannot be spoken either and are left out.
    pub(super) fn text(&mut self, text: &str) {
        self.end_tag();
        for c in text.chars().filter(|&c| allowed(c)) {
            self.escaped(c);
        }
    }

    fn escaped(&mut self, c: char) {
        match c {
            '&' => self.out.push_str("&amp;"),
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            c => self.out.push(c),
        }
    }

    fn end_tag(&mut self) {
        if self.tag_open {
            self.out.push('>');
            self.tag_open = false;
        }
    }
}

/// The characters of XML 1.0.
fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}
