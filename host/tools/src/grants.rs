//! What a tenant lets a component reach. Nothing listed means nothing reachable; the host's own policy narrows it further.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_contract::Fault;
use trunkline_egress::Url;

/// Most hosts and secrets of one component.
const MOST: usize = 32;

/// What a component may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ComponentGrants")]
pub struct Grants {
    /// Hosts that it may send requests to: `api.example.com`, `api.example.com:8443`, or `*.example.com` for all names
    /// below. Without a port, that of the scheme.
    #[schemars(length(max = 32), inner(length(min = 1, max = 260)))]
    pub hosts: Vec<String>,
    /// Secrets that the host puts into its requests; the component never sees them.
    #[schemars(length(max = 32))]
    pub secrets: Vec<SecretGrant>,
}

/// A secret, and where it may be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretGrant {
    /// Name of a secret of the tenant.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// One of `hosts`, as it stands there.
    #[schemars(length(min = 1, max = 260))]
    pub host: String,
}

impl Grants {
    /// What is wrong with them, each fault with its place.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (index, host) in self.hosts.iter().enumerate() {
            if let Err(why) = Pattern::parse(host) {
                faults.push(Fault::error(format!("/hosts/{index}"), "host", why));
            }
        }
        for (index, secret) in self.secrets.iter().enumerate() {
            if !self.hosts.contains(&secret.host) {
                let message = format!("`{}` is not among `hosts`: a secret goes to a granted host only", secret.host);
                faults.push(Fault::error(format!("/secrets/{index}/host"), "not-granted", message));
            }
        }
        for (at, found) in [("/hosts", self.hosts.len()), ("/secrets", self.secrets.len())] {
            if found > MOST {
                faults.push(Fault::error(at, "too-many", format!("{found} are given, {MOST} are allowed")));
            }
        }
        faults
    }

    /// The granted host that an address belongs to; none: it may not be reached.
    pub(crate) fn host_of(&self, url: &Url) -> Option<&str> {
        let granted = |host: &&String| Pattern::parse(host).is_ok_and(|pattern| pattern.fits(url));
        self.hosts.iter().find(granted).map(String::as_str)
    }

    /// Whether a secret may go to an address.
    pub(crate) fn lends(&self, name: &str, url: &Url) -> bool {
        let fits = |host: &str| Pattern::parse(host).is_ok_and(|pattern| pattern.fits(url));
        self.secrets.iter().any(|secret| secret.name == name && self.hosts.contains(&secret.host) && fits(&secret.host))
    }
}

/// A host as it was granted.
#[derive(Debug, PartialEq, Eq)]
struct Pattern {
    /// Of all names below it.
    below: bool,
    /// As addresses have it: lower case, punycode.
    host: String,
    port: Option<u16>,
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no host: allowed are api.example.com, api.example.com:8443, *.example.com");
        let (below, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        // What an address would make of it, so that both sides are written alike.
        let url = Url::parse(&format!("https://{rest}/")).map_err(|_| wrong())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let plain =
            url.username().is_empty() && url.password().is_none() && !rest.contains(['/', '\\', '?', '#', '@', '*']);
        let host = url.host_str().filter(|_| bare && plain).ok_or_else(wrong)?.trim_end_matches('.').to_owned();
        if host.is_empty() || below && (!host.contains('.') || url.host().as_ref().is_some_and(is_address)) {
            return Err(wrong());
        }
        let named = rest.rsplit_once(':').filter(|_| !rest.ends_with(']')).and_then(|(_, port)| port.parse().ok());
        Ok(Self { below, host, port: named })
    }

    fn fits(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let host = host.trim_end_matches('.');
        let named = if self.below {
            host.strip_suffix(&self.host).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            host == self.host
        };
        named && self.port.map_or(url.port().is_none(), |port| url.port_or_known_default() == Some(port))
    }
}

fn is_address(host: &url::Host<&str>) -> bool {
    !matches!(host, url::Host::Domain(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reaches(host: &str, url: &str) -> bool {
        let grants = Grants { hosts: vec![host.to_owned()], secrets: Vec::new() };
        assert!(grants.faults().is_empty(), "{host}: {:?}", grants.faults());
        grants.host_of(&Url::parse(url).unwrap()).is_some()
    }

    #[test]
    fn a_host_is_reached_when_it_was_granted() {
        for (host, url, granted) in [
            ("api.example.com", "https://api.example.com/v1?x=1", true),
            ("api.example.com", "https://API.Example.com/", true),
            ("api.example.com", "https://api.example.com./", true),
            ("api.example.com", "https://api.example.com:443/", true),
            ("API.example.com", "https://api.example.com/", true),
            ("bücher.example", "https://xn--bcher-kva.example/", true),
            ("api.example.com", "https://api.example.com:8443/", false),
            ("api.example.com:8443", "https://api.example.com:8443/", true),
            ("api.example.com:8443", "https://api.example.com/", false),
            ("api.example.com", "https://example.com/", false),
            ("api.example.com", "https://evil.api.example.com/", false),
            ("api.example.com", "https://api.example.com.evil.net/", false),
            ("api.example.com", "https://api.example.com@evil.net/", false),
            ("*.example.com", "https://a.b.example.com/", true),
            ("*.example.com", "https://example.com/", false),
            ("*.example.com", "https://badexample.com/", false),
            ("10.0.0.5:8080", "http://10.0.0.5:8080/", true),
            ("10.0.0.5", "http://10.0.0.6/", false),
            ("[::1]:80", "http://[::1]/", true),
        ] {
            assert_eq!(reaches(host, url), granted, "{host} {url}");
        }
    }

    #[test]
    fn what_is_no_host_is_named() {
        for host in [
            "",
            "*",
            "*.",
            "*.com",
            "https://example.com",
            "example.com/path",
            "a b",
            "u@example.com",
            "*.10.0.0.1",
            "a.*",
        ] {
            let grants = Grants { hosts: vec![host.to_owned()], secrets: Vec::new() };
            assert_eq!(grants.faults().len(), 1, "{host}");
        }
        let secrets = vec![SecretGrant { name: "KEY".to_owned(), host: "other.example".to_owned() }];
        let faults = Grants { hosts: vec!["api.example".to_owned()], secrets }.faults();
        assert_eq!(faults[0].pointer, "/secrets/0/host");
        let many = Grants { hosts: vec!["a.example".to_owned(); 33], secrets: Vec::new() }.faults();
        assert_eq!((many[0].pointer.as_str(), many[0].code.as_str()), ("/hosts", "too-many"));
    }

    #[test]
    fn a_secret_goes_to_its_host_alone() {
        let secrets = vec![SecretGrant { name: "KEY".to_owned(), host: "api.example".to_owned() }];
        let grants = Grants { hosts: vec!["api.example".to_owned(), "log.example".to_owned()], secrets };
        let lends = |name: &str, url: &str| grants.lends(name, &Url::parse(url).unwrap());
        assert!(lends("KEY", "https://api.example/x"));
        assert!(!lends("KEY", "https://log.example/x") && !lends("OTHER", "https://api.example/x"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_host_or_none(text in "\\PC{0,40}", url in "https?://[a-z0-9.:@\\[\\]-]{1,30}/") {
            if let (Ok(pattern), Ok(url)) = (Pattern::parse(&text), Url::parse(&url)) {
                pattern.fits(&url);
            }
        }
    }
}
