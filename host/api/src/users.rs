//! `/users`: people of a tenant, and operators.

use crate::agents::Expected;
use crate::auth::{Principal, Site};
use crate::body::Body;
use crate::login::{Link, login_url};
use crate::params::{PageQuery, Params, id};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use trunkline_contract::UserId;
use trunkline_session::unix_ms;
use trunkline_store::{NewUser, Page, Role, StoreError, User, UserChange, Users, hash_password};

/// Whose people.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Of {
    /// True: the operators, for operators only; otherwise those of the tenant.
    #[serde(default)]
    operators: bool,
}

/// A person to be added.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewUser")]
pub(crate) struct New {
    /// Unique on this host, in any case.
    #[schemars(length(min = 3, max = 254), regex(pattern = r"^[^\s@]+@[^\s@]+$"))]
    email: String,
    /// Shown to others.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// What they may do; `operator` only among operators.
    role: Role,
    /// 12-128 characters; without it they log in by a link.
    #[serde(default)]
    #[schemars(length(min = 12, max = 128))]
    password: Option<String>,
}

/// What changes of a person; what is not given stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UserChange")]
pub(crate) struct Change {
    /// Shown to others.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    name: Option<String>,
    /// What they may do.
    #[serde(default)]
    role: Option<Role>,
    /// 12-128 characters; ends their sessions.
    #[serde(default)]
    #[schemars(length(min = 12, max = 128))]
    password: Option<String>,
    /// They may not log in; ends their sessions.
    #[serde(default)]
    disabled: Option<bool>,
}

fn tagged(user: User) -> Response {
    ([(header::ETAG, format!("\"{}\"", user.version))], Json(user)).into_response()
}

/// The people that whoever asks may look after.
fn people<'a>(api: &'a Api, principal: &Principal, of: &Of) -> Result<Users<'a>, Problem> {
    if of.operators && principal.role < Role::Operator {
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "operators are looked after by operators"));
    }
    Ok(api.store.users((!of.operators).then(|| principal.tenant.id())))
}

/// Nobody gives what they do not have: people may use all of the interface, as far as their role goes.
fn within(principal: &Principal, role: Option<Role>) -> Result<(), Problem> {
    if !principal.known.scopes.is_empty() {
        let detail = "a key with scopes looks at people, and changes none";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    match role {
        Some(role) if role > principal.role => {
            let detail = format!("you are {}: you cannot make somebody {role}", principal.role);
            Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
        }
        _ => Ok(()),
    }
}

async fn hashed(password: Option<String>) -> Result<Option<String>, Problem> {
    let Some(password) = password else { return Ok(None) };
    let hash = tokio::task::spawn_blocking(move || hash_password(&password)).await;
    Ok(Some(hash.map_err(|error| StoreError::Internal(error.to_string()))??))
}

pub(crate) async fn list(
    State(api): State<Api>,
    principal: Principal,
    Params(page): Params<PageQuery>,
    Params(of): Params<Of>,
) -> Result<Json<Page<User>>, Problem> {
    Ok(Json(people(&api, &principal, &of)?.list(page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn create(
    State(api): State<Api>,
    principal: Principal,
    Params(of): Params<Of>,
    Body(new): Body<New>,
) -> Result<Response, Problem> {
    within(&principal, Some(new.role))?;
    let users = people(&api, &principal, &of)?;
    let new = NewUser {
        tenant: (!of.operators).then(|| principal.tenant.id()),
        email: new.email,
        name: new.name,
        role: new.role,
        password_hash: hashed(new.password).await?,
        now_ms: unix_ms(),
    };
    let made = users.create(&principal.name, new).await?;
    let location = format!("/api/v1/users/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(made)).into_response())
}

async fn one(users: &Users<'_>, user: &str) -> Result<User, Problem> {
    let user: UserId = id(user, "user")?;
    users.get(user).await?.ok_or_else(|| Problem::missing("user"))
}

pub(crate) async fn show(
    State(api): State<Api>,
    principal: Principal,
    Path(user): Path<String>,
    Params(of): Params<Of>,
) -> Result<Response, Problem> {
    Ok(tagged(one(&people(&api, &principal, &of)?, &user).await?))
}

pub(crate) async fn change(
    State(api): State<Api>,
    principal: Principal,
    Path(user): Path<String>,
    Params(of): Params<Of>,
    headers: HeaderMap,
    Body(change): Body<Change>,
) -> Result<Response, Problem> {
    let users = people(&api, &principal, &of)?;
    let user = one(&users, &user).await?;
    within(&principal, Some(user.role))?;
    within(&principal, change.role)?;
    let Change { name, role, password, disabled } = change;
    let change = UserChange { name, role, password_hash: hashed(password).await?, disabled };
    let expected = Expected::of(&headers)?.one()?;
    Ok(tagged(users.update(&principal.name, user.id, expected, change, unix_ms()).await?))
}

pub(crate) async fn delete(
    State(api): State<Api>,
    principal: Principal,
    Path(user): Path<String>,
    Params(of): Params<Of>,
) -> Result<StatusCode, Problem> {
    let users = people(&api, &principal, &of)?;
    let user = one(&users, &user).await?;
    within(&principal, Some(user.role))?;
    users.delete(&principal.name, user.id, unix_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn link(
    State(api): State<Api>,
    principal: Principal,
    Path(user): Path<String>,
    Params(of): Params<Of>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let user = one(&people(&api, &principal, &of)?, &user).await?;
    within(&principal, Some(user.role))?;
    let made = api.store.logins().link(None, Some(user.id), unix_ms()).await?;
    let origin = Site::named(&headers, &api).map_or_else(|_| api.public_url.to_string(), |site| site.origin);
    let link = Link { url: login_url(&origin, &made.code), expires_at_ms: made.expires_at_ms };
    Ok((StatusCode::CREATED, Json(link)).into_response())
}
