//! Twilio's REST interface, emulated: calls are made and changed for real (by the carrier), numbers are kept in memory.

mod answers;
mod numbers;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use trunkline_twilio::form::{Direction, Form};
use trunkline_twilio::rest::IncomingPhoneNumber;

use super::{CallSpec, Carrier, Control, LiveCall, Redirection};
use answers::{fault, json, not_found};

/// What the interface knows at its start.
#[derive(Debug, Clone)]
pub struct RestSettings {
    /// Accounts with their tokens.
    pub accounts: Vec<(String, String)>,
    /// Numbers; each belongs to the account that it names.
    pub numbers: Vec<IncomingPhoneNumber>,
    /// What the people do who are called: script, faults, patience. Who, where and which account come with the request.
    pub callee: CallSpec,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// The query.
    pub query: Vec<(String, String)>,
    /// The form.
    pub form: Vec<(String, String)>,
    /// The status it was answered with.
    pub status: u16,
}

/// The running interface.
pub struct RestServer {
    /// `http://127.0.0.1:port`, to be used in place of `https://api.twilio.com`.
    pub base_url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    carrier: Carrier,
    settings: RestSettings,
    state: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    numbers: Vec<IncomingPhoneNumber>,
    requests: Vec<RestRequest>,
    placed: Vec<LiveCall>,
    /// Statuses that the next requests are answered with, whatever they ask.
    faults: Vec<u16>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Memory> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RestServer {
    /// Listens on an address such as `127.0.0.1:0`.
    pub async fn start(listen: &str, carrier: Carrier, settings: RestSettings) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let state = Mutex::new(Memory { numbers: settings.numbers.clone(), ..Memory::default() });
        let shared = Arc::new(Shared { carrier, settings, state });
        let routes = Router::new()
            .route("/2010-04-01/Accounts/{account}/{resource}", any(collection))
            .route("/2010-04-01/Accounts/{account}/{resource}/{item}", any(item))
            .fallback(|| async { not_found("/") })
            .with_state(shared.clone());
        let task = tokio::spawn(async move {
            // An accept error ends the emulator; whoever uses it sees refused connections.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { base_url, shared, task })
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<RestRequest> {
        self.shared.state().requests.clone()
    }

    /// Hands out the calls that were made since this was last asked.
    pub fn take_calls(&self) -> Vec<LiveCall> {
        std::mem::take(&mut self.shared.state().placed)
    }

    /// The numbers as they are now.
    pub fn numbers(&self) -> Vec<IncomingPhoneNumber> {
        self.shared.state().numbers.clone()
    }

    /// Answers the next requests with these statuses (429, 500, ...), one each.
    pub fn fail_next(&self, statuses: &[u16]) {
        self.shared.state().faults.extend_from_slice(statuses);
    }
}

impl Drop for RestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A request after the checks that all of them pass.
struct Request<'a> {
    method: &'a Method,
    account: &'a str,
    query: Form,
    form: Form,
}

async fn collection(
    State(shared): State<Arc<Shared>>,
    Path((account, resource)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&shared, &method, &uri, &headers, (&account, query.as_deref(), &body), |request| {
        match (request.method.as_str(), resource.as_str()) {
            ("POST", "Calls.json") => create_call(&shared, &request),
            ("GET", "Calls.json") => list_calls(&shared, &request),
            ("GET", "IncomingPhoneNumbers.json") => numbers::list(&shared.state().numbers, &request),
            _ => not_found(uri.path()),
        }
    })
}

async fn item(
    State(shared): State<Arc<Shared>>,
    Path((account, resource, item)): Path<(String, String, String)>,
    method: Method,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&shared, &method, &uri, &headers, (&account, query.as_deref(), &body), |request| {
        let Some(sid) = item.strip_suffix(".json") else { return not_found(uri.path()) };
        match (request.method.as_str(), resource.as_str()) {
            ("GET", "Calls") => match own_call(&shared, &request, sid) {
                Some(call) => json(StatusCode::OK, &call),
                None => not_found(uri.path()),
            },
            ("POST", "Calls") => update_call(&shared, &request, sid, uri.path()),
            ("POST", "IncomingPhoneNumbers") => {
                let changed = numbers::update(&mut shared.state().numbers, &request, sid);
                changed.unwrap_or_else(|| not_found(uri.path()))
            }
            _ => not_found(uri.path()),
        }
    })
}

/// Checks what every request needs, answers it, and keeps it for the test to look at.
fn answer(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    (account, query, body): (&str, Option<&str>, &[u8]),
    act: impl FnOnce(Request<'_>) -> Response,
) -> Response {
    let query = Form::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let form = Form::parse(body).unwrap_or_default();
    let owned = |form: &Form| form.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (query_pairs, form_pairs) = (owned(&query), owned(&form));
    let planned = {
        let mut state = shared.state();
        (!state.faults.is_empty()).then(|| state.faults.remove(0))
    };
    let response = match planned {
        Some(status) => fault(status),
        None if !authorized(shared, account, headers) => fault(401),
        None => act(Request { method, account, query, form }),
    };
    shared.state().requests.push(RestRequest {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: query_pairs,
        form: form_pairs,
        status: response.status().as_u16(),
    });
    response
}

fn authorized(shared: &Shared, account: &str, headers: &HeaderMap) -> bool {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Basic ")).and_then(|value| STANDARD.decode(value).ok());
    let Some(given) = given else { return false };
    shared.settings.accounts.iter().any(|(sid, token)| sid == account && given == format!("{sid}:{token}").as_bytes())
}

fn create_call(shared: &Shared, request: &Request<'_>) -> Response {
    let form = &request.form;
    let (Some(to), Some(from)) = (form.get("To"), form.get("From")) else {
        return answers::bad_request(21_201, "No 'To' or 'From' number is specified");
    };
    let (url, twiml) = (form.get("Url"), form.get("Twiml"));
    if url.is_none() && twiml.is_none() {
        return answers::bad_request(21_205, "Url parameter is required");
    }
    let token = shared.settings.accounts.iter().find(|(sid, _)| sid == request.account).map(|(_, token)| token.clone());
    let events: Vec<String> = form.get_all("StatusCallbackEvent").map(str::to_owned).collect();
    let spec = CallSpec {
        to: to.to_owned(),
        from: from.to_owned(),
        url: url.unwrap_or_default().to_owned(),
        twiml: twiml.filter(|_| url.is_none()).map(str::to_owned),
        account_sid: request.account.to_owned(),
        auth_token: token.unwrap_or_default(),
        direction: Direction::OutboundApi,
        call_sid: None,
        status_callback: form.get("StatusCallback").map(str::to_owned),
        status_events: if events.is_empty() { vec!["completed".into()] } else { events },
        ..shared.settings.callee.clone()
    };
    let call = shared.carrier.place_call(spec);
    let response = match shared.carrier.call(call.sid()) {
        Some(resource) => json(StatusCode::CREATED, &resource),
        None => fault(500),
    };
    shared.state().placed.push(call);
    response
}

fn list_calls(shared: &Shared, request: &Request<'_>) -> Response {
    let mut calls = shared.carrier.calls();
    calls.retain(|call| {
        let matches =
            |name: &str, value: Option<&str>| request.query.get(name).is_none_or(|wanted| value == Some(wanted));
        call.account_sid.as_deref() == Some(request.account)
            && matches("Status", Some(call.status.word()))
            && matches("From", call.from.as_deref())
            && matches("To", call.to.as_deref())
    });
    json(StatusCode::OK, &serde_json::json!({"calls": calls, "next_page_uri": null}))
}

fn own_call(shared: &Shared, request: &Request<'_>, sid: &str) -> Option<trunkline_twilio::rest::CallResource> {
    shared.carrier.call(sid).filter(|call| call.account_sid.as_deref() == Some(request.account))
}

fn update_call(shared: &Shared, request: &Request<'_>, sid: &str, path: &str) -> Response {
    let form = &request.form;
    let control = match (form.get("Status"), form.get("Twiml"), form.get("Url")) {
        (Some("completed" | "canceled"), _, _) => Control::Complete,
        (None, Some(twiml), None) => Control::Redirect(Redirection::Twiml(twiml.to_owned())),
        (None, None, Some(url)) => Control::Redirect(Redirection::Url(url.to_owned())),
        _ => return answers::bad_request(21_218, "Invalid combination of Status, Url and Twiml"),
    };
    // Twilio answers about a call that is over as about one that never was.
    if own_call(shared, request, sid).is_none() || !shared.carrier.command(sid, control) {
        return not_found(path);
    }
    match own_call(shared, request, sid) {
        Some(call) => json(StatusCode::OK, &call),
        None => not_found(path),
    }
}
