//! The versions of an agent, and the agent that answers where none is named.

use super::{Expected, check, check_old, tagged};
use crate::auth::Principal;
use crate::body::Body;
use crate::params::{PageQuery, Params, id, invalid};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_contract::AgentId;
use trunkline_contract::diff::{self as differences, Change};
use trunkline_session::unix_ms;
use trunkline_store::{AgentVersion, PRODUCTION, Page};

pub(crate) async fn list(
    principal: Principal,
    Path(agent): Path<String>,
    Params(query): Params<PageQuery>,
) -> Result<Json<Page<AgentVersion>>, Problem> {
    let agent: AgentId = id(&agent, "agent")?;
    let agents = principal.tenant.agents();
    agents.latest(agent).await?.ok_or_else(|| Problem::missing("agent"))?;
    Ok(Json(agents.versions_page(agent, query.cursor.as_deref(), query.limit()?).await?))
}

/// Where the agent answers: hosts of one kind.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Environment {
    /// 1-40 of `a-z 0-9 -`; `production` when it is not given.
    #[serde(default = "Environment::production")]
    #[schemars(regex(pattern = r"^[a-z0-9-]{1,40}$"))]
    environment: String,
}

impl Environment {
    fn production() -> String {
        PRODUCTION.to_owned()
    }

    fn read(self) -> Result<String, Problem> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=40).contains(&self.environment.len()) && self.environment.bytes().all(fits) {
            return Ok(self.environment);
        }
        Err(invalid(format!("environment is `{}`, allowed are 1-40 of a-z, 0-9 and -", self.environment)))
    }
}

pub(crate) async fn current(
    principal: Principal,
    Params(environment): Params<Environment>,
) -> Result<Response, Problem> {
    let current = principal.tenant.agents().current(&environment.read()?).await?;
    Ok(tagged(current.ok_or_else(|| Problem::missing("default agent"))?))
}

pub(crate) async fn set_default(
    principal: Principal,
    Path(agent): Path<String>,
    Params(environment): Params<Environment>,
) -> Result<Response, Problem> {
    let agent = id(&agent, "agent")?;
    Ok(tagged(principal.tenant.agents().set_default(agent, &environment.read()?, unix_ms()).await?))
}

pub(crate) async fn version(
    principal: Principal,
    Path((agent, number)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let number = id(&number, "version")?;
    let found = principal.tenant.agents().get(id(&agent, "agent")?, number).await?;
    Ok(tagged(found.ok_or_else(|| Problem::missing("version"))?))
}

/// Which versions are compared.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Between {
    /// Number of the older version; the one before `to` when it is not given.
    #[schemars(range(min = 1))]
    from: Option<u32>,
    /// Number of the newer version; the latest when it is not given.
    #[schemars(range(min = 1))]
    to: Option<u32>,
}

/// What differs between two versions.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Differences {
    /// Number of the older version.
    from: u32,
    /// Number of the newer version.
    to: u32,
    /// What differs, in the order of the newer one; lists differ as a whole.
    changes: Vec<Change>,
}

pub(crate) async fn diff(
    principal: Principal,
    Path(agent): Path<String>,
    Params(between): Params<Between>,
) -> Result<Json<Differences>, Problem> {
    let agent: AgentId = id(&agent, "agent")?;
    let agents = principal.tenant.agents();
    let latest = agents.latest(agent).await?.ok_or_else(|| Problem::missing("agent"))?;
    let to = between.to.unwrap_or(latest.version);
    let from = between.from.unwrap_or(to.saturating_sub(1).max(1));
    let of = async |number| agents.get(agent, number).await?.ok_or_else(|| Problem::missing("version"));
    let (old, new) = (of(from).await?, of(to).await?);
    Ok(Json(Differences { from, to, changes: differences::diff(&old.document, &new.document) }))
}

/// What an agent is set back to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RollBack {
    /// Number of the version whose contract becomes the newest one.
    #[schemars(range(min = 1))]
    version: u32,
    /// Why.
    #[serde(default)]
    #[schemars(length(max = 200))]
    summary: Option<String>,
}

pub(crate) async fn rollback(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    headers: HeaderMap,
    Body(back): Body<RollBack>,
) -> Result<Response, Problem> {
    let agent: AgentId = id(&agent, "agent")?;
    let _still = api.sessions.agent_changes(principal.tenant.id()).await;
    check_old(&api, &principal, agent, back.version).await?;
    let expected = Expected::of(&headers)?.one()?;
    Ok(tagged(principal.tenant.agents().rollback(agent, back.version, expected, back.summary, unix_ms()).await?))
}

pub(crate) async fn archive(
    principal: Principal,
    Path(agent): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (agent, expected) = (id(&agent, "agent")?, Expected::of(&headers)?.one()?);
    Ok(tagged(principal.tenant.agents().archive(agent, expected, unix_ms()).await?))
}

pub(crate) async fn restore(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
) -> Result<Response, Problem> {
    let (agent, agents) = (id(&agent, "agent")?, principal.tenant.agents());
    let _still = api.sessions.agent_changes(principal.tenant.id()).await;
    let latest = agents.latest(agent).await?.ok_or_else(|| Problem::missing("agent"))?;
    check(&api, &principal, &latest.document).await?;
    Ok(tagged(agents.restore(agent, unix_ms()).await?))
}
