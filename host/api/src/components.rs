//! `/components`: what tenants ship, and which release of it is used.

use crate::agents::Expected;
use crate::auth::Principal;
use crate::body::{Body, media_type, unsupported};
use crate::params::{PageQuery, Params, id};
use crate::sse::{self, Event};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tracing::Instrument;
use trunkline_contract::{ComponentId, Fault, TenantId};
use trunkline_session::{AdmitError, Admitted, ComponentUser, Grants, LoadError, unix_ms};
use trunkline_store::{NewRelease, Page, Release, TenantComponent};

/// Largest component, bytes.
const MAX_COMPONENT: usize = 64 << 20;
/// Largest body of an upload: the component, and what a form has around it.
pub(crate) const MAX_BODY: usize = MAX_COMPONENT + (64 << 10);
/// Longest value of another part of a form, bytes.
const MAX_PART: usize = 1_000;
/// Uploads whose bytes are in memory at a time; others wait before they send theirs.
const AT_A_TIME: usize = 4;
/// Components of a tenant that no other number was given for.
const MAX_COMPONENTS: u32 = 100;
/// The same, bytes of all their releases.
const MAX_BYTES: u64 = 1 << 30;
/// A piece of a body has this long to arrive.
const PIECE: Duration = Duration::from_secs(30);
/// What is refused has this long to arrive.
const DRAIN: Duration = Duration::from_secs(10);
/// Stages that are told and not yet sent.
const STAGES: usize = 8;

/// What an upload is for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct UploadOf {
    /// Name of the component, 1-64 characters of `a-z 0-9 -`; the one that an agent's manifest gives when there is none.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[a-z0-9-]+$"))]
    name: Option<String>,
    /// Makes the release the live one at once.
    promote: Option<bool>,
}

/// The parts of a form.
#[derive(JsonSchema)]
#[schemars(rename = "ComponentUpload")]
#[allow(dead_code, reason = "only its schema counts")]
pub(crate) struct Form {
    /// The component.
    #[schemars(extend("contentMediaType" = "application/wasm"))]
    component: String,
    /// As in the query.
    name: Option<String>,
    /// As in the query: `true` or `false`.
    promote: Option<bool>,
}

/// What was uploaded.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ComponentUploaded")]
pub(crate) struct Uploaded {
    /// The component.
    component: TenantComponent,
    /// The release.
    release: Release,
}

/// A component, and who uses it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ComponentDetails")]
pub(crate) struct Details {
    /// The component.
    #[serde(flatten)]
    component: TenantComponent,
    /// Agents whose contracts name it.
    used_by: Vec<ComponentUser>,
}

/// Which release.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WhichRelease")]
pub(crate) struct Which {
    /// Its number. Promoting: the draft when it is not given. Rolling back: what was live before.
    #[schemars(range(min = 1))]
    release: Option<u32>,
}

/// Whose turn it is to upload.
#[derive(Clone)]
pub(crate) struct Uploads(Arc<Turns>);

struct Turns {
    all: Arc<Semaphore>,
    /// One of each tenant at a time, so that nobody waits for more than one of each.
    tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
}

/// A place; given back when dropped.
struct Turn {
    _of_tenant: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Uploads {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Turns { all: Arc::new(Semaphore::new(AT_A_TIME)), tenants: Mutex::default() }))
    }

    async fn turn(&self, tenant: TenantId) -> Result<Turn, Problem> {
        let own = {
            // The map stays whole when a holder panics: every change is a single call.
            let mut tenants = self.0.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            tenants.retain(|_, turns| Arc::strong_count(turns) > 1);
            Arc::clone(tenants.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(1))))
        };
        let closed = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "closing", "the host ends");
        let of_tenant = own.acquire_owned().await.map_err(closed)?;
        let of_all = Arc::clone(&self.0.all).acquire_owned().await.map_err(closed)?;
        Ok(Turn { _of_tenant: of_tenant, _of_all: of_all })
    }
}

/// What came.
#[derive(Debug, Default)]
struct Upload {
    name: Option<String>,
    promote: bool,
    bytes: Vec<u8>,
}

