//! Under which address a browser sees this host, and whether a request comes from our own page.
//!
//! A name that somebody else owns can be made to point at this machine (DNS rebinding), and a page of that name then
//! counts as ours for the browser. So a browser is answered only under names that are known to be ours: IP addresses,
//! which cannot be rebound, `localhost`, and the host's public name.

use crate::{Api, Problem};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use std::net::IpAddr;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A request of a browser to an address that is ours; one that changes something comes from our own page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// The origin under which the browser sees us, without a slash at its end.
    pub(crate) origin: String,
    /// It is reached over TLS.
    pub(crate) secure: bool,
}

impl FromRequestParts<Api> for Site {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        Self::of(parts, api)
    }
}

impl Site {
    /// # Errors
    /// The name is not ours; or the request changes something and comes from another site.
    pub(crate) fn of(parts: &Parts, api: &Api) -> Result<Self, Problem> {
        let site = Self::named(&parts.headers, api)?;
        if !parts.method.is_safe() && !site.sent(&parts.headers, &api.public_url) {
            let detail = "the request comes from another site than this host's own page";
            return Err(Problem::new(StatusCode::FORBIDDEN, "origin", detail));
        }
        Ok(site)
    }

    /// Whoever sent the request.
    ///
    /// # Errors
    /// The name is not ours.
    pub(crate) fn named(headers: &HeaderMap, api: &Api) -> Result<Self, Problem> {
        Self::addressed(headers, &api.public_url, api.tls)
    }

    fn addressed(headers: &HeaderMap, public_url: &str, tls: bool) -> Result<Self, Problem> {
        let named = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let host = named.parse::<Authority>().ok().filter(is_plain);
        let public = public_url.parse::<Uri>().ok();
        let public = public.as_ref().and_then(Uri::authority);
        let Some(host) = host.filter(|host| is_ours(host.host(), public.map(Authority::host))) else {
            let detail = format!(
                "this host does not know itself as `{named}`: open it by its IP address or as localhost, or set \
                 `public_url` to this address"
            );
            return Err(Problem::new(StatusCode::FORBIDDEN, "unknown-host", detail));
        };
        // Behind a proxy that ends TLS, only the public address knows that there is TLS.
        if public.is_some_and(|public| public.as_str().eq_ignore_ascii_case(host.as_str())) {
            return Ok(Self { origin: public_url.to_owned(), secure: public_url.starts_with("https:") });
        }
        let scheme = if tls { "https" } else { "http" };
        Ok(Self { origin: format!("{scheme}://{host}").to_ascii_lowercase(), secure: tls })
    }

    /// Whether what the browser says about the sender fits. Programs that are no browsers say nothing.
    fn sent(&self, headers: &HeaderMap, public_url: &str) -> bool {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("null"));
        match text(header::ORIGIN) {
            // A proxy may have replaced the name that the browser used.
            Some(origin) => [&self.origin, public_url].iter().any(|ours| ours.eq_ignore_ascii_case(origin)),
            None => text(FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none")),
        }
    }
}

/// A name and at most a port.
fn is_plain(host: &Authority) -> bool {
    let rest = host.as_str().strip_prefix(host.host());
    rest.is_some_and(|rest| rest.is_empty() || host.port_u16().is_some())
}

fn is_ours(host: &str, public: Option<&str>) -> bool {
    let host = host.to_ascii_lowercase();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
    address.parse::<IpAddr>().is_ok()
        || host == "localhost"
        || host.ends_with(".localhost")
        || public.is_some_and(|public| public.eq_ignore_ascii_case(&host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    const PUBLIC: &str = "https://voice.example.com";

    fn headers(pairs: &[(&HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn site(host: &str) -> Result<Site, Problem> {
        Site::addressed(&headers(&[(&header::HOST, host)]), PUBLIC, false)
    }

    #[test]
    fn a_browser_is_answered_under_our_own_names_only() {
        for (host, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("localhost:9000", "http://localhost:9000"),
            ("LocalHost", "http://localhost"),
            ("trunkline.localhost:1", "http://trunkline.localhost:1"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("192.168.1.4", "http://192.168.1.4"),
            ("voice.example.com", "https://voice.example.com"),
            ("Voice.Example.com", "https://voice.example.com"),
            ("voice.example.com:8080", "http://voice.example.com:8080"),
        ] {
            assert_eq!(site(host).unwrap().origin, origin);
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "a@127.0.0.1",
            "",
            "voice.example.com.",
            "notlocalhost",
            "evil.voice.example.com",
            "127.0.0.1:x",
            "[::1",
            "127.0.0.1/",
        ] {
            assert!(site(host).is_err(), "{host}");
        }
        assert!(Site::addressed(&HeaderMap::new(), PUBLIC, false).is_err());
    }

    #[test]
    fn it_is_secure_under_tls_and_behind_a_proxy_that_has_it() {
        assert!(!site("127.0.0.1:8080").unwrap().secure);
        assert!(site("voice.example.com").unwrap().secure);
        let own = Site::addressed(&headers(&[(&header::HOST, "127.0.0.1:8080")]), PUBLIC, true).unwrap();
        assert_eq!((own.origin.as_str(), own.secure), ("https://127.0.0.1:8080", true));
    }

    #[test]
    fn what_changes_something_comes_from_our_own_page() {
        let site = site("127.0.0.1:8080").unwrap();
        let from = |pairs: &[(&HeaderName, &str)]| site.sent(&headers(pairs), PUBLIC);
        let origin = &header::ORIGIN;
        assert!(from(&[]));
        assert!(from(&[(origin, "http://127.0.0.1:8080")]));
        assert!(from(&[(origin, "https://voice.example.com")]));
        assert!(from(&[(&FETCH_SITE, "same-origin")]));
        for other in ["null", "http://127.0.0.1:8081", "https://127.0.0.1:8080", "http://evil.example", ""] {
            assert!(!from(&[(origin, other)]), "{other}");
        }
        for other in ["cross-site", "same-site", "?"] {
            assert!(!from(&[(&FETCH_SITE, other)]), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_host_is_ours_or_refused(host in "\\PC{0,40}|[a-z0-9.:\\[\\]@%/]{0,40}") {
            let Ok(value) = HeaderValue::from_str(&host) else { return Ok(()) };
            let headers = HeaderMap::from_iter([(header::HOST, value)]);
            let _ = Site::addressed(&headers, PUBLIC, false);
        }
    }
}
