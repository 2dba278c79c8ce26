//! `/openapi.json` and `/contract/schema`: what describes the interface.

use crate::openapi;
use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::Value;
use trunkline_contract::validate;

pub(crate) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], openapi::served())
}

pub(crate) async fn contract_schema() -> Json<&'static Value> {
    Json(validate::schema())
}
