//! TwiML: the few documents that answer a voice webhook, built as values and written as XML.
//!
//! Writing is the only step that can fail, so a document is put together without error handling on every verb.

mod verbs;
mod xml;

pub use verbs::{Connect, Dial, Parameter, RejectReason, Say, Stream, Verb};
use xml::Xml;

/// The content type of a TwiML answer.
pub const CONTENT_TYPE: &str = "text/xml";
/// Name and value of a `<Parameter>` together have fewer characters than this.
pub const PARAMETER_LIMIT_CHARS: usize = 500;
/// The longest document that can be given inline to the REST interface, in characters.
pub const INLINE_LIMIT_CHARS: usize = 4_000;

/// Why a document cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TwimlError {
    /// A `<Parameter>` beyond Twilio's limit, which would be dropped in silence.
    #[error(
        "the parameter {name:?} has {chars} characters with its name, they must be fewer than {PARAMETER_LIMIT_CHARS}"
    )]
    ParameterTooLong {
        /// The parameter.
        name: String,
        /// Characters of name and value together.
        chars: usize,
    },
    /// The stream's address is not a WebSocket address without query; Twilio would refuse it after answering the call.
    #[error("the stream address {0:?} must start with wss:// (or ws:// on a test network) and have no query")]
    StreamAddress(String),
    /// A character that XML cannot carry, in a place where dropping it would change the meaning.
    #[error("the attribute {attribute} holds the character {character:?}, which XML cannot carry")]
    Character {
        /// The attribute.
        attribute: &'static str,
        /// The character.
        character: char,
    },
}

/// A TwiML document: verbs that run one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    verbs: Vec<Verb>,
}

impl Response {
    /// An empty document, which ends the call.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a verb.
    #[must_use]
    pub fn then(mut self, verb: impl Into<Verb>) -> Self {
        self.verbs.push(verb.into());
        self
    }

    /// Ends the call.
    pub fn hangup() -> Self {
        Self::new().then(Verb::Hangup)
    }

    /// What a caller gets when there is no room for the call: the tenant's words and the end of the call, or without
    /// words the busy tone, which costs nothing and tells the carrier to try elsewhere.
    pub fn overloaded(words: Option<Say>) -> Self {
        match words {
            Some(say) => Self::new().then(say).then(Verb::Hangup),
            None => Self::new().then(Verb::Reject(RejectReason::Busy)),
        }
    }

    /// Writes the document.
    pub fn to_xml(&self) -> Result<String, TwimlError> {
        let mut xml = Xml::document();
        xml.open("Response");
        for verb in &self.verbs {
            verb.write(&mut xml)?;
        }
        xml.close("Response");
        Ok(xml.finish())
    }
}
