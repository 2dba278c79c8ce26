//! What to say next: the answer to the question, if it has one, or else to whatever else was said.

use super::dialogue::Dialogue;
use super::english::phrases;
use super::english::talk::{Act, Heard};
use super::english::{DAYS, Topic};
use super::facts::{Facts, scalar};
use super::identity::Identity;
use super::language::{name_words, words};
use super::question::Question;
use super::rank::{Ranking, Scored, Trust, inside, known, rank};
use super::say;
use crate::documents::{Documents, DocumentsError, Found};
use trunkline_contract::chat::Request;

/// Longest answer, characters, whatever the data.
const LONGEST: usize = 2_000;
/// Passages that are looked at.
const PASSAGES: usize = 6;
/// Things that are offered to be asked for.
const OFFERED: usize = 4;
/// A second candidate with this share of the first one's score is as good.
const AS_GOOD: f64 = 0.93;

/// What is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    /// Empty only when there is nothing left to say.
    pub(super) text: String,
    /// The conversation is over.
    pub(super) ends: bool,
}

impl Reply {
    fn say(text: impl Into<String>) -> Self {
        Self { text: text.into(), ends: false }
    }
}

/// What there is to answer from.
struct Sources<'a> {
    facts: Facts<'a>,
    identity: Identity,
    documents: Option<&'a dyn Documents>,
}

/// Answers the last words of the caller.
///
/// # Errors
/// The documents could not be searched, and the context alone does not answer.
pub(super) async fn answer(request: &Request, documents: Option<&dyn Documents>) -> Result<Reply, DocumentsError> {
    let dialogue = Dialogue::of(&request.messages);
    if dialogue.done {
        return Ok(Reply::default());
    }
    let facts = Facts::of(&request.context);
    let identity = Identity::of(&facts, &request.instructions);
    let sources = Sources { facts, identity, documents };
    let mut reply = sources.reply(&dialogue).await?;
    if reply.text.trim().is_empty() {
        phrases::UNKNOWN.clone_into(&mut reply.text);
    }
    if let Some((at, _)) = reply.text.char_indices().nth(LONGEST) {
        reply.text.truncate(at);
    }
    Ok(reply)
}

