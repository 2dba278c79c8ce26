//! `/documents`: texts that agents answer from.

use crate::auth::Operator;
use crate::page::{PageQuery, id};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use trunkline_contract::{AgentId, DocumentId, Fault};
use trunkline_knowledge::{Document, KnowledgeError, MAX_FOUND, Page, Source};
use trunkline_session::unix_ms;

/// Largest body of a new document, bytes: the longest text, whose letters of two bytes may come as `\u0416`.
pub(crate) const MAX_BODY: usize = 3 * 1024 * 1024 + 64 * 1024;
/// Excerpts of a search that names no number.
const DEFAULT_FOUND: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    name: String,
    text: String,
    agent: Option<AgentId>,
    #[serde(default)]
    metadata: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    query: String,
    agent: Option<AgentId>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Filter {
    agent: Option<AgentId>,
}

pub(crate) async fn create(
    State(api): State<Api>,
    operator: Operator,
    new: Result<Json<New>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(New { name, text, agent, metadata }) = new?;
    let source = Source { name, text, agent, metadata };
    let made = api.knowledge.ingest(operator.tenant.id(), source, unix_ms()).await?;
    let location = format!("/api/v1/documents/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

pub(crate) async fn list(
    State(api): State<Api>,
    operator: Operator,
    page: Result<Query<PageQuery>, QueryRejection>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Page<Document>>, Problem> {
    let (Query(page), Query(filter)) = (page?, filter?);
    let tenant = operator.tenant.id();
    Ok(Json(api.knowledge.list(tenant, filter.agent, page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn show(
    State(api): State<Api>,
    operator: Operator,
    Path(document): Path<String>,
) -> Result<Json<Document>, Problem> {
    let document: DocumentId = id(&document, "document")?;
    let found = api.knowledge.get(operator.tenant.id(), document).await?;
    found.map(Json).ok_or_else(|| Problem::missing("document"))
}

pub(crate) async fn delete(
    State(api): State<Api>,
    operator: Operator,
    Path(document): Path<String>,
) -> Result<StatusCode, Problem> {
    let document: DocumentId = id(&document, "document")?;
    if api.knowledge.acting(operator.name.as_str()).delete(operator.tenant.id(), document, unix_ms()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::missing("document"))
    }
}

pub(crate) async fn search(
    State(api): State<Api>,
    operator: Operator,
    search: Result<Json<Search>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(Search { query, agent, limit }) = search?;
    let limit = limit.unwrap_or(DEFAULT_FOUND);
    if !(1..=MAX_FOUND).contains(&limit) {
        let message = format!("limit is {limit}, allowed are 1-{MAX_FOUND}");
        return Err(Problem::invalid(message.clone(), vec![Fault::error("/limit", "range", message)]));
    }
    let tenant = operator.tenant.id();
    if let Some(agent) = agent {
        let known = operator.tenant.agents().latest(agent).await?;
        known.ok_or_else(|| Problem::missing("agent"))?;
    }
    Ok(Json(json!({"items": api.knowledge.search(tenant, &query, agent, limit).await?})))
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
