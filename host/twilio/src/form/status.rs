//! Reports about the progress of a call.

use super::{CallStatus, Direction, FieldError, Form, Required};

/// Twilio reports that a call changed its state. Order reports by `sequence_number`, they may arrive in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusCallback {
    /// The call.
    pub call_sid: String,
    /// The (sub)account that owns it.
    pub account_sid: String,
    /// The new state.
    pub call_status: CallStatus,
    /// Who calls.
    pub from: Option<String>,
    /// Who is called.
    pub to: Option<String>,
    /// Who started it.
    pub direction: Option<Direction>,
    /// The version of the interface.
    pub api_version: Option<String>,
    /// The call that a `<Dial>` made this one from.
    pub parent_call_sid: Option<String>,
    /// Position among this call's reports, from 0.
    pub sequence_number: Option<u64>,
    /// When it happened, RFC 2822.
    pub timestamp: Option<String>,
    /// `call-progress-events`.
    pub callback_source: Option<String>,
    /// How long the call lasted, in seconds; with `completed`.
    pub call_duration_s: Option<u32>,
    /// How long the call lasted in started minutes, as billed; with `completed`.
    pub duration_min: Option<u32>,
    /// The SIP response that ended it.
    pub sip_response_code: Option<u16>,
    /// Where the recording is.
    pub recording_url: Option<String>,
    /// The recording.
    pub recording_sid: Option<String>,
    /// How long the recording is, in seconds.
    pub recording_duration_s: Option<u32>,
}

impl StatusCallback {
    /// Reads the parameters; the error names every required one that is missing.
    pub fn from_form(form: &Form) -> Result<Self, FieldError> {
        let mut required = Required::of(form);
        let callback = Self {
            call_sid: required.take("CallSid"),
            account_sid: required.take("AccountSid"),
            call_status: CallStatus::from_word(&required.take("CallStatus")),
            from: form.owned("From"),
            to: form.owned("To"),
            direction: form.filled("Direction").map(Direction::from_word),
            api_version: form.owned("ApiVersion"),
            parent_call_sid: form.owned("ParentCallSid"),
            sequence_number: form.number("SequenceNumber")?,
            timestamp: form.owned("Timestamp"),
            callback_source: form.owned("CallbackSource"),
            call_duration_s: form.number("CallDuration")?,
            duration_min: form.number("Duration")?,
            sip_response_code: form.number("SipResponseCode")?,
            recording_url: form.owned("RecordingUrl"),
            recording_sid: form.owned("RecordingSid"),
            recording_duration_s: form.number("RecordingDuration")?,
        };
        required.done()?;
        Ok(callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read() {
        let form = Form::parse(
            b"CallSid=CA1&AccountSid=AC1&From=%2B1&To=%2B2&CallStatus=completed&Direction=outbound-api&ApiVersion=2010-04-01&\
              ParentCallSid=CA0&SequenceNumber=3&Timestamp=Fri%2C+20+Nov+2026+10%3A00%3A00+%2B0000&\
              CallbackSource=call-progress-events&CallDuration=61&Duration=2&SipResponseCode=200&RecordingUrl=https%3A%2F%2Fr&\
              RecordingSid=RE1&RecordingDuration=60",
        );
        let callback = StatusCallback::from_form(&form.unwrap()).unwrap();
        assert!(callback.call_status.is_final());
        assert_eq!(callback.direction, Some(Direction::OutboundApi));
        assert_eq!(
            (callback.sequence_number, callback.call_duration_s, callback.duration_min),
            (Some(3), Some(61), Some(2))
        );
        assert_eq!(callback.timestamp.as_deref(), Some("Fri, 20 Nov 2026 10:00:00 +0000"));
        assert_eq!((callback.sip_response_code, callback.recording_duration_s), (Some(200), Some(60)));
    }

    #[test]
    fn what_is_missing_or_not_a_number_is_named() {
        let form = Form::parse(b"CallStatus=busy").unwrap();
        assert_eq!(StatusCallback::from_form(&form), Err(FieldError::Missing(vec!["CallSid", "AccountSid"])));
        let form = Form::parse(b"CallSid=CA1&AccountSid=AC1&CallStatus=busy&SequenceNumber=-1").unwrap();
        assert_eq!(StatusCallback::from_form(&form), Err(FieldError::Invalid("SequenceNumber")));
    }

    #[test]
    fn a_new_word_for_a_state_is_kept() {
        let form = Form::parse(b"CallSid=CA1&AccountSid=AC1&CallStatus=parked").unwrap();
        let status = StatusCallback::from_form(&form).unwrap().call_status;
        assert_eq!(status, CallStatus::Other("parked".into()));
        assert!(!status.is_final());
    }
}