pub(crate) async fn upload(
    State(api): State<Api>,
    principal: Principal,
    Params(of): Params<UploadOf>,
    request: Request,
) -> Result<Response, Problem> {
    let turn = api.uploads.turn(principal.tenant.id()).await?;
    let accept = request.headers().get(header::ACCEPT);
    let streams = accept.is_some_and(|accept| accept.as_bytes().starts_with(b"text/event-stream"));
    let upload = Upload::read(request, &api, of).await?;
    if let Some(name) = &upload.name {
        check_name(&api, name).await?;
    }
    let (told, stages) = mpsc::channel(STAGES);
    let work = async move {
        let _turn = turn;
        // Whoever does not read the stages still gets the end.
        keep(&api, &principal, upload, |stage| {
            let _ = told.try_send(Event::new("stage", &json!({"stage": stage})));
        })
        .await
    };
    // It is carried out to its end even when nobody waits for it any more.
    let task = tokio::spawn(work.in_current_span());
    let ended = async {
        task.await.unwrap_or_else(|error| {
            tracing::error!(%error, "an upload failed");
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the host failed; its log says why"))
        })
    };
    if !streams {
        let (uploaded, fresh) = ended.await?;
        let status = if fresh { StatusCode::CREATED } else { StatusCode::OK };
        let location = format!("/api/v1/components/{}", uploaded.component.id);
        let headers = [(header::LOCATION, location), (header::ETAG, format!("\"{}\"", uploaded.component.version))];
        return Ok((status, headers, Json(uploaded)).into_response());
    }
    let stages = stream::unfold(stages, async |mut stages| Some((stages.recv().await?, stages)));
    let end = stream::once(async {
        match ended.await {
            Ok((uploaded, _)) => Event::new("done", &uploaded),
            Err(problem) => Event::new("error", &problem),
        }
    });
    Ok(sse::response(stages.chain(end)))
}

impl Upload {
    async fn read(request: Request, api: &Api, of: UploadOf) -> Result<Self, Problem> {
        let coding = request.headers().get(header::CONTENT_ENCODING).cloned();
        if let Some(coding) = coding {
            drain(request.into_body(), MAX_COMPONENT).await;
            let coding = coding.to_str().unwrap_or_default();
            return Err(unsupported(format!("a component is sent as it is, not as `{coding}`")));
        }
        let read = match media_type(request.headers()) {
            "application/wasm" => Self { bytes: whole(request.into_body()).await?, ..Self::default() },
            "multipart/form-data" => Self::of_form(request, api).await?,
            _ => {
                drain(request.into_body(), MAX_COMPONENT).await;
                return Err(unsupported("send the component as `application/wasm` or in `multipart/form-data`"));
            }
        };
        if read.bytes.is_empty() {
            return Err(fault("/component", "missing", "there is no component in the body"));
        }
        Ok(Self { name: of.name.or(read.name), promote: of.promote.unwrap_or(read.promote), ..read })
    }

    async fn of_form(request: Request, api: &Api) -> Result<Self, Problem> {
        let bounded = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !bounded.is_some_and(|kind| kind.contains("boundary=")) {
            drain(request.into_body(), MAX_COMPONENT).await;
            return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid-body", "the form has no `boundary`"));
        }
        let refused = |error: axum::extract::multipart::MultipartRejection| {
            Problem::new(StatusCode::BAD_REQUEST, "invalid-body", error.body_text())
        };
        let mut form = Multipart::from_request(request, api).await.map_err(refused)?;
        let read = Self::of_parts(&mut form).await;
        if read.is_err() {
            let rest = async { while let Ok(Some(_)) = form.next_field().await {} };
            let _ = tokio::time::timeout(DRAIN, rest).await;
        }
        read
    }

    async fn of_parts(form: &mut Multipart) -> Result<Self, Problem> {
        let mut read = Self::default();
        while let Some(field) = arrives(form.next_field()).await?.map_err(broken)? {
            match field.name() {
                Some("component") if read.bytes.is_empty() => read.bytes = bytes(field, MAX_COMPONENT).await?,
                Some("name") => read.name = Some(text("/name", field).await?),
                Some("promote") => {
                    let value = text("/promote", field).await?;
                    let wrong = || fault("/promote", "type", "allowed are `true` and `false`");
                    read.promote = value.parse().map_err(|_| wrong())?;
                }
                name => {
                    let name: String = name.unwrap_or_default().chars().take(60).collect();
                    let message = format!("`{name}` is no part of this form, or comes twice: component, name, promote");
                    return Err(fault(&format!("/{name}"), "unknown-field", message));
                }
            }
        }
        Ok(read)
    }
}

