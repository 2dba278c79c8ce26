//! English: the only language that the engine speaks. What it says is in `phrases`, what it understands in `talk`, and here is
//! what it knows of the meaning of words.

pub(super) mod phrases;
pub(super) mod talk;

use super::language::stem;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a question can be about, whatever the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    Hours,
    Address,
    Email,
    Phone,
    Website,
    Price,
    Services,
    Contact,
    Company,
    Agent,
    Other(u8),
}

/// Words that ask for the same thing. The table is general on purpose: it holds for any business, and a word that a tenant
/// uses in another sense loses against one that stands in the tenant's own data.
const MEANINGS: &[(Topic, &[&str])] = &[
    (Topic::Hours, &["hours", "opening", "open", "opens", "close", "closing", "closed", "shut", "schedule", "times"]),
    (Topic::Address, &["address", "location", "located", "directions", "street", "situated", "whereabouts"]),
    (Topic::Email, &["email", "mail", "write"]),
    (Topic::Phone, &["phone", "telephone", "number", "call", "ring", "mobile", "cell", "hotline", "tel"]),
    (Topic::Website, &["website", "web", "site", "url", "homepage", "online", "page"]),
    (Topic::Price, &["price", "pricing", "cost", "fee", "charge", "rates", "expensive", "cheap", "tariff"]),
    (Topic::Services, &["services", "offer", "offering", "provide", "sell", "products", "treatments"]),
    (Topic::Contact, &["contact", "reach", "touch"]),
    (Topic::Company, &["company", "firm", "organisation", "organization", "brand"]),
    (Topic::Other(0), &["appointment", "booking", "book", "reservation", "reserve", "schedule"]),
    (Topic::Other(1), &["parking", "park", "car", "garage"]),
    (Topic::Other(2), &["insurance", "insured", "insurer", "coverage"]),
    (Topic::Other(3), &["payment", "pay", "card", "cash", "credit"]),
    (Topic::Other(4), &["team", "staff", "employees", "people", "personnel"]),
    (Topic::Other(5), &["delivery", "deliver", "shipping", "ship"]),
    (Topic::Other(6), &["return", "refund", "exchange"]),
    (Topic::Other(7), &["wifi", "internet", "wireless"]),
    (Topic::Other(8), &["emergency", "urgent"]),
    (Topic::Other(9), &["cancel", "cancellation"]),
    (Topic::Other(10), &["job", "career", "vacancy", "hiring", "employment"]),
    (Topic::Other(11), &["doctor", "dr", "physician"]),
    (Topic::Other(12), &["owner", "boss", "manager", "director"]),
];

/// Ways to ask that name no thing: they point at one. Matched as words in a row, longer ones first.
const HINTS: &[(&[&str], Topic, Points)] = &[
    (&["when"], Topic::Hours, Points::Vaguely),
    (&["where"], Topic::Address, Points::Aside),
    (&["how", "much"], Topic::Price, Points::Aside),
    (&["what", "time"], Topic::Hours, Points::Aside),
    (&["what", "times"], Topic::Hours, Points::Aside),
    (&["how", "late"], Topic::Hours, Points::Plainly),
    (&["how", "early"], Topic::Hours, Points::Plainly),
    (&["where", "are", "you"], Topic::Address, Points::Plainly),
    (&["where", "is", "your"], Topic::Address, Points::Aside),
    (&["get", "to", "you"], Topic::Address, Points::Plainly),
    (&["get", "there"], Topic::Address, Points::Plainly),
    (&["find", "you"], Topic::Address, Points::Plainly),
    (&["how", "do", "i", "get", "to"], Topic::Address, Points::Plainly),
    (&["what", "do", "you", "do"], Topic::Services, Points::Plainly),
    (&["what", "do", "you", "have"], Topic::Services, Points::Aside),
    (&["get", "hold", "of"], Topic::Contact, Points::Plainly),
    (&["what", "place", "is", "this"], Topic::Company, Points::Plainly),
    (&["what", "is", "this"], Topic::Company, Points::Aside),
    (&["who", "do", "you", "work", "for"], Topic::Company, Points::Plainly),
];

