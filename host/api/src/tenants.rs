//! `/tenants`: whom the host serves, what they may use, and what their agents begin with.

use crate::agents::Expected;
use crate::auth::Principal;
use crate::body::Body;
use crate::calls::Items;
use crate::params::id;
use crate::{Api, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use trunkline_contract::{TenantId, validate};
use trunkline_session::{Proposed, unix_ms};
use trunkline_store::{Role, Tenant, TenantChange, TenantLimits, TenantStatus};

/// A tenant to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewTenant")]
pub(crate) struct New {
    /// Unique; 1-100 characters.
    #[schemars(length(min = 1, max = 100))]
    name: String,
}

/// What changes of a tenant; what is not given stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TenantChange")]
pub(crate) struct Change {
    /// Unique; 1-100 characters.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    name: Option<String>,
    /// Whether it is served.
    #[serde(default)]
    status: Option<TenantStatus>,
    /// What it may use, as a whole.
    #[serde(default)]
    limits: Option<TenantLimits>,
}

fn tagged(tenant: Tenant) -> Response {
    ([(header::ETAG, format!("\"{}\"", tenant.version))], Json(tenant)).into_response()
}

/// A tenant that whoever asks may look after: their own, or any for an operator. Another's is not there.
fn own(principal: &Principal, tenant: &str) -> Result<TenantId, Problem> {
    let tenant: TenantId = id(tenant, "tenant")?;
    let may = principal.role == Role::Operator || principal.tenant.id() == tenant;
    may.then_some(tenant).ok_or_else(|| Problem::missing("tenant"))
}

async fn found(api: &Api, tenant: TenantId) -> Result<Tenant, Problem> {
    api.store.tenants().get(tenant).await?.ok_or_else(|| Problem::missing("tenant"))
}

pub(crate) async fn list(State(api): State<Api>) -> Result<Json<Items<Tenant>>, Problem> {
    Ok(Json(Items::new(api.store.tenants().list().await?)))
}

pub(crate) async fn create(
    State(api): State<Api>,
    principal: Principal,
    Body(new): Body<New>,
) -> Result<Response, Problem> {
    let made = api.store.tenants().create_by(&principal.name, new.name, unix_ms()).await?;
    let location = format!("/api/v1/tenants/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(made)).into_response())
}

pub(crate) async fn show(
    State(api): State<Api>,
    principal: Principal,
    Path(tenant): Path<String>,
) -> Result<Response, Problem> {
    Ok(tagged(found(&api, own(&principal, &tenant)?).await?))
}

async fn update(
    api: &Api,
    principal: &Principal,
    tenant: TenantId,
    headers: &HeaderMap,
    change: TenantChange,
) -> Result<Response, Problem> {
    let expected = Expected::of(headers)?.one()?;
    Ok(tagged(api.store.tenants().update(&principal.name, tenant, expected, change, unix_ms()).await?))
}

pub(crate) async fn change(
    State(api): State<Api>,
    principal: Principal,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Body(change): Body<Change>,
) -> Result<Response, Problem> {
    let Change { name, status, limits } = change;
    let change = TenantChange { name, status, limits, defaults: None };
    update(&api, &principal, own(&principal, &tenant)?, &headers, change).await
}

/// Suspends: data of a tenant is not deleted by one request.
pub(crate) async fn delete(
    State(api): State<Api>,
    principal: Principal,
    Path(tenant): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tenant = own(&principal, &tenant)?;
    if tenant == api.default_tenant {
        return Err(Problem::new(StatusCode::CONFLICT, "in-use", "this is the tenant of whoever names none"));
    }
    let change = TenantChange { status: Some(TenantStatus::Suspended), ..TenantChange::default() };
    update(&api, &principal, tenant, &headers, change).await
}

pub(crate) async fn defaults(
    State(api): State<Api>,
    principal: Principal,
    Path(tenant): Path<String>,
) -> Result<Response, Problem> {
    let found = found(&api, own(&principal, &tenant)?).await?;
    Ok(([(header::ETAG, format!("\"{}\"", found.version))], Json(found.defaults)).into_response())
}

pub(crate) async fn set_defaults(
    State(api): State<Api>,
    principal: Principal,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Body(document): Body<Value>,
) -> Result<Response, Problem> {
    let tenant = own(&principal, &tenant)?;
    let mut faults = validate::partial(&document);
    for name in ["name", "extends"] {
        if document.get(name).is_some() {
            let message = format!("`{name}` is each agent's own");
            faults.push(trunkline_contract::Fault::error(format!("/{name}"), "fixed", message));
        }
    }
    if !faults.is_empty() {
        return Err(Problem::invalid("the defaults have faults", faults));
    }
    let _still = api.sessions.layer_changes(tenant).await;
    let broken = api.sessions.broken_by(tenant, Proposed::Defaults(&document)).await?;
    if let Some(problem) = Problem::breaking("breaks-agents", broken) {
        return Err(problem);
    }
    let change = TenantChange { defaults: Some(document), ..TenantChange::default() };
    update(&api, &principal, tenant, &headers, change).await
}