/// A body that is a component.
async fn whole(body: axum::body::Body) -> Result<Vec<u8>, Problem> {
    let (mut bytes, mut chunks) = (Vec::new(), body.into_data_stream());
    while let Some(chunk) = arrives(chunks.next()).await? {
        let lost = |_| Problem::new(StatusCode::BAD_REQUEST, "invalid-body", "the body did not arrive");
        let chunk = chunk.map_err(lost)?;
        if bytes.len() + chunk.len() > MAX_COMPONENT {
            drop(bytes);
            drain(axum::body::Body::from_stream(chunks), MAX_COMPONENT).await;
            let detail = format!("the component has more than the {MAX_COMPONENT} bytes that are allowed");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The next piece of a body, which somebody who holds a turn must not keep others waiting for.
async fn arrives<T>(piece: impl Future<Output = T>) -> Result<T, Problem> {
    let late = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "slow-body", "the body did not go on arriving");
    tokio::time::timeout(PIECE, piece).await.map_err(late)
}

/// Lets what is refused arrive: whoever still sends would lose the connection, and with it the reason.
async fn drain(body: axum::body::Body, most: usize) {
    let (mut chunks, mut left) = (body.into_data_stream(), most);
    let reading = async {
        while let Some(Ok(chunk)) = chunks.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                return;
            }
        }
    };
    // Whoever sends slower than this has to live without it.
    let _ = tokio::time::timeout(DRAIN, reading).await;
}

