//! How answers leave: with a name for the request, with headers that keep browsers from doing more with them than showing
//! them, and, when something was refused, as a problem document, whoever refused it.

mod cors;

pub(crate) use cors::Cors;

use crate::{Api, Problem, problem};
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

/// The framework's own words for an error, bytes; they are short.
const MAX_WORDS: usize = 1_024;
/// What the answer took until its headers, ms (W3C Server Timing).
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For every answer that does not say otherwise: it is about somebody's things at one time, so nobody keeps it, frames it
/// or guesses what it is.
const PLAIN: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
/// From then on browsers ask for this name with TLS only; a year.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Runs around everything else.
pub(crate) async fn leave(State(api): State<Api>, request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    if let Some(preflight) = api.cors.preflight(request.method(), request.uri(), request.headers()) {
        return finished(preflight, id, &api);
    }
    let allowed = api.cors.allowed(request.uri(), request.headers());
    let span = tracing::info_span!("request", %id);
    let asked = Instant::now();
    let mut response = uniform(next.run(request).instrument(span).await, id).await;
    // How long a refusal took could tell why.
    if response.status().is_success() {
        let spent = format!("app;dur={:.3}", asked.elapsed().as_secs_f64() * 1_000.0);
        response.headers_mut().extend(HeaderValue::try_from(spent).ok().map(|spent| (SERVER_TIMING, spent)));
    }
    if let Some(origin) = allowed {
        Cors::tell(response.headers_mut(), origin);
    }
    finished(response, id, &api)
}

fn finished(mut response: Response, id: Uuid, api: &Api) -> Response {
    let headers = response.headers_mut();
    for (name, value) in PLAIN {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if api.public_url.starts_with("https:") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    headers.extend(HeaderValue::try_from(id.to_string()).ok().map(|id| (REQUEST_ID, id)));
    response
}

/// What the framework refuses by itself (a body too large, a path that is no text, a request that is no upgrade) leaves
/// as a problem document too.
async fn uniform(mut response: Response, id: Uuid) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if response.headers().get(header::CONTENT_TYPE) == Some(&problem::CONTENT_TYPE) => return response,
        None => {
            let (parts, body) = response.into_parts();
            let words = to_bytes(body, MAX_WORDS).await.unwrap_or_default();
            response = parts.into_response();
            Problem::new(status, kind(status), String::from_utf8_lossy(&words))
        }
    };
    let (own, body) = problem.occurred(format!("urn:uuid:{id}")).into_response().into_parts();
    let (mut parts, _) = response.into_parts();
    // Whatever else the answer says stays: which methods are allowed, which protocol to upgrade to.
    replace(&mut parts.headers, own.headers);
    Response::from_parts(parts, body)
}

fn replace(headers: &mut HeaderMap, own: HeaderMap) {
    headers.remove(header::CONTENT_LENGTH);
    headers.extend(own);
}

fn kind(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
        StatusCode::NOT_FOUND => "not-found",
        _ => "refused",
    }
}
