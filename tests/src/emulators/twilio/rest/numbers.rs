//! The numbers of an account: listed in pages, changed one by one.

use axum::http::StatusCode;
use trunkline_twilio::rest::{IncomingPhoneNumber, NumberPage, numbers_path};

use super::answers::json;
use super::{Request, Response};

const DEFAULT_PAGE_SIZE: usize = 50;
const MAX_PAGE_SIZE: usize = 1_000;

pub(super) fn list(numbers: &[IncomingPhoneNumber], request: &Request<'_>) -> Response {
    let asked = |name: &str| request.query.get(name).and_then(|value| value.parse::<usize>().ok());
    let size = asked("PageSize").unwrap_or(DEFAULT_PAGE_SIZE).clamp(1, MAX_PAGE_SIZE);
    let page = asked("Page").unwrap_or(0);
    let matching: Vec<&IncomingPhoneNumber> = numbers
        .iter()
        .filter(|number| number.account_sid == request.account)
        .filter(|number| request.query.get("PhoneNumber").is_none_or(|wanted| number.phone_number.contains(wanted)))
        .filter(|number| {
            request.query.get("FriendlyName").is_none_or(|name| number.friendly_name.as_deref() == Some(name))
        })
        .collect();
    let first = page.saturating_mul(size);
    let more = matching.len() > first.saturating_add(size);
    let next_page_uri = more.then(|| {
        let last = matching.get(first + size - 1).map_or("", |number| number.sid.as_str());
        format!("{}?PageSize={size}&Page={}&PageToken=PA{last}", numbers_path(request.account), page + 1)
    });
    let incoming_phone_numbers = matching.into_iter().skip(first).take(size).cloned().collect();
    json(StatusCode::OK, &NumberPage { incoming_phone_numbers, next_page_uri })
}

pub(super) fn update(numbers: &mut [IncomingPhoneNumber], request: &Request<'_>, sid: &str) -> Option<Response> {
    let number = numbers.iter_mut().find(|number| number.sid == sid && number.account_sid == request.account)?;
    let fields = [
        ("VoiceUrl", &mut number.voice_url),
        ("VoiceMethod", &mut number.voice_method),
        ("VoiceFallbackUrl", &mut number.voice_fallback_url),
        ("VoiceFallbackMethod", &mut number.voice_fallback_method),
        ("StatusCallback", &mut number.status_callback),
        ("StatusCallbackMethod", &mut number.status_callback_method),
        ("FriendlyName", &mut number.friendly_name),
        ("VoiceApplicationSid", &mut number.voice_application_sid),
        ("TrunkSid", &mut number.trunk_sid),
    ];
    for (name, field) in fields {
        if let Some(value) = request.form.get(name) {
            *field = Some(value.to_owned()).filter(|value| !value.is_empty());
        }
    }
    Some(json(StatusCode::OK, number))
}
