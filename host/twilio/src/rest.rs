//! Shapes of Twilio's REST interface (2010-04-01): what is sent as a form, what comes back as JSON. Nothing dials.
//!
//! Twilio writes numbers and dates as strings; they stay strings here, with readers where the host computes with them.

mod calls;
mod numbers;

use serde::{Deserialize, Serialize};

pub use calls::{CallResource, CreateCall, MachineDetection, Recording, UpdateCall};
pub use numbers::{IncomingPhoneNumber, NumberPage, UpdateNumber};

/// The public address; a region has its own (see [`regional_base`]).
pub const BASE: &str = "https://api.twilio.com";
/// The code of an answer about something that does not exist, or about a call that is over.
pub const NOT_FOUND: u32 = 20404;
/// The code of an answer to too many requests at once.
pub const TOO_MANY_REQUESTS: u32 = 20429;
/// The code of an answer to wrong credentials.
pub const UNAUTHORIZED: u32 = 20003;

/// What an answer of 400 or above says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("Twilio answered {status} (code {code}): {message}")]
pub struct ErrorAnswer {
    /// Twilio's own code.
    #[serde(default)]
    pub code: u32,
    /// What is wrong, in words.
    pub message: String,
    /// A page about the code.
    #[serde(default)]
    pub more_info: Option<String>,
    /// The HTTP status.
    pub status: u16,
}

impl ErrorAnswer {
    /// Whether the thing does not exist, or no longer: for a call that is to be ended, that is success.
    pub fn is_gone(&self) -> bool {
        self.status == 404 || self.code == NOT_FOUND
    }

    /// Whether the same request may succeed later.
    pub fn is_temporary(&self) -> bool {
        self.status == 429 || self.status >= 500
    }
}

/// The address of an edge location in a region, such as `("dublin", "ie1")`.
pub fn regional_base(edge: &str, region: &str) -> String {
    format!("https://api.{edge}.{region}.twilio.com")
}

/// Path of the calls of an account: POST creates, GET lists.
pub fn calls_path(account_sid: &str) -> String {
    format!("/2010-04-01/Accounts/{account_sid}/Calls.json")
}

/// Path of one call: GET reads, POST changes it while it is live.
pub fn call_path(account_sid: &str, call_sid: &str) -> String {
    format!("/2010-04-01/Accounts/{account_sid}/Calls/{call_sid}.json")
}

/// Path of the numbers of an account.
pub fn numbers_path(account_sid: &str) -> String {
    format!("/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers.json")
}

/// Path of one number.
pub fn number_path(account_sid: &str, number_sid: &str) -> String {
    format!("/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers/{number_sid}.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_answer_is_read() {
        let json = r#"{"code":20404,"message":"not found","more_info":"https://x","status":404}"#;
        let error: ErrorAnswer = serde_json::from_str(json).unwrap();
        assert!(error.is_gone() && !error.is_temporary());
        assert_eq!(error.to_string(), "Twilio answered 404 (code 20404): not found");
        let thin: ErrorAnswer = serde_json::from_str(r#"{"message":"slow down","status":429}"#).unwrap();
        assert!(thin.is_temporary());
    }
}
