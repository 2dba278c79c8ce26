//! The versions of an agent, and the agent that answers where none is named.

use super::tagged;
use crate::Problem;
use crate::auth::Principal;
use crate::params::{PageQuery, Params, id};
use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use trunkline_contract::AgentId;
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

pub(crate) async fn current(principal: Principal) -> Result<Response, Problem> {
    let current = principal.tenant.agents().current(PRODUCTION).await?;
    Ok(tagged(current.ok_or_else(|| Problem::missing("default agent"))?))
}

pub(crate) async fn set_default(principal: Principal, Path(agent): Path<String>) -> Result<Response, Problem> {
    Ok(tagged(principal.tenant.agents().set_default(id(&agent, "agent")?, PRODUCTION, unix_ms()).await?))
}
