//! What people say besides their question: greetings, thanks, yes and no, "say that again".

use crate::llm::builtin::language::{is_common, words};
use std::sync::LazyLock;

/// What somebody does by saying something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::llm::builtin) enum Act {
    Goodbye,
    Repeat,
    Spell,
    Human,
    Robot,
    Identity,
    HowAreYou,
    Help,
    Wait,
    OtherLanguage,
    Thanks,
    Hello,
    No,
    Yes,
    Okay,
}

/// What is said, in the order in which it counts.
const SAID: &[(Act, &[&str])] = &[
    (
        Act::Repeat,
        &[
            "say that again",
            "say it again",
            "say again",
            "repeat that",
            "repeat it",
            "repeat please",
            "could you repeat",
            "can you repeat",
            "come again",
            "one more time",
            "once more",
            "what did you say",
            "what was that",
            "pardon me",
            "i beg your pardon",
            "did not hear you",
            "didn't hear you",
            "didn't hear that",
            "didn't catch that",
            "did not catch that",
            "didn't get that",
            "did not get that",
            "didn't understand",
            "did not understand",
            "don't understand",
            "tell me again",
            "do that again",
            "that again please",
        ],
    ),
    (Act::Spell, &["spell that", "spell it", "you spell", "letter by letter", "spelling of"]),
    (
        Act::Human,
        &[
            "speak to a human",
            "talk to a human",
            "speak to human",
            "speak with a human",
            "a real person",
            "real human",
            "speak to a person",
            "talk to a person",
            "speak to someone",
            "talk to someone",
            "speak to somebody",
            "talk to somebody",
            "speak with someone",
            "talk with someone",
            "speak to an agent",
            "to a representative",
            "to an operator",
            "the operator",
            "to the manager",
            "to a manager",
            "you a human please",
            "transfer me",
            "connect me",
            "put me through",
        ],
    ),
    (
        Act::Robot,
        &[
            "are you a robot",
            "are you a human",
            "are you human",
            "are you real",
            "are you a real person",
            "are you a bot",
            "are you a machine",
            "are you a computer",
            "are you a person",
            "are you an ai",
            "is this a robot",
            "is this a recording",
            "am i talking to a robot",
            "am i talking to a machine",
            "are you artificial",
        ],
    ),
    (
        Act::Identity,
        &[
            "who are you",
            "who is this",
            "who's this",
            "what is your name",
            "what's your name",
            "your name",
            "who am i talking to",
            "who am i speaking to",
            "who am i speaking with",
            "who is speaking",
            "who's speaking",
        ],
    ),
    (
        Act::HowAreYou,
        &["how are you", "how are you doing", "how do you do", "how is it going", "how's it going", "what's up"],
    ),
    (
        Act::Help,
        &[
            "what can you do",
            "what can i ask",
            "how can you help",
            "what can you tell me",
            "what do you know",
            "what can you help",
            "help me",
            "i need help",
            "can you help",
            "what are my options",
            "what else",
            "what are the options",
            "what can i do here",
        ],
    ),
    (
        Act::Wait,
        &[
            "hold on",
            "one moment",
            "one second",
            "just a moment",
            "just a second",
            "wait a minute",
            "wait a second",
            "wait a moment",
            "give me a second",
            "give me a moment",
            "let me think",
            "let me see",
        ],
    ),
    (
        Act::OtherLanguage,
        &[
            "speak spanish",
            "speak german",
            "speak french",
            "speak italian",
            "speak chinese",
            "speak portuguese",
            "habla espanol",
            "sprechen sie deutsch",
            "parlez vous francais",
            "another language",
            "other languages",
        ],
    ),
    (
        Act::Goodbye,
        &[
            "goodbye",
            "good bye",
            "bye bye",
            "bye",
            "see you later",
            "see you soon",
            "talk to you later",
            "farewell",
            "have a nice day",
            "have a good day",
            "have a great day",
            "have a nice evening",
            "have a good one",
            "hang up",
            "end the call",
            "that's all",
            "that is all",
            "that will be all",
            "that'll be all",
            "that's it",
            "that was all",
            "nothing else",
            "no more questions",
            "i'm done",
            "i am done",
            "we're done",
            "that's everything",
            "that is everything",
            "i have to go",
            "i've got to go",
        ],
    ),
    (
        Act::Thanks,
        &[
            "thank you very much",
            "thank you so much",
            "thanks a lot",
            "thank you",
            "thanks",
            "much appreciated",
            "i appreciate it",
            "cheers",
        ],
    ),
    (
        Act::Hello,
        &[
            "hello there",
            "hello",
            "hi there",
            "hi",
            "hey",
            "good morning",
            "good afternoon",
            "good evening",
            "good day",
            "is anybody there",
            "is anyone there",
            "anybody there",
            "are you there",
            "can you hear me",
            "greetings",
        ],
    ),
    (
        Act::No,
        &["no thank you", "no thanks", "not really", "not at the moment", "no", "nope", "nah", "i'm good", "i am good"],
    ),
    (
        Act::Yes,
        &[
            "yes please",
            "yes",
            "yeah",
            "yep",
            "yup",
            "of course",
            "that's right",
            "that is right",
            "correct",
            "exactly",
            "please do",
            "sure",
        ],
    ),
    (
        Act::Okay,
        &[
            "okay",
            "ok",
            "all right",
            "alright",
            "great",
            "perfect",
            "got it",
            "i see",
            "sounds good",
            "good to know",
            "very good",
            "wonderful",
            "excellent",
            "cool",
            "awesome",
            "that helps",
            "fine",
        ],
    ),
];

