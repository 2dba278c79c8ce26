//! `/threads`: conversations in writing. A thread is a call of the channel `chat`.

use crate::Problem;
use crate::auth::Operator;
use crate::calls::Items;
use crate::page::{PageQuery, id};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use serde::Deserialize;
use trunkline_contract::{AgentId, CallId};
use trunkline_store::{Call, CallFilter, Page, TranscriptLine};

const CHANNEL: &str = "chat";

#[derive(Debug, Deserialize)]
pub(crate) struct Filter {
    agent: Option<AgentId>,
}

pub(crate) async fn list(
    operator: Operator,
    page: Result<Query<PageQuery>, QueryRejection>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Page<Call>>, Problem> {
    let (Query(page), Query(filter)) = (page?, filter?);
    let filter = CallFilter { state: None, agent: filter.agent, channel: Some(CHANNEL) };
    Ok(Json(operator.tenant.calls().list(filter, page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn show(operator: Operator, Path(thread): Path<String>) -> Result<Json<Call>, Problem> {
    Ok(Json(find(&operator, &thread).await?))
}

pub(crate) async fn messages(
    operator: Operator,
    Path(thread): Path<String>,
) -> Result<Json<Items<TranscriptLine>>, Problem> {
    let thread = find(&operator, &thread).await?;
    Ok(Json(Items::new(operator.tenant.log().transcript(thread.id).await?)))
}

async fn find(operator: &Operator, thread: &str) -> Result<Call, Problem> {
    let thread: CallId = id(thread, "thread")?;
    let found = operator.tenant.calls().get(thread).await?.filter(|call| call.channel == CHANNEL);
    found.ok_or_else(|| Problem::missing("thread"))
}
