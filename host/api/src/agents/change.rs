//! Changes of an agent: a whole document (PUT), or only what differs (PATCH, RFC 7396).

use super::expected::Expected;
use super::{check, tagged};
use crate::auth::Principal;
use crate::body::{Body, media_type, unsupported};
use crate::params::{Params, id, invalid};
use crate::{Api, Problem};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use schemars::JsonSchema;
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

/// Why something is changed.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Why {
    /// What changes, for people who look at the versions.
    #[schemars(length(max = 200))]
    summary: Option<String>,
}

impl Why {
    /// What was changed, as the author says.
    pub(super) fn summary(self) -> Result<Option<String>, Problem> {
        let Some(summary) = self.summary.filter(|summary| !summary.is_empty()) else { return Ok(None) };
        if summary.chars().count() > MAX_SUMMARY || summary.chars().any(char::is_control) {
            let detail = format!("summary must have at most {MAX_SUMMARY} characters, and no control characters");
            return Err(invalid(detail));
        }
        Ok(Some(summary))
    }
}

pub(crate) async fn replace(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    Params(why): Params<Why>,
    headers: HeaderMap,
    Body(document): Body<Value>,
) -> Result<Response, Problem> {
    let change = Change { agent: id(&agent, "agent")?, expected: Expected::of(&headers)?, summary: why.summary()? };
    Ok(tagged(change.apply(&api, &principal, |_| document.clone()).await?))
}

pub(crate) async fn patch(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    Params(why): Params<Why>,
    headers: HeaderMap,
    Body(patch): Body<Value>,
) -> Result<Response, Problem> {
    let change = Change { agent: id(&agent, "agent")?, expected: Expected::of(&headers)?, summary: why.summary()? };
    is_patch(&headers)?;
    let merged = |mut document| {
        json_patch::merge(&mut document, &patch);
        document
    };
    Ok(tagged(change.apply(&api, &principal, merged).await?))
}

/// Other kinds of patches are JSON too, and would do something else.
fn is_patch(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = media_type(headers);
    if PATCHES.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
        return Ok(());
    }
    Err(unsupported(format!("a patch is a JSON Merge Patch: send it as {}", PATCHES.join(" or "))))
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
        principal: &Principal,
        change: impl Fn(Value) -> Value,
    ) -> Result<AgentVersion, Problem> {
        let agents = principal.tenant.agents();
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
            check(api, principal, &document).await?;
            let new =
                NewVersion { document, summary: self.summary.clone(), now_ms: unix_ms(), ..NewVersion::default() };
            match agents.update(self.agent, Some(latest.version), new).await {
                // Somebody was faster: the change goes on top of theirs, if it may.
                Err(error @ StoreError::StaleVersion { .. }) => stale = error,
                outcome => return Ok(outcome?),
            }
        }
        Err(stale.into())
    }
}