/// The bytes of a part of a form.
async fn bytes(mut field: Field<'_>, most: usize) -> Result<Vec<u8>, Problem> {
    let name = field.name().unwrap_or_default().to_owned();
    let mut bytes = Vec::new();
    while let Some(chunk) = arrives(field.chunk()).await?.map_err(broken)? {
        if bytes.len() + chunk.len() > most {
            let detail = format!("the part `{name}` has more than {most} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn text(at: &str, field: Field<'_>) -> Result<String, Problem> {
    String::from_utf8(bytes(field, MAX_PART).await?).map_err(|_| fault(at, "type", "it is no text"))
}

#[allow(clippy::needless_pass_by_value, reason = "as errors are mapped")]
fn broken(error: MultipartError) -> Problem {
    let large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
    Problem::new(error.status(), if large { "too-large" } else { "invalid-body" }, error.body_text())
}

fn fault(at: &str, code: &'static str, message: impl Into<String>) -> Problem {
    let fault = Fault::error(at, code, message);
    Problem::invalid(fault.message.clone(), vec![fault])
}

async fn check_name(api: &Api, name: &str) -> Result<(), Problem> {
    let fits =
        (1..=64).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !fits {
        return Err(fault("/name", "pattern", "a name has 1-64 characters of `a-z 0-9 -`"));
    }
    if api.sessions.library().is_ours(name).await? {
        let detail = format!("a component of the host is called `{name}`: choose another name");
        return Err(Problem::new(StatusCode::CONFLICT, "conflict", detail));
    }
    Ok(())
}

/// Admits what came, and keeps it. False: it is there already.
async fn keep(
    api: &Api,
    principal: &Principal,
    upload: Upload,
    stage: impl Fn(&str) + Send + Sync,
) -> Result<(Uploaded, bool), Problem> {
    let bytes: Arc<[u8]> = upload.bytes.into();
    let admitted = api.sessions.library().examine(Arc::clone(&bytes), |now| stage(now.name())).await?;
    let digest = admitted.digest.clone();
    stage("storing");
    let kept = store(api, principal, upload.name, upload.promote, &bytes, admitted).await;
    if kept.is_err() {
        api.sessions.library().discard(&digest).await;
    }
    kept
}

async fn store(
    api: &Api,
    principal: &Principal,
    name: Option<String>,
    promote: bool,
    bytes: &[u8],
    admitted: Admitted,
) -> Result<(Uploaded, bool), Problem> {
    let name = match name {
        Some(name) => name,
        None => {
            let own = admitted.manifest["name"].as_str().map(str::to_owned);
            let none = || fault("/name", "missing", "a component with tools has no name of its own: give it one");
            let own = own.ok_or_else(none)?;
            check_name(api, &own).await?;
            own
        }
    };
    let tenant = principal.tenant.id();
    let limits = api.store.tenants().get(tenant).await?.map(|tenant| tenant.limits).unwrap_or_default();
    let Admitted { kind, manifest, digest } = admitted;
    let new = NewRelease {
        digest,
        name,
        kind,
        bytes: bytes.to_vec(),
        manifest,
        promote,
        max_components: limits.max_components.unwrap_or(MAX_COMPONENTS),
        max_bytes: limits.max_component_bytes.unwrap_or(MAX_BYTES),
        now_ms: unix_ms(),
    };
    let (component, release, fresh) = principal.tenant.components().upload(new).await?;
    Ok((Uploaded { component, release }, fresh))
}

impl From<AdmitError> for Problem {
    fn from(error: AdmitError) -> Self {
        let (code, message) = match &error {
            AdmitError::Load(LoadError::Refused(refusal)) => (refusal.code(), refusal.to_string()),
            AdmitError::Load(LoadError::Compile(_)) => ("compile", error.to_string()),
            AdmitError::Describe(_) | AdmitError::Manifest | AdmitError::Schema { .. } => {
                ("describe", error.to_string())
            }
            AdmitError::Load(_) => {
                tracing::error!(%error, "a component could not be admitted");
                let detail = "this host could not compile the component; its log says why";
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, "compiler", detail).retry_after(10);
            }
        };
        let errors = vec![Fault::error("/component", code, message.clone())];
        Self::refused("component-refused", message, errors)
    }
}

fn tagged(component: TenantComponent) -> Response {
    ([(header::ETAG, format!("\"{}\"", component.version))], Json(component)).into_response()
}

pub(crate) async fn list(
    principal: Principal,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<TenantComponent>>, Problem> {
    Ok(Json(principal.tenant.components().list(page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn show(
    State(api): State<Api>,
    principal: Principal,
    Path(component): Path<String>,
) -> Result<Response, Problem> {
    let found = principal.tenant.components().get(id(&component, "component")?).await?;
    let component = found.ok_or_else(|| Problem::missing("component"))?;
    let tag = [(header::ETAG, format!("\"{}\"", component.version))];
    let used_by = api.sessions.users_of(principal.tenant.id(), &component.name).await?;
    Ok((tag, Json(Details { component, used_by })).into_response())
}

pub(crate) async fn releases(
    principal: Principal,
    Path(component): Path<String>,
) -> Result<Json<crate::calls::Items<Release>>, Problem> {
    let releases = principal.tenant.components().releases(id(&component, "component")?).await?;
    Ok(Json(crate::calls::Items::new(releases)))
}

pub(crate) async fn promote(
    principal: Principal,
    Path(component): Path<String>,
    headers: HeaderMap,
    Body(which): Body<Which>,
) -> Result<Response, Problem> {
    let (id, expected) = (id(&component, "component")?, Expected::of(&headers)?.one()?);
    Ok(tagged(principal.tenant.components().promote(id, which.release, expected, unix_ms()).await?))
}

pub(crate) async fn roll_back(
    principal: Principal,
    Path(component): Path<String>,
    headers: HeaderMap,
    Body(which): Body<Which>,
) -> Result<Response, Problem> {
    let (id, expected) = (id(&component, "component")?, Expected::of(&headers)?.one()?);
    Ok(tagged(principal.tenant.components().roll_back(id, which.release, expected, unix_ms()).await?))
}

pub(crate) async fn grant(
    principal: Principal,
    Path(component): Path<String>,
    headers: HeaderMap,
    Body(grants): Body<Grants>,
) -> Result<Response, Problem> {
    let (id, expected) = (id(&component, "component")?, Expected::of(&headers)?.one()?);
    let faults = grants.faults();
    if !faults.is_empty() {
        return Err(Problem::invalid(format!("the grants have {} fault(s)", faults.len()), faults));
    }
    Ok(tagged(principal.tenant.components().set_grants(id, json!(grants), expected, unix_ms()).await?))
}

pub(crate) async fn delete(
    State(api): State<Api>,
    principal: Principal,
    Path(component): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let (id, expected) = (id(&component, "component")?, Expected::of(&headers)?.one()?);
    let tenant = principal.tenant.id();
    // No agent begins to use it meanwhile.
    let _still = api.sessions.layer_changes(tenant).await;
    unused(&api, &principal, id, None).await?;
    principal.tenant.components().delete(id, expected, unix_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn delete_release(
    State(api): State<Api>,
    principal: Principal,
    Path((component, release)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let id = id(&component, "component")?;
    let number: u32 = release.parse().map_err(|_| Problem::missing("release"))?;
    let _still = api.sessions.layer_changes(principal.tenant.id()).await;
    unused(&api, &principal, id, Some(number)).await?;
    principal.tenant.components().delete_release(id, number, unix_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// That no agent uses a component; with a number, that release of it by its number.
async fn unused(api: &Api, principal: &Principal, id: ComponentId, number: Option<u32>) -> Result<(), Problem> {
    let found = principal.tenant.components().get(id).await?.ok_or_else(|| Problem::missing("component"))?;
    let users = api.sessions.users_of(principal.tenant.id(), &found.name).await?;
    let mut users = users.iter().filter(|user| number.is_none() || user.release == number);
    let Some(first) = users.next() else { return Ok(()) };
    let more = match users.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let detail = format!("it is in use (the agent `{}`{more}): change that first", first.name);
    Err(Problem::new(StatusCode::CONFLICT, "in-use", detail))
}