/// How plainly words point at a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Points {
    /// At nothing else, as if they named it.
    Plainly,
    /// At it when nothing else is named.
    Aside,
    /// At it, perhaps.
    Vaguely,
}

/// Words that say nothing more after one about such a topic: an `email address` is no address.
const COMPOUNDS: &[(Topic, &str)] = &[
    (Topic::Email, "address"),
    (Topic::Website, "address"),
    (Topic::Phone, "number"),
    (Topic::Hours, "times"),
    (Topic::Hours, "hours"),
];

/// Words that recognisers write for others that sound the same.
const SOUND_ALIKE: &[(&str, &str)] = &[
    ("our", "hour"),
    ("ours", "hours"),
    ("male", "mail"),
    ("sight", "site"),
    ("cite", "site"),
    ("cell", "sell"),
    ("prize", "price"),
    ("prizes", "prices"),
    ("faux", "phone"),
    ("wear", "where"),
    ("ware", "where"),
    ("clothes", "close"),
    ("clothed", "closed"),
];

/// Words about a day; they are asked together with hours.
pub(super) const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Words that content may have but that seldom decide.
const VAGUE: &[&str] = &[
    "accept", "accepted", "allow", "allowed", "another", "back", "big", "bit", "bring", "come", "day", "eight",
    "eleven", "few", "first", "five", "four", "good", "great", "happen", "happens", "help", "last", "long", "many",
    "mean", "near", "nearby", "new", "next", "nice", "nine", "old", "one", "people", "place", "possible", "seven",
    "show", "six", "small", "start", "stop", "stops", "take", "takes", "ten", "three", "time", "today", "tomorrow",
    "tonight", "twelve", "two", "use", "way", "week", "work", "works", "year", "years",
];

static TOPICS: LazyLock<HashMap<String, Vec<Topic>>> = LazyLock::new(|| {
    let mut topics: HashMap<String, Vec<Topic>> = HashMap::new();
    for (topic, words) in MEANINGS {
        for word in *words {
            let of = topics.entry(stem(word)).or_default();
            if !of.contains(topic) {
                of.push(*topic);
            }
        }
    }
    topics
});

/// What a word, given as its stem, may be about.
pub(super) fn topics(stem: &str) -> &'static [Topic] {
    TOPICS.get(stem).map_or(&[], Vec::as_slice)
}

/// Words of a topic.
pub(super) fn words_of(topic: Topic) -> impl Iterator<Item = &'static str> {
    MEANINGS.iter().filter(move |(of, _)| *of == topic).flat_map(|(_, words)| words.iter().copied())
}

/// What the words at the beginning point at, how plainly, and how many words that takes.
pub(super) fn hint(words: &[String]) -> Option<(usize, Topic, Points)> {
    let begins = |pattern: &[&str]| words.iter().map(String::as_str).take(pattern.len()).eq(pattern.iter().copied());
    let fitting = HINTS.iter().filter(|(pattern, ..)| begins(pattern));
    let (pattern, topic, points) = fitting.max_by_key(|(pattern, ..)| pattern.len())?;
    Some((pattern.len(), *topic, *points))
}

/// Whether two words, given as the stem of the first and the second, are a name for what the first one means.
pub(super) fn is_compound(stem: &str, next: &str) -> bool {
    COMPOUNDS.iter().any(|(topic, second)| *second == next && topics(stem).contains(topic))
}

/// A word that sounds like this one and makes more sense in a question.
pub(super) fn sound_alike(word: &str) -> Option<&'static str> {
    SOUND_ALIKE.iter().find(|(heard, _)| *heard == word).map(|(_, meant)| *meant)
}

/// Whether a word seldom decides what is asked.
pub(super) fn is_vague(word: &str) -> bool {
    VAGUE.contains(&word)
}
