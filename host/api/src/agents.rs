//! `/agents`: contracts and their versions.

mod change;
mod expected;
mod fields;
mod served;
mod versions;

pub(crate) use change::{Why, patch, replace};
pub(crate) use expected::Expected;
pub(crate) use fields::{Fields, Switch, add_field, drop_field, fields, set_field, tracing};
pub(crate) use served::{Effective, EffectiveOf, Pin, Served, effective, end_rollout, pin, rollout, serving};
pub(crate) use versions::{
    Between, Differences, Environment, RollBack, archive, current, diff, list as versions, restore, rollback,
    set_default, version,
};

use crate::auth::Principal;
use crate::body::Body;
use crate::params::{PageQuery, Params, id};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trunkline_contract::agent::{AgentType, Status};
use trunkline_contract::validate::Checked;
use trunkline_contract::{AgentId, Fault};
use trunkline_session::unix_ms;
use trunkline_store::{AgentFilter, AgentSort, AgentVersion, NewVersion, Page};

/// A contract that can be used.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Validated {
    /// Always true; a contract that is not is refused with its faults.
    valid: bool,
    /// What somebody should look at all the same.
    warnings: Vec<Fault>,
}

/// Which agents to list, and in which order.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Filter {
    /// Only those in whose name or short description this stands, in any case.
    #[schemars(length(max = 200))]
    q: Option<String>,
    /// Only those of this type.
    #[serde(rename = "type")]
    kind: Option<AgentType>,
    /// Only those of this status; without it, all but archived ones.
    status: Option<Status>,
    /// Only those with this tag.
    #[schemars(length(max = 50))]
    tag: Option<String>,
    /// `newest` when it is not given.
    #[serde(default)]
    sort: AgentSort,
}

/// What an enumeration is called in JSON.
fn wire(value: impl Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}

pub(crate) async fn list(
    principal: Principal,
    Params(query): Params<PageQuery>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<AgentVersion>>, Problem> {
    let sort = filter.sort;
    let filter = AgentFilter {
        text: filter.q.filter(|text| !text.is_empty()),
        kind: filter.kind.and_then(wire),
        status: filter.status.and_then(wire),
        tag: filter.tag,
    };
    Ok(Json(principal.tenant.agents().search(filter, sort, query.cursor.as_deref(), query.limit()?).await?))
}

pub(crate) async fn show(principal: Principal, Path(agent): Path<String>) -> Result<Response, Problem> {
    let found = principal.tenant.agents().latest(id(&agent, "agent")?).await?;
    Ok(tagged(found.ok_or_else(|| Problem::missing("agent"))?))
}

pub(crate) async fn validate(
    State(api): State<Api>,
    principal: Principal,
    Body(document): Body<Value>,
) -> Result<Json<Validated>, Problem> {
    let checked = check(&api, &principal, &document).await?;
    Ok(Json(Validated { valid: true, warnings: checked.warnings }))
}

pub(crate) async fn create(
    State(api): State<Api>,
    principal: Principal,
    Params(why): Params<Why>,
    Body(document): Body<Value>,
) -> Result<Response, Problem> {
    let (summary, semver) = why.read()?;
    let _still = api.sessions.agent_changes(principal.tenant.id()).await;
    check(&api, &principal, &document).await?;
    let new = NewVersion { document, summary, semver, now_ms: unix_ms(), ..NewVersion::default() };
    let made = principal.tenant.agents().create(new).await?;
    let location = format!("/api/v1/agents/{}", made.agent_id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(made)).into_response())
}

async fn check(api: &Api, principal: &Principal, document: &Value) -> Result<Checked, Problem> {
    let checked = api.sessions.validate(principal.tenant.id(), document).await?;
    checked.map_err(|faults| {
        let detail = format!("the contract has {} fault(s)", faults.len());
        Problem::invalid(detail, faults)
    })
}

/// Checks an older version: what was allowed then need not be now, as a template or a component may be gone.
async fn check_old(api: &Api, principal: &Principal, agent: AgentId, version: u32) -> Result<(), Problem> {
    let agents = principal.tenant.agents();
    agents.latest(agent).await?.ok_or_else(|| Problem::missing("agent"))?;
    let old = agents.get(agent, version).await?.ok_or_else(|| Problem::missing("version"))?;
    check(api, principal, &old.document).await.map(drop)
}

/// A version with its tag, for `If-Match`.
fn tagged(version: AgentVersion) -> Response {
    ([(header::ETAG, format!("\"{}\"", version.version))], Json(version)).into_response()
}
