//! `/healthz`, `/readyz`, `/metrics`.

use crate::{Api, Problem};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

/// The process answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// It takes new calls.
pub(crate) async fn readyz(State(api): State<Api>) -> Result<&'static str, Problem> {
    if api.sessions.draining() {
        let detail = "the host is shutting down and takes no new calls";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "draining", detail));
    }
    api.store.tenants().get(api.default_tenant).await?;
    Ok("ready\n")
}

/// Prometheus' text format. Names no tenant, agent, number or word.
pub(crate) async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], api.sessions.metrics().text())
}
