//! Who asks: an operator with a bearer token, or with the cookie of a session. Handlers take an [`Operator`], so a route
//! that forgets to check does not compile.

mod cookie;
mod guesses;
mod site;

pub(crate) use cookie::{csrf, expired, secret, session_cookie};
pub(crate) use guesses::Guesses;
pub(crate) use site::Site;

use crate::{Api, Problem};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use subtle::ConstantTimeEq;
use trunkline_contract::TenantId;
use trunkline_session::unix_ms;
use trunkline_store::{BrowserSession, TenantStore};

/// What people at the machine's own console are called.
const CONSOLE: &str = "operator";
/// Repeats what `/auth/me` says, which no other site can read.
const CSRF_HEADER: &str = "x-csrf-token";

/// An operator, acting for one tenant.
pub(crate) struct Operator {
    pub(crate) name: String,
    pub(crate) tenant: TenantStore,
    /// The operator's token, by its name; none: a session that the machine's own console opened.
    pub(crate) token_name: Option<String>,
    /// The secret of the browser's session; none: a bearer token was shown.
    pub(crate) session: Option<String>,
}

impl FromRequestParts<Api> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let token = bearer(&parts.headers);
            let token = token.ok_or_else(|| unauthorised("send `Authorization: Bearer <operator token>`"))?;
            let token = api.store.operator_tokens().verify(token).await?;
            let token = token.ok_or_else(|| unauthorised("the token is not known"))?;
            let tenant = tenant(parts, api).await?;
            return Ok(Self { name: token.name.clone(), tenant, token_name: Some(token.name), session: None });
        }
        let secret = cookie::secret(&parts.headers).ok_or_else(|| {
            unauthorised("send `Authorization: Bearer <operator token>`, or log in: `trunkline login` makes a link")
        })?;
        Site::of(parts, api)?;
        let session = api.store.logins().session(secret, unix_ms()).await?;
        let session =
            session.ok_or_else(|| unauthorised("the session is over: `trunkline login` makes a login link"))?;
        if !parts.method.is_safe() {
            let shown = parts.headers.get(CSRF_HEADER).map(|value| value.as_bytes()).unwrap_or_default();
            if !bool::from(csrf(secret).as_bytes().ct_eq(shown)) {
                let detail = "send `X-CSRF-Token` with the `csrf` of /api/v1/auth/me";
                return Err(Problem::new(StatusCode::FORBIDDEN, "csrf", detail));
            }
        }
        let secret = secret.to_owned();
        Ok(Self::of_session(secret, session, tenant(parts, api).await?))
    }
}

impl Operator {
    /// Whoever a session belongs to.
    pub(crate) fn of_session(secret: String, session: BrowserSession, tenant: TenantStore) -> Self {
        let name = session.token_name.clone().unwrap_or_else(|| CONSOLE.to_owned());
        Self { name, tenant, token_name: session.token_name, session: Some(secret) }
    }
}

fn unauthorised(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorised", detail)
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
