//! The carrier's webhooks: signed requests in, TwiML out.
//!
//! Nothing is looked up or created before the signature is checked, except whose secret to check it with.

use crate::{Api, Problem};
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use trunkline_contract::CallId;
use trunkline_session::{After, Answer};
use trunkline_twilio::Verified;
use trunkline_twilio::signature::{self, Keys, Method, Request, Webhook};
use trunkline_twilio::token::TOKEN_PARAMETER;
use trunkline_twilio::twiml::{self, Connect, Say, Stream, Verb};

/// What a caller hears for whom nobody answers.
const NOT_IN_SERVICE: &str = "The number you have called is not in service.";

pub(crate) async fn voice(
    State(api): State<Api>,
    Path(account): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let webhook = verified(&api, Some(&account), uri.path_and_query().map_or("", |p| p.as_str()), &headers, &body)?;
    let voice = webhook.voice().map_err(|error| bad_form(&error.to_string()))?;
    match api.sessions.incoming(&voice).await? {
        Answer::Stream { call, token } => connect(&api, call, token),
        Answer::Busy { line } => twiml(&twiml::Response::overloaded(line.map(Say::new))),
        Answer::Nobody => twiml(&twiml::Response::new().then(Say::new(NOT_IN_SERVICE)).then(Verb::Hangup)),
    }
}

/// What follows the media stream: decided here, not in the first document.
pub(crate) async fn after(
    State(api): State<Api>,
    Path(call): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let webhook = verified(&api, None, uri.path_and_query().map_or("", |p| p.as_str()), &headers, &body)?;
    let voice = webhook.voice().map_err(|error| bad_form(&error.to_string()))?;
    let call: CallId = call.parse().map_err(|_| Problem::missing("call"))?;
    match api.sessions.after(call, &voice).await? {
        After::HangUp => twiml(&twiml::Response::hangup()),
        After::Stream { token } => connect(&api, call, token),
        After::Unknown => Err(Problem::missing("call")),
    }
}

pub(crate) async fn status(
    State(api): State<Api>,
    Path(account): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let webhook = verified(&api, Some(&account), uri.path_and_query().map_or("", |p| p.as_str()), &headers, &body)?;
    let status = webhook.status().map_err(|error| bad_form(&error.to_string()))?;
    api.sessions.status(&status).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn verified(
    api: &Api,
    account: Option<&str>,
    path_and_query: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Verified<Webhook>, Problem> {
    let url = format!("{}{path_and_query}", api.public_url);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let request = Request {
        method: Method::Post,
        url: &url,
        content_type: text(header::CONTENT_TYPE.as_str()),
        body,
        signature: text(signature::SIGNATURE_HEADER),
        settings: text(signature::SETTINGS_HEADER),
    };
    let refuse = |why: &str| {
        tracing::warn!(path = path_and_query, why, "refused a webhook");
        Problem::new(StatusCode::FORBIDDEN, "signature", "the request is not signed by the carrier")
    };
    let claimed = signature::claimed_account(&request).ok_or_else(|| refuse("it names no account"))?;
    if account.is_some_and(|account| account != claimed) {
        return Err(refuse("it names another account than its address"));
    }
    let known = api.accounts.get(&claimed).ok_or_else(|| refuse("its account is not ours"))?;
    let keys = Keys { auth_token: &known.auth_token, shared: &[] };
    signature::verify(&request, &keys).map_err(|error| refuse(&error.to_string()))
}

fn bad_form(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid-form", detail)
}

fn connect(api: &Api, call: CallId, token: String) -> Result<Response, Problem> {
    let connect = Connect {
        action: Some(format!("{}/twilio/after/{call}", api.public_url)),
        stream: Stream::new(api.media_url()).parameter(TOKEN_PARAMETER, token),
    };
    twiml(&twiml::Response::new().then(Verb::Connect(connect)))
}

fn twiml(document: &twiml::Response) -> Result<Response, Problem> {
    let xml = document.to_xml().map_err(|error| {
        tracing::error!(%error, "the TwiML cannot be written");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the answer could not be written")
    })?;
    Ok(([(header::CONTENT_TYPE, twiml::CONTENT_TYPE)], xml).into_response())
}
