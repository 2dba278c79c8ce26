//! The spoken field of a structured answer, as it streams.
//!
//! A model that answers in JSON writes `{"reply": "Hello, ...` long before it closes the brace; the caller should hear it
//! at once. [`SpokenField`] is fed with the answer's text in any pieces and gives the text of one string field of the
//! outermost object as it grows. An answer that is no object at all is taken for plain text and given as it stands: the first
//! letter that is no space decides.

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
    /// Space before what decides; part of the text when that is plain.
    leading: String,
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
            leading: String::new(),
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
            State::Start if matches!(letter, ' ' | '\t' | '\r' | '\n') => self.leading.push(letter),
            State::Start if letter == '{' => {
                (self.state, self.depth, self.expects_name) = (State::Outside, 1, true);
            }
            State::Start => {
                self.state = State::Plain;
                spoken.push_str(&std::mem::take(&mut self.leading));
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
mod tests;
