//! `/threads`: conversations in writing. A thread is a call of the channel `chat`.

use crate::Problem;
use crate::auth::Principal;
use crate::calls::Items;
use crate::params::{PageQuery, Params, id};
use axum::Json;
use axum::extract::Path;
use schemars::JsonSchema;
use serde::Deserialize;
use trunkline_contract::{AgentId, CallId};
use trunkline_store::{Call, CallFilter, Page, TranscriptLine};

const CHANNEL: &str = "chat";

/// Which conversations.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ThreadFilter")]
pub(crate) struct Filter {
    /// With this agent.
    agent: Option<AgentId>,
}

pub(crate) async fn list(
    principal: Principal,
    Params(page): Params<PageQuery>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<Call>>, Problem> {
    let filter = CallFilter { state: None, agent: filter.agent, channel: Some(CHANNEL) };
    Ok(Json(principal.tenant.calls().list(filter, page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn show(principal: Principal, Path(thread): Path<String>) -> Result<Json<Call>, Problem> {
    Ok(Json(find(&principal, &thread).await?))
}

pub(crate) async fn messages(
    principal: Principal,
    Path(thread): Path<String>,
) -> Result<Json<Items<TranscriptLine>>, Problem> {
    let thread = find(&principal, &thread).await?;
    Ok(Json(Items::new(principal.tenant.log().transcript(thread.id).await?)))
}

async fn find(principal: &Principal, thread: &str) -> Result<Call, Problem> {
    let thread: CallId = id(thread, "thread")?;
    let found = principal.tenant.calls().get(thread).await?.filter(|call| call.channel == CHANNEL);
    found.ok_or_else(|| Problem::missing("thread"))
}
