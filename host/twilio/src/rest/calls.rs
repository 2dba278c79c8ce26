//! Calls: create, read, change.

use serde::{Deserialize, Serialize};

use crate::form::{AnsweredBy, CallStatus, Direction, Form};

/// A call to make. What answers its start is either `url` or `twiml`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CreateCall {
    /// Who is called, E.164.
    pub to: String,
    /// One of our numbers, E.164.
    pub from: String,
    /// Where Twilio asks what to do when the call is answered.
    pub url: Option<String>,
    /// Where it asks when `url` fails.
    pub fallback_url: Option<String>,
    /// Inline TwiML (at most [`crate::twiml::INLINE_LIMIT_CHARS`]); ignored by Twilio when there is a `url`.
    pub twiml: Option<String>,
    /// Where progress is reported.
    pub status_callback: Option<String>,
    /// Which progress: `initiated`, `ringing`, `answered`, `completed`; none means only `completed`.
    pub status_callback_events: Vec<String>,
    /// How long it rings, in seconds (Twilio's default 60, maximum 600).
    pub timeout_s: Option<u32>,
    /// The longest call, in seconds.
    pub time_limit_s: Option<u32>,
    /// Digits sent when it is answered (at most 32; `w` is half a second). Not together with machine detection.
    pub send_digits: Option<String>,
    /// A token of an inbound call whose caller identity this call carries on.
    pub call_token: Option<String>,
    /// Whether a person answered.
    pub machine_detection: Option<MachineDetection>,
    /// Twilio's own recording.
    pub recording: Option<Recording>,
}

/// Answering machine detection, reported while the call goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MachineDetection {
    /// Wait for the end of the machine's message before reporting.
    pub until_message_end: bool,
    /// Where the outcome is reported.
    pub callback: String,
    /// The longest detection, in seconds (default 30).
    pub timeout_s: Option<u32>,
}

/// Twilio's own recording of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    /// Both directions in channels of their own.
    pub dual: bool,
    /// Where its end is reported.
    pub status_callback: Option<String>,
}

impl CreateCall {
    /// The parameters of the request.
    pub fn to_form(&self) -> Form {
        let mut form = Form::default();
        form.push("To", self.to.as_str());
        form.push("From", self.from.as_str());
        add(&mut form, "Url", self.url.as_deref());
        add(&mut form, "FallbackUrl", self.fallback_url.as_deref());
        add(&mut form, "Twiml", self.twiml.as_deref().filter(|_| self.url.is_none()));
        add(&mut form, "StatusCallback", self.status_callback.as_deref());
        for event in &self.status_callback_events {
            form.push("StatusCallbackEvent", event.as_str());
        }
        add(&mut form, "Timeout", text(self.timeout_s).as_deref());
        add(&mut form, "TimeLimit", text(self.time_limit_s).as_deref());
        add(&mut form, "SendDigits", self.send_digits.as_deref());
        add(&mut form, "CallToken", self.call_token.as_deref());
        if let Some(detection) = &self.machine_detection {
            form.push("MachineDetection", if detection.until_message_end { "DetectMessageEnd" } else { "Enable" });
            form.push("AsyncAmd", "true");
            form.push("AsyncAmdStatusCallback", detection.callback.as_str());
            add(&mut form, "MachineDetectionTimeout", text(detection.timeout_s).as_deref());
        }
        if let Some(recording) = &self.recording {
            form.push("Record", "true");
            form.push("RecordingChannels", if recording.dual { "dual" } else { "mono" });
            add(&mut form, "RecordingStatusCallback", recording.status_callback.as_deref());
        }
        form
    }
}

/// A change to a live call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateCall {
    /// Replaces what the call is doing by this TwiML. A running media stream ends.
    Twiml(String),
    /// Asks this address what to do. A running media stream ends.
    Url(String),
    /// Ends it.
    Complete,
    /// Withdraws it while it is queued or rings.
    Cancel,
}

impl UpdateCall {
    /// The parameters of the request.
    pub fn to_form(&self) -> Form {
        let (name, value) = match self {
            Self::Twiml(twiml) => ("Twiml", twiml.as_str()),
            Self::Url(url) => ("Url", url.as_str()),
            Self::Complete => ("Status", "completed"),
            Self::Cancel => ("Status", "canceled"),
        };
        [(name, value)].into_iter().collect()
    }
}

