//! Reports about a media stream and about who answered an outbound call.

use super::vocabulary::words;
use super::{FieldError, Form, Required};

words! {
    /// What happened to a media stream.
    StreamEvent {
        /// The socket is open.
        Started = "stream-started",
        /// The stream ended.
        Stopped = "stream-stopped",
        /// The stream could not be opened, or broke.
        Error = "stream-error",
    }
}

words! {
    /// Who or what answered an outbound call.
    AnsweredBy {
        /// A person.
        Human = "human",
        /// A fax machine.
        Fax = "fax",
        /// Not decided in time.
        Unknown = "unknown",
        /// A machine; its message still plays.
        MachineStart = "machine_start",
        /// A machine, after its beep.
        MachineEndBeep = "machine_end_beep",
        /// A machine, after its message and a silence.
        MachineEndSilence = "machine_end_silence",
        /// A machine, after its message.
        MachineEndOther = "machine_end_other",
    }
}

/// The report of a `<Stream statusCallback>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamStatus {
    /// The (sub)account that owns the call.
    pub account_sid: String,
    /// The call.
    pub call_sid: String,
    /// The stream.
    pub stream_sid: String,
    /// What happened.
    pub event: StreamEvent,
    /// The stream's name.
    pub stream_name: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// When, ISO 8601.
    pub timestamp: Option<String>,
}

impl StreamStatus {
    /// Reads the parameters; the error names every required one that is missing.
    pub fn from_form(form: &Form) -> Result<Self, FieldError> {
        let mut required = Required::of(form);
        let status = Self {
            account_sid: required.take("AccountSid"),
            call_sid: required.take("CallSid"),
            stream_sid: required.take("StreamSid"),
            event: StreamEvent::from_word(&required.take("StreamEvent")),
            stream_name: form.owned("StreamName"),
            error: form.owned("StreamError"),
            timestamp: form.owned("Timestamp"),
        };
        required.done()?;
        Ok(status)
    }
}

/// The report of answering machine detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredByCallback {
    /// The (sub)account that owns the call.
    pub account_sid: String,
    /// The call.
    pub call_sid: String,
    /// Who answered.
    pub answered_by: AnsweredBy,
    /// How long the detection took, in ms.
    pub detection_ms: Option<u32>,
}

impl AnsweredByCallback {
    /// Reads the parameters; the error names every required one that is missing.
    pub fn from_form(form: &Form) -> Result<Self, FieldError> {
        let mut required = Required::of(form);
        let callback = Self {
            account_sid: required.take("AccountSid"),
            call_sid: required.take("CallSid"),
            answered_by: AnsweredBy::from_word(&required.take("AnsweredBy")),
            detection_ms: form.number("MachineDetectionDuration")?,
        };
        required.done()?;
        Ok(callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_report_is_read() {
        let body =
            b"AccountSid=AC1&CallSid=CA1&StreamSid=MZ1&StreamName=n&StreamEvent=stream-error&StreamError=e&Timestamp=t";
        let status = StreamStatus::from_form(&Form::parse(body).unwrap()).unwrap();
        assert_eq!((status.event, status.error.as_deref()), (StreamEvent::Error, Some("e")));
        let missing = StreamStatus::from_form(&Form::parse(b"CallSid=CA1").unwrap());
        assert_eq!(missing, Err(FieldError::Missing(vec!["AccountSid", "StreamSid", "StreamEvent"])));
    }

    #[test]
    fn an_answering_machine_report_is_read() {
        let body = b"AccountSid=AC1&CallSid=CA1&AnsweredBy=machine_end_beep&MachineDetectionDuration=2300";
        let callback = AnsweredByCallback::from_form(&Form::parse(body).unwrap()).unwrap();
        assert_eq!((callback.answered_by, callback.detection_ms), (AnsweredBy::MachineEndBeep, Some(2300)));
    }
}
