//! Facts and passages against a question, on one scale.
//!
//! Each term of the question weighs as much as it is rare among all facts and passages together. A candidate scores, for
//! each term, the weight times how well its best place fits: its own name fully, an item of its list, the names above it,
//! its text, and what is below it less. The word itself counts fully, a word of the same meaning less, and one that only
//! sounds alike less still, and only when the heard word stands nowhere. Coverage is the score as a share of what the
//! question weighs, and says how sure an answer is.

use super::english::{Points, Topic, topics};
use super::facts::{Fact, Facts};
use super::language::Initials;
use super::passage::{self, Quote};
use super::question::{Question, Term};
use super::sound::{ALIKE, alike};
use crate::documents::Found;
use std::collections::{HashMap, HashSet};

/// What a word of the same meaning is worth beside the word itself.
const SAME_MEANING: f64 = 0.8;
/// What a word weighs that stands nowhere: it was misheard, or is about something unknown.
const NOWHERE: f64 = 0.7;
/// Places of a fact.
const ITEM: f64 = 0.8;
const ABOVE: f64 = 0.7;
const INSIDE: f64 = 0.55;
const BELOW: f64 = 0.4;
/// The words before the last one of a name count less for it: `support` in `support email`.
const MODIFIER: f64 = 0.6;

/// Words of a name that do without saying: who asks for the hours means the business hours.
const USUAL: [&str; 8] = ["busi", "open", "offic", "compani", "main", "gener", "contact", "street"];
/// How much of a fact's name is said when its topic is.
const ABOUT: f64 = 0.85;
/// What is left of the score of a price that was not asked for.
const BESIDE: f64 = 0.7;
/// What is left of a score when nothing of the candidate's name was said.
const UNNAMED: f64 = 0.7;

/// What being sure is worth beside a higher score.
const SURE: f64 = 1.3;

/// How sure it is that a candidate answers the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    None,
    Weak,
    Sure,
}

impl Trust {
    /// A score among candidates that are more or less sure.
    pub(super) fn raises(self, score: f64) -> f64 {
        if self == Trust::Sure { score * SURE } else { score }
    }
}

/// A fact that was weighed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scored {
    pub(super) at: usize,
    pub(super) score: f64,
    pub(super) trust: Trust,
    /// How much of its name was said, 0-1.
    pub(super) named: f64,
    /// The item of its list that was named in full.
    pub(super) item: Option<usize>,
}

impl Scored {
    pub(super) fn value(&self) -> f64 {
        self.trust.raises(self.score)
    }
}

/// All candidates that are worth anything, best first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ranking {
    pub(super) facts: Vec<Scored>,
    pub(super) quote: Option<(Quote, Trust)>,
    /// Topics that were asked for and stand nowhere.
    pub(super) missing: Vec<Topic>,
}

/// The terms with their weights and what the words of the context are worth to them.
pub(super) struct Weights<'a> {
    terms: Vec<Weighed<'a>>,
    whole: f64,
    initials: Initials,
}

/// One term.
pub(super) struct Weighed<'a> {
    term: &'a Term,
    weight: f64,
    /// Worth of stems of the context that are not the word itself.
    worth: HashMap<&'a str, f64>,
    /// Other words of the question, each of which counts for itself and for no other.
    others: Vec<&'a str>,
}

impl Weighed<'_> {
    /// How well any of the stems fits, 0-1.
    pub(super) fn within(&self, stems: &[String]) -> f64 {
        stems.iter().map(|stem| self.of(stem)).fold(0.0, f64::max)
    }

    fn of(&self, stem: &str) -> f64 {
        match self.term.stem.as_deref() {
            Some(own) if own == stem => 1.0,
            Some(_) if self.others.contains(&stem) => 0.0,
            own => self.worth.get(stem).copied().unwrap_or_else(|| meaning(self.term, own.is_some(), stem)),
        }
    }

    fn about(&self, topic: Option<Topic>) -> f64 {
        let means = |topic: Topic| {
            self.term.topics.contains(&topic)
                || (self.term.topics.contains(&Topic::Contact) && matches!(topic, Topic::Email | Topic::Phone))
        };
        if topic.is_some_and(means) { if self.term.stem.is_some() { SAME_MEANING } else { 1.0 } } else { 0.0 }
    }
}

fn meaning(term: &Term, named: bool, stem: &str) -> f64 {
    if topics(stem).iter().any(|topic| term.topics.contains(topic)) {
        return if named { SAME_MEANING } else { 1.0 };
    }
    0.0
}

