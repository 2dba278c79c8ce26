//! `/phone-numbers`: which agent answers.

use crate::Problem;
use crate::auth::Principal;
use crate::body::Body;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use trunkline_contract::number::is_e164;
use trunkline_contract::{AgentId, Fault};
use trunkline_session::unix_ms;
use trunkline_store::{Number, Page};

/// Who is to answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assign {
    /// The agent.
    agent_id: AgentId,
}

pub(crate) async fn list(principal: Principal) -> Result<Json<Page<Number>>, Problem> {
    let items = principal.tenant.numbers().list().await?;
    Ok(Json(Page { items, next_cursor: None }))
}

pub(crate) async fn assign(
    principal: Principal,
    Path(e164): Path<String>,
    Body(body): Body<Assign>,
) -> Result<Json<Number>, Problem> {
    if !is_e164(&e164) {
        let message = format!("`{e164}` is not a number in E.164 form, for example +15550100");
        return Err(Problem::invalid("the number is not valid", vec![Fault::error("", "e164", message)]));
    }
    Ok(Json(principal.tenant.numbers().assign(e164, body.agent_id, unix_ms()).await?))
}

pub(crate) async fn unassign(principal: Principal, Path(e164): Path<String>) -> Result<StatusCode, Problem> {
    if principal.tenant.numbers().unassign(e164, unix_ms()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::missing("number"))
    }
}
