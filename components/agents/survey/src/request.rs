//! What a caller wants of the survey itself, instead of answering.

use crate::settings::Kind;
use crate::words::{begins_any, core, from, has_any, is_any, leading};

/// A wish of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Not to go on at all.
    Stop,
    /// To be called at another time.
    Busy,
    /// To hear the question again.
    Repeat,
    /// To go back to the question before.
    Back,
    /// To change the answer before; from this word on it is said how.
    Correct(usize),
    /// Not to answer this one.
    Skip,
    /// A moment to think.
    Wait,
    /// To know who calls.
    Who,
    /// To know what can be answered.
    Options,
}

struct Pattern {
    request: Request,
    /// Anywhere in what is said; where any text is an answer, only at its beginning.
    part: &'static str,
    /// All that is said.
    whole: &'static str,
}

/// In order of precedence.
const PATTERNS: &[Pattern] = &[
    Pattern {
        request: Request::Stop,
        part: "\
            stop calling, dont call me, do not call me, never call, hang up, end the call, end this call, \
            end the survey, stop the survey, stop this, want to stop, take me off, remove me from, \
            leave me alone, dont want to do this, dont want to take part, dont want to participate, \
            dont want to continue, goodbye, good bye",
        whole: "bye, bye bye, stop, stop it, quit, cancel, exit, go away, no goodbye",
    },
    Pattern {
        request: Request::Busy,
        part: "\
            im busy, i am busy, im very busy, im really busy, im pretty busy, im too busy, im a bit busy, \
            im kind of busy, busy right now, busy now, busy at the moment, im in a meeting, im driving, \
            im at work, in the middle of something, not a good time, isnt a good time, bad time, \
            not a great time, not the best time, no time right now, no time now, have no time, dont have time, \
            dont have the time, dont have any time, cant talk, cannot talk, cant speak, call me back, \
            call back later, call back another, call me later, call me again, call me tomorrow, \
            call again later, another time, some other time, have to go, got to go, need to go, gotta go, \
            not right now, later please, maybe later, in a hurry",
        whole: "busy, later, call back, call later, call me, not now, no time, tomorrow, no not now",
    },
    Pattern {
        request: Request::Back,
        part: "\
            go back, previous question, question before, last question again, back to the last, \
            back to the previous, back to the first, change my answer, change my last answer, \
            correct my answer, correct my last answer, thats not what i said, that is not what i said, \
            thats wrong, that is wrong, thats not right, that was wrong",
        whole: "back, one back, wrong, no wrong",
    },
    Pattern {
        request: Request::Repeat,
        part: "\
            repeat, say that again, say it again, ask again, come again, pardon, one more time, once more, \
            what was that, what did you say, what was the question, what is the question, whats the question, \
            didnt hear, did not hear, didnt catch, did not catch, didnt get that, did not get that, \
            didnt get the, didnt understand, did not understand, dont understand, do not understand, cant hear, \
            cannot hear, couldnt hear, i missed that, hear the question again, say again",
        whole: "\
            what, sorry, huh, eh, excuse me, sorry what, what sorry, again, again please, the question, \
            what what, beg your pardon, hello, hello hello, hi, hi there, are you there, are you still there, \
            im here, yes im here, im still here, yes im still here, still here, i am here, yes i am here, \
            can you hear me, is anybody there, anybody there, hallo",
    },
    Pattern {
        request: Request::Who,
        part: "\
            who is this, whos this, who are you, who am i talking to, who is calling, whos calling, \
            why are you calling, what is this about, whats this about, what company, whats this for, \
            what is this for",
        whole: "who, who is it",
    },
    Pattern {
        request: Request::Options,
        part: "\
            what are the options, what are my options, what are the choices, what are my choices, \
            which options, what options, what choices, what can i say, what can i choose, what can i answer, \
            what do you mean, what does that mean, read the options, list the options, list the choices",
        whole: "help, options, choices, which ones",
    },
    Pattern {
        request: Request::Skip,
        part: "\
            skip, next question, rather not, prefer not, no comment, dont want to answer, dont want to say, \
            not going to answer, wont answer, none of your business, no answer, pass on this, pass on that",
        whole: "\
            next, pass, i pass, ill pass, move on, go on, dont know, i dont know, i do not know, no idea, \
            i have no idea, not sure, im not sure, no opinion",
    },
    Pattern {
        request: Request::Wait,
        part: "\
            hold on, hang on, one moment, one second, one minute please, just a second, just a moment, \
            just a minute, wait a, give me a second, give me a moment, give me a minute, let me think, \
            let me see, let me check",
        whole: "wait, moment, a moment, second, hm, hmm, um, uh",
    },
];

/// Said before a correction of the answer before.
const CORRECTION: &str = "\
    i meant, no i meant, sorry i meant, no sorry i meant, oh i meant, correction, change that to, change it to, \
    change my answer to, change my last answer to, change the last one to, can you change that to, no make that";

