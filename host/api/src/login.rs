//! `/auth`: a link logs a browser in, once.

use crate::auth::{Operator, Site, csrf, expired, session_cookie};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Instant;
use trunkline_session::unix_ms;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    code: String,
}

pub(crate) async fn login(
    State(api): State<Api>,
    site: Site,
    headers: HeaderMap,
    body: Result<Json<Login>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(Login { code }) = body?;
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
    let operator = Operator::of_session(opened.secret, opened.session, api.store.tenant(api.default_tenant));
    Ok(with_cookie(Json(about(&api, &operator).await?), cookie))
}

pub(crate) async fn link(
    State(api): State<Api>,
    headers: HeaderMap,
    operator: Operator,
) -> Result<impl IntoResponse, Problem> {
    let link = api.store.logins().link(operator.token_name, None, unix_ms()).await?;
    // Programs may reach this host under a name that no browser may.
    let origin = Site::named(&headers, &api).map_or_else(|_| api.public_url.to_string(), |site| site.origin);
    let body = json!({"url": login_url(&origin, &link.code), "expires_at_ms": link.expires_at_ms});
    Ok((StatusCode::CREATED, Json(body)))
}

pub(crate) async fn logout(
    State(api): State<Api>,
    headers: HeaderMap,
    operator: Operator,
) -> Result<Response, Problem> {
    let Some(secret) = operator.session else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    api.store.logins().end(&secret).await?;
    let secure = Site::named(&headers, &api)?.secure;
    Ok(with_cookie(StatusCode::NO_CONTENT, expired(secure)))
}

pub(crate) async fn me(State(api): State<Api>, operator: Operator) -> Result<Json<Value>, Problem> {
    Ok(Json(about(&api, &operator).await?))
}

async fn about(api: &Api, operator: &Operator) -> Result<Value, Problem> {
    let tenant = api.store.tenants().get(operator.tenant.id()).await?.ok_or_else(|| Problem::missing("tenant"))?;
    Ok(json!({
        "name": operator.name,
        "role": "operator",
        "tenant": {"id": tenant.id, "name": tenant.name},
        "csrf": operator.session.as_deref().map(csrf),
    }))
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
