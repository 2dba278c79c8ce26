//! Pages of other origins that may use the interface, if the operator names any. They show a token of their own: no cookie
//! goes along, because answers never allow credentials.

use crate::operations::BASE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Everything that operations take and tell beyond what browsers allow anyway.
const ALLOWED_HEADERS: &str =
    "authorization, content-type, if-match, if-none-match, idempotency-key, last-event-id, x-tenant";
const EXPOSED_HEADERS: &str = "etag, location, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, \
     x-first-audio-ms, x-request-id";
const ALLOWED_METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// Browsers remember the answer for this long, s.
const REMEMBERED: &str = "600";

/// The origins that may use the interface.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cors(Arc<[HeaderValue]>);

impl Cors {
    /// Origins as browsers write them: `https://app.example.com`. One that is no header's value is left out.
    pub(crate) fn new(origins: &[String]) -> Self {
        Self(origins.iter().filter_map(|origin| HeaderValue::try_from(origin.to_ascii_lowercase()).ok()).collect())
    }

    /// The origin of a request to the interface, if it is one of these.
    pub(crate) fn allowed(&self, uri: &Uri, headers: &HeaderMap) -> Option<HeaderValue> {
        let below = uri.path().strip_prefix(BASE).is_some_and(|rest| rest.starts_with('/'));
        let origin = headers.get(header::ORIGIN).filter(|_| below)?;
        self.0.iter().find(|known| *known == origin).cloned()
    }

    /// The answer to a browser that asks beforehand, for a page that may.
    pub(crate) fn preflight(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        let asks = *method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let origin = self.allowed(uri, headers).filter(|_| asks)?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        let told: [(HeaderName, &'static str); 3] = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
        ];
        response.headers_mut().extend(told.map(|(name, value)| (name, HeaderValue::from_static(value))));
        Self::tell(response.headers_mut(), origin);
        Some(response)
    }

    pub(crate) fn tell(headers: &mut HeaderMap, origin: HeaderValue) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(origin: &str, method: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_str(origin).unwrap())]);
        headers.extend(
            method.map(|method| (header::ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_str(method).unwrap())),
        );
        headers
    }

    #[test]
    fn only_named_origins_may_and_only_below_the_interface() {
        let cors = Cors::new(&["https://App.example.com".to_owned()]);
        let uri = Uri::from_static("/api/v1/agents");
        assert!(cors.allowed(&uri, &asked("https://app.example.com", None)).is_some());
        for origin in ["https://evil.example", "http://app.example.com", "null", "https://app.example.com.evil.example"]
        {
            assert!(cors.allowed(&uri, &asked(origin, None)).is_none(), "{origin}");
        }
        let app = asked("https://app.example.com", None);
        for path in ["/", "/twilio/media", "/api/v10/agents", "/metrics"] {
            assert!(cors.allowed(&Uri::from_static(path), &app).is_none(), "{path}");
        }
        assert!(Cors::default().allowed(&uri, &app).is_none());
    }

    #[test]
    fn a_browser_that_asks_beforehand_is_told_and_never_sends_cookies() {
        let cors = Cors::new(&["https://app.example.com".to_owned()]);
        let uri = Uri::from_static("/api/v1/agents");
        let headers = asked("https://app.example.com", Some("PATCH"));
        let answer = cors.preflight(&Method::OPTIONS, &uri, &headers).unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example.com");
        assert!(!answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        assert!(cors.preflight(&Method::GET, &uri, &headers).is_none());
        assert!(cors.preflight(&Method::OPTIONS, &uri, &asked("https://app.example.com", None)).is_none());
        assert!(cors.preflight(&Method::OPTIONS, &uri, &asked("https://evil.example", Some("GET"))).is_none());
    }
}
