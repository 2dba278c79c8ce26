//! The webhook of a call that wants to be told what to do.

use super::{CallStatus, Direction, FieldError, Form, Required};

/// A call asks for TwiML: at its start, and again at the `action` of a verb that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceWebhook {
    /// The call.
    pub call_sid: String,
    /// The (sub)account that owns it.
    pub account_sid: String,
    /// Who calls (E.164, a client name or a SIP address).
    pub from: String,
    /// Who is called.
    pub to: String,
    /// The state of the call.
    pub call_status: CallStatus,
    /// Who started it.
    pub direction: Direction,
    /// The version of the interface, `2010-04-01`.
    pub api_version: Option<String>,
    /// The number that forwarded the call, when the carrier says so.
    pub forwarded_from: Option<String>,
    /// The caller's name, when the lookup is enabled.
    pub caller_name: Option<String>,
    /// The call that a `<Dial>` made this one from.
    pub parent_call_sid: Option<String>,
    /// The token that lets an outbound call carry this caller's identity on.
    pub call_token: Option<String>,
    /// Where the caller's number is from.
    pub from_place: Place,
    /// Where the called number is from.
    pub to_place: Place,
    /// What became of the `<Dial>` before, on the request to its `action`.
    pub dial: Option<DialOutcome>,
}

/// What Twilio knows about where a number is from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub zip: Option<String>,
    /// Two-letter country code.
    pub country: Option<String>,
}

/// How a `<Dial>` ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialOutcome {
    /// The state of the leg that was dialled (`completed`, `answered`, `busy`, `no-answer`, `failed`, `canceled`).
    pub status: CallStatus,
    /// That leg.
    pub call_sid: Option<String>,
    /// How long it lasted, in seconds.
    pub duration_s: Option<u32>,
}

impl VoiceWebhook {
    /// Reads the parameters; the error names every required one that is missing.
    pub fn from_form(form: &Form) -> Result<Self, FieldError> {
        let mut required = Required::of(form);
        let webhook = Self {
            call_sid: required.take("CallSid"),
            account_sid: required.take("AccountSid"),
            from: required.take("From"),
            to: required.take("To"),
            call_status: CallStatus::from_word(&required.take("CallStatus")),
            direction: Direction::from_word(&required.take("Direction")),
            api_version: form.owned("ApiVersion"),
            forwarded_from: form.owned("ForwardedFrom"),
            caller_name: form.owned("CallerName"),
            parent_call_sid: form.owned("ParentCallSid"),
            call_token: form.owned("CallToken"),
            from_place: Place::from_form(form, ["FromCity", "FromState", "FromZip", "FromCountry"]),
            to_place: Place::from_form(form, ["ToCity", "ToState", "ToZip", "ToCountry"]),
            dial: DialOutcome::from_form(form)?,
        };
        required.done()?;
        Ok(webhook)
    }

    /// The parameters of this webhook, as Twilio would send them.
    pub fn to_form(&self) -> Form {
        let mut form = Form::default();
        let from = &self.from_place;
        let to = &self.to_place;
        let dial = self.dial.as_ref();
        let duration = dial.and_then(|dial| dial.duration_s).map(|seconds| seconds.to_string());
        let fields = [
            ("CallSid", Some(self.call_sid.as_str())),
            ("AccountSid", Some(&self.account_sid)),
            ("From", Some(&self.from)),
            ("To", Some(&self.to)),
            ("CallStatus", Some(self.call_status.word())),
            ("Direction", Some(self.direction.word())),
            ("ApiVersion", self.api_version.as_deref()),
            ("ForwardedFrom", self.forwarded_from.as_deref()),
            ("CallerName", self.caller_name.as_deref()),
            ("ParentCallSid", self.parent_call_sid.as_deref()),
            ("CallToken", self.call_token.as_deref()),
            ("FromCity", from.city.as_deref()),
            ("FromState", from.state.as_deref()),
            ("FromZip", from.zip.as_deref()),
            ("FromCountry", from.country.as_deref()),
            ("ToCity", to.city.as_deref()),
            ("ToState", to.state.as_deref()),
            ("ToZip", to.zip.as_deref()),
            ("ToCountry", to.country.as_deref()),
            ("DialCallStatus", dial.map(|dial| dial.status.word())),
            ("DialCallSid", dial.and_then(|dial| dial.call_sid.as_deref())),
            ("DialCallDuration", duration.as_deref()),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                form.push(name, value);
            }
        }
        form
    }
}

impl Place {
    fn from_form(form: &Form, [city, state, zip, country]: [&str; 4]) -> Self {
        Self { city: form.owned(city), state: form.owned(state), zip: form.owned(zip), country: form.owned(country) }
    }
}

impl DialOutcome {
    fn from_form(form: &Form) -> Result<Option<Self>, FieldError> {
        let Some(status) = form.filled("DialCallStatus") else { return Ok(None) };
        Ok(Some(Self {
            status: CallStatus::from_word(status),
            call_sid: form.owned("DialCallSid"),
            duration_s: form.number("DialCallDuration")?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &[u8] = b"CallSid=CA1&AccountSid=AC1&From=%2B15550001&To=%2B15550002&CallStatus=ringing&\
        ApiVersion=2010-04-01&Direction=inbound&ForwardedFrom=%2B15550003&CallerName=A+B&ParentCallSid=CA0&CallToken=t&\
        FromCity=SAN+MATEO&FromState=CA&FromZip=94403&FromCountry=US&ToCity=&ToState=NY&ToZip=&ToCountry=US";

    #[test]
    fn every_field_is_read() {
        let webhook = VoiceWebhook::from_form(&Form::parse(FULL).unwrap()).unwrap();
        assert_eq!(webhook.from, "+15550001");
        assert_eq!(webhook.call_status, CallStatus::Ringing);
        assert_eq!(webhook.direction, Direction::Inbound);
        assert_eq!(webhook.forwarded_from.as_deref(), Some("+15550003"));
        assert_eq!(webhook.from_place.city.as_deref(), Some("SAN MATEO"));
        assert_eq!(
            webhook.to_place,
            Place { state: Some("NY".into()), country: Some("US".into()), ..Place::default() }
        );
        assert_eq!(VoiceWebhook::from_form(&webhook.to_form()), Ok(webhook));
    }

    #[test]
    fn the_error_names_every_missing_field() {
        let form = Form::parse(b"CallSid=CA1&From=&Direction=inbound").unwrap();
        let expected = FieldError::Missing(vec!["AccountSid", "From", "To", "CallStatus"]);
        assert_eq!(expected.to_string(), "the webhook lacks AccountSid, From, To, CallStatus");
        assert_eq!(VoiceWebhook::from_form(&form), Err(expected));
    }

    #[test]
    fn what_became_of_a_dial_is_read() {
        let mut form = Form::parse(FULL).unwrap();
        form.push("DialCallStatus", "no-answer");
        assert_eq!(VoiceWebhook::from_form(&form).unwrap().dial.unwrap().status, CallStatus::NoAnswer);
        form.push("DialCallDuration", "soon");
        assert_eq!(VoiceWebhook::from_form(&form), Err(FieldError::Invalid("DialCallDuration")));
    }
}
