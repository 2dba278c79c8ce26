//! Changes of an agent: a whole document (PUT), or only what differs (PATCH, RFC 7396).

use super::expected::Expected;
use super::{check, tagged};
use crate::auth::Operator;
use crate::page::id;
use crate::{Api, Problem};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use trunkline_contract::AgentId;
use trunkline_session::unix_ms;
use trunkline_store::{AgentVersion, NewVersion, StoreError};

/// Longest summary, characters.
const MAX_SUMMARY: usize = 200;
/// How often a change is made anew when others change the agent at the same time.
const TRIES: usize = 10;
const PATCHES: [&str; 2] = ["application/merge-patch+json", "application/json"];

/// `?summary=`.
#[derive(Debug, Deserialize)]
pub(crate) struct Why {
    summary: Option<String>,
}

/// What was changed, as the author says.
pub(super) fn summary(why: Result<Query<Why>, QueryRejection>) -> Result<Option<String>, Problem> {
    let Query(Why { summary }) = why?;
    let Some(summary) = summary.filter(|summary| !summary.is_empty()) else { return Ok(None) };
    if summary.chars().count() > MAX_SUMMARY || summary.chars().any(char::is_control) {
        let detail = format!("summary must have at most {MAX_SUMMARY} characters, and no control characters");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid-query", detail));
    }
    Ok(Some(summary))
}

pub(crate) async fn replace(
    State(api): State<Api>,
    operator: Operator,
    Path(agent): Path<String>,
    why: Result<Query<Why>, QueryRejection>,
    headers: HeaderMap,
    document: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Problem> {
    let change = Change { agent: id(&agent, "agent")?, expected: Expected::of(&headers)?, summary: summary(why)? };
    let Json(document) = document?;
    Ok(tagged(change.apply(&api, &operator, |_| document.clone()).await?))
}

pub(crate) async fn patch(
    State(api): State<Api>,
    operator: Operator,
    Path(agent): Path<String>,
    why: Result<Query<Why>, QueryRejection>,
    headers: HeaderMap,
    patch: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Problem> {
    let change = Change { agent: id(&agent, "agent")?, expected: Expected::of(&headers)?, summary: summary(why)? };
    is_patch(&headers)?;
    let Json(patch) = patch?;
    let merged = |mut document| {
        json_patch::merge(&mut document, &patch);
        document
    };
    Ok(tagged(change.apply(&api, &operator, merged).await?))
}

/// Other kinds of patches are JSON too, and would do something else.
fn is_patch(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if PATCHES.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
        return Ok(());
    }
    let detail = format!("a patch is a JSON Merge Patch: send it as {} or {}", PATCHES[0], PATCHES[1]);
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail))
}

struct Change {
    agent: AgentId,
    expected: Expected,
    summary: Option<String>,
}

impl Change {
    /// Makes the next version, unless the document stays as it is.
    async fn apply(
        self,
        api: &Api,
        operator: &Operator,
        change: impl Fn(Value) -> Value,
    ) -> Result<AgentVersion, Problem> {
        let agents = operator.tenant.agents();
        let mut stale = StoreError::NotFound("agent");
        for _ in 0..TRIES {
            let latest = agents.latest(self.agent).await?.ok_or_else(|| Problem::missing("agent"))?;
            if !self.expected.allows(latest.version) {
                return Err(StoreError::StaleVersion { latest: latest.version }.into());
            }
            let document = change(latest.document.clone());
            if document == latest.document {
                return Ok(latest);
            }
            check(api, &document).await?;
            let author = Some(operator.name.clone());
            let new = NewVersion {
                document,
                author,
                summary: self.summary.clone(),
                now_ms: unix_ms(),
                ..NewVersion::default()
            };
            match agents.update(self.agent, Some(latest.version), new).await {
                // Somebody was faster: the change goes on top of theirs, if it may.
                Err(error @ StoreError::StaleVersion { .. }) => stale = error,
                outcome => return Ok(outcome?),
            }
        }
        Err(stale.into())
    }
}