impl<'a> Weights<'a> {
    fn of(question: &'a Question, facts: &'a Facts<'_>, found: &Found) -> Self {
        let known = stems(facts);
        let all = facts.all().len() as f64 + found.total as f64;
        let mut terms = Vec::new();
        for (at, term) in question.terms.iter().enumerate() {
            let others = question.terms.iter().filter_map(|term| term.stem.as_deref()).collect();
            let mut weighed = Weighed { term, weight: 0.0, worth: HashMap::new(), others };
            let among = facts.all().iter().filter(|fact| weighed.has(facts, fact)).count() as f64;
            let having = among + found.having.get(at).copied().unwrap_or(0) as f64;
            let rare = if having > 0.0 { (1.0 + all / (having + 0.5)).ln() / (1.0 + all / 0.5).ln() } else { NOWHERE };
            weighed.weight = term.weight * rare;
            if let Some(stem) = term.stem.as_deref().filter(|_| having == 0.0) {
                weighed.worth = known.iter().filter(|known| alike(stem, known)).map(|known| (*known, ALIKE)).collect();
            }
            terms.push(weighed);
        }
        let whole = terms.iter().filter(|term| !term.term.earlier).map(|term| term.weight).sum();
        let alternatives: Vec<String> = question.terms.iter().flat_map(Term::alternatives).collect();
        let alike = terms.iter().flat_map(|term| term.worth.keys().copied());
        let initials = Initials::of(alternatives.iter().map(String::as_str).chain(alike));
        Self { terms, whole, initials }
    }

    /// The weights of all terms, each times what `worth` gives for it.
    pub(super) fn sum(&self, worth: impl Fn(&Weighed<'_>) -> f64) -> f64 {
        self.terms.iter().map(|term| term.weight * worth(term)).sum()
    }

    /// What the words begin with that are worth something.
    pub(super) fn initials(&self) -> &Initials {
        &self.initials
    }

    /// How many words are worth something.
    pub(super) fn count(&self, worth: impl Fn(&Weighed<'_>) -> f64) -> usize {
        self.terms.iter().filter(|term| term.term.stem.is_some() && worth(term) > 0.0).count()
    }

    /// Whether any of the stems is one of the words themselves.
    pub(super) fn has_any<'b>(&self, mut stems: impl Iterator<Item = &'b String>) -> bool {
        stems.any(|stem| self.terms.iter().any(|term| term.term.stem.as_ref() == Some(stem)))
    }

    /// The same for the terms of this question alone, as a share of all of them.
    fn share(&self, score: f64) -> f64 {
        if self.whole > 0.0 { (score / self.whole).min(1.0) } else { 0.0 }
    }
}

impl Weighed<'_> {
    /// How well the fact fits by itself, without what is around it.
    fn own(&self, fact: &Fact<'_>) -> f64 {
        let items = fact.items.iter().map(|item| self.within(item)).fold(0.0, f64::max);
        self.within(&fact.own).max(self.about(fact.topic)).max(ITEM * items).max(INSIDE * self.within(&fact.inside))
    }

    /// Whether the fact has the word or its meaning, and not only from the group that it is in.
    fn has(&self, facts: &Facts<'_>, fact: &Fact<'_>) -> bool {
        let inherited = fact.parent.and_then(|parent| facts.get(parent)).is_some_and(|above| above.topic == fact.topic);
        self.own(fact) > 0.0 && (!inherited || self.within(&fact.own) > 0.0 || self.within(&fact.inside) > 0.0)
    }

    fn fits(&self, fact: &Fact<'_>) -> f64 {
        self.own(fact).max(ABOVE * self.within(&fact.above)).max(BELOW * self.within(&fact.below))
    }
}

/// Ranks everything that may answer.
pub(super) fn rank(question: &Question, facts: &Facts<'_>, found: &Found) -> Ranking {
    let weights = Weights::of(question, facts, found);
    let mut ranked: Vec<Scored> = facts
        .all()
        .iter()
        .enumerate()
        .filter(|(_, fact)| !fact.holds)
        .map(|(at, fact)| weigh(&weights, question, at, fact))
        .filter(|scored| scored.trust > Trust::None)
        .collect();
    // A group comes before what is in it, and the sort is stable.
    ranked.sort_by(|a, b| b.value().total_cmp(&a.value()));
    let quotes = found.passages.iter().filter_map(|passage| passage::best(passage, &weights));
    let quote = quotes.fold(None, |best: Option<Quote>, quote| match best {
        Some(best) if best.score >= quote.score => Some(best),
        _ => Some(quote),
    });
    let quote = quote.map(|quote| {
        let trust = match (weights.share(quote.score), quote.terms) {
            (share, _) if share >= 0.48 && quote.literal => Trust::Sure,
            (share, 2..) if share >= 0.31 => Trust::Weak,
            (share, _) if share >= 0.41 => Trust::Weak,
            _ => Trust::None,
        };
        (quote, trust)
    });
    Ranking {
        facts: ranked,
        quote: quote.filter(|(_, trust)| *trust > Trust::None),
        missing: missing(&weights, facts, found),
    }
}

/// The only one in a group that has words of the question which the name of the group has not; else the group.
pub(super) fn inside(question: &Question, facts: &Facts<'_>, group: usize) -> usize {
    let Some(fact) = facts.get(group) else { return group };
    let stems = question.terms.iter().filter_map(|term| term.stem.as_deref());
    let rest: Vec<&str> = stems.filter(|stem| !fact.own.iter().chain(&fact.above).any(|own| own == stem)).collect();
    let has = |inner: &Fact<'_>| {
        let all = inner.own.iter().chain(&inner.inside).chain(inner.items.iter().flatten()).chain(&inner.below);
        all.into_iter().any(|stem| rest.contains(&stem.as_str()))
    };
    let mut having = facts.children(group).filter(|(_, inner)| has(inner)).map(|(at, _)| at);
    match (having.next(), having.next()) {
        (Some(only), None) => only,
        _ => group,
    }
}

