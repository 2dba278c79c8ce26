//! The carrier's webhooks: signed requests in, TwiML out.
//!
//! Nothing is looked up or created before the signature is checked, except whose secret to check it with.

use crate::{Api, Problem};
use axum::body::Bytes;
use axum::extract::{FromRequest, OriginalUri, Path, State};
use axum::http::{StatusCode, header};
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
    Signed { account: claimed, webhook }: Signed,
) -> Result<Response, Problem> {
    same_account(&account, &claimed)?;
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
    Signed { webhook, .. }: Signed,
) -> Result<Response, Problem> {
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
    Signed { account: claimed, webhook }: Signed,
) -> Result<StatusCode, Problem> {
    same_account(&account, &claimed)?;
    let status = webhook.status().map_err(|error| bad_form(&error.to_string()))?;
    api.sessions.status(&status).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A request of the carrier whose signature was checked. A handler that takes one cannot forget to check.
pub(crate) struct Signed {
    /// The account whose secret it was signed with.
    account: String,
    webhook: Verified<Webhook>,
}

impl FromRequest<Api> for Signed {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, api: &Api) -> Result<Self, Problem> {
        let path = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().clone(), |uri| uri.0.clone());
        let path = path.path_and_query().map_or("", |path| path.as_str());
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, api)
            .await
            .map_err(|refused| Problem::new(refused.status(), "invalid-body", refused.body_text()))?;
        let url = format!("{}{path}", api.public_url);
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let request = Request {
            method: Method::Post,
            url: &url,
            content_type: text(header::CONTENT_TYPE.as_str()),
            body: &body,
            signature: text(signature::SIGNATURE_HEADER),
            settings: text(signature::SETTINGS_HEADER),
        };
        let refuse = |why: &str| {
            tracing::warn!(path, why, "refused a webhook");
            refused()
        };
        let account = signature::claimed_account(&request).ok_or_else(|| refuse("it names no account"))?;
        let known = api.accounts.get(&account).ok_or_else(|| refuse("its account is not ours"))?;
        let keys = Keys { auth_token: &known.auth_token, shared: &[] };
        let webhook = signature::verify(&request, &keys).map_err(|error| refuse(&error.to_string()))?;
        Ok(Self { account, webhook })
    }
}

fn refused() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "signature", "the request is not signed by the carrier")
}

/// A request must come to the address of its own account.
fn same_account(address: &str, claimed: &str) -> Result<(), Problem> {
    if address == claimed {
        return Ok(());
    }
    tracing::warn!(account = claimed, "refused a webhook: it names another account than its address");
    Err(refused())
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
