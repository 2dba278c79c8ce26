//! `/templates`: parts of contracts that agents extend. Those that ship with the host can be read, and stand back behind a
//! tenant's own of the same name.

use crate::agents::Expected;
use crate::auth::Principal;
use crate::body::Body;
use crate::calls::Items;
use crate::{Api, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trunkline_contract::stock;
use trunkline_session::{Proposed, unix_ms};
use trunkline_store::{NewTemplate, Template};

/// A template.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TemplateView")]
pub(crate) struct View {
    /// What agents extend it by.
    name: String,
    /// For people.
    description: String,
    /// A part of a contract.
    document: Value,
    /// It ships with the host and cannot be changed.
    stock: bool,
    /// Counts its changes, from 1; 0: it ships.
    version: u32,
}

impl From<Template> for View {
    fn from(template: Template) -> Self {
        let Template { name, description, document, version, .. } = template;
        Self { name, description, document, stock: false, version }
    }
}

fn shipped(found: &stock::Stock) -> View {
    let (name, description) = (found.name.to_owned(), found.description.to_owned());
    View { name, description, document: found.document.clone(), stock: true, version: 0 }
}

/// A template to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewTemplate")]
pub(crate) struct New {
    /// 1-63 of `a-z 0-9 -`, not `-` first.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    name: String,
    /// For people.
    #[serde(default)]
    #[schemars(length(max = 200))]
    description: String,
    /// A part of a contract.
    document: Value,
}

/// What a template shall be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TemplateChange")]
pub(crate) struct Change {
    /// For people.
    #[serde(default)]
    #[schemars(length(max = 200))]
    description: String,
    /// A part of a contract.
    document: Value,
}

fn tagged(view: View) -> Response {
    ([(header::ETAG, format!("\"{}\"", view.version))], Json(view)).into_response()
}

async fn check(api: &Api, principal: &Principal, name: &str, document: &Value) -> Result<(), Problem> {
    let faults = api.sessions.check_template(principal.tenant.id(), name, document).await?;
    if faults.is_empty() {
        let proposed = Proposed::Template(name, Some(document));
        let broken = api.sessions.broken_by(principal.tenant.id(), proposed).await?;
        return Problem::breaking("breaks-agents", broken).map_or(Ok(()), Err);
    }
    let faults = faults.into_iter().map(|mut fault| {
        fault.pointer.insert_str(0, "/document");
        fault
    });
    Err(Problem::invalid("the template has faults", faults.collect()))
}

pub(crate) async fn list(principal: Principal) -> Result<Json<Items<View>>, Problem> {
    let own: Vec<View> = principal.tenant.templates().list().await?.into_iter().map(View::from).collect();
    let hidden = |stock: &&stock::Stock| !own.iter().any(|own| own.name == stock.name);
    let mut all: Vec<View> = stock::templates().iter().filter(hidden).map(shipped).collect();
    all.extend(own);
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Json(Items::new(all)))
}

pub(crate) async fn show(principal: Principal, Path(name): Path<String>) -> Result<Response, Problem> {
    let own = principal.tenant.templates().get(name.as_str()).await?.map(View::from);
    let found = own.or_else(|| stock::templates().iter().find(|stock| stock.name == name).map(shipped));
    Ok(tagged(found.ok_or_else(|| Problem::missing("template"))?))
}

pub(crate) async fn create(
    State(api): State<Api>,
    principal: Principal,
    Body(new): Body<New>,
) -> Result<Response, Problem> {
    let New { name, description, document } = new;
    let _still = api.sessions.layer_changes(principal.tenant.id()).await;
    check(&api, &principal, &name, &document).await?;
    let location = format!("/api/v1/templates/{name}");
    let new = NewTemplate { name, description, document, now_ms: unix_ms() };
    let made = principal.tenant.templates().create(new).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(made.into())).into_response())
}

pub(crate) async fn replace(
    State(api): State<Api>,
    principal: Principal,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(change): Body<Change>,
) -> Result<Response, Problem> {
    let Change { description, document } = change;
    let _still = api.sessions.layer_changes(principal.tenant.id()).await;
    check(&api, &principal, &name, &document).await?;
    let new = NewTemplate { name, description, document, now_ms: unix_ms() };
    Ok(tagged(principal.tenant.templates().update(Expected::of(&headers)?.one()?, new).await?.into()))
}

pub(crate) async fn delete(
    State(api): State<Api>,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let tenant = principal.tenant.id();
    let _still = api.sessions.layer_changes(tenant).await;
    let broken = api.sessions.broken_by(tenant, Proposed::Template(&name, None)).await?;
    if let Some(problem) = Problem::breaking("in-use", broken) {
        return Err(problem);
    }
    principal.tenant.templates().delete(name, unix_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}
