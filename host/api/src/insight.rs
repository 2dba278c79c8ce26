//! `/usage`, `/audit` and `/erasures`: what was used, who did what, and what is to be forgotten.

use crate::auth::Principal;
use crate::body::Body;
use crate::calls::Items;
use crate::params::{PageQuery, Params, invalid};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use trunkline_contract::Fault;
use trunkline_contract::number::is_e164;
use trunkline_session::unix_ms;
use trunkline_store::{AuditEntry, AuditFilter, Erased, Page, Role, Subject, UsageLine};

/// Of which time.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Within {
    /// From when on, unix ms; from the beginning when it is not given.
    from_ms: Option<u64>,
    /// Until before when, unix ms; until now when it is not given.
    to_ms: Option<u64>,
}

pub(crate) async fn usage(
    principal: Principal,
    Params(within): Params<Within>,
) -> Result<Json<Items<UsageLine>>, Problem> {
    let (from, to) = (within.from_ms.unwrap_or(0), within.to_ms.unwrap_or_else(unix_ms));
    if from > to {
        return Err(invalid(format!("from_ms ({from}) is after to_ms ({to})")));
    }
    Ok(Json(Items::new(principal.tenant.usage(from, to).await?)))
}

/// Which entries to list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Filter {
    /// Only this action, such as `agent.update`, or all that begin with it, such as `agent`.
    action: Option<String>,
    /// Only of this target: an id or a name.
    target: Option<String>,
    /// Only by this actor.
    actor: Option<String>,
    /// True: what belongs to no tenant, for operators only.
    #[serde(default)]
    host: bool,
}

pub(crate) async fn audit(
    State(api): State<Api>,
    principal: Principal,
    Params(page): Params<PageQuery>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let Filter { action, target, actor, host } = filter;
    let filter = AuditFilter { action, target, actor };
    let (cursor, limit) = (page.cursor.as_deref(), page.limit()?);
    if host && principal.role < Role::Operator {
        let detail = "what belongs to no tenant is for operators";
        return Err(Problem::new(axum::http::StatusCode::FORBIDDEN, "forbidden", detail));
    }
    Ok(Json(match host {
        true => api.store.host_audit().list(filter, cursor, limit).await?,
        false => principal.tenant.audit().list(filter, cursor, limit).await?,
    }))
}

/// Who is to be forgotten: one of the two.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erasure {
    /// A telephone number, E.164.
    #[serde(default)]
    number: Option<String>,
    /// A user of sessions.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    user: Option<String>,
}

pub(crate) async fn erase(principal: Principal, Body(who): Body<Erasure>) -> Result<Json<Erased>, Problem> {
    let subject = match (who.number, who.user) {
        (Some(number), None) if is_e164(&number) => Subject::Number(number),
        (Some(number), None) => {
            let message = format!("`{number}` is not a number in E.164 form, for example +15550100");
            return Err(Problem::invalid("the number is not valid", vec![Fault::error("/number", "e164", message)]));
        }
        (None, Some(user)) => Subject::User(user),
        _ => {
            let fault = Fault::error("", "one-of", "give `number` or `user`, and not both");
            return Err(Problem::invalid("it is not clear who is meant", vec![fault]));
        }
    };
    Ok(Json(principal.tenant.erase(subject, unix_ms()).await?))
}
