//! `/auth`: how somebody becomes known, and what is known of them.

mod password;
mod token;

pub(crate) use password::Passwords;
pub(crate) use token::{Issued, Rotated, Wanted, issue, keys, rotate};

use crate::auth::{Kind, Login, Principal, Site, acting, csrf, expired, of_session, secret, session_cookie};
use crate::body::Body;
use crate::{Api, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Instant;
use trunkline_contract::{Fault, TenantId, UserId};
use trunkline_session::unix_ms;
use trunkline_store::{OpenedSession, Role};

/// How somebody logs in: with the code of a link, or with their email and password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    /// What a link has behind `#login=`; works once.
    code: Option<String>,
    /// Of a person who has a password.
    email: Option<String>,
    /// Theirs.
    password: Option<String>,
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
    /// `operator-token`, `key`, `token` or `session`.
    kind: &'static str,
    /// What they may.
    role: Role,
    /// What of the interface they may use; empty: all of it.
    scopes: Vec<String>,
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
    Body(proof): Body<Proof>,
) -> Result<Response, Problem> {
    let opened = match proof {
        Proof { code: Some(code), email: None, password: None } => by_code(&api, &code).await?,
        Proof { code: None, email: Some(email), password: Some(password) } => {
            password::open(&api, &email, password).await?
        }
        _ => {
            let message = "give `code` alone, or `email` and `password`";
            return Err(Problem::invalid(message, vec![Fault::error("", "proof", message)]));
        }
    };
    if let Some(former) = secret(&headers) {
        api.store.logins().end(former).await?;
    }
    let max_age_s = opened.session.ends_at_ms.saturating_sub(unix_ms()) / 1_000;
    let cookie = session_cookie(&opened.secret, max_age_s, site.secure);
    let known = of_session(opened.secret, opened.session, &api).await?;
    Ok(with_cookie(Json(about(&acting(known, None, &api).await?)), cookie))
}

async fn by_code(api: &Api, code: &str) -> Result<OpenedSession, Problem> {
    // A link that works is let in however many others were tried: nobody locks its owner out.
    if let Some(opened) = api.store.logins().redeem(code, unix_ms()).await? {
        return Ok(opened);
    }
    api.guesses.take(Instant::now()).map_err(|seconds| {
        let detail = format!("too many login links did not work: wait {seconds} s and open the link again");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-logins", detail).retry_after(seconds)
    })?;
    tracing::warn!("refused a login link");
    let detail = "this link was used or has expired; `trunkline login` makes another";
    Err(Problem::new(StatusCode::UNAUTHORIZED, "login-link", detail))
}

pub(crate) async fn link(
    State(api): State<Api>,
    headers: HeaderMap,
    principal: Principal,
) -> Result<impl IntoResponse, Problem> {
    let (token, user) = match principal.known.kind {
        Kind::Token(name) | Kind::Session { by: Login::Token(name), .. } => (Some(name), None),
        Kind::Session { by: Login::User(user), .. } => (None, Some(user)),
        Kind::Session { by: Login::Console, .. } => (None, None),
        Kind::Key(_) | Kind::Derived(_) | Kind::Stranger { .. } => {
            let detail = "a token makes no login links: ask with an operator's token, or from the dashboard";
            return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
        }
    };
    let link = made(&api, &headers, token, user).await?;
    Ok((StatusCode::CREATED, Json(link)))
}

/// Makes a link for whoever has an operator's token, or is a user.
pub(crate) async fn made(
    api: &Api,
    headers: &HeaderMap,
    token: Option<String>,
    user: Option<UserId>,
) -> Result<Link, Problem> {
    let link = api.store.logins().link(token, user, unix_ms()).await?;
    // Programs may reach this host under a name that no browser may.
    let origin = Site::named(headers, api).map_or_else(|_| api.public_url.to_string(), |site| site.origin);
    Ok(Link { url: login_url(&origin, &link.code), expires_at_ms: link.expires_at_ms })
}

pub(crate) async fn logout(
    State(api): State<Api>,
    headers: HeaderMap,
    principal: Principal,
) -> Result<Response, Problem> {
    let Some(secret) = principal.known.kind.session() else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    api.store.logins().end(secret).await?;
    let secure = Site::named(&headers, &api)?.secure;
    Ok(with_cookie(StatusCode::NO_CONTENT, expired(secure)))
}

pub(crate) async fn me(principal: Principal) -> Json<Me> {
    Json(about(&principal))
}

fn about(principal: &Principal) -> Me {
    Me {
        name: principal.name.to_string(),
        kind: principal.known.kind.name(),
        role: principal.role,
        scopes: principal.known.scopes.iter().map(ToString::to_string).collect(),
        tenant: Named { id: principal.tenant.id(), name: principal.tenant_name.to_string() },
        csrf: principal.known.kind.session().map(csrf),
    }
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