/// What means something only when nothing else is said.
const ALONE: &[(&str, Act)] = &[
    ("what", Act::Repeat),
    ("sorry", Act::Repeat),
    ("pardon", Act::Repeat),
    ("huh", Act::Repeat),
    ("excuse me", Act::Repeat),
    ("repeat", Act::Repeat),
    ("again", Act::Repeat),
    ("help", Act::Help),
    ("options", Act::Help),
    ("by", Act::Goodbye),
    ("buy", Act::Goodbye),
    ("by by", Act::Goodbye),
    ("good by", Act::Goodbye),
    ("good buy", Act::Goodbye),
    ("know", Act::No),
    ("wait", Act::Wait),
    ("operator", Act::Human),
    ("human", Act::Human),
    ("agent", Act::Human),
    ("representative", Act::Human),
];

type Pattern = (Act, Vec<String>);

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let all = SAID.iter().flat_map(|(act, said)| said.iter().map(|said| (*act, words(said))));
    let mut all: Vec<Pattern> = all.collect();
    // Longer ones first, or "no" would be taken out of "no thank you". The sort is stable.
    all.sort_by_key(|(_, words)| std::cmp::Reverse(words.len()));
    all
});

/// What was heard, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::llm::builtin) struct Heard {
    pub(in crate::llm::builtin) acts: Vec<Act>,
    /// The words that are not part of any act.
    pub(in crate::llm::builtin) rest: Vec<String>,
}

impl Heard {
    /// Takes words apart.
    pub(in crate::llm::builtin) fn of(words: &[String]) -> Self {
        let whole = words.join(" ");
        if let Some((_, act)) = ALONE.iter().find(|(alone, _)| *alone == whole) {
            return Self { acts: vec![*act], rest: Vec::new() };
        }
        let mut taken = vec![false; words.len()];
        let mut acts = Vec::new();
        for (act, pattern) in PATTERNS.iter() {
            for (at, window) in words.windows(pattern.len()).enumerate() {
                let places = at..at + pattern.len();
                let free = taken.get(places.clone()).is_some_and(|taken| !taken.contains(&true));
                if window == pattern.as_slice() && free {
                    acts.push(*act);
                    if let Some(taken) = taken.get_mut(places) {
                        taken.fill(true);
                    }
                }
            }
        }
        let rest = words.iter().zip(taken).filter(|(_, taken)| !taken).map(|(word, _)| word.clone()).collect();
        Self { acts, rest }
    }

    pub(in crate::llm::builtin) fn has(&self, act: Act) -> bool {
        self.acts.contains(&act)
    }

    /// How many words of the rest say something.
    pub(in crate::llm::builtin) fn content(&self) -> usize {
        self.rest.iter().filter(|word| !is_common(word)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> (Vec<Act>, String) {
        let heard = Heard::of(&words(text));
        (heard.acts, heard.rest.join(" "))
    }

    #[test]
    fn acts_are_taken_out_of_what_is_said() {
        let table: [(&str, &[Act], &str); 10] = [
            ("No, thank you.", &[Act::No], ""),
            ("That's all, thank you", &[Act::Thanks, Act::Goodbye], ""),
            ("hello what are your hours", &[Act::Hello], "what are your hours"),
            ("good morning", &[Act::Hello], ""),
            ("Could you say that again, please?", &[Act::Repeat], "could you please"),
            ("What?", &[Act::Repeat], ""),
            ("what are your prices", &[], "what are your prices"),
            ("who are your doctors", &[], "who are your doctors"),
            ("good by", &[Act::Goodbye], ""),
            ("can i speak to a human", &[Act::Human], "can i"),
        ];
        for (text, acts, rest) in table {
            let found = heard(text);
            assert_eq!(found.1, rest, "{text}");
            assert!(acts.iter().all(|act| found.0.contains(act)) && found.0.len() == acts.len(), "{text}: {found:?}");
        }
    }
}
