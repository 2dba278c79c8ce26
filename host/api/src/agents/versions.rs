//! The versions of an agent, and the agent that answers where none is named.

use super::tagged;
use crate::Problem;
use crate::auth::Operator;
use crate::page::{PageQuery, id};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use axum::response::Response;
use trunkline_contract::AgentId;
use trunkline_session::unix_ms;
use trunkline_store::{AgentVersion, PRODUCTION, Page};

pub(crate) async fn list(
    operator: Operator,
    Path(agent): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<AgentVersion>>, Problem> {
    let Query(query) = query?;
    let agent: AgentId = id(&agent, "agent")?;
    let agents = operator.tenant.agents();
    agents.latest(agent).await?.ok_or_else(|| Problem::missing("agent"))?;
    Ok(Json(agents.versions_page(agent, query.cursor.as_deref(), query.limit()?).await?))
}

pub(crate) async fn current(operator: Operator) -> Result<Response, Problem> {
    let current = operator.tenant.agents().current(PRODUCTION).await?;
    Ok(tagged(current.ok_or_else(|| Problem::missing("default agent"))?))
}

pub(crate) async fn set_default(operator: Operator, Path(agent): Path<String>) -> Result<Response, Problem> {
    Ok(tagged(operator.tenant.agents().set_default(id(&agent, "agent")?, PRODUCTION, unix_ms()).await?))
}
