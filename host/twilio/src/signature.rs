//! Checks that a request was signed by Twilio, and signs requests the same way.
//!
//! The URL is taken as text and never normalised: Twilio signs the characters it was configured with, so a parser that
//! adds a slash or drops a default port would reject genuine requests. The URL must come from configuration (the public
//! origin) and the request's path and query, never from `Host` or `X-Forwarded-*`.

mod settings;
#[cfg(test)]
mod tests;
mod url_forms;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::Verified;
use crate::form::{FieldError, Form, FormError, StatusCallback, VoiceWebhook};
pub use settings::{Algorithm, SignatureSettings};

/// The header that carries the signature, in lower case as HTTP libraries store it.
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";
/// The header that names algorithm and key when a shared key signed, in lower case.
pub const SETTINGS_HEADER: &str = "x-twilio-webhooks-signature-settings";
/// The query parameter that carries the hash of a body that is not a form.
pub const BODY_HASH_PARAMETER: &str = "bodySHA256";

/// How a request reached us; it decides what besides the URL is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A GET webhook: parameters are in the query, which is part of the signed URL.
    Get,
    /// A POST webhook: form parameters are signed after the URL, any other body through its hash in the URL.
    Post,
    /// A WebSocket upgrade: the signed URL is the `wss://` one that was dialled, not its `https://` twin.
    Upgrade,
}

/// What arrived, before anything about it is believed.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// How it arrived.
    pub method: Method,
    /// The full public URL as Twilio was given it, with its query string.
    pub url: &'a str,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The raw body; ignored for GET and upgrades.
    pub body: &'a [u8],
    /// The [`SIGNATURE_HEADER`].
    pub signature: Option<&'a str>,
    /// The [`SETTINGS_HEADER`].
    pub settings: Option<&'a str>,
}

/// The secrets of one Twilio account. Pick the account before checking, from our own tables.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    /// The primary Auth Token of the (sub)account that owns the call; signs with HMAC-SHA1.
    pub auth_token: &'a str,
    /// Shared webhook keys; sign with HMAC-SHA256.
    pub shared: &'a [SharedKey<'a>],
}

/// A shared webhook key of an account.
#[derive(Clone, Copy)]
pub struct SharedKey<'a> {
    /// The identifier that the settings header names.
    pub id: &'a str,
    /// The secret.
    pub secret: &'a str,
}

/// A webhook: its parameters, or its body when it is not a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    form: Form,
    body: Vec<u8>,
}

impl Webhook {
    /// The parameters: of the body for POST, of the query for GET and upgrades.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// The body of a POST that is not a form; empty otherwise.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl Verified<Webhook> {
    /// Reads it as the webhook of a call that wants TwiML.
    pub fn voice(&self) -> Result<Verified<VoiceWebhook>, FieldError> {
        VoiceWebhook::from_form(self.form()).map(Verified::proven)
    }

    /// Reads it as a report about a call's progress.
    pub fn status(&self) -> Result<Verified<StatusCallback>, FieldError> {
        StatusCallback::from_form(self.form()).map(Verified::proven)
    }
}

/// Why a request is not taken for Twilio's. All of them are a 403 to the outside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No signature header at all.
    #[error("the request carries no {SIGNATURE_HEADER} header")]
    Missing,
    /// The settings header names an algorithm this version does not know; failing closed is the only safe answer.
    #[error("the signature algorithm {0:?} is not supported")]
    UnknownAlgorithm(String),
    /// The settings header names no shared key, or one that this account does not have.
    #[error("the request is signed with the shared key {0:?}, which this account does not have")]
    UnknownKey(String),
    /// A body that is not a form came without its hash in the URL, so nothing vouches for it.
    #[error("the body is not a form and the URL has no {BODY_HASH_PARAMETER}")]
    BodyNotSigned,
    /// The body is not the one whose hash is in the URL.
    #[error("the body does not match {BODY_HASH_PARAMETER}")]
    BodyHash,
    /// The form in the body cannot be read.
    #[error(transparent)]
    Form(#[from] FormError),
    /// The signature is for another URL, other parameters or another secret.
    #[error("the signature does not match")]
    Mismatch,
}

