//! The HTTP surface: carrier routes, the REST API, health and metrics.
//!
//! Handlers translate: they check who asks, read what was asked, call the session or the store, and write the answer.
//! Every error leaves as a problem document (RFC 9457).

mod agents;
mod auth;
mod calls;
mod carrier;
mod chat;
mod dashboard;
mod documents;
mod health;
mod live;
mod login;
mod media;
mod numbers;
mod page;
mod problem;
mod providers;
mod serve;
mod sse;
mod state;
mod threads;
mod web_calls;

pub use login::login_url;
pub use problem::Problem;
pub use serve::{ServeError, Tls, serve};
pub use state::{Api, CarrierAccount};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response;
use axum::routing::{any, get, post};

/// Largest body of a REST request, bytes: a contract with long instructions fits.
const MAX_BODY: usize = 512 * 1024;

/// All routes.
pub fn router(api: Api) -> Router {
    let rest = Router::new()
        .route("/agents", get(agents::list).post(agents::create))
        .route("/agents/validate", post(agents::validate))
        .route("/agents/current", get(agents::current))
        .route("/agents/{id}", get(agents::show).put(agents::replace).patch(agents::patch))
        .route("/agents/{id}/versions", get(agents::versions))
        .route("/agents/{id}/set-default", post(agents::set_default))
        .route("/agents/{id}/chat", post(chat::chat))
        .route("/threads", get(threads::list))
        .route("/threads/{id}", get(threads::show))
        .route("/threads/{id}/messages", get(threads::messages))
        .route("/web-calls", post(web_calls::create))
        .route("/web-calls/{id}/token", post(web_calls::token))
        .route("/web-calls/{id}/media", any(web_calls::media))
        .route("/calls/{id}/live", get(live::live))
        .route("/calls", get(calls::list))
        .route("/calls/{id}", get(calls::show))
        .route("/calls/{id}/transcript", get(calls::transcript))
        .route("/calls/{id}/events", get(calls::events))
        .route("/calls/{id}/latency", get(calls::latency))
        .route("/calls/{id}/agent", post(calls::agent))
        .route("/calls/{id}/hangup", post(calls::hang_up))
        .route("/phone-numbers", get(numbers::list))
        .route("/phone-numbers/{e164}/assign", post(numbers::assign))
        .route("/phone-numbers/{e164}/unassign", post(numbers::unassign))
        .route("/providers", get(providers::list))
        .route("/providers/tts/{name}/say", post(providers::say))
        .route(
            "/providers/stt/{name}/hear",
            post(providers::hear).layer(DefaultBodyLimit::max(providers::MAX_RECORDING)),
        )
        .route("/documents", get(documents::list))
        .route("/documents", post(documents::create).layer(DefaultBodyLimit::max(documents::MAX_BODY)))
        .route("/documents/search", post(documents::search))
        .route("/documents/{id}", get(documents::show).delete(documents::delete))
        .route("/auth/login", post(login::login))
        .route("/auth/links", post(login::link))
        .route("/auth/logout", post(login::logout))
        .route("/auth/me", get(login::me))
        .fallback(problem::not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(map_response(problem::not_kept));
    let carrier = Router::new()
        .route("/voice/{account}", post(carrier::voice))
        .route("/status/{account}", post(carrier::status))
        .route("/after/{call}", post(carrier::after))
        .route("/media", any(media::media))
        .layer(DefaultBodyLimit::max(trunkline_twilio::form::MAX_FORM_BYTES));
    Router::new()
        .merge(dashboard::routes())
        .nest("/api/v1", rest)
        .nest("/twilio", carrier)
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(map_response(problem::uniform))
        .with_state(api)
}
