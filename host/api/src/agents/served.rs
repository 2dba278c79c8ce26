//! Which version of an agent answers, and which contract is in force.

use super::check_old;
use crate::auth::Principal;
use crate::body::Body;
use crate::params::{Params, id};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::{Path, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use trunkline_contract::AgentId;
use trunkline_session::unix_ms;
use trunkline_store::{Rollout, Serving};

/// Which versions of an agent answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Served {
    /// Number of the version that answers all who were not chosen.
    version: u32,
    /// It is pinned; otherwise it is the latest.
    pinned: bool,
    /// A version that answers a share of callers.
    rollout: Option<Rollout>,
}

impl From<Serving> for Served {
    fn from(serving: Serving) -> Self {
        Self { version: serving.base.version, pinned: serving.pinned, rollout: serving.rollout }
    }
}

pub(crate) async fn serving(principal: Principal, Path(agent): Path<String>) -> Result<Json<Served>, Problem> {
    let serving = principal.tenant.agents().serving(id(&agent, "agent")?).await?;
    Ok(Json(serving.ok_or_else(|| Problem::missing("agent"))?.into()))
}

/// The version that answers whatever comes after it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    /// Its number; null: the latest answers, and a rollout ends.
    version: Option<u32>,
}

pub(crate) async fn pin(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    Body(pin): Body<Pin>,
) -> Result<Json<Served>, Problem> {
    let agent = id(&agent, "agent")?;
    let _still = api.sessions.agent_changes(principal.tenant.id()).await;
    if let Some(version) = pin.version {
        check_old(&api, &principal, agent, version).await?;
    }
    Ok(Json(principal.tenant.agents().pin(agent, pin.version, unix_ms()).await?.into()))
}

pub(crate) async fn rollout(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    Body(rollout): Body<Rollout>,
) -> Result<Json<Served>, Problem> {
    let agent = id(&agent, "agent")?;
    let _still = api.sessions.agent_changes(principal.tenant.id()).await;
    check_old(&api, &principal, agent, rollout.version).await?;
    Ok(Json(principal.tenant.agents().set_rollout(agent, Some(rollout), unix_ms()).await?.into()))
}

pub(crate) async fn end_rollout(principal: Principal, Path(agent): Path<String>) -> Result<Json<Served>, Problem> {
    Ok(Json(principal.tenant.agents().set_rollout(id(&agent, "agent")?, None, unix_ms()).await?.into()))
}

/// Of which version, and for whom.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct EffectiveOf {
    /// Number of the version; the latest when it is not given.
    version: Option<u32>,
    /// Id of a session, whose overrides count too.
    session: Option<String>,
}

/// The contract that is in force, and where each value comes from.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Effective {
    /// The agent.
    agent_id: AgentId,
    /// Number of its version.
    version: u32,
    /// The contract with its defaults.
    document: Value,
    /// By JSON pointer of each value: `default`, `tenant`, `template:NAME`, `agent` or `session`.
    origin: BTreeMap<String, String>,
}

pub(crate) async fn effective(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    Params(of): Params<EffectiveOf>,
) -> Result<Json<Effective>, Problem> {
    let session = of.session.as_deref().map(|session| id(session, "session")).transpose()?;
    let agent = id(&agent, "agent")?;
    let found = api.sessions.effective(principal.tenant.id(), agent, of.version, session).await?;
    let origin = found.effective.origin.into_iter().map(|(pointer, layer)| (pointer, layer.into())).collect();
    let version = found.version.version;
    Ok(Json(Effective { agent_id: agent, version, document: found.effective.document, origin }))
}
