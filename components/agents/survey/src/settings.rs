//! The settings, as `settings.schema.json` describes them.

use serde::{Deserialize, Serialize};
use trunkline_sdk::CallInfo;

/// What is asked and said. Unknown fields are the schema's to refuse.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    pub(crate) intro: String,
    pub(crate) questions: Vec<Question>,
    pub(crate) outro: String,
    pub(crate) max_tries: u32,
    pub(crate) acknowledgements: Vec<String>,
    pub(crate) echo: bool,
    pub(crate) callback: bool,
    pub(crate) lines: Lines,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            intro: String::new(),
            questions: Vec::new(),
            outro: "That was the last question. Thank you for your time. Good-bye.".to_owned(),
            max_tries: 3,
            acknowledgements: ["Thank you.", "Okay.", "Got it."].map(str::to_owned).to_vec(),
            echo: true,
            callback: true,
            lines: Lines::default(),
        }
    }
}

impl Settings {
    /// Puts the call's context data into all texts.
    pub(crate) fn render(&mut self, call: &CallInfo) {
        let lines = &mut self.lines;
        let questions = self.questions.iter_mut();
        let texts = questions.flat_map(|question| [Some(&mut question.ask), question.retry.as_mut()]).flatten();
        let own = [
            &mut self.intro,
            &mut self.outro,
            &mut lines.busy,
            &mut lines.noted,
            &mut lines.declined,
            &mut lines.cut_off,
            &mut lines.not_understood,
            &mut lines.moving_on,
            &mut lines.required,
            &mut lines.changed,
            &mut lines.wait,
        ];
        for text in texts.chain(own).chain(&mut self.acknowledgements) {
            *text = call.render(text);
        }
    }
}

/// What else the agent says.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Lines {
    pub(crate) busy: String,
    pub(crate) noted: String,
    pub(crate) declined: String,
    pub(crate) cut_off: String,
    pub(crate) not_understood: String,
    pub(crate) moving_on: String,
    pub(crate) required: String,
    pub(crate) changed: String,
    pub(crate) wait: String,
}

impl Default for Lines {
    fn default() -> Self {
        Lines {
            busy: "No problem. When would be a good time to call you back?".to_owned(),
            noted: "All right, I have noted: {when}. Thank you, and good-bye.".to_owned(),
            declined: "No problem. Thank you, and good-bye.".to_owned(),
            cut_off: "Sorry, we were cut off.".to_owned(),
            not_understood: "Sorry, I did not get that.".to_owned(),
            moving_on: "Let us go on.".to_owned(),
            required: "I am afraid I need an answer to this one.".to_owned(),
            changed: "Okay, I have changed that.".to_owned(),
            wait: "Take your time.".to_owned(),
        }
    }
}

/// What kind of answer a question wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Text,
    YesNo,
    Number,
    Rating,
    Choice,
    Phone,
}

/// One question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) id: String,
    pub(crate) ask: String,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) choices: Vec<Choice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<f64>,
    #[serde(default = "yes")]
    pub(crate) required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry: Option<String>,
}

fn yes() -> bool {
    true
}

/// One of several answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Choice {
    /// Said as it is written.
    Name(String),
    /// With other words for it.
    Named {
        label: String,
        #[serde(default)]
        also: Vec<String>,
    },
}

impl Choice {
    /// What is said and stored.
    pub(crate) fn label(&self) -> &str {
        match self {
            Choice::Name(label) | Choice::Named { label, .. } => label,
        }
    }

    /// All that it is called.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let also: &[String] = match self {
            Choice::Name(_) => &[],
            Choice::Named { also, .. } => also,
        };
        std::iter::once(self.label()).chain(also.iter().map(String::as_str))
    }
}

impl Question {
    /// The numbers that are allowed.
    pub(crate) fn range(&self) -> (f64, f64) {
        match self.kind {
            Kind::Rating => (self.min.unwrap_or(1.0), self.max.unwrap_or(5.0)),
            _ => (self.min.unwrap_or(f64::NEG_INFINITY), self.max.unwrap_or(f64::INFINITY)),
        }
    }

    /// The question as it is put: choices follow, in writing as a list.
    pub(crate) fn put(&self, in_writing: bool) -> String {
        let mut text = self.ask.clone();
        let named = self.choices.iter().all(|choice| text.to_lowercase().contains(&choice.label().to_lowercase()));
        if in_writing {
            for (number, choice) in (1..).zip(&self.choices) {
                text.push_str(&format!("\n{number}. {}", choice.label()));
            }
        } else if !named {
            text.push_str(&format!(" You can say: {}.", self.list()));
        }
        text
    }

    /// "A, B or C".
    fn list(&self) -> String {
        let labels: Vec<&str> = self.choices.iter().map(Choice::label).collect();
        match labels.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }

    /// What is allowed, in one sentence; nothing for a `text`.
    pub(crate) fn hint(&self) -> String {
        match self.kind {
            Kind::Text => String::new(),
            Kind::YesNo => "Please answer yes or no.".to_owned(),
            Kind::Choice => format!("Please choose one: {}.", self.list()),
            Kind::Phone => "Please give the number digit by digit.".to_owned(),
            Kind::Number | Kind::Rating => match self.range() {
                (min, max) if min.is_finite() && max.is_finite() => {
                    format!("Please give a number from {min} to {max}.")
                }
                (min, _) if min.is_finite() => format!("Please give a number, {min} or more."),
                (_, max) if max.is_finite() => format!("Please give a number, {max} or less."),
                _ => "Please give a number.".to_owned(),
            },
        }
    }

    /// How to answer with the keys of a telephone.
    pub(crate) fn keys_hint(&self) -> &'static str {
        match self.kind {
            Kind::Text => "",
            Kind::YesNo => "You can also press 1 for yes or 2 for no.",
            Kind::Choice => "You can also press the key with its number in the list.",
            Kind::Rating | Kind::Number | Kind::Phone => "You can also type it with the keys.",
        }
    }

    /// Words that the recogniser should expect; at most 100.
    pub(crate) fn expected(&self) -> Vec<String> {
        const NUMBERS: [&str; 11] =
            ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
        let mut words: Vec<String> = match self.kind {
            Kind::Text => Vec::new(),
            Kind::YesNo => ["yes", "no", "yeah", "nope", "not really"].map(str::to_owned).to_vec(),
            Kind::Number | Kind::Rating | Kind::Phone => NUMBERS.map(str::to_owned).to_vec(),
            Kind::Choice => self.choices.iter().flat_map(Choice::names).map(str::to_owned).collect(),
        };
        words.truncate(100);
        words
    }
}