/// Checks a request and hands out its content.
///
/// Both forms of the URL that Twilio is known to sign are tried (port removed, port present); the comparisons take the
/// same time wherever they differ.
pub fn verify(request: &Request<'_>, keys: &Keys<'_>) -> Result<Verified<Webhook>, SignatureError> {
    let claimed = request.signature.ok_or(SignatureError::Missing)?;
    let settings = SignatureSettings::parse(request.settings)?;
    let secret = settings.secret(keys)?;
    let (webhook, signs_form) = read(request)?;

    let nothing = Form::default();
    let parameters = if signs_form { &webhook.form } else { &nothing };
    // A signature that is no base64 is compared as an empty one, which matches nothing.
    let claimed = STANDARD.decode(claimed.trim()).unwrap_or_default();
    let matched = url_forms::candidates(request.url)
        .iter()
        .map(|url| mac(settings.algorithm, secret, url, parameters).ct_eq(claimed.as_slice()))
        .fold(subtle::Choice::from(0), |any, this| any | this);
    if bool::from(matched) { Ok(Verified::proven(webhook)) } else { Err(SignatureError::Mismatch) }
}

/// Signs a URL and the parameters of a form the way Twilio does: the value of the [`SIGNATURE_HEADER`].
///
/// `parameters` is empty for GET, for upgrades and for bodies whose hash is in the URL (see [`url_with_body_hash`]).
pub fn sign(algorithm: Algorithm, secret: &str, url: &str, parameters: &Form) -> String {
    STANDARD.encode(mac(algorithm, secret, url, parameters))
}

/// The URL under which a body that is not a form is signed: the hash of the body added to the query.
pub fn url_with_body_hash(url: &str, body: &[u8]) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{BODY_HASH_PARAMETER}={}", hex_sha256(body))
}

/// The account that the request says it belongs to. Not believed: use it only to pick whose [`Keys`] to check with.
pub fn claimed_account(request: &Request<'_>) -> Option<String> {
    let form = match request.method {
        Method::Post => Form::parse(request.body).ok()?,
        Method::Get | Method::Upgrade => Form::parse(query(request.url).as_bytes()).ok()?,
    };
    form.get("AccountSid").map(str::to_owned)
}

/// Reads the content and says whether the form rule (URL then parameters) applies.
fn read(request: &Request<'_>) -> Result<(Webhook, bool), SignatureError> {
    let query = Form::parse(query(request.url).as_bytes())?;
    if request.method != Method::Post {
        return Ok((Webhook { form: query, body: Vec::new() }, false));
    }
    let declared_form = request.content_type.is_some_and(is_form);
    let hash = query.get(BODY_HASH_PARAMETER);
    match hash {
        Some(hash) if !declared_form => {
            if bool::from(hex_sha256(request.body).as_bytes().ct_eq(hash.as_bytes())) {
                Ok((Webhook { form: Form::default(), body: request.body.to_vec() }, false))
            } else {
                Err(SignatureError::BodyHash)
            }
        }
        _ if declared_form || request.body.is_empty() => {
            Ok((Webhook { form: Form::parse(request.body)?, body: Vec::new() }, true))
        }
        _ => Err(SignatureError::BodyNotSigned),
    }
}

fn is_form(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn query(url: &str) -> &str {
    let without_fragment = url.split('#').next().unwrap_or_default();
    without_fragment.split_once('?').map_or("", |(_, query)| query)
}

fn mac(algorithm: Algorithm, secret: &str, url: &str, parameters: &Form) -> Vec<u8> {
    match algorithm {
        Algorithm::HmacSha1 => keyed::<Hmac<Sha1>>(secret, url, parameters),
        Algorithm::HmacSha256 => keyed::<Hmac<Sha256>>(secret, url, parameters),
    }
}

fn keyed<M: Mac + KeyInit>(secret: &str, url: &str, parameters: &Form) -> Vec<u8> {
    // HMAC takes keys of any length, so the error cannot happen; an empty code would match nothing if it did.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret.as_bytes()) else { return Vec::new() };
    mac.update(url.as_bytes());
    for (name, value) in parameters.sorted_distinct() {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac.finalize().into_bytes().to_vec()
}

fn hex_sha256(body: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(body).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
