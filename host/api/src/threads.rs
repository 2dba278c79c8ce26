//! `/threads`: conversations in writing. A thread is a call of the channel `chat`.

use crate::Problem;
use crate::auth::Operator;
use crate::calls::Items;
use crate::page::id;
use axum::Json;
use axum::extract::Path;
use trunkline_contract::CallId;
use trunkline_store::{Call, TranscriptLine};

const CHANNEL: &str = "chat";

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
