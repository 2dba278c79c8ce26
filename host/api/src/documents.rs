//! `/documents`: texts that agents answer from.

use crate::auth::Principal;
use crate::body::Body;
use crate::calls::Items;
use crate::params::{PageQuery, Params, id};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use trunkline_contract::{AgentId, DocumentId, Fault};
use trunkline_knowledge::{Document, Excerpt, KnowledgeError, MAX_FOUND, Page, Source};
use trunkline_session::unix_ms;

/// Largest body of a new document, bytes: the longest text, whose letters of two bytes may come as `\u0416`.
pub(crate) const MAX_BODY: usize = 3 * 1024 * 1024 + 64 * 1024;
/// Excerpts of a search that names no number.
const DEFAULT_FOUND: usize = 10;

/// A text to be taken in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewDocument")]
pub(crate) struct New {
    /// 1-200 characters; need not be unique.
    name: String,
    /// Plain text or Markdown, at most 1 MiB.
    text: String,
    /// The only agent that answers from it; every agent of the tenant without it.
    agent: Option<AgentId>,
    /// Whatever its maker wants to remember.
    #[serde(default)]
    metadata: Map<String, Value>,
}

/// What is looked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DocumentSearch")]
pub(crate) struct Search {
    /// Words, 1-1000 characters.
    query: String,
    /// Only what this agent answers from.
    agent: Option<AgentId>,
    /// How many excerpts at most, 1-20; 10 when it is not given.
    limit: Option<usize>,
}

/// Which documents.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Filter {
    /// Only what this agent answers from: its own, and those of all agents.
    agent: Option<AgentId>,
}

pub(crate) async fn create(
    State(api): State<Api>,
    principal: Principal,
    Body(new): Body<New>,
) -> Result<Response, Problem> {
    let New { name, text, agent, metadata } = new;
    let source = Source { name, text, agent, metadata };
    let made = api.knowledge.ingest(principal.tenant.id(), source, unix_ms()).await?;
    let location = format!("/api/v1/documents/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

pub(crate) async fn list(
    State(api): State<Api>,
    principal: Principal,
    Params(page): Params<PageQuery>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<Document>>, Problem> {
    let tenant = principal.tenant.id();
    Ok(Json(api.knowledge.list(tenant, filter.agent, page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn show(
    State(api): State<Api>,
    principal: Principal,
    Path(document): Path<String>,
) -> Result<Json<Document>, Problem> {
    let document: DocumentId = id(&document, "document")?;
    let found = api.knowledge.get(principal.tenant.id(), document).await?;
    found.map(Json).ok_or_else(|| Problem::missing("document"))
}

pub(crate) async fn delete(
    State(api): State<Api>,
    principal: Principal,
    Path(document): Path<String>,
) -> Result<StatusCode, Problem> {
    let document: DocumentId = id(&document, "document")?;
    if api.knowledge.acting(&*principal.name).delete(principal.tenant.id(), document, unix_ms()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::missing("document"))
    }
}

pub(crate) async fn search(
    State(api): State<Api>,
    principal: Principal,
    Body(search): Body<Search>,
) -> Result<Json<Items<Excerpt>>, Problem> {
    let Search { query, agent, limit } = search;
    let limit = limit.unwrap_or(DEFAULT_FOUND);
    if !(1..=MAX_FOUND).contains(&limit) {
        let message = format!("limit is {limit}, allowed are 1-{MAX_FOUND}");
        return Err(Problem::invalid(message.clone(), vec![Fault::error("/limit", "range", message)]));
    }
    let tenant = principal.tenant.id();
    if let Some(agent) = agent {
        let known = principal.tenant.agents().latest(agent).await?;
        known.ok_or_else(|| Problem::missing("agent"))?;
    }
    Ok(Json(Items::new(api.knowledge.search(tenant, &query, agent, limit).await?)))
}

impl From<KnowledgeError> for Problem {
    fn from(error: KnowledgeError) -> Self {
        let message = error.to_string();
        match (error.field(), error) {
            // Another tenant's agent is as little there as one that never was.
            (_, KnowledgeError::Store(error)) => error.into(),
            (Some((pointer, code)), _) => Self::invalid(message.clone(), vec![Fault::error(pointer, code, message)]),
            (None, _) => Self::invalid(message, Vec::new()),
        }
    }
}
