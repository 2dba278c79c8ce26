//! Webhook forms: an ordered list of decoded pairs, and what Twilio's webhooks mean by them.
//!
//! Pairs keep their order and their duplicates because the signature is over all of them.

mod after;
mod status;
mod vocabulary;
mod voice;

use std::collections::BTreeSet;

pub use after::{AnsweredBy, AnsweredByCallback, StreamEvent, StreamStatus};
pub use status::StatusCallback;
pub use vocabulary::{CallStatus, Direction};
pub use voice::{DialOutcome, Place, VoiceWebhook};

/// The most bytes of a form that are read. Twilio's own are under 4 KiB.
pub const MAX_FORM_BYTES: usize = 64 * 1024;

/// The pairs of an `application/x-www-form-urlencoded` body or query, decoded, in the order they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    pairs: Vec<(String, String)>,
}

/// Why a form cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// More than [`MAX_FORM_BYTES`].
    #[error("the form has {bytes} bytes, the limit is {MAX_FORM_BYTES}")]
    TooLarge {
        /// How many bytes came.
        bytes: usize,
    },
}

/// What a webhook lacks, or says in a way that has no meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Required parameters that are absent or empty.
    #[error("the webhook lacks {}", .0.join(", "))]
    Missing(Vec<&'static str>),
    /// A parameter whose value is not of its kind. The value is not repeated: it may be a number or speech.
    #[error("the webhook's {0} is not valid")]
    Invalid(&'static str),
}

impl Form {
    /// Decodes a body or a query. Percent-escapes that are not UTF-8 become U+FFFD (and so fail the signature).
    pub fn parse(encoded: &[u8]) -> Result<Self, FormError> {
        if encoded.len() > MAX_FORM_BYTES {
            return Err(FormError::TooLarge { bytes: encoded.len() });
        }
        Ok(form_urlencoded::parse(encoded).collect())
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a name, in order.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All pairs in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Adds a pair at the end.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.pairs.push((name.into(), value.into()));
    }

    /// Encodes the pairs as a body.
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish()
    }

    /// The pairs as the signature counts them: names in byte order, each with its distinct values in order.
    pub(crate) fn sorted_distinct(&self) -> BTreeSet<(&str, &str)> {
        self.pairs().collect()
    }

    /// A value that is present and not empty: Twilio sends empty values for what it does not know.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.filled(name).map(str::to_owned)
    }

    pub(crate) fn number<N: std::str::FromStr>(&self, name: &'static str) -> Result<Option<N>, FieldError> {
        self.filled(name).map(|value| value.trim().parse().map_err(|_| FieldError::Invalid(name))).transpose()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Form {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self { pairs: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}

/// Collects required values and remembers the names of those that are missing, so that one error names all of them.
pub(crate) struct Required<'a> {
    form: &'a Form,
    missing: Vec<&'static str>,
}

impl<'a> Required<'a> {
    pub(crate) fn of(form: &'a Form) -> Self {
        Self { form, missing: Vec::new() }
    }

    pub(crate) fn take(&mut self, name: &'static str) -> String {
        self.form.owned(name).unwrap_or_else(|| {
            self.missing.push(name);
            String::new()
        })
    }

    pub(crate) fn done(self) -> Result<(), FieldError> {
        if self.missing.is_empty() { Ok(()) } else { Err(FieldError::Missing(self.missing)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_and_duplicates_are_kept() {
        let form = Form::parse(b"b=2&a=1+1&b=1&c=&d").unwrap();
        let pairs: Vec<_> = form.pairs().collect();
        assert_eq!(pairs, [("b", "2"), ("a", "1 1"), ("b", "1"), ("c", ""), ("d", "")]);
        assert_eq!(form.get("b"), Some("2"));
        assert_eq!(form.get_all("b").collect::<Vec<_>>(), ["2", "1"]);
        assert_eq!(form.get("z"), None);
    }

    #[test]
    fn a_form_beyond_the_limit_is_refused() {
        let bytes = MAX_FORM_BYTES + 1;
        assert_eq!(Form::parse(&vec![b'a'; bytes]), Err(FormError::TooLarge { bytes }));
    }

    proptest! {
        #[test]
        fn encoding_round_trips(pairs in prop::collection::vec(("\\PC{1,10}", "\\PC{0,20}"), 0..10)) {
            let form: Form = pairs.into_iter().collect();
            prop_assert_eq!(Form::parse(form.encode().as_bytes()).unwrap(), form);
        }

        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let form = Form::parse(&bytes).unwrap();
            let _ = VoiceWebhook::from_form(&form);
            let _ = StatusCallback::from_form(&form);
            let _ = StreamStatus::from_form(&form);
            let _ = AnsweredByCallback::from_form(&form);
        }
    }
}
