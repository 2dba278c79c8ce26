//! The fields of an agent's answers, changed while it is served, and its traces.

use super::change::{Change, Why};
use super::tagged;
use crate::auth::Principal;
use crate::body::Body;
use crate::params::{Params, id};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trunkline_contract::Fault;
use trunkline_contract::agent::{Field, OutputSchema};

/// The fields of an agent's answers, in order.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Fields {
    /// All of them.
    items: Vec<Field>,
}

pub(crate) async fn fields(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
) -> Result<Json<Fields>, Problem> {
    let found = api.sessions.effective(principal.tenant.id(), id(&agent, "agent")?, None, None).await?;
    Ok(Json(Fields { items: found.agent.output_schema.fields }))
}

/// The fields of the agent's own document, to be changed.
fn own(document: &mut Value) -> Result<&mut Vec<Value>, Problem> {
    let wrong = || Problem::invalid("the contract has no list of fields", Vec::new());
    let schema = document.as_object_mut().ok_or_else(wrong)?.entry("output_schema").or_insert_with(|| json!({}));
    let fields = schema.as_object_mut().ok_or_else(wrong)?.entry("fields").or_insert_with(|| json!([]));
    fields.as_array_mut().ok_or_else(wrong)
}

fn place(fields: &[Value], name: &str) -> Option<usize> {
    fields.iter().position(|field| field["name"] == name)
}

/// The fields that the agent has of its templates: a change of one of them makes all of them its own.
async fn inherited(api: &Api, principal: &Principal, agent: &str) -> Result<OutputSchema, Problem> {
    let found = api.sessions.effective(principal.tenant.id(), id(agent, "agent")?, None, None).await?;
    Ok(found.agent.output_schema)
}

/// Changes the list of fields.
async fn change(
    api: &Api,
    principal: &Principal,
    agent: &str,
    change: Change,
    edit: impl Fn(&mut Vec<Value>) -> Result<(), Problem>,
) -> Result<Response, Problem> {
    let start = serde_json::to_value(inherited(api, principal, agent).await?.fields).unwrap_or_default();
    let edited = |mut document: Value| {
        let fields = own(&mut document)?;
        if fields.is_empty() {
            *fields = start.as_array().cloned().unwrap_or_default();
        }
        edit(fields)?;
        Ok(document)
    };
    Ok(tagged(change.apply(api, principal, edited).await?))
}

pub(crate) async fn add_field(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    Params(why): Params<Why>,
    headers: HeaderMap,
    Body(field): Body<Field>,
) -> Result<Response, Problem> {
    let what = Change::new(&agent, &headers, why)?;
    let name = field.name.clone();
    let new = serde_json::to_value(field).unwrap_or_default();
    change(&api, &principal, &agent, what, |fields| {
        if place(fields, &name).is_some() {
            let fault = Fault::error("/name", "duplicate", format!("there is a field `{name}`"));
            return Err(Problem::invalid("the field is there already", vec![fault]));
        }
        fields.push(new.clone());
        Ok(())
    })
    .await
}

pub(crate) async fn set_field(
    State(api): State<Api>,
    principal: Principal,
    Path((agent, name)): Path<(String, String)>,
    Params(why): Params<Why>,
    headers: HeaderMap,
    Body(field): Body<Field>,
) -> Result<Response, Problem> {
    let what = Change::new(&agent, &headers, why)?;
    let new = serde_json::to_value(field).unwrap_or_default();
    change(&api, &principal, &agent, what, |fields| {
        let at = place(fields, &name).and_then(|at| fields.get_mut(at));
        *at.ok_or_else(|| Problem::missing("field"))? = new.clone();
        Ok(())
    })
    .await
}

pub(crate) async fn drop_field(
    State(api): State<Api>,
    principal: Principal,
    Path((agent, name)): Path<(String, String)>,
    Params(why): Params<Why>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let what = Change::new(&agent, &headers, why)?;
    change(&api, &principal, &agent, what, |fields| {
        fields.remove(place(fields, &name).ok_or_else(|| Problem::missing("field"))?);
        Ok(())
    })
    .await
}

/// On or off.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switch {
    /// On.
    enabled: bool,
}

pub(crate) async fn tracing(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    headers: HeaderMap,
    Body(switch): Body<Switch>,
) -> Result<Response, Problem> {
    let change = Change::new(&agent, &headers, Why::default())?;
    let patch = json!({"tracing": {"enabled": switch.enabled}});
    let switched = |mut document| {
        json_patch::merge(&mut document, &patch);
        Ok(document)
    };
    Ok(tagged(change.apply(&api, &principal, switched).await?))
}
