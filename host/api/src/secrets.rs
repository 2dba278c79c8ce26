//! `/secrets`: values that can be set and used, but not read.

use crate::Problem;
use crate::auth::Principal;
use crate::body::Body;
use crate::calls::Items;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use trunkline_session::unix_ms;
use trunkline_store::{Secret, SecretInfo};

/// What a secret shall be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SecretValue")]
pub(crate) struct Set {
    /// 1-16,000 characters. It is never shown again.
    #[schemars(length(min = 1, max = 16_000))]
    value: String,
}

pub(crate) async fn list(principal: Principal) -> Result<Json<Items<SecretInfo>>, Problem> {
    Ok(Json(Items::new(principal.tenant.secrets().list().await?)))
}

pub(crate) async fn show(principal: Principal, Path(name): Path<String>) -> Result<Json<SecretInfo>, Problem> {
    principal.tenant.secrets().info(name).await?.map(Json).ok_or_else(|| Problem::missing("secret"))
}

pub(crate) async fn set(
    principal: Principal,
    Path(name): Path<String>,
    Body(set): Body<Set>,
) -> Result<Response, Problem> {
    let (info, new) = principal.tenant.secrets().set(name, Secret::new(set.value), unix_ms()).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(info)).into_response())
}

pub(crate) async fn delete(principal: Principal, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    principal.tenant.secrets().delete(name, unix_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}
