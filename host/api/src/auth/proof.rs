//! What somebody shows, and who they are by it.

use super::jwt::check::Claimed;
use super::scope::Scope;
use super::{Claims, Kind, Known, Login, Site, cookie, csrf, find, unauthorised};
use crate::{Api, Problem};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use trunkline_contract::{KeyId, UserId};
use trunkline_session::unix_ms;
use trunkline_store::{ApiKey, BrowserSession, KEY_PREFIX, Role, User};

/// What people at the machine's own console are called.
const CONSOLE: &str = "operator";
/// Repeats what `/auth/me` says, which no other site can read.
const CSRF_HEADER: &str = "x-csrf-token";
/// What an operator's token begins with.
const TOKEN_PREFIX: &str = "trk_";

/// Who asks.
///
/// # Errors
/// Nobody who is known.
pub(super) async fn of(parts: &Parts, api: &Api) -> Result<Known, Problem> {
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else { return by_cookie(parts, api).await };
    let bearer = value.to_str().ok().and_then(|value| value.split_once(' '));
    let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    match bearer.ok_or_else(|| unauthorised("send `Authorization: Bearer <key or token>`"))? {
        key if key.starts_with(KEY_PREFIX) => by_key(key, api).await,
        token if !token.starts_with(TOKEN_PREFIX) && token.contains('.') => by_jwt(token, api).await,
        token => by_token(token, api).await,
    }
}

async fn by_token(token: &str, api: &Api) -> Result<Known, Problem> {
    let token = api.store.operator_tokens().verify(token).await?;
    let name = token.ok_or_else(|| unauthorised("the token is not known"))?.name;
    Ok(operator(name.as_str(), Kind::Token(name.clone())))
}

fn operator(name: &str, kind: Kind) -> Known {
    Known { name: name.into(), kind, role: Role::Operator, tenant: None, scopes: Arc::default() }
}

async fn by_key(key: &str, api: &Api) -> Result<Known, Problem> {
    let found = api.store.key(key, unix_ms()).await?;
    let (tenant, key) = found.ok_or_else(|| unauthorised("the key is not known, was revoked or has expired"))?;
    let name = format!("key:{}", key.name).into();
    Ok(Known { name, kind: Kind::Key(key.id), role: key.role, tenant: Some(tenant), scopes: scopes(&key.scopes) })
}

/// A scope that this version does not know allows nothing; a key with nothing else is no key for everything.
fn scopes(named: &[String]) -> Arc<[Scope]> {
    named.iter().map(|name| Scope::parse(name).unwrap_or(Scope::NOTHING)).collect()
}

async fn by_jwt(token: &str, api: &Api) -> Result<Known, Problem> {
    let claimed = Claimed::read(token)?;
    if claimed.issuer == *api.public_url {
        let claims = api.signing.verify(token, &claimed, &api.public_url).await?;
        return derived(claims, api).await;
    }
    let stranger = api.issuers.verify(token, &claimed).await?;
    let tenant = match &stranger.tenant {
        None => None,
        Some(named) => {
            let found = find(named, api).await?;
            Some(found.ok_or_else(|| unauthorised("the token names a tenant that is not there"))?.id)
        }
    };
    let name = format!("{}#{}", stranger.issuer, stranger.subject).into();
    let kind = Kind::Stranger { issuer: stranger.issuer, subject: stranger.subject };
    Ok(Known { name, kind, role: stranger.role, tenant, scopes: Arc::default() })
}

/// Who a token of ours belongs to, as long as what it was made from still opens anything.
async fn derived(claims: Claims, api: &Api) -> Result<Known, Problem> {
    let gone = || unauthorised("what the token was made from opens nothing any more");
    let most = match claims.sub.split_once(':') {
        Some(("key", id)) => {
            let (tenant, id) = (claims.tenant.ok_or_else(gone)?, id.parse::<KeyId>().map_err(|_| gone())?);
            let key = api.store.tenant(tenant).keys().get(id).await?;
            key.filter(|key| opens(key, unix_ms())).ok_or_else(gone)?.role
        }
        Some(("user", id)) => {
            let user = api.store.user(id.parse::<UserId>().map_err(|_| gone())?).await?;
            let fits = |user: &User| !user.disabled && (user.tenant_id.is_none() || user.tenant_id == claims.tenant);
            user.filter(fits).ok_or_else(gone)?.role
        }
        Some(("token", name)) => {
            let known = api.store.operator_tokens().list().await?;
            known.iter().find(|token| token.name == name).map(|_| Role::Operator).ok_or_else(gone)?
        }
        None if claims.sub == "console" => Role::Operator,
        _ => return Err(gone()),
    };
    let role = claims.role.min(most);
    if (role == Role::Operator) != claims.tenant.is_none() {
        return Err(gone());
    }
    let (name, scopes) = (claims.name.into(), scopes(&claims.scopes));
    Ok(Known { name, kind: Kind::Derived(claims.sub), role, tenant: claims.tenant, scopes })
}

fn opens(key: &ApiKey, now_ms: u64) -> bool {
    key.revoked_at_ms.is_none() && key.expires_at_ms.is_none_or(|at| now_ms < at)
}

async fn by_cookie(parts: &Parts, api: &Api) -> Result<Known, Problem> {
    let secret = cookie::secret(&parts.headers).ok_or_else(|| {
        unauthorised("send `Authorization: Bearer <key or token>`, or log in: `trunkline login` makes a link")
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
    of_session(secret.to_owned(), session, api).await
}

/// Whoever a session belongs to.
///
/// # Errors
/// The person is gone, or disabled.
pub(crate) async fn of_session(secret: String, session: BrowserSession, api: &Api) -> Result<Known, Problem> {
    let by = match (session.user_id, session.token_name) {
        (Some(user), _) => Login::User(user),
        (None, Some(name)) => Login::Token(name),
        (None, None) => Login::Console,
    };
    let kind = Kind::Session { secret, by: by.clone() };
    match by {
        Login::Console => Ok(operator(CONSOLE, kind)),
        Login::Token(name) => Ok(operator(&name, kind)),
        Login::User(id) => {
            let user = api.store.user(id).await?.filter(|user| !user.disabled);
            let User { email, role, tenant_id, .. } = user.ok_or_else(|| unauthorised("the session is over"))?;
            Ok(Known { name: email.into(), kind, role, tenant: tenant_id, scopes: Arc::default() })
        }
    }
}
