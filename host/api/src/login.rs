//! `/auth`: a link logs a browser in, once.

use crate::auth::{Principal, Site, csrf, expired, of_session, session_cookie};
use crate::body::Body;
use crate::{Api, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Instant;
use trunkline_contract::TenantId;
use trunkline_session::unix_ms;
use trunkline_store::Role;

/// How somebody logs in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// What the link has behind `#login=`.
    code: String,
}

/// A link to log in with.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LoginLink")]
pub(crate) struct Link {
    /// To be opened in a browser, once.
    pub(crate) url: String,
    /// Unix ms.
    pub(crate) expires_at_ms: u64,
}

/// Who asks.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Me {
    /// What versions and the audit log call them.
    name: String,
    /// What they may.
    role: Role,
    /// Whose things they see.
    tenant: Named,
    /// What a browser repeats in `X-CSRF-Token` when it changes something; null without a cookie.
    csrf: Option<String>,
}

/// A tenant by its name.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TenantName")]
pub(crate) struct Named {
    /// Its id.
    id: TenantId,
    /// Unique.
    name: String,
}

pub(crate) async fn login(
    State(api): State<Api>,
    site: Site,
    headers: HeaderMap,
    Body(body): Body<Login>,
) -> Result<Response, Problem> {
    let Login { code } = body;
    let now_ms = unix_ms();
    // A link that works is let in however many others were tried: nobody locks its owner out.
    let Some(opened) = api.store.logins().redeem(&code, now_ms).await? else {
        api.guesses.take(Instant::now()).map_err(|seconds| {
            let detail = format!("too many login links did not work: wait {seconds} s and open the link again");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-logins", detail).retry_after(seconds)
        })?;
        tracing::warn!("refused a login link");
        let detail = "this link was used or has expired; `trunkline login` makes another";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "login-link", detail));
    };
    if let Some(former) = crate::auth::secret(&headers) {
        api.store.logins().end(former).await?;
    }
    let max_age_s = opened.session.ends_at_ms.saturating_sub(now_ms) / 1_000;
    let cookie = session_cookie(&opened.secret, max_age_s, site.secure);
    let principal = of_session(opened.secret, opened.session, api.store.tenant(api.default_tenant));
    Ok(with_cookie(Json(about(&api, &principal).await?), cookie))
}

pub(crate) async fn link(
    State(api): State<Api>,
    headers: HeaderMap,
    principal: Principal,
) -> Result<impl IntoResponse, Problem> {
    let link = api.store.logins().link(principal.kind.token_name().map(str::to_owned), None, unix_ms()).await?;
    // Programs may reach this host under a name that no browser may.
    let origin = Site::named(&headers, &api).map_or_else(|_| api.public_url.to_string(), |site| site.origin);
    let link = Link { url: login_url(&origin, &link.code), expires_at_ms: link.expires_at_ms };
    Ok((StatusCode::CREATED, Json(link)))
}

pub(crate) async fn logout(
    State(api): State<Api>,
    headers: HeaderMap,
    principal: Principal,
) -> Result<Response, Problem> {
    let Some(secret) = principal.kind.session() else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    api.store.logins().end(secret).await?;
    let secure = Site::named(&headers, &api)?.secure;
    Ok(with_cookie(StatusCode::NO_CONTENT, expired(secure)))
}

pub(crate) async fn me(State(api): State<Api>, principal: Principal) -> Result<Json<Me>, Problem> {
    Ok(Json(about(&api, &principal).await?))
}

async fn about(api: &Api, principal: &Principal) -> Result<Me, Problem> {
    let tenant = api.store.tenants().get(principal.tenant.id()).await?.ok_or_else(|| Problem::missing("tenant"))?;
    Ok(Me {
        name: principal.name.to_string(),
        role: principal.role,
        tenant: Named { id: tenant.id, name: tenant.name },
        csrf: principal.kind.session().map(csrf),
    })
}

fn with_cookie(response: impl IntoResponse, cookie: Option<HeaderValue>) -> Response {
    let mut response = response.into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The address that logs a browser in. The code is behind `#`, which browsers send to nobody.
pub fn login_url(origin: &str, code: &str) -> String {
    format!("{origin}/#login={code}")
}
