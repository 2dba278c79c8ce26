//! BM25 over one tenant's own chunks.
//!
//! FTS5 offers the candidates, but weighs words by how rare they are in the texts of all tenants; here they are weighed by
//! how rare they are in what was searched, so nothing about other tenants can show in a score.

use crate::Excerpt;
use std::collections::HashMap;
use trunkline_providers::language::{Initials, stem, words};
use trunkline_store::Hit;

/// How many of FTS5's best are weighed.
pub(crate) const CANDIDATES: usize = 12;

/// How soon more of the same word stops to count.
const K1: f64 = 1.2;
/// How much long chunks are held back.
const B: f64 = 0.75;
/// Words of a chunk that is neither long nor short.
const USUAL_WORDS: f64 = 130.0;
/// A word of the name or heading counts as often as this.
const TITLE: f64 = 2.0;

/// What was searched.
pub(crate) struct Searched {
    pub(crate) chunks: u64,
    pub(crate) having: Vec<u64>,
}

/// The candidates with their scores, best first.
pub(crate) fn rank(searched: &Searched, terms: &[Vec<String>], hits: Vec<Hit>) -> Vec<Excerpt> {
    let mut term_of = HashMap::new();
    for (at, term) in terms.iter().enumerate() {
        for word in term.iter().flat_map(|word| words(word)) {
            term_of.entry(stem(&word)).or_insert(at);
        }
    }
    let initials = Initials::of(term_of.keys().map(String::as_str));
    let mut excerpts: Vec<Excerpt> = hits.into_iter().map(|hit| weigh(searched, &term_of, &initials, hit)).collect();
    excerpts.sort_by(|a, b| b.score.total_cmp(&a.score));
    excerpts
}

fn weigh(searched: &Searched, term_of: &HashMap<String, usize>, initials: &Initials, hit: Hit) -> Excerpt {
    let mut often = vec![0.0; searched.having.len()];
    let mut count = |text: &str, each: f64| {
        let words = words(text);
        let may = words.iter().filter(|word| initials.have(word));
        for at in may.filter_map(|word| term_of.get(&stem(word))) {
            if let Some(often) = often.get_mut(*at) {
                *often += each;
            }
        }
        words.len() as f64
    };
    count(&hit.name, TITLE);
    hit.heading.as_deref().map(|heading| count(heading, TITLE));
    let long = count(&hit.text, 1.0) / USUAL_WORDS;
    let score = often.iter().zip(&searched.having).map(|(often, having)| {
        let (all, having) = (searched.chunks as f64, (*having).min(searched.chunks) as f64);
        let rarity = (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
        rarity * often * (K1 + 1.0) / (often + K1 * (1.0 - B + B * long))
    });
    let score = score.sum();
    let Hit { document, name, seq, heading, text } = hit;
    Excerpt { document, name, chunk: seq, heading, text, score }
}
