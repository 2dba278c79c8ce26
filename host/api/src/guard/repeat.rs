//! `Idempotency-Key`: whoever does not know whether a request arrived sends it again, and it is carried out once.
//!
//! A request that has begun is carried out to its end even when whoever sent it is gone: otherwise nobody could say
//! afterwards whether it was done.

use crate::auth::Principal;
use crate::operations::About;
use crate::{Problem, body};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use tracing::Instrument;
use trunkline_session::unix_ms;
use trunkline_store::{Answered, Begun, IdempotencyKey, StoreError, TenantStore};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is that of the first request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key, characters.
const MAX_KEY: usize = 200;
/// Largest answer that is kept, bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// Headers of an answer that belong to it; others say something about the moment.
const KEPT: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::ETAG, header::LOCATION, HeaderName::from_static("x-first-audio-ms")];

/// The key of a request, if it has one and its operation can be repeated.
///
/// # Errors
/// It is none, or the answer could not be kept.
pub(super) fn key(about: &About, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY).filter(|_| about.repeatable()) else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    let refuse = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "invalid-header", detail);
    if !(1..=MAX_KEY).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refuse(format!("an Idempotency-Key has 1-{MAX_KEY} letters, digits and signs, and no spaces")));
    }
    if headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/event-stream")) {
        let detail = "an answer that comes as server-sent events cannot be kept: leave the Idempotency-Key or the \
                      `Accept` out";
        return Err(refuse(detail.to_owned()));
    }
    Ok(Some(key.to_owned()))
}

/// Carries a request out, unless it was carried out before.
///
/// # Errors
/// It is being carried out; the key belongs to another request; the body is too large.
pub(super) async fn once(
    principal: &Principal,
    key: String,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, sent) = request.into_parts();
    let sent = body::bytes(Request::from_parts(parts.clone(), sent), &()).await?;
    let key = IdempotencyKey { principal: principal.known.kind.id(), key };
    let store = principal.tenant.clone();
    match store.idempotency().begin(key.clone(), fingerprint(&parts, &sent), unix_ms()).await {
        Ok(Begun::New) => {}
        Ok(Begun::Done(answer)) => return Ok(replayed(answer)),
        Ok(Begun::Running) => {
            let detail = "the first request with this Idempotency-Key is still being carried out";
            return Err(Problem::new(StatusCode::CONFLICT, "running", detail).retry_after(1));
        }
        Ok(Begun::Mismatch) => {
            let detail = "this Idempotency-Key was used for another request: use a new one";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key", detail));
        }
        Err(StoreError::Sealed(_)) => {
            let detail = "the request was carried out, but its answer cannot be read any more";
            return Err(Problem::new(StatusCode::CONFLICT, "answer-lost", detail));
        }
        Err(error) => return Err(error.into()),
    }
    let request = Request::from_parts(parts, Body::from(sent));
    let run = async move {
        let answer = next.run(request).await;
        finish(&store, key, answer).await
    };
    tokio::spawn(run.in_current_span()).await.map_err(|error| {
        tracing::error!(%error, "a request could not be carried out");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the host failed; its log says why")
    })
}

/// What was asked, so that another request under the same key is noticed.
fn fingerprint(parts: &Parts, sent: &Bytes) -> Vec<u8> {
    let mut digest = Sha256::new();
    let kind = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    for part in [parts.method.as_str().as_bytes(), path.as_bytes(), kind, sent] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().to_vec()
}

/// Whether an answer would be the same again, so that the next one to ask gets it.
fn is_final(status: StatusCode) -> bool {
    let later = [StatusCode::CONFLICT, StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT];
    !status.is_server_error() && !later.contains(&status)
}

async fn finish(store: &TenantStore, key: IdempotencyKey, answer: Response) -> Response {
    let (parts, body) = answer.into_parts();
    let Ok(body) = to_bytes(body, MAX_ANSWER).await else {
        // Nothing that is asked with a body of JSON answers with so much.
        tracing::error!(status = %parts.status, "an answer was too large to be kept");
        forget(store, key).await;
        return Response::from_parts(parts, Body::empty());
    };
    if is_final(parts.status) {
        let answer = Answered { status: parts.status.as_u16(), headers: kept(&parts.headers), body: body.to_vec() };
        if let Err(error) = store.idempotency().finish(key, answer).await {
            tracing::error!(%error, "an answer could not be kept");
        }
    } else {
        forget(store, key).await;
    }
    Response::from_parts(parts, Body::from(body))
}

async fn forget(store: &TenantStore, key: IdempotencyKey) {
    if let Err(error) = store.idempotency().forget(key).await {
        tracing::error!(%error, "a request that was not carried out could not be forgotten");
    }
}

fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let found =
        KEPT.into_iter().filter_map(|name| Some((name.to_string(), headers.get(&name)?.to_str().ok()?.to_owned())));
    found.collect()
}

fn replayed(answer: Answered) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(method: &str, path: &str, kind: &str, body: &'static [u8]) -> Vec<u8> {
        let request = Request::builder().method(method).uri(path).header("content-type", kind);
        fingerprint(&request.body(Body::empty()).unwrap().into_parts().0, &Bytes::from_static(body))
    }

    #[test]
    fn another_request_has_another_fingerprint() {
        let first = print("POST", "/api/v1/agents", "application/json", b"{}");
        assert_eq!(first, print("POST", "/api/v1/agents", "application/json", b"{}"));
        for other in [
            print("PUT", "/api/v1/agents", "application/json", b"{}"),
            print("POST", "/api/v1/agents?summary=x", "application/json", b"{}"),
            print("POST", "/api/v1/agents", "text/plain", b"{}"),
            print("POST", "/api/v1/agents", "application/json", b"{ }"),
            // What ends in one part does not begin the next.
            print("POST", "/api/v1/agentsa", "pplication/json", b"{}"),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn what_may_come_out_differently_is_not_kept() {
        for (status, kept) in [(200, true), (201, true), (204, true), (400, true), (404, true), (422, true)] {
            assert_eq!(is_final(StatusCode::from_u16(status).unwrap()), kept, "{status}");
        }
        for status in [409, 429, 500, 503, 504] {
            assert!(!is_final(StatusCode::from_u16(status).unwrap()), "{status}");
        }
    }
}