impl Sources<'_> {
    async fn reply(&self, dialogue: &Dialogue) -> Result<Reply, DocumentsError> {
        let Some(asked) = dialogue.asked.as_deref() else {
            let greeting = phrases::greeting(self.identity.company.as_deref());
            return Ok(Reply::say(if dialogue.before.is_none() {
                greeting
            } else {
                phrases::HOW_CAN_I_HELP.to_owned()
            }));
        };
        let heard = Heard::of(&words(asked));
        if let Some(reply) = self.command(dialogue, &heard).await? {
            return Ok(reply);
        }
        if let Some(text) = self.to_question(dialogue, &heard).await? {
            return Ok(Reply::say(text));
        }
        // What was begun before it was interrupted may be needed to understand the rest.
        if let Some(joined) = dialogue.joined.as_deref().filter(|_| heard.acts.is_empty())
            && let Some(text) = self.to_question(dialogue, &Heard::of(&words(joined))).await?
        {
            return Ok(Reply::say(text));
        }
        if let Some(reply) = self.small_talk(dialogue, &heard).await? {
            return Ok(reply);
        }
        self.no_answer(dialogue, &heard).await.map(Reply::say)
    }

    /// What is asked of the conversation itself, whatever else is said.
    async fn command(&self, dialogue: &Dialogue, heard: &Heard) -> Result<Option<Reply>, DocumentsError> {
        let text = if heard.has(Act::Repeat) {
            self.again(dialogue).await?
        } else if heard.has(Act::Spell) {
            let answer = self.to_question(dialogue, heard).await?;
            spell(answer.or_else(|| dialogue.last_words()))
        } else if heard.has(Act::Human) {
            format!("{} {}", phrases::NO_TRANSFER, self.contact().unwrap_or_else(|| phrases::WHAT_TO_KNOW.to_owned()))
        } else if heard.has(Act::Robot) {
            format!("{} {}", phrases::PROGRAM, phrases::HOW_CAN_I_HELP)
        } else if heard.has(Act::Identity) && heard.content() == 0 {
            let Identity { agent, company } = &self.identity;
            format!("{} {}", phrases::identity(agent.as_deref(), company.as_deref()), phrases::HOW_CAN_I_HELP)
        } else {
            return Ok(None);
        };
        Ok(Some(Reply::say(text)))
    }

    async fn again(&self, dialogue: &Dialogue) -> Result<String, DocumentsError> {
        let Some(last) = dialogue.last_words() else { return Ok(phrases::NOTHING_TO_REPEAT.to_owned()) };
        if dialogue.was_cut()
            && let Some(earlier) = dialogue.earlier.as_deref()
            && let Some(whole) = self.to_question(&Dialogue::default(), &Heard::of(&words(earlier))).await?
        {
            return Ok(whole);
        }
        Ok(last)
    }

    /// The answer to what is asked; none: there is none, or nothing was asked.
    async fn to_question(&self, dialogue: &Dialogue, heard: &Heard) -> Result<Option<String>, DocumentsError> {
        let known = known(&self.facts);
        let mut question = Question::of(&heard.rest, &known);
        if question.is_empty() {
            return Ok(None);
        }
        if refers_back(&heard.rest, &question)
            && let Some(earlier) = dialogue.earlier.as_deref()
        {
            question = question.after(&Question::of(&Heard::of(&words(earlier)).rest, &known));
        }
        let (found, failure) = match self.search(&question).await {
            Ok(found) => (found, None),
            Err(failure) => (Found::default(), Some(failure)),
        };
        let ranking = rank(&question, &self.facts, &found);
        let text = self.best(&question, &ranking);
        match failure {
            // Documents might have had a better answer than one that is not sure.
            Some(failure) if ranking.facts.first().is_none_or(|first| first.trust < Trust::Sure) => Err(failure),
            _ => Ok(text),
        }
    }

    async fn search(&self, question: &Question) -> Result<Found, DocumentsError> {
        let Some(documents) = self.documents else { return Ok(Found::default()) };
        let terms = question.terms.iter().map(super::question::Term::alternatives).collect();
        documents.search(terms, PASSAGES).await
    }

    /// The words of the best candidate: the surest, and among those the one with the highest score.
    fn best(&self, question: &Question, ranking: &Ranking) -> Option<String> {
        let first = ranking.facts.first();
        if let Some((quote, trust)) = &ranking.quote
            && first.is_none_or(|first| trust.raises(quote.score) > first.value())
        {
            if *trust < Trust::Sure && asks_for_action(question) {
                return None;
            }
            return Some(match trust {
                Trust::Sure => quote.text.clone(),
                _ => format!("{} {}", phrases::NOT_SURE, quote.text),
            });
        }
        let first = first?;
        if first.trust < Trust::Sure && asks_for_action(question) {
            return None;
        }
        let rivals = self.rivals(first, &ranking.facts);
        let unknown = ranking.missing.iter().find_map(|topic| phrases::missing(*topic));
        if let Some(unknown) = unknown.filter(|_| first.named < 0.6) {
            // What was found is only near to what was asked.
            return Some(format!("{unknown} {}", say::fact(&self.facts, first.at)));
        }
        if let Some(second) = self.second(question, first, &ranking.facts) {
            return Some(format!("{} {}", self.fact(question, first), self.fact(question, second)));
        }
        if rivals.is_empty() {
            return Some(self.fact(question, first));
        }
        let contacts = |scored: &Scored| {
            self.facts
                .get(scored.at)
                .is_some_and(|fact| matches!(fact.topic, Some(Topic::Email | Topic::Phone | Topic::Website)))
        };
        let asks_contact = question.asks(Topic::Contact);
        let together = asks_contact && contacts(first) && rivals.iter().all(|rival| contacts(rival));
        let all: Vec<&Scored> = std::iter::once(first).chain(rivals).take(3).collect();
        if together {
            return Some(all.into_iter().map(|scored| say::fact(&self.facts, scored.at)).collect::<Vec<_>>().join(" "));
        }
        let names: Vec<String> = all.iter().filter_map(|scored| self.facts.get(scored.at)).map(say::name).collect();
        Some(format!("{} {}?", phrases::DO_YOU_MEAN, phrases::list(&names).replace(" and ", " or ")))
    }

    /// The other fact of a question for two things: one that was named by words that do not name the first.
    fn second<'b>(&self, question: &Question, first: &Scored, facts: &'b [Scored]) -> Option<&'b Scored> {
        if !question.both || first.trust < Trust::Sure {
            return None;
        }
        let topic = |scored: &Scored| self.facts.get(scored.at).map(|fact| (fact.topic, fact.own.last().cloned()));
        let sure = |rival: &&Scored| rival.trust == Trust::Sure && rival.named >= 0.6 && topic(rival) != topic(first);
        facts.iter().filter(sure).find(|rival| !self.related(first.at, rival.at) && !self.related(rival.at, first.at))
    }

    /// Whether one fact is the other or in it.
    fn related(&self, one: usize, other: usize) -> bool {
        let mut at = Some(one);
        while let Some(now) = at {
            if now == other {
                return true;
            }
            at = self.facts.get(now).and_then(|fact| fact.parent);
        }
        false
    }

    /// Facts that are as good as the first and neither in it nor around it.
    fn rivals<'b>(&self, first: &Scored, facts: &'b [Scored]) -> Vec<&'b Scored> {
        let as_good = |rival: &&Scored| {
            rival.at != first.at
                && rival.trust == first.trust
                && rival.score >= AS_GOOD * first.score
                && !self.related(first.at, rival.at)
                && !self.related(rival.at, first.at)
        };
        facts.iter().filter(as_good).collect()
    }

    fn fact(&self, question: &Question, scored: &Scored) -> String {
        let at = inside(question, &self.facts, scored.at);
        let Some(fact) = self.facts.get(at) else { return String::new() };
        let text = say::fact(&self.facts, at);
        if scored.trust < Trust::Sure {
            return format!("{} {}: {}", phrases::I_THINK, say::name(fact), after_name(&say::name(fact), &text));
        }
        if let Some(missing) = self.missing_day(question, at) {
            return format!("I have no hours for {missing}. {text}");
        }
        match scored.item.filter(|_| question.whether).and_then(|item| fact.value.get(item)).and_then(scalar) {
            Some(item) if fact.topic == Some(Topic::Services) => format!("Yes, we offer {item}."),
            Some(item) if say::is_plural(fact) => format!("Yes, {} include {item}.", say::name(fact)),
            Some(item) => format!("Yes, {} includes {item}.", say::name(fact)),
            None => text,
        }
    }

    /// A day that was asked for and that the hours do not have.
    fn missing_day(&self, question: &Question, at: usize) -> Option<String> {
        let fact = self.facts.get(at).filter(|fact| fact.topic == Some(Topic::Hours) && fact.value.is_object())?;
        let days = say::days_of(&self.facts, at);
        let asked = question.days.iter().filter_map(|day| DAYS.get(*day)).find(|day| !days.contains(day))?;
        (!days.is_empty() && !fact.callers).then(|| say::capital(asked))
    }

    async fn small_talk(&self, dialogue: &Dialogue, heard: &Heard) -> Result<Option<Reply>, DocumentsError> {
        let first = |acts: &[Act]| acts.iter().any(|act| heard.has(*act));
        // A good-bye among words that mean something else is more likely misheard than meant.
        let ending = heard.has(Act::Goodbye) && heard.content() <= 1;
        let declined = heard.has(Act::No) && dialogue.offered_more() && heard.content() == 0;
        if ending || declined {
            return Ok(Some(Reply { text: phrases::FAREWELL.to_owned(), ends: true }));
        }
        let text = if first(&[Act::Help]) {
            format!("{} {}", self.topics().await?, phrases::WHAT_TO_KNOW)
        } else if first(&[Act::HowAreYou]) {
            format!("{} {}", phrases::FINE, phrases::HOW_CAN_I_HELP)
        } else if first(&[Act::OtherLanguage]) {
            phrases::ONLY_ENGLISH.to_owned()
        } else if first(&[Act::Wait]) {
            phrases::TAKE_YOUR_TIME.to_owned()
        } else if heard.content() > 0 {
            return Ok(None);
        } else if first(&[Act::Thanks]) && dialogue.offered_more() {
            phrases::WELCOME.to_owned()
        } else if first(&[Act::Thanks]) {
            format!("{} {}", phrases::WELCOME, phrases::ANYTHING_ELSE)
        } else if first(&[Act::No]) && (dialogue.heard(phrases::I_THINK) || dialogue.heard(phrases::DO_YOU_MEAN)) {
            format!("{} {} {}", phrases::MISUNDERSTOOD, self.topics().await?, phrases::WHAT_TO_KNOW)
        } else if first(&[Act::Yes]) && dialogue.heard(phrases::DO_YOU_MEAN) {
            dialogue.last_words().unwrap_or_default()
        } else if first(&[Act::Yes]) && !dialogue.heard(phrases::I_THINK) {
            phrases::WHAT_TO_KNOW.to_owned()
        } else if first(&[Act::Hello]) {
            let greeted = dialogue.before.is_some();
            if greeted {
                format!("Hello. {}", phrases::HOW_CAN_I_HELP)
            } else {
                phrases::greeting(self.identity.company.as_deref())
            }
        } else if first(&[Act::Okay, Act::No, Act::Yes]) {
            phrases::ANYTHING_ELSE.to_owned()
        } else {
            return Ok(None);
        };
        Ok(Some(Reply::say(text)))
    }

    /// Says honestly that there is no answer, and what there is.
    async fn no_answer(&self, dialogue: &Dialogue, heard: &Heard) -> Result<String, DocumentsError> {
        let question = Question::of(&heard.rest, &known(&self.facts));
        if question.is_empty() {
            return Ok(match dialogue.heard(phrases::NOT_HEARD) || dialogue.heard(phrases::STILL_NOT_HEARD) {
                true => format!("{} {}", phrases::STILL_NOT_HEARD, self.topics().await?),
                false => phrases::NOT_HEARD.to_owned(),
            });
        }
        let again = dialogue.heard(phrases::UNKNOWN) || dialogue.heard(phrases::STILL_UNKNOWN);
        let begin = if asks_for_action(&question) {
            phrases::NO_ACTION.to_owned()
        } else if again {
            phrases::STILL_UNKNOWN.to_owned()
        } else {
            self.unknown(&question)
        };
        let instead = match self.contact().filter(|_| again || begin == phrases::NO_ACTION) {
            Some(contact) => contact,
            None => self.topics().await?,
        };
        Ok(format!("{begin} {instead}"))
    }

    /// Names what was asked for, when that is plain and the sources have nothing of the kind.
    fn unknown(&self, question: &Question) -> String {
        let ranking = rank(question, &self.facts, &Found::default());
        let named = ranking.missing.iter().find_map(|topic| phrases::missing(*topic));
        named.filter(|_| self.documents.is_none()).unwrap_or(phrases::UNKNOWN).to_owned()
    }

    /// What can be asked for.
    async fn topics(&self) -> Result<String, DocumentsError> {
        let mut topics = self.facts.topics(OFFERED);
        if let Some(first) = topics.first_mut() {
            *first = format!("our {first}");
        }
        if let Some(documents) = self.documents.filter(|_| topics.len() < OFFERED) {
            let names = documents.names(OFFERED - topics.len()).await?;
            topics.extend(names.iter().map(|name| document_topic(name)).filter(|name| !name.is_empty()));
        }
        Ok(phrases::topics(&topics))
    }

    /// How to reach people.
    fn contact(&self) -> Option<String> {
        let about = |topic: Topic| {
            self.facts
                .all()
                .iter()
                .position(|fact| fact.topic == Some(topic) && !fact.callers && scalar(fact.value).is_some())
        };
        let at = about(Topic::Phone).or_else(|| about(Topic::Email))?;
        Some(say::fact(&self.facts, at))
    }
}

