//! The verbs.

use super::xml::Xml;
use super::{PARAMETER_LIMIT_CHARS, TwimlError};

/// One instruction of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Gives the call to a media socket.
    Connect(Connect),
    /// Connects the caller to a number.
    Dial(Dial),
    /// Speaks with Twilio's own voice.
    Say(Say),
    /// Waits, in seconds.
    Pause(u32),
    /// Does not take the call; only sensible as the first verb.
    Reject(RejectReason),
    /// Ends the call.
    Hangup,
}

/// What the caller hears when a call is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectReason {
    /// A message that the number is not in service.
    Rejected,
    /// The busy tone.
    Busy,
}

/// Gives the call to a media socket until our side closes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// Where Twilio asks what is next when the stream has ended; without it the next verb follows.
    pub action: Option<String>,
    /// The socket.
    pub stream: Stream,
}

/// A bidirectional media socket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stream {
    /// `wss://...` without query; secrets go into parameters.
    pub url: String,
    /// Where Twilio reports that the stream started, stopped or failed.
    pub status_callback: Option<String>,
    /// What arrives as `customParameters` in the `start` message.
    pub parameters: Vec<Parameter>,
}

/// A name and a value for the media socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Connects the caller to a number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dial {
    /// The number, E.164.
    pub number: String,
    /// The number that is shown to the callee; by default the caller's.
    pub caller_id: Option<String>,
    /// Where Twilio asks what is next when the leg has ended.
    pub action: Option<String>,
    /// How long it rings, in seconds (Twilio's default 30, maximum 600).
    pub timeout_s: Option<u32>,
}

/// Words spoken with Twilio's own voice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Say {
    /// The words.
    pub text: String,
    /// Twilio's name of a voice.
    pub voice: Option<String>,
    /// BCP 47 language.
    pub language: Option<String>,
}

impl Stream {
    /// A socket at an address.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push(Parameter { name: name.into(), value: value.into() });
        self
    }

    fn write(&self, xml: &mut Xml) -> Result<(), TwimlError> {
        let socket = self.url.starts_with("wss://") || self.url.starts_with("ws://");
        if !socket || self.url.contains(['?', '#']) {
            return Err(TwimlError::StreamAddress(self.url.clone()));
        }
        xml.open("Stream");
        xml.attribute("url", &self.url)?;
        if let Some(callback) = &self.status_callback {
            xml.attribute("statusCallback", callback)?;
            xml.attribute("statusCallbackMethod", "POST")?;
        }
        for parameter in &self.parameters {
            parameter.write(xml)?;
        }
        xml.close("Stream");
        Ok(())
    }
}

impl Parameter {
    fn write(&self, xml: &mut Xml) -> Result<(), TwimlError> {
        let chars = self.name.chars().count() + self.value.chars().count();
        if chars >= PARAMETER_LIMIT_CHARS {
            return Err(TwimlError::ParameterTooLong { name: self.name.clone(), chars });
        }
        xml.open("Parameter");
        xml.attribute("name", &self.name)?;
        xml.attribute("value", &self.value)?;
        xml.close("Parameter");
        Ok(())
    }
}

impl Say {
    /// Words in the default voice.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    fn write(&self, xml: &mut Xml) -> Result<(), TwimlError> {
        xml.open("Say");
        xml.optional("voice", self.voice.as_deref())?;
        xml.optional("language", self.language.as_deref())?;
        xml.text(&self.text);
        xml.close("Say");
        Ok(())
    }
}

impl Dial {
    /// A number to connect to.
    pub fn new(number: impl Into<String>) -> Self {
        Self { number: number.into(), ..Self::default() }
    }

    fn write(&self, xml: &mut Xml) -> Result<(), TwimlError> {
        let timeout = self.timeout_s.map(|seconds| seconds.to_string());
        xml.open("Dial");
        xml.optional("action", self.action.as_deref())?;
        xml.optional("callerId", self.caller_id.as_deref())?;
        xml.optional("timeout", timeout.as_deref())?;
        xml.open("Number");
        xml.text(&self.number);
        xml.close("Number");
        xml.close("Dial");
        Ok(())
    }
}

impl Verb {
    pub(super) fn write(&self, xml: &mut Xml) -> Result<(), TwimlError> {
        match self {
            Self::Connect(connect) => {
                xml.open("Connect");
                xml.optional("action", connect.action.as_deref())?;
                connect.stream.write(xml)?;
                xml.close("Connect");
            }
            Self::Dial(dial) => dial.write(xml)?,
            Self::Say(say) => say.write(xml)?,
            Self::Pause(seconds) => {
                xml.open("Pause");
                xml.attribute("length", &seconds.to_string())?;
                xml.close("Pause");
            }
            Self::Reject(reason) => {
                xml.open("Reject");
                xml.attribute(
                    "reason",
                    match reason {
                        RejectReason::Rejected => "rejected",
                        RejectReason::Busy => "busy",
                    },
                )?;
                xml.close("Reject");
            }
            Self::Hangup => {
                xml.open("Hangup");
                xml.close("Hangup");
            }
        }
        Ok(())
    }
}

impl From<Connect> for Verb {
    fn from(connect: Connect) -> Self {
        Self::Connect(connect)
    }
}

impl From<Dial> for Verb {
    fn from(dial: Dial) -> Self {
        Self::Dial(dial)
    }
}

impl From<Say> for Verb {
    fn from(say: Say) -> Self {
        Self::Say(say)
    }
}
