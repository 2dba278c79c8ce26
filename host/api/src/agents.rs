//! `/agents`: contracts and their versions.

mod change;
mod expected;
mod versions;

pub(crate) use change::{patch, replace};
pub(crate) use versions::{current, list as versions, set_default};

use crate::auth::Operator;
use crate::page::{PageQuery, id};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use change::Why;
use serde_json::{Value, json};
use trunkline_contract::validate::Checked;
use trunkline_session::unix_ms;
use trunkline_store::{AgentVersion, NewVersion, Page};

pub(crate) async fn list(
    operator: Operator,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<AgentVersion>>, Problem> {
    let Query(query) = query?;
    Ok(Json(operator.tenant.agents().list(query.cursor.as_deref(), query.limit()?).await?))
}

pub(crate) async fn show(operator: Operator, Path(agent): Path<String>) -> Result<Response, Problem> {
    let found = operator.tenant.agents().latest(id(&agent, "agent")?).await?;
    Ok(tagged(found.ok_or_else(|| Problem::missing("agent"))?))
}

pub(crate) async fn validate(
    State(api): State<Api>,
    _operator: Operator,
    document: Result<Json<Value>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(document) = document?;
    let checked = check(&api, &document).await?;
    Ok(Json(json!({"valid": true, "warnings": checked.warnings})))
}

pub(crate) async fn create(
    State(api): State<Api>,
    operator: Operator,
    why: Result<Query<Why>, QueryRejection>,
    document: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Problem> {
    let summary = change::summary(why)?;
    let Json(document) = document?;
    check(&api, &document).await?;
    let new = NewVersion { document, author: Some(operator.name), summary, now_ms: unix_ms(), ..NewVersion::default() };
    let made = operator.tenant.agents().create(new).await?;
    let location = format!("/api/v1/agents/{}", made.agent_id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(made)).into_response())
}

async fn check(api: &Api, document: &Value) -> Result<Checked, Problem> {
    let checked = api.sessions.validate(document).await?;
    checked.map_err(|faults| {
        let detail = format!("the contract has {} fault(s)", faults.len());
        Problem::invalid(detail, faults)
    })
}

/// A version with its tag, for `If-Match`.
fn tagged(version: AgentVersion) -> Response {
    ([(header::ETAG, format!("\"{}\"", version.version))], Json(version)).into_response()
}
