//! `/calls`: what was and is said.

use crate::auth::Operator;
use crate::page::{PageQuery, id};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use trunkline_contract::log::{Row, TurnLatency};
use trunkline_contract::{AgentId, CallId};
use trunkline_session::Switched;
use trunkline_store::{Call, CallFilter, CallState, Page, TranscriptLine};

/// Most rows of one answer.
const MAX_ROWS: usize = 1_000;

#[derive(Debug, Deserialize)]
pub(crate) struct Filter {
    state: Option<CallState>,
    agent: Option<AgentId>,
    channel: Option<Channel>,
}

/// What a call runs over.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Channel {
    PhoneInbound,
    WebVoice,
    Chat,
}

impl Channel {
    fn name(self) -> &'static str {
        match self {
            Channel::PhoneInbound => "phone-inbound",
            Channel::WebVoice => "web-voice",
            Channel::Chat => "chat",
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct From {
    from_seq: Option<u64>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Items<T> {
    items: Vec<T>,
}

impl<T> Items<T> {
    pub(crate) fn new(items: Vec<T>) -> Self {
        Self { items }
    }
}

pub(crate) async fn list(
    operator: Operator,
    page: Result<Query<PageQuery>, QueryRejection>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Page<Call>>, Problem> {
    let (Query(page), Query(filter)) = (page?, filter?);
    let channel = filter.channel.map(Channel::name);
    let filter = CallFilter { state: filter.state, agent: filter.agent, channel };
    Ok(Json(operator.tenant.calls().list(filter, page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn show(operator: Operator, Path(call): Path<String>) -> Result<Json<Call>, Problem> {
    let found = operator.tenant.calls().get(id(&call, "call")?).await?;
    found.map(Json).ok_or_else(|| Problem::missing("call"))
}

pub(crate) async fn transcript(
    operator: Operator,
    Path(call): Path<String>,
) -> Result<Json<Items<TranscriptLine>>, Problem> {
    let call: CallId = id(&call, "call")?;
    Ok(Json(Items { items: operator.tenant.log().transcript(call).await? }))
}

pub(crate) async fn events(
    operator: Operator,
    Path(call): Path<String>,
    query: Result<Query<From>, QueryRejection>,
) -> Result<Json<Items<Row>>, Problem> {
    let Query(query) = query?;
    let call: CallId = id(&call, "call")?;
    let limit = query.limit.unwrap_or(MAX_ROWS).clamp(1, MAX_ROWS);
    Ok(Json(Items { items: operator.tenant.log().rows(call, query.from_seq.unwrap_or(1), limit).await? }))
}

pub(crate) async fn latency(operator: Operator, Path(call): Path<String>) -> Result<Json<Items<TurnLatency>>, Problem> {
    let call: CallId = id(&call, "call")?;
    Ok(Json(Items { items: operator.tenant.log().latencies(call).await? }))
}

pub(crate) async fn hang_up(
    State(api): State<Api>,
    operator: Operator,
    Path(call): Path<String>,
) -> Result<StatusCode, Problem> {
    if api.sessions.hang_up(operator.tenant.id(), id(&call, "call")?).await? {
        return Ok(StatusCode::ACCEPTED);
    }
    let detail = "the call is not led by this host at this moment: try again when it goes on";
    Err(Problem::new(StatusCode::CONFLICT, "not-live", detail))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Successor {
    agent_id: AgentId,
}

/// Another agent takes the live call over, between two events.
pub(crate) async fn agent(
    State(api): State<Api>,
    operator: Operator,
    Path(call): Path<String>,
    body: Result<Json<Successor>, JsonRejection>,
) -> Result<Json<Switched>, Problem> {
    let Json(Successor { agent_id }) = body?;
    Ok(Json(api.sessions.switch_agent(operator.tenant.id(), id(&call, "call")?, agent_id).await?))
}
