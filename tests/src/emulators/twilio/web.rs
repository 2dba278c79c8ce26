//! Signed requests from the carrier to the host.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;
use trunkline_twilio::form::Form;
use trunkline_twilio::signature::{self, Algorithm, SETTINGS_HEADER, SIGNATURE_HEADER, SignatureSettings};

use super::record::WebRequest;
use super::spec::CallSpec;

/// Between two tries of a request that got no answer.
const RETRY_EVERY: Duration = Duration::from_millis(200);

/// Trusts the given PEM certificates and no others: the carrier only dials the host under test.
pub(super) fn tls(root_cert_pem: Option<&[u8]>) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(root_cert_pem.unwrap_or_default()) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[expect(clippy::disallowed_methods, reason = "the carrier is not the host: nothing it dials is a tenant's")]
pub(super) fn client(tls: &Arc<ClientConfig>, timeout: Duration) -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(ClientConfig::clone(tls))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(timeout)
        .build()?)
}

/// Who signs, and with what.
#[derive(Clone)]
pub(super) struct Signer {
    secret: String,
    shared_key: Option<String>,
}

impl Signer {
    pub(super) fn of(spec: &CallSpec, wrong: bool) -> Self {
        let (secret, shared_key) = match &spec.shared_key {
            Some((id, secret)) => (secret.clone(), Some(id.clone())),
            None => (spec.auth_token.clone(), None),
        };
        Self { secret: if wrong { format!("not {secret}") } else { secret }, shared_key }
    }

    /// The headers that a request with this form carries.
    pub(super) fn headers(&self, url: &str, form: &Form) -> Vec<(&'static str, String)> {
        match &self.shared_key {
            None => vec![(SIGNATURE_HEADER, signature::sign(Algorithm::HmacSha1, &self.secret, url, form))],
            Some(id) => vec![
                (SIGNATURE_HEADER, signature::sign(Algorithm::HmacSha256, &self.secret, url, form)),
                (SETTINGS_HEADER, SignatureSettings::header(id)),
            ],
        }
    }
}

/// One request to the host.
pub(super) struct Post {
    pub(super) purpose: String,
    pub(super) url: String,
    pub(super) form: Form,
    /// How long a request without an answer is tried again.
    pub(super) retry_for: Duration,
}

/// An answer, and whether it says that it is XML.
pub(super) struct Answer {
    pub(super) request: WebRequest,
    pub(super) is_xml: bool,
    /// Why there was no answer.
    pub(super) fault: Option<String>,
}

/// Posts a form, again and again while the host cannot be reached.
pub(super) async fn post(http: &reqwest::Client, signer: &Signer, placed: Instant, post: Post) -> Answer {
    let begin = Instant::now();
    let body = post.form.encode();
    let headers = signer.headers(&post.url, &post.form);
    let mut request = WebRequest {
        purpose: post.purpose,
        url: post.url,
        at_ms: begin.duration_since(placed).as_secs_f64() * 1_000.0,
        took_ms: 0.0,
        tries: 0,
        status: None,
        body: String::new(),
    };
    loop {
        request.tries += 1;
        let mut builder = http
            .post(&request.url)
            .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
            .header("user-agent", "TwilioProxy/1.1")
            .body(body.clone());
        for (name, value) in &headers {
            builder = builder.header(*name, value);
        }
        let (is_xml, fault) = match read(builder).await {
            Ok((status, is_xml, text)) => {
                request.status = Some(status);
                request.body = text;
                (is_xml, None)
            }
            Err(error) => (false, Some(describe(&error))),
        };
        if fault.is_none() || begin.elapsed() + RETRY_EVERY > post.retry_for {
            request.took_ms = begin.elapsed().as_secs_f64() * 1_000.0;
            return Answer { request, is_xml, fault };
        }
        tokio::time::sleep(RETRY_EVERY).await;
    }
}

async fn read(builder: reqwest::RequestBuilder) -> Result<(u16, bool, String), reqwest::Error> {
    let response = builder.send().await?;
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let is_xml =
        content_type.is_some_and(|value| value.starts_with("text/xml") || value.starts_with("application/xml"));
    Ok((response.status().as_u16(), is_xml, response.text().await?))
}

fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
