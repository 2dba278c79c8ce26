//! `/calls`: what was and is said.

use crate::auth::Principal;
use crate::body::Body;
use crate::params::{PageQuery, Params, id};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_contract::log::{Row, TurnLatency};
use trunkline_contract::{AgentId, CallId};
use trunkline_session::Switched;
use trunkline_store::{Call, CallFilter, CallState, Page, TranscriptLine};

/// Most rows of one answer.
const MAX_ROWS: usize = 1_000;

/// Which calls.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Filter {
    /// How far they are.
    state: Option<CallState>,
    /// Who answered.
    agent: Option<AgentId>,
    /// What they run over.
    channel: Option<Channel>,
}

/// What a call runs over.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
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

/// Which rows.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct From {
    /// The first one, from 1.
    from_seq: Option<u64>,
    /// How many at most, 1-1000.
    limit: Option<usize>,
}

/// A list that comes whole.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub(crate) struct Items<T> {
    /// All of them, in order.
    items: Vec<T>,
}

impl<T> Items<T> {
    pub(crate) fn new(items: Vec<T>) -> Self {
        Self { items }
    }
}

pub(crate) async fn list(
    principal: Principal,
    Params(page): Params<PageQuery>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<Call>>, Problem> {
    let channel = filter.channel.map(Channel::name);
    let filter = CallFilter { state: filter.state, agent: filter.agent, channel };
    Ok(Json(principal.tenant.calls().list(filter, page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn show(principal: Principal, Path(call): Path<String>) -> Result<Json<Call>, Problem> {
    let found = principal.tenant.calls().get(id(&call, "call")?).await?;
    found.map(Json).ok_or_else(|| Problem::missing("call"))
}

pub(crate) async fn transcript(
    principal: Principal,
    Path(call): Path<String>,
) -> Result<Json<Items<TranscriptLine>>, Problem> {
    let call: CallId = id(&call, "call")?;
    Ok(Json(Items { items: principal.tenant.log().transcript(call).await? }))
}

pub(crate) async fn events(
    principal: Principal,
    Path(call): Path<String>,
    Params(query): Params<From>,
) -> Result<Json<Items<Row>>, Problem> {
    let call: CallId = id(&call, "call")?;
    let limit = query.limit.unwrap_or(MAX_ROWS).clamp(1, MAX_ROWS);
    Ok(Json(Items { items: principal.tenant.log().rows(call, query.from_seq.unwrap_or(1), limit).await? }))
}

pub(crate) async fn latency(
    principal: Principal,
    Path(call): Path<String>,
) -> Result<Json<Items<TurnLatency>>, Problem> {
    let call: CallId = id(&call, "call")?;
    Ok(Json(Items { items: principal.tenant.log().latencies(call).await? }))
}

pub(crate) async fn hang_up(
    State(api): State<Api>,
    principal: Principal,
    Path(call): Path<String>,
) -> Result<StatusCode, Problem> {
    if api.sessions.hang_up(principal.tenant.id(), id(&call, "call")?).await? {
        return Ok(StatusCode::ACCEPTED);
    }
    let detail = "the call is not led by this host at this moment: try again when it goes on";
    Err(Problem::new(StatusCode::CONFLICT, "not-live", detail))
}

/// Who takes a live call over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Successor {
    /// The agent.
    agent_id: AgentId,
}

/// Another agent takes the live call over, between two events.
pub(crate) async fn agent(
    State(api): State<Api>,
    principal: Principal,
    Path(call): Path<String>,
    Body(Successor { agent_id }): Body<Successor>,
) -> Result<Json<Switched>, Problem> {
    Ok(Json(api.sessions.switch_agent(principal.tenant.id(), id(&call, "call")?, agent_id).await?))
}
