//! Yes and no in the many ways in which people say them.

use crate::words::{begins, begins_any, core, from, is_any, latest_first};

const YES: &str = "\
    yes, yeah, yep, yup, yea, ya, yah, aye, sure, for sure, of course, absolutely, definitely, certainly, \
    correct, right, exactly, indeed, totally, affirmative, true, okay, ok, alright, fine, gladly, please do, \
    go ahead, you bet, by all means, mhm, uhhuh, why not, no problem, no doubt, without a doubt, \
    no question, i do, i did, i would, i will, i am, i was, i have, i can, we do, we did, we are, we have, \
    it is, it was, it did, it does, they did, they were, i think so, i guess so, i suppose so, i believe so, \
    i hope so, very much so, very much, so far so good, always, id love to, i love to";

const NO: &str = "\
    no, nope, nah, naw, nay, uhuh, nuhuh, negative, never, not, none, nothing, neither, hardly, rarely, \
    no way, no thanks, no thank you, not really, not at all, not yet, not quite, not exactly, of course not, \
    absolutely not, definitely not, certainly not, probably not, sure not, i guess not, i hope not, \
    i suppose not, im afraid not, unfortunately not, unfortunately no, i think not, i dont think so, \
    dont think so, i do not think so, i doubt it, false, wrong, incorrect, dont, didnt, isnt, wasnt, wont, \
    wouldnt, havent, hasnt, cant, couldnt, werent, arent, doesnt, shouldnt, aint, im not, i do not, i did not, \
    i would not, i will not, i am not, i was not, i have not, i can not, i cannot, cannot, we do not, \
    we did not, we are not, we have not, it is not, it was not, it did not, it does not, they did not, \
    they were not";

const UNSURE: &str = "\
    maybe, perhaps, possibly, it depends, depends, yes and no, not sure, im not sure, i am not sure, \
    not certain, i dont know, dont know, i do not know, no idea, i have no idea, no opinion, sometimes, \
    hard to say, cant say, i cant say, i cant remember, i dont remember, fifty fifty, yes or no, so so";

/// What recognisers make of a yes or a no that is said alone.
const LONE_YES: &str = "yas, yet, guess, s, y, 1, one, yes sir, yes maam, yes please";
const LONE_NO: &str = "know, now, n, 2, two, to, too, no sir, no maam";

/// Yes, no, or neither.
pub(crate) fn yes_no(words: &[String]) -> Option<bool> {
    let said = core(words);
    if is_any(said, LONE_YES) {
        return Some(true);
    }
    if is_any(said, LONE_NO) {
        return Some(false);
    }
    // "Yes, no wait": what comes after the change of mind counts. A plain "no" is no change of mind here.
    let said = match said.iter().rposition(|word| matches!(word.as_str(), "wait" | "actually" | "meant" | "correction"))
    {
        Some(at) if verdict(from(said, at + 1)).is_some() => from(said, at + 1),
        _ => said,
    };
    verdict(said)
}

/// The first verdict in these words; doubt before it leaves none.
fn verdict(words: &[String]) -> Option<bool> {
    let mut at = 0;
    while at < words.len() {
        let rest = from(words, at);
        let longest = |phrases| begins_any(rest, phrases).unwrap_or(0);
        let (yes, no, unsure) = (longest(YES), longest(NO), longest(UNSURE));
        match yes.max(no).max(unsure) {
            0 => at += 1,
            longest if unsure == longest => return None,
            longest => return Some(yes == longest),
        }
    }
    None
}

/// A bare no: nothing more is said, and nothing else.
pub(crate) fn is_bare_no(words: &[String]) -> bool {
    const BARE: &str = "no, nope, nah, no no, no no no, know, uhuh";
    is_any(core(words), BARE)
}

/// Nothing to add: "no", "nothing else", "that's all".
pub(crate) fn is_nothing(words: &[String]) -> bool {
    const NOTHING: &str = "\
    no, nope, nah, nothing, nothing else, nothing really, nothing at all, nothing more, none, not really, no thanks, \
    no thank you, thats all, thats it, no thats all, no thats it, no nothing, no not really, \
    not that i can think of, no nothing else, i dont think so, no im good, im good, all good";
    let parts = latest_first(words);
    is_bare_no(words)
        || is_any(without_thanks(words), NOTHING)
        || (!parts.is_empty() && parts.into_iter().all(|part| is_any(without_thanks(part), NOTHING)))
}

/// "Nothing else, thank you."
fn without_thanks(words: &[String]) -> &[String] {
    let said = core(words);
    let thanks = ["thanks a lot", "thank you very much", "thank you", "thanks"];
    let length = thanks.iter().find_map(|phrase| {
        let start = said.len().checked_sub(phrase.split(' ').count())?;
        begins(from(said, start), phrase).map(|_| start)
    });
    length.filter(|length| *length > 0).and_then(|length| said.get(..length)).map_or(said, core)
}

#[cfg(test)]
mod tests {
    use super::{is_nothing, yes_no};
    use crate::words::words;

    #[test]
    fn people_say_yes_in_many_ways() {
        let said = [
            "yes",
            "Yeah.",
            "yep",
            "Yup!",
            "um, yes",
            "sure",
            "Sure, why not?",
            "of course",
            "absolutely",
            "that's right",
            "I do",
            "I think so",
            "yes, I don't mind",
            "uh-huh",
            "mm-hm",
            "ok",
            "Okay.",
            "no problem",
            "no doubt about it",
            "go ahead",
            "well yeah I guess so",
            "1",
            "one",
            "yet",
            "it was",
            "no wait, yes",
            "No, I meant yes",
            "very much so",
            "I'd love to",
            "certainly, it was great",
            "y",
            "Yes please",
        ];
        for text in said {
            assert_eq!(yes_no(&words(text)), Some(true), "{text}");
        }
    }

    #[test]
    fn people_say_no_in_many_ways() {
        let said = [
            "no",
            "Nope.",
            "nah",
            "not really",
            "Not at all!",
            "no way",
            "I don't think so",
            "I do not think so",
            "absolutely not",
            "of course not",
            "I didn't",
            "it wasn't",
            "never",
            "no thanks",
            "No, it was fine",
            "well, no, not really",
            "unfortunately not",
            "I'm afraid not",
            "uh-uh",
            "know",
            "now",
            "2",
            "two",
            "yes, wait, no",
            "hardly",
            "I would not",
            "no no no",
            "I did not get it",
            "to",
            "n",
        ];
        for text in said {
            assert_eq!(yes_no(&words(text)), Some(false), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_not_guessed() {
        let said = [
            "maybe",
            "I'm not sure",
            "it depends",
            "yes and no",
            "I don't know",
            "purple",
            "five",
            "",
            "hard to say",
            "no idea",
            "sometimes",
        ];
        for text in said {
            assert_eq!(yes_no(&words(text)), None, "{text}");
        }
    }

    #[test]
    fn nothing_to_add_is_no_text() {
        for text in [
            "No.",
            "nothing",
            "no, that's all",
            "Not really",
            "no thank you",
            "nope",
            "No, nothing else.",
            "nothing else, thank you",
            "No thanks a lot",
        ] {
            assert!(is_nothing(&words(text)), "{text}");
        }
        for text in ["no queue at the counter", "nothing works", "the price", "", "The prices. No, nothing else."] {
            assert!(!is_nothing(&words(text)), "{text}");
        }
    }
}
