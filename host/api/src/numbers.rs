//! `/phone-numbers`: which agent answers.

use crate::Problem;
use crate::auth::Operator;
use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use trunkline_contract::number::is_e164;
use trunkline_contract::{AgentId, Fault};
use trunkline_session::unix_ms;
use trunkline_store::Number;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assign {
    agent_id: AgentId,
}

pub(crate) async fn list(operator: Operator) -> Result<Json<Value>, Problem> {
    let items = operator.tenant.numbers().list().await?;
    Ok(Json(json!({"items": items, "next_cursor": null})))
}

pub(crate) async fn assign(
    operator: Operator,
    Path(e164): Path<String>,
    body: Result<Json<Assign>, JsonRejection>,
) -> Result<Json<Number>, Problem> {
    let Json(body) = body?;
    if !is_e164(&e164) {
        let message = format!("`{e164}` is not a number in E.164 form, for example +15550100");
        return Err(Problem::invalid("the number is not valid", vec![Fault::error("", "e164", message)]));
    }
    Ok(Json(operator.tenant.numbers().assign(e164, body.agent_id, unix_ms()).await?))
}

pub(crate) async fn unassign(operator: Operator, Path(e164): Path<String>) -> Result<StatusCode, Problem> {
    if operator.tenant.numbers().unassign(e164, unix_ms()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::missing("number"))
    }
}