fn weigh(weights: &Weights<'_>, question: &Question, at: usize, fact: &Fact<'_>) -> Scored {
    let score = weights.sum(|term| term.fits(fact));
    let share = weights.share(score);
    let named = named(weights, fact, |_| MODIFIER);
    let usual = self::named(weights, fact, |stem| if USUAL.contains(&stem) { 0.0 } else { MODIFIER });
    let item = item(question, fact);
    let whole = if item.is_some() && question.whether { 1.0 } else { named.max(usual) };
    let score = score * (UNNAMED + (1.0 - UNNAMED) * whole);
    // Who names a thing does not ask what it costs.
    let beside = fact.topic == Some(Topic::Price) && !question.asks(Topic::Price);
    let score = if beside { score * BESIDE } else { score };
    // By its own words, and not only by "where" or "how much".
    let called = weights.terms.iter().any(|term| term.term.points == Points::Plainly && term.within(&fact.own) > 0.0);
    let trust = match share {
        share
            if (named >= 0.6 && share >= 0.25)
                || (item.is_some() && question.whether && share >= 0.35)
                || share >= 0.7 =>
        {
            Trust::Sure
        }
        share if (named >= 0.3 && share >= 0.28) || (named >= 0.6 && called) || share >= 0.5 => Trust::Weak,
        _ => Trust::None,
    };
    // A fact is not asked for by the name of its group alone.
    let trust = if weights.terms.iter().any(|term| term.own(fact) > 0.0) { trust } else { Trust::None };
    let trust = if beside { trust.min(Trust::Weak) } else { trust };
    let vague = |term: &Weighed<'_>| term.term.points == Points::Vaguely;
    let plain = weights.terms.iter().any(|term| !vague(term) && term.fits(fact) > 0.0);
    let trust = if plain { trust } else { trust.min(Trust::Weak) };
    Scored { at, score, trust, named, item }
}

/// The item of a list that the question names: it has all words of the item, or the item all of its own.
fn item(question: &Question, fact: &Fact<'_>) -> Option<usize> {
    let stems: Vec<&str> = question.terms.iter().filter_map(|term| term.stem.as_deref()).collect();
    let plain = question.terms.iter().filter(|term| !term.earlier && !term.is_vague());
    let plain: Vec<&str> = plain.filter_map(|term| term.stem.as_deref()).collect();
    fact.items.iter().position(|item| {
        let named = item.iter().all(|stem| stems.contains(&stem.as_str()));
        let names = !plain.is_empty() && plain.iter().all(|stem| item.iter().any(|own| own == stem));
        !item.is_empty() && (named || names)
    })
}

/// How much of a fact's own name was said, its last word before the others.
fn named(weights: &Weights<'_>, fact: &Fact<'_>, modifier: impl Fn(&str) -> f64) -> f64 {
    let said = |stem: &str| {
        let terms = weights.terms.iter().filter(|term| !term.term.earlier);
        terms.map(|term| term.of(stem)).fold(0.0, f64::max)
    };
    let last = fact.own.len().saturating_sub(1);
    let part = |(at, stem): (usize, &String)| if at == last { 1.0 } else { modifier(stem) };
    let whole: f64 = fact.own.iter().enumerate().map(part).sum();
    let sum: f64 = fact.own.iter().enumerate().map(|(at, stem)| part((at, stem)) * said(stem)).sum();
    let about =
        weights.terms.iter().filter(|term| !term.term.earlier).map(|term| term.about(fact.topic)).fold(0.0, f64::max);
    let inherited = fact.above.iter().any(|stem| topics(stem).iter().any(|topic| fact.topic == Some(*topic)));
    let by_name = if whole > 0.0 { sum / whole } else { 0.0 };
    if inherited { by_name } else { by_name.max(about * ABOUT) }
}

/// Topics that were asked for by name and that nothing is about.
fn missing(weights: &Weights<'_>, facts: &Facts<'_>, found: &Found) -> Vec<Topic> {
    let mut missing = Vec::new();
    for (at, weighed) in weights.terms.iter().enumerate() {
        let nowhere = found.having.get(at).copied().unwrap_or(0) == 0
            && !weighed.term.earlier
            && weighed.worth.is_empty()
            && facts.all().iter().all(|fact| weighed.own(fact) == 0.0);
        if let Some(topic) = weighed.term.topics.first().filter(|_| nowhere) {
            missing.push(*topic);
        }
    }
    missing
}

/// All stems of names and items, for words that only sound like them.
fn stems<'a>(facts: &'a Facts<'_>) -> HashSet<&'a str> {
    let all = facts.all().iter().flat_map(|fact| fact.own.iter().chain(fact.items.iter().flatten()));
    all.map(String::as_str).collect()
}

/// All stems that a heard word may be put together to.
pub(super) fn known<'a>(facts: &'a Facts<'_>) -> HashSet<&'a str> {
    stems(facts)
}
