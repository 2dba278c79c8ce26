//! `/keys`: what programs show.

use crate::Problem;
use crate::auth::{Principal, Scope};
use crate::body::Body;
use crate::params::{PageQuery, Params, id};
use axum::Json;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_session::unix_ms;
use trunkline_store::{ApiKey, NewKey, Page, Role};

/// A key to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewApiKey")]
pub(crate) struct New {
    /// For people; unique among the keys that work.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// What it may do: `viewer`, `editor` or `admin`.
    role: Role,
    /// Groups of operations that it may use, such as `agents`, or `agents:read` for what only reads; at most your own,
    /// which they are when none are given.
    #[serde(default)]
    #[schemars(length(max = 20))]
    scopes: Vec<String>,
    /// Unix ms; without it the key does not expire.
    #[serde(default)]
    expires_at_ms: Option<u64>,
}

/// A key that was made now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NewlyMade {
    /// The key itself. It is shown this once.
    secret: String,
    /// What is known of it later.
    key: ApiKey,
}

pub(crate) async fn list(principal: Principal, Params(page): Params<PageQuery>) -> Result<Json<Page<ApiKey>>, Problem> {
    Ok(Json(principal.tenant.keys().list(page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn create(principal: Principal, Body(new): Body<New>) -> Result<Response, Problem> {
    let scopes = Scope::within(&new.scopes, &principal.known.scopes)?;
    if new.role > principal.role {
        let detail = format!("you are {}: your keys cannot be {}", principal.role, new.role);
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    let New { name, role, expires_at_ms, .. } = new;
    let scopes = scopes.iter().map(ToString::to_string).collect();
    let new = NewKey { name, role, scopes, expires_at_ms, now_ms: unix_ms() };
    let (secret, key) = principal.tenant.keys().create(new).await?;
    let location = format!("/api/v1/keys/{}", key.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(NewlyMade { secret, key })).into_response())
}

pub(crate) async fn show(principal: Principal, Path(key): Path<String>) -> Result<Json<ApiKey>, Problem> {
    let found = principal.tenant.keys().get(id(&key, "key")?).await?;
    found.map(Json).ok_or_else(|| Problem::missing("key"))
}

pub(crate) async fn revoke(principal: Principal, Path(key): Path<String>) -> Result<Json<ApiKey>, Problem> {
    Ok(Json(principal.tenant.keys().revoke(id(&key, "key")?, unix_ms()).await?))
}
