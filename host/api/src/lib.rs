//! The HTTP surface: carrier routes, the REST API, health and metrics.
//!
//! Handlers translate: they check who asks, read what was asked, call the session or the store, and write the answer.
//! Every error leaves as a problem document (RFC 9457).

mod agent_sessions;
mod agents;
mod answers;
mod auth;
mod body;
mod calls;
mod carrier;
mod chat;
mod components;
mod dashboard;
mod documents;
mod guard;
mod health;
mod insight;
mod keys;
mod live;
mod login;
mod media;
mod nearest;
mod numbers;
mod openapi;
mod operations;
mod params;
mod problem;
mod providers;
mod reference;
mod secrets;
mod serve;
mod sse;
mod state;
mod templates;
mod tenants;
mod threads;
mod tools;
mod users;
mod web_calls;
mod webhooks;

pub use auth::Issuer;
pub use guard::RateLimits;
pub use login::login_url;
pub use problem::Problem;
pub use serve::{ServeError, Tls, serve};
pub use state::{Api, CarrierAccount};

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use guard::Guard;
use std::convert::Infallible;

/// Largest body of a request whose operation takes none, bytes: many programs send `{}` all the same.
const UNREAD: usize = 1_024;

/// Answers one request in this process, as it would be answered over a socket.
pub async fn ask(api: Api, request: http::Request<bytes::Bytes>) -> (StatusCode, bytes::Bytes) {
    let answer = tower::ServiceExt::oneshot(router(api), request.map(Body::from)).await;
    let answer = answer.unwrap_or_else(|never: Infallible| match never {});
    let status = answer.status();
    // What does not come whole is of no use to whoever asked.
    (status, axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap_or_default())
}

/// All routes.
pub fn router(api: Api) -> Router {
    let carrier = Router::new()
        .route("/voice/{account}", post(carrier::voice))
        .route("/status/{account}", post(carrier::status))
        .route("/after/{call}", post(carrier::after))
        .route("/media", any(media::media))
        .layer(DefaultBodyLimit::max(trunkline_twilio::form::MAX_FORM_BYTES));
    Router::new()
        .merge(dashboard::routes())
        .merge(interface(&api))
        .nest("/twilio", carrier)
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(from_fn_with_state(api.clone(), answers::leave))
        .with_state(api)
}

/// The operations of the table, each behind its guard.
fn interface(api: &Api) -> Router<Api> {
    operations::all().into_iter().fold(Router::new(), |router, operation| {
        let limit = operation.about.input.as_ref().map_or(UNREAD, |input| input.limit);
        let path = operation.about.path.clone();
        let guard = Guard::new(api.clone(), operation.about);
        let guarded = operation.route.layer::<_, Infallible>(from_fn_with_state(guard, guard::guard));
        let route = guarded.layer(DefaultBodyLimit::max(limit));
        router.route(&path, route)
    })
}
