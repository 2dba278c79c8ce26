//! Incoming phone numbers: list them, point them at us.

use serde::{Deserialize, Serialize};

use super::calls::add;
use crate::form::Form;

/// A number of the account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IncomingPhoneNumber {
    /// The number's identifier.
    pub sid: String,
    /// The account that owns it.
    pub account_sid: String,
    /// E.164.
    pub phone_number: String,
    /// Its name.
    pub friendly_name: Option<String>,
    /// Where Twilio asks what to do with a call to it.
    pub voice_url: Option<String>,
    /// `POST` or `GET`.
    pub voice_method: Option<String>,
    /// Where it asks when `voice_url` fails.
    pub voice_fallback_url: Option<String>,
    /// `POST` or `GET`.
    pub voice_fallback_method: Option<String>,
    /// Where the end of calls is reported.
    pub status_callback: Option<String>,
    /// `POST` or `GET`.
    pub status_callback_method: Option<String>,
    /// An application that overrides `voice_url`.
    pub voice_application_sid: Option<String>,
    /// A SIP trunk that overrides `voice_url`.
    pub trunk_sid: Option<String>,
}

impl IncomingPhoneNumber {
    /// What makes Twilio ignore the `voice_url`, if anything does: clear it when assigning an agent.
    pub fn override_of_voice_url(&self) -> Option<&str> {
        let filled = |sid: &'_ Option<String>| sid.as_ref().is_some_and(|sid| !sid.is_empty());
        if filled(&self.trunk_sid) {
            self.trunk_sid.as_deref()
        } else if filled(&self.voice_application_sid) {
            self.voice_application_sid.as_deref()
        } else {
            None
        }
    }
}

/// One page of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NumberPage {
    /// The numbers.
    pub incoming_phone_numbers: Vec<IncomingPhoneNumber>,
    /// Path and query of the next page; none on the last one.
    #[serde(default)]
    pub next_page_uri: Option<String>,
}

/// A change to a number. What is `None` stays; an empty text clears.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpdateNumber {
    /// Where Twilio asks what to do with a call to it; asked by POST.
    pub voice_url: Option<String>,
    /// Where it asks when that fails; asked by POST.
    pub voice_fallback_url: Option<String>,
    /// Where the end of calls is reported, by POST.
    pub status_callback: Option<String>,
    /// Its name.
    pub friendly_name: Option<String>,
    /// An application that overrides `voice_url`.
    pub voice_application_sid: Option<String>,
    /// A SIP trunk that overrides `voice_url`.
    pub trunk_sid: Option<String>,
}

impl UpdateNumber {
    /// The parameters of the request.
    pub fn to_form(&self) -> Form {
        let mut form = Form::default();
        let urls = [
            ("VoiceUrl", "VoiceMethod", &self.voice_url),
            ("VoiceFallbackUrl", "VoiceFallbackMethod", &self.voice_fallback_url),
            ("StatusCallback", "StatusCallbackMethod", &self.status_callback),
        ];
        for (name, method, url) in urls {
            if let Some(url) = url {
                form.push(name, url.as_str());
                form.push(method, "POST");
            }
        }
        add(&mut form, "FriendlyName", self.friendly_name.as_deref());
        add(&mut form, "VoiceApplicationSid", self.voice_application_sid.as_deref());
        add(&mut form, "TrunkSid", self.trunk_sid.as_deref());
        form
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read() {
        let json = r#"{"incoming_phone_numbers":[{"sid":"PN1","account_sid":"AC1","phone_number":"+1","voice_url":"",
            "voice_application_sid":"","trunk_sid":"TK1","beta":false}],"next_page_uri":"/2010-04-01/x?Page=1","page":0}"#;
        let page: NumberPage = serde_json::from_str(json).unwrap();
        assert_eq!(page.next_page_uri.as_deref(), Some("/2010-04-01/x?Page=1"));
        assert_eq!(page.incoming_phone_numbers[0].override_of_voice_url(), Some("TK1"));
    }

    #[test]
    fn an_assignment_clears_what_would_override_it() {
        let update = UpdateNumber {
            voice_url: Some("https://h/v".into()),
            voice_application_sid: Some(String::new()),
            trunk_sid: Some(String::new()),
            ..UpdateNumber::default()
        };
        assert_eq!(
            update.to_form().encode(),
            "VoiceUrl=https%3A%2F%2Fh%2Fv&VoiceMethod=POST&VoiceApplicationSid=&TrunkSid="
        );
    }
}
