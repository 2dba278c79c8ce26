//! `/sessions`: somebody's conversations with an agent that was set up for them.

use crate::auth::Principal;
use crate::body::Body;
use crate::params::{PageQuery, Params, id};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use trunkline_contract::{AgentId, Fault, SessionId, validate};
use trunkline_session::unix_ms;
use trunkline_store::{AgentSession, Calling, NewSession, Page};

/// Sessions at a time of a tenant that has no limit of its own.
const MOST: u64 = 10_000;

/// A session to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAgentSession")]
pub(crate) struct New {
    /// The agent.
    agent_id: AgentId,
    /// Whose it is, in your own words.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    user: Option<String>,
    /// A part of a contract: what differs for this session. Not name, type, template, labels, webhooks or component.
    #[serde(default)]
    overrides: Option<Value>,
    /// Put over the agent's context data.
    #[serde(default)]
    context: Map<String, Value>,
}

/// Which sessions to list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Filter {
    /// Only those that go on, or only those that do not.
    active: Option<bool>,
}

pub(crate) async fn list(
    principal: Principal,
    Params(page): Params<PageQuery>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<AgentSession>>, Problem> {
    let sessions = principal.tenant.agent_sessions();
    Ok(Json(sessions.list(filter.active, page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn create(
    State(api): State<Api>,
    principal: Principal,
    Body(new): Body<New>,
) -> Result<Response, Problem> {
    let New { agent_id, user, overrides, context } = new;
    let serving = principal.tenant.agents().serving(agent_id).await?.ok_or_else(|| Problem::missing("agent"))?;
    let call = user.clone().unwrap_or_default();
    let version = serving.choose(Calling { caller: None, user: user.as_deref(), call: &call }).clone();
    let overrides = overrides.unwrap_or_else(|| Value::Object(Map::new()));
    check(&api, &principal, &version.document, &overrides).await?;
    let tenant = api.store.tenants().get(principal.tenant.id()).await?.ok_or_else(|| Problem::missing("tenant"))?;
    let most = tenant.limits.max_sessions.map_or(MOST, u64::from);
    let agent_version = version.version;
    let new = NewSession { agent_id, agent_version, user, overrides, context, most, now_ms: unix_ms() };
    let made = principal.tenant.agent_sessions().create(new).await?;
    let location = format!("/api/v1/sessions/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

/// The overrides are allowed, and the agent can be used with them.
async fn check(api: &Api, principal: &Principal, document: &Value, overrides: &Value) -> Result<(), Problem> {
    let mut faults = validate::overrides(overrides);
    if faults.is_empty() {
        let checked = api.sessions.validate_with(principal.tenant.id(), document, Some(overrides)).await?;
        faults = checked.err().unwrap_or_default();
    }
    if faults.is_empty() {
        return Ok(());
    }
    let placed = |fault: Fault| Fault { pointer: format!("/overrides{}", fault.pointer), ..fault };
    Err(Problem::invalid("the overrides have faults", faults.into_iter().map(placed).collect()))
}

pub(crate) async fn show(principal: Principal, Path(session): Path<String>) -> Result<Json<AgentSession>, Problem> {
    let session: SessionId = id(&session, "session")?;
    principal.tenant.agent_sessions().get(session).await?.map(Json).ok_or_else(|| Problem::missing("session"))
}

pub(crate) async fn end(principal: Principal, Path(session): Path<String>) -> Result<Json<AgentSession>, Problem> {
    Ok(Json(principal.tenant.agent_sessions().end(id(&session, "session")?, unix_ms()).await?))
}