/// A call, as Twilio describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallResource {
    /// The call.
    pub sid: String,
    /// The account that owns it.
    #[serde(default)]
    pub account_sid: Option<String>,
    /// Its state.
    pub status: CallStatus,
    /// Who started it.
    #[serde(default)]
    pub direction: Option<Direction>,
    /// Who calls.
    #[serde(default)]
    pub from: Option<String>,
    /// Who is called.
    #[serde(default)]
    pub to: Option<String>,
    /// When it was answered, RFC 2822.
    #[serde(default)]
    pub start_time: Option<String>,
    /// When it ended, RFC 2822.
    #[serde(default)]
    pub end_time: Option<String>,
    /// How long it lasted, in seconds, as a string.
    #[serde(default)]
    pub duration: Option<String>,
    /// The price, negative for a charge, as a string; known some time after the end.
    #[serde(default)]
    pub price: Option<String>,
    /// Currency of the price.
    #[serde(default)]
    pub price_unit: Option<String>,
    /// Who answered, when machine detection ran.
    #[serde(default)]
    pub answered_by: Option<AnsweredBy>,
    /// How long Twilio held it back, in ms, as a string.
    #[serde(default)]
    pub queue_time: Option<String>,
    /// The call that a `<Dial>` made this one from.
    #[serde(default)]
    pub parent_call_sid: Option<String>,
}

impl CallResource {
    /// How long it lasted, in seconds; none while it lasts.
    pub fn duration_s(&self) -> Option<u32> {
        self.duration.as_deref()?.parse().ok()
    }

    /// How long Twilio held it back, in ms.
    pub fn queue_time_ms(&self) -> Option<u64> {
        self.queue_time.as_deref()?.parse().ok()
    }
}

pub(super) fn add(form: &mut Form, name: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        form.push(name, value);
    }
}

fn text(number: Option<u32>) -> Option<String> {
    number.map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_to_make_becomes_a_form() {
        let call = CreateCall {
            to: "+15550002".into(),
            from: "+15550001".into(),
            url: Some("https://h/v".into()),
            twiml: Some("<Response/>".into()),
            status_callback: Some("https://h/s".into()),
            status_callback_events: vec!["answered".into(), "completed".into()],
            timeout_s: Some(20),
            machine_detection: Some(MachineDetection { callback: "https://h/a".into(), ..MachineDetection::default() }),
            recording: Some(Recording { dual: true, status_callback: None }),
            ..CreateCall::default()
        };
        assert_eq!(
            call.to_form().encode(),
            "To=%2B15550002&From=%2B15550001&Url=https%3A%2F%2Fh%2Fv&StatusCallback=https%3A%2F%2Fh%2Fs&\
             StatusCallbackEvent=answered&StatusCallbackEvent=completed&Timeout=20&MachineDetection=Enable&AsyncAmd=true&\
             AsyncAmdStatusCallback=https%3A%2F%2Fh%2Fa&Record=true&RecordingChannels=dual"
        );
    }

    #[test]
    fn a_change_becomes_a_form() {
        assert_eq!(UpdateCall::Complete.to_form().encode(), "Status=completed");
        assert_eq!(UpdateCall::Cancel.to_form().encode(), "Status=canceled");
        assert_eq!(UpdateCall::Twiml("<Response/>".into()).to_form().get("Twiml"), Some("<Response/>"));
    }

    #[test]
    fn a_call_is_read_from_twilios_answer() {
        let json = r#"{"sid":"CA1","account_sid":"AC1","status":"completed","direction":"outbound-api","from":"+1","to":"+2",
            "start_time":"Fri, 20 Nov 2026 10:00:00 +0000","end_time":null,"duration":"61","price":null,"price_unit":"USD",
            "answered_by":"human","queue_time":"1000","parent_call_sid":null,"uri":"/x","subresource_uris":{}}"#;
        let call: CallResource = serde_json::from_str(json).unwrap();
        assert_eq!((call.duration_s(), call.queue_time_ms()), (Some(61), Some(1000)));
        assert_eq!((call.status, call.answered_by), (CallStatus::Completed, Some(AnsweredBy::Human)));
    }
}
