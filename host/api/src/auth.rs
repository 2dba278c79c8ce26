//! Who asks: somebody with a bearer token, or with the cookie of a session.

mod cookie;
mod guesses;
mod principal;
mod site;

pub(crate) use cookie::{csrf, expired, secret, session_cookie};
pub(crate) use guesses::Guesses;
pub(crate) use principal::{Kind, Principal, unauthorised};
pub(crate) use site::Site;

use crate::{Api, Problem};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use subtle::ConstantTimeEq;
use trunkline_contract::TenantId;
use trunkline_session::unix_ms;
use trunkline_store::{BrowserSession, Role, TenantStore};

/// What people at the machine's own console are called.
const CONSOLE: &str = "operator";
/// Repeats what `/auth/me` says, which no other site can read.
const CSRF_HEADER: &str = "x-csrf-token";

/// Finds out who asks.
///
/// # Errors
/// Nobody who is known; a tenant that they have nothing to do with.
pub(crate) async fn authenticate(parts: &Parts, api: &Api) -> Result<Principal, Problem> {
    if parts.headers.contains_key(header::AUTHORIZATION) {
        let token = bearer(&parts.headers);
        let token = token.ok_or_else(|| unauthorised("send `Authorization: Bearer <token>`"))?;
        let token = api.store.operator_tokens().verify(token).await?;
        let token = token.ok_or_else(|| unauthorised("the token is not known"))?;
        let tenant = tenant(parts, api).await?;
        let name = token.name.as_str().into();
        return Ok(Principal {
            name,
            kind: Kind::Token(token.name),
            role: Role::Operator,
            tenant,
            requests_per_minute: None,
        });
    }
    let secret = cookie::secret(&parts.headers).ok_or_else(|| {
        unauthorised("send `Authorization: Bearer <token>`, or log in: `trunkline login` makes a link")
    })?;
    Site::of(parts, api)?;
    let session = api.store.logins().session(secret, unix_ms()).await?;
    let session = session.ok_or_else(|| unauthorised("the session is over: `trunkline login` makes a login link"))?;
    if !parts.method.is_safe() {
        let shown = parts.headers.get(CSRF_HEADER).map(|value| value.as_bytes()).unwrap_or_default();
        if !bool::from(csrf(secret).as_bytes().ct_eq(shown)) {
            let detail = "send `X-CSRF-Token` with the `csrf` of /api/v1/auth/me";
            return Err(Problem::new(StatusCode::FORBIDDEN, "csrf", detail));
        }
    }
    Ok(of_session(secret.to_owned(), session, tenant(parts, api).await?))
}

/// Whoever a session belongs to.
pub(crate) fn of_session(secret: String, session: BrowserSession, tenant: TenantStore) -> Principal {
    let name = session.token_name.as_deref().unwrap_or(CONSOLE).into();
    let kind = Kind::Session { secret, token_name: session.token_name };
    Principal { name, kind, role: Role::Operator, tenant, requests_per_minute: None }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
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
