//! What the host needs of the world: the address that carriers reach it at, providers, carrier accounts.

use super::Check;
use crate::config::Config;
use crate::outgoing;
use bytes::Bytes;
use http::Request;
use std::time::Duration;
use trunkline_egress::{EgressError, HttpClient, HttpLimits, Policy, Url, forbidden};
use trunkline_providers::EndpointConfig;

/// Time for a provider to answer anything.
const LIMIT: Duration = Duration::from_secs(4);
/// Length of an account's SID.
const SID: usize = 34;

pub(super) async fn check(config: &Config, checks: &mut Vec<Check>) {
    checks.push(public_url(config));
    checks.push(microphone(config));
    // A root certificate that cannot be read was told with the configuration.
    if let Ok(Ok(client)) = outgoing::egress(config).map(|egress| egress.http(Policy::trusted())) {
        let providers = &config.providers;
        let (deepgram, openai, elevenlabs) = tokio::join!(
            provider(&client, "deepgram", &providers.deepgram, "https://api.deepgram.com"),
            provider(&client, "openai", &providers.openai, "https://api.openai.com/v1"),
            provider(&client, "elevenlabs", &providers.elevenlabs, "https://api.elevenlabs.io"),
        );
        checks.extend([deepgram, openai, elevenlabs]);
    }
    twilio(config, checks);
}

fn public_url(config: &Config) -> Check {
    const NAME: &str = "public address";
    const MEND: &str = "set `public_url` (TRUNKLINE_PUBLIC_URL) to the address of your proxy or tunnel";
    let url = &config.public_url;
    let Ok(parsed) = Url::parse(url) else { return Check::missing(NAME, url.clone(), MEND) };
    let local = match parsed.host() {
        Some(url::Host::Ipv4(address)) => forbidden(address.into()).is_some(),
        Some(url::Host::Ipv6(address)) => forbidden(address.into()).is_some(),
        Some(url::Host::Domain(name)) => name == "localhost" || !name.contains('.'),
        None => true,
    };
    if local {
        let found = format!("{url} cannot be reached by a carrier");
        // Without an account nobody would want to reach it.
        return if config.twilio.is_empty() { Check::off(NAME, found, MEND) } else { Check::warn(NAME, found, MEND) };
    }
    if parsed.scheme() != "https" {
        let found = format!("{url} is not https: what is said can be read on the way");
        return Check::warn(NAME, found, "put TLS before it, or set `tls`, and name the https address");
    }
    Check::ok(NAME, url.clone())
}

/// Browsers give a page the microphone only where nobody can listen in.
fn microphone(config: &Config) -> Check {
    const NAME: &str = "microphone";
    let url = &config.public_url;
    let Ok(parsed) = Url::parse(url) else { return Check::missing(NAME, url.clone(), "set `public_url`") };
    let loopback = match parsed.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    if parsed.scheme() == "https" {
        return Check::ok(NAME, format!("browsers give it to {url}"));
    }
    if loopback {
        let found = format!("browsers of this machine give it to {url}; those of other machines would not");
        return Check::ok(NAME, found);
    }
    let found = format!("browsers do not give it to {url}: that is neither https nor this machine");
    Check::warn(
        NAME,
        found,
        "put TLS before it or set `tls`, and name the https address; or forward a port to localhost",
    )
}

async fn provider(client: &HttpClient, name: &str, endpoint: &EndpointConfig, public: &str) -> Check {
    let upper = name.to_uppercase();
    if endpoint.api_key.is_empty() && endpoint.url.is_none() {
        let mend = format!("set `providers.{name}.api_key` (TRUNKLINE_{upper}_API_KEY or {upper}_API_KEY)");
        return Check::off(name, "no key", mend);
    }
    let url = endpoint.url.as_deref().unwrap_or(public);
    let key = if endpoint.api_key.is_empty() { "without a key" } else { "with a key" };
    match reach(client, url).await {
        Ok(()) => Check::ok(name, format!("{url} answers; used {key}")),
        Err(error) => {
            let mend = format!("check the network, or set `providers.{name}.url` (TRUNKLINE_{upper}_URL)");
            Check::missing(name, format!("{url} cannot be reached: {error}"), mend)
        }
    }
}

/// Any answer will do: without a call to make, the key stays here.
async fn reach(client: &HttpClient, url: &str) -> anyhow::Result<()> {
    let limits = HttpLimits { headers_within: LIMIT, idle: LIMIT, total: LIMIT, ..HttpLimits::default() };
    // `ws` becomes `http` and `wss` becomes `https`: the same port, the same TLS.
    let address = match url.strip_prefix("ws") {
        Some(rest) => format!("http{rest}"),
        None => url.to_owned(),
    };
    match client.send(Request::get(address).body(Bytes::new())?, &limits).await {
        // Whoever answers something that is not HTTP, or too much of it, is there.
        Ok(_) | Err(EgressError::Protocol { .. } | EgressError::TooLarge { .. } | EgressError::Closed { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn twilio(config: &Config, checks: &mut Vec<Check>) {
    const NAME: &str = "twilio";
    if config.twilio.is_empty() {
        let mend = "add [twilio.accounts.AC...] with auth_token to trunkline.toml";
        checks.push(Check::off(NAME, "no accounts: no phone calls come in", mend));
    }
    for (sid, account) in &config.twilio {
        if sid.len() == SID {
            checks.push(Check::ok(NAME, format!("{sid} for the tenant {}", account.tenant)));
        } else {
            let mend = "copy the account's SID from the carrier's console";
            checks.push(Check::warn(NAME, format!("{sid} has {} characters, not {SID}", sid.len()), mend));
        }
    }
}