/// The same, where it cannot be the beginning of an answer in free words.
const WEAK_CORRECTION: &str = "\
    i mean, no i mean, sorry i mean, i said, no i said, make that, make it, no make it, can you make that, \
    that should be, no that should be, it should be";

/// Words before a request that carry no meaning of their own.
const POLITE: &str = "\
    sorry, please, can, could, would, will, you, i, im, we, just, excuse, me, but, wait, no, oh, um, uh, well, \
    so, actually, hey, like, to, lets, id, its, it, is, this, that, thats, really, afraid, now";

/// What is wanted, if it is something else than an answer. `early`: nothing was answered yet.
pub(crate) fn request(words: &[String], kind: Kind, early: bool) -> Option<Request> {
    let said = core(words);
    if kind != Kind::YesNo && early && is_any(said, "no thanks, no thank you, im not interested, not interested") {
        return Some(Request::Stop);
    }
    if kind != Kind::Text && has_any(said, "not interested") {
        return Some(Request::Stop);
    }
    let weak = begins_any(said, WEAK_CORRECTION).filter(|_| kind != Kind::Text);
    if let Some(length) = begins_any(said, CORRECTION).or(weak) {
        return Some(Request::Correct(leading(words) + length));
    }
    let found = PATTERNS.iter().find(|pattern| {
        let part = if kind == Kind::Text { opens_with(said, pattern.part) } else { has_any(said, pattern.part) };
        part || is_any(said, pattern.whole)
    });
    found.map(|pattern| pattern.request)
}

/// Whether what is said begins with one of the phrases, but for politeness.
fn opens_with(said: &[String], phrases: &str) -> bool {
    let polite = said.iter().take_while(|word| POLITE.split(", ").any(|polite| polite == *word)).count();
    (0..=polite).any(|start| begins_any(from(said, start), phrases).is_some())
}

#[cfg(test)]
mod tests {
    use super::{Request, request};
    use crate::settings::Kind;
    use crate::words::words;

    fn wanted(text: &str, kind: Kind) -> Option<Request> {
        request(&words(text), kind, false)
    }

    #[test]
    fn requests_are_told_from_answers() {
        let cases = [
            ("Sorry, what?", Request::Repeat),
            ("can you repeat that", Request::Repeat),
            ("I didn't hear you", Request::Repeat),
            ("Pardon?", Request::Repeat),
            ("Hello?", Request::Repeat),
            ("yes I'm here", Request::Repeat),
            ("skip this one please", Request::Skip),
            ("I'd rather not say", Request::Skip),
            ("next question", Request::Skip),
            ("I'm busy", Request::Busy),
            ("I'm busy right now", Request::Busy),
            ("it's not a good time", Request::Busy),
            ("call me later", Request::Busy),
            ("Can you call me back tomorrow at three?", Request::Busy),
            ("I have to go", Request::Busy),
            ("go back please", Request::Back),
            ("that's not what I said", Request::Back),
            ("hold on", Request::Wait),
            ("let me think", Request::Wait),
            ("who is this?", Request::Who),
            ("what are my options?", Request::Options),
            ("stop calling me", Request::Stop),
            ("goodbye", Request::Stop),
        ];
        for (text, expected) in cases {
            for kind in [Kind::Rating, Kind::Choice, Kind::Text] {
                assert_eq!(wanted(text, kind), Some(expected), "{text} {kind:?}");
            }
        }
    }

    #[test]
    fn an_answer_in_free_words_is_no_request() {
        let texts = [
            "too many repeat calls",
            "the people at the counter were busy right now and then",
            "You should call me back faster",
            "make the pages load faster",
            "the next question is whether you listen",
            "waiting times",
            "nothing",
            "that I had to skip lunch",
        ];
        for text in texts {
            assert_eq!(wanted(text, Kind::Text), None, "{text}");
        }
    }

    #[test]
    fn a_correction_says_from_where_it_is_one() {
        let cases =
            [("No, I meant four", 3), ("I meant four", 2), ("Well, sorry, I meant four", 4), ("correction: four", 1)];
        for (text, expected) in cases {
            let words = words(text);
            let Some(Request::Correct(from)) = request(&words, Kind::Text, false) else { panic!("{text}") };
            assert_eq!((from, words[from].as_str()), (expected, "four"), "{text}");
        }
    }

    #[test]
    fn who_is_not_interested_is_not_asked_further() {
        assert_eq!(request(&words("no thanks"), Kind::Rating, true), Some(Request::Stop));
        assert_eq!(request(&words("no thanks"), Kind::Rating, false), None);
        assert_eq!(request(&words("no thanks"), Kind::YesNo, true), None);
        assert_eq!(request(&words("I'm not interested in this"), Kind::YesNo, false), Some(Request::Stop));
    }
}
