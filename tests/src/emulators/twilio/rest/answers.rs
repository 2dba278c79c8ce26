//! Answers in Twilio's shapes.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use trunkline_twilio::rest::{ErrorAnswer, NOT_FOUND, TOO_MANY_REQUESTS, UNAUTHORIZED};

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    (status, Json(serde_json::to_value(value).unwrap_or_default())).into_response()
}

pub(super) fn not_found(path: &str) -> Response {
    error(404, NOT_FOUND, &format!("The requested resource {path} was not found"))
}

pub(super) fn bad_request(code: u32, message: &str) -> Response {
    error(400, code, message)
}

/// The answer of a status that a test asked for, or that every request may get.
pub(super) fn fault(status: u16) -> Response {
    match status {
        401 => error(401, UNAUTHORIZED, "Authenticate"),
        404 => not_found("asked for by the test"),
        429 => error(429, TOO_MANY_REQUESTS, "Too Many Requests"),
        other => error(other, u32::from(other), "Internal Server Error"),
    }
}

fn error(status: u16, code: u32, message: &str) -> Response {
    let answer = ErrorAnswer {
        code,
        message: message.to_owned(),
        more_info: Some(format!("https://www.twilio.com/docs/errors/{code}")),
        status,
    };
    json(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &answer)
}
