//! The spoken field of a structured answer, as it streams.
//!
//! A model that answers in JSON writes `{"reply": "Hello, ...` long before it closes the brace; the caller should hear it
//! at once. [`SpokenField`] is fed with the answer's text in any pieces and gives the text of one string field of the
//! outermost object as it grows. An answer that is no object at all is taken for plain text.

/// What one field of a JSON object says so far. See the module.
#[derive(Clone, Debug)]
pub struct SpokenField {
    name: String,
    state: State,
    /// Open objects and lists, the outermost first.
    depth: usize,
    /// The next string of the outermost object is a name.
    expects_name: bool,
    /// The newest name of the outermost object.
    current: String,
    /// Digits of an escape so far, and the first half of a surrogate pair.
    hex: String,
    high: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing but space so far.
    Start,
    /// Not JSON: everything is spoken.
    Plain,
    /// Between strings.
    Outside,
    /// In a string: what it is, and how far an escape is.
    Inside(Role, Escape),
    /// The outermost object is closed.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Name,
    Spoken,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    No,
    Begun,
    Unicode,
}

impl SpokenField {
    /// The field `name`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            state: State::Start,
            depth: 0,
            expects_name: false,
            current: String::new(),
            hex: String::new(),
            high: None,
        }
    }

    /// Takes the next piece of the answer; gives what is to be spoken of it.
    pub fn push(&mut self, piece: &str) -> String {
        let mut spoken = String::new();
        for letter in piece.chars() {
            self.letter(letter, &mut spoken);
        }
        spoken
    }

    fn letter(&mut self, letter: char, spoken: &mut String) {
        match self.state {
            State::Start if letter.is_whitespace() => {}
            State::Start if letter == '{' => {
                (self.state, self.depth, self.expects_name) = (State::Outside, 1, true);
            }
            State::Start => {
                self.state = State::Plain;
                spoken.push(letter);
            }
            State::Plain => spoken.push(letter),
            State::Outside => self.outside(letter),
            State::Inside(role, escape) => self.inside(role, escape, letter, spoken),
            State::Over => {}
        }
    }

    fn outside(&mut self, letter: char) {
        match letter {
            '"' if self.depth == 1 && self.expects_name => {
                self.current.clear();
                self.state = State::Inside(Role::Name, Escape::No);
            }
            '"' if self.depth == 1 && self.current == self.name => {
                self.state = State::Inside(Role::Spoken, Escape::No);
            }
            '"' => self.state = State::Inside(Role::Other, Escape::No),
            '{' | '[' => self.depth += 1,
            '}' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.state = State::Over;
                }
            }
            ':' if self.depth == 1 => self.expects_name = false,
            ',' if self.depth == 1 => self.expects_name = true,
            _ => {}
        }
    }

    fn inside(&mut self, role: Role, escape: Escape, letter: char, spoken: &mut String) {
        match (escape, letter) {
            (Escape::No, '\\') => self.state = State::Inside(role, Escape::Begun),
            (Escape::No, '"') => {
                self.lone(role, spoken);
                self.state = State::Outside;
            }
            (Escape::No, letter) => self.put(role, letter, spoken),
            (Escape::Begun, 'u') => {
                self.hex.clear();
                self.state = State::Inside(role, Escape::Unicode);
            }
            (Escape::Begun, letter) => {
                self.state = State::Inside(role, Escape::No);
                let meant = match letter {
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                };
                self.put(role, meant, spoken);
            }
            (Escape::Unicode, digit) => {
                self.hex.push(digit);
                if self.hex.len() >= 4 {
                    self.state = State::Inside(role, Escape::No);
                    self.unit(role, spoken);
                }
            }
        }
    }

    /// One UTF-16 unit of an escape: a letter, or half of one.
    fn unit(&mut self, role: Role, spoken: &mut String) {
        let unit = u16::from_str_radix(&self.hex, 16).unwrap_or(0xfffd);
        if (0xd800..0xdc00).contains(&unit) {
            self.lone(role, spoken);
            self.high = Some(unit);
            return;
        }
        let units = self.high.take().into_iter().chain([unit]).collect::<Vec<_>>();
        for letter in char::decode_utf16(units) {
            self.put(role, letter.unwrap_or(char::REPLACEMENT_CHARACTER), spoken);
        }
    }

    /// Half a letter that the other half did not follow.
    fn lone(&mut self, role: Role, spoken: &mut String) {
        if self.high.take().is_some() {
            self.put(role, char::REPLACEMENT_CHARACTER, spoken);
        }
    }

    fn put(&mut self, role: Role, letter: char, spoken: &mut String) {
        self.lone(role, spoken);
        match role {
            Role::Name => self.current.push(letter),
            Role::Spoken => spoken.push(letter),
            Role::Other => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn spoken(answer: &str) -> String {
        SpokenField::new("reply").push(answer)
    }

    #[test]
    fn the_field_is_found_wherever_it_stands() {
        for answer in [
            r#"{"reply": "Hello, \"you\".\n"}"#,
            r#"  {"mood": {"reply": "no"}, "list": ["reply", "no"], "n": 1, "reply":"Hello, \u0022you\".\n", "z": null}"#,
            r#"{"reply": "Hello, \"you\".\n""#,
        ] {
            assert_eq!(spoken(answer), "Hello, \"you\".\n", "{answer}");
        }
        assert_eq!(spoken(r#"{"other": "reply"}"#), "");
        assert_eq!(spoken(r#"{"reply": 7}"#), "");
    }

    #[test]
    fn it_is_spoken_while_it_streams() {
        let mut field = SpokenField::new("reply");
        let pieces =
            [r#"{"re"#, r#"ply""#, r#": "Hel"#, r"lo \ud83d", r"\ude00 th", r#"ere", "x"#, r#"": "not this"}"#];
        let said: Vec<String> = pieces.iter().map(|piece| field.push(piece)).collect();
        assert_eq!(said, ["", "", "Hel", "lo ", "😀 th", "ere", ""]);
    }

    #[test]
    fn an_answer_that_is_no_object_is_plain_text() {
        assert_eq!(spoken(" I am sorry {x}."), "I am sorry {x}.");
        assert_eq!(spoken("[1]"), "[1]");
    }

    proptest! {
        #[test]
        fn any_pieces_give_what_the_whole_says(text in "\\PC{0,30}", before in "\\PC{0,10}", cuts in proptest::collection::vec(0usize..200, 0..8), ascii: bool) {
            let mut answer = json!({"before": before, "nested": {"reply": "no"}, "reply": text, "z": [before]}).to_string();
            if ascii {
                answer = answer.chars().map(|c| if c.is_ascii() { c.to_string() } else {
                    c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
                }).collect();
            }
            let mut field = SpokenField::new("reply");
            let mut said = String::new();
            let letters: Vec<char> = answer.chars().collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (letters.len() + 1)).collect();
            cuts.push(0);
            cuts.push(letters.len());
            cuts.sort_unstable();
            for pair in cuts.windows(2) {
                said.push_str(&field.push(&letters[pair[0]..pair[1]].iter().collect::<String>()));
            }
            let whole: Value = serde_json::from_str(&answer).unwrap();
            prop_assert_eq!(said, whole["reply"].as_str().unwrap());
        }

        #[test]
        fn any_text_is_taken(pieces in proptest::collection::vec("\\PC{0,12}", 0..6)) {
            let mut field = SpokenField::new("a");
            for piece in pieces {
                let _ = field.push(&piece);
            }
        }
    }
}