/// Goes on after the name of a fact: `our address: it is 12 Harbour Street.`
fn after_name(name: &str, text: &str) -> String {
    if let Some(rest) = text.strip_prefix(&say::capital(name)) {
        return match rest {
            rest if rest.starts_with(" is ") => format!("it{rest}"),
            rest if rest.starts_with(" are ") => format!("they{rest}"),
            rest if rest.starts_with(" includes ") => format!("it{rest}"),
            _ => text.to_owned(),
        };
    }
    let ours = ["We ", "Our ", "Your ", "You ", "On ", "For ", "This "].iter().any(|begin| text.starts_with(begin));
    let mut letters = text.chars();
    match letters.next().filter(|_| ours) {
        Some(letter) => letter.to_lowercase().chain(letters).collect(),
        None => text.to_owned(),
    }
}

fn asks_for_action(question: &Question) -> bool {
    !question.informs
        && question.terms.iter().any(|term| term.stem.as_deref().is_some_and(|stem| phrases::ACTIONS.contains(&stem)))
}

/// The name of a document as a topic: `opening-hours_2024.md` is `opening hours 2024`.
fn document_topic(name: &str) -> String {
    let stem =
        name.rsplit_once('.').filter(|(_, kind)| kind.len() <= 4 && !kind.contains(' ')).map_or(name, |(stem, _)| stem);
    name_words(stem).join(" ")
}

/// Whether the words leave out what they are about: "and how much is it?"
fn refers_back(words: &[String], question: &Question) -> bool {
    let back =
        |word: &String| matches!(word.as_str(), "it" | "that" | "this" | "one" | "they" | "them" | "there" | "those");
    question.terms.len() <= 2 && (words.iter().any(back) || words.first().is_some_and(|word| word == "and"))
}

/// The last address, or whatever else has no spaces and is no word, letter by letter.
fn spell(text: Option<String>) -> String {
    let Some(before) = text else { return phrases::NOTHING_TO_SPELL.to_owned() };
    let odd = |word: &&str| word.contains(['@', '/']) || word.trim_end_matches('.').contains('.');
    let mut marked = before.split_whitespace().filter(odd);
    match marked.next_back() {
        Some(word) => format!("{}.", say::capital(&say::spelled(word.trim_end_matches(['.', ',', '!', '?'])))),
        None => before,
    }
}
