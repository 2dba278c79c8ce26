//! What the engine and the index of documents both know of language: words, their stems, sentences.

mod sentences;
mod stem;
mod words;

pub use sentences::sentences;
pub use stem::{Initials, stem};
pub use words::{is_common, name_words, words};
