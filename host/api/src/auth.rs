//! Who asks: an operator with a bearer token. Handlers take an [`Operator`], so a route that forgets to check does not
//! compile.

use crate::{Api, Problem};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use trunkline_contract::TenantId;
use trunkline_store::TenantStore;

/// An operator, acting for one tenant.
pub(crate) struct Operator {
    pub(crate) name: String,
    pub(crate) tenant: TenantStore,
}

impl FromRequestParts<Api> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let token = bearer(parts).ok_or_else(|| unauthorised("send `Authorization: Bearer <operator token>`"))?;
        let token = api.store.operator_tokens().verify(token).await?;
        let token = token.ok_or_else(|| unauthorised("the token is not known"))?;
        Ok(Self { name: token.name, tenant: tenant(parts, api).await? })
    }
}

fn unauthorised(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorised", detail)
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The tenant named by `X-Tenant` (id or name), or the first one.
async fn tenant(parts: &Parts, api: &Api) -> Result<TenantStore, Problem> {
    let Some(named) = parts.headers.get("x-tenant") else { return Ok(api.store.tenant(api.default_tenant)) };
    let named = named.to_str().unwrap_or_default();
    let found = match named.parse::<TenantId>() {
        Ok(id) => api.store.tenants().get(id).await?,
        Err(_) => api.store.tenants().by_name(named).await?,
    };
    let tenant = found.ok_or_else(|| Problem::missing("tenant"))?;
    Ok(api.store.tenant(tenant.id))
}
