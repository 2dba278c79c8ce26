//! Who asks: somebody with a bearer token, or with the cookie of a session.

mod cookie;
mod guesses;
mod jwt;
mod principal;
mod proof;
mod scope;
mod site;

pub(crate) use cookie::{csrf, expired, secret, session_cookie};
pub(crate) use guesses::Guesses;
pub use jwt::Issuer;
pub(crate) use jwt::{Claims, Issuers, MAX_TTL_S, SigningKeys};
pub(crate) use principal::{Kind, Known, Login, Principal, unauthorised};
pub(crate) use proof::of_session;
pub(crate) use scope::Scope;
pub(crate) use site::Site;

use crate::{Api, Problem};
use axum::http::StatusCode;
use axum::http::request::Parts;
use trunkline_contract::TenantId;
use trunkline_store::{Tenant, TenantStatus};

/// Names the tenant that an operator acts for.
const TENANT_HEADER: &str = "x-tenant";

/// Finds out who asks, and for which tenant.
///
/// # Errors
/// Nobody who is known; a tenant that they have nothing to do with, or that is suspended.
pub(crate) async fn authenticate(parts: &Parts, api: &Api) -> Result<Principal, Problem> {
    let known = proof::of(parts, api).await?;
    let named = parts.headers.get(TENANT_HEADER).map(|named| named.to_str().unwrap_or_default());
    acting(known, named, api).await
}

/// Somebody who is known, acting for their tenant; an operator for the one that they name, or the first one.
///
/// # Errors
/// There is no such tenant, or it is another one; it is suspended.
pub(crate) async fn acting(known: Known, named: Option<&str>, api: &Api) -> Result<Principal, Problem> {
    let tenant = match (known.tenant, named) {
        (Some(own), _) => api.store.tenants().get(own).await?,
        (None, Some(named)) => find(named, api).await?,
        (None, None) => api.store.tenants().get(api.default_tenant).await?,
    };
    let tenant = tenant.ok_or_else(|| Problem::missing("tenant"))?;
    if known.tenant.is_some() {
        if named.is_some_and(|named| named != tenant.name && named.parse().ok() != Some(tenant.id)) {
            return Err(Problem::missing("tenant"));
        }
        if tenant.status == TenantStatus::Suspended {
            let detail = "the tenant is suspended: the operator of this host knows why";
            return Err(Problem::new(StatusCode::FORBIDDEN, "suspended", detail));
        }
    }
    Ok(Principal {
        name: known.name.clone(),
        role: known.role,
        tenant: api.store.tenant(tenant.id).acting(known.name.clone()),
        tenant_name: tenant.name.into(),
        requests_per_minute: tenant.limits.requests_per_minute,
        known,
    })
}

/// The tenant of an id or a name.
pub(crate) async fn find(named: &str, api: &Api) -> Result<Option<Tenant>, Problem> {
    match named.parse::<TenantId>() {
        Ok(id) => Ok(api.store.tenants().get(id).await?),
        Err(_) => Ok(api.store.tenants().by_name(named).await?),
    }
}
