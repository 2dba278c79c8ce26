//! Who gave an address, and what that allows.
//!
//! An operator's address is taken as it is: a private network or a plain connection may be exactly what is meant. A
//! tenant's address must lead to the public internet, or into a network that the operator has named.

use crate::address::{canonical, forbidden};
use crate::error::Denied;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use url::{Host, Url};

/// What addresses may be dialled. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Policy(Arc<Rules>);

#[derive(Debug)]
enum Rules {
    Trusted,
    Tenant { allowed: Vec<IpNet>, plain: bool },
}

/// An address that has passed everything that can be said before names are resolved.
#[derive(Clone, Debug)]
pub struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) secure: bool,
    pub(crate) literal: Option<IpAddr>,
}

impl Policy {
    /// For addresses that the operator has configured: any host, plain connections allowed.
    pub fn trusted() -> Self {
        Self(Arc::new(Rules::Trusted))
    }

    /// For addresses that a tenant has given: `https` and `wss` to public addresses, and to `allowed` networks.
    pub fn tenant(allowed: Vec<IpNet>) -> Self {
        Self(Arc::new(Rules::Tenant { allowed, plain: false }))
    }

    /// As [`Policy::tenant`]; inside the `allowed` networks plain `http` and `ws` pass too.
    pub fn tenant_with_plain(allowed: Vec<IpNet>) -> Self {
        Self(Arc::new(Rules::Tenant { allowed, plain: true }))
    }

    /// Checks everything about `url` that needs no name resolution.
    ///
    /// # Errors
    /// What the policy objects to.
    pub fn check(&self, url: &Url) -> Result<Target, Denied> {
        let secure = match url.scheme() {
            "https" | "wss" => true,
            "http" | "ws" => false,
            other => return Err(Denied::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Denied::UserInfo);
        }
        let (host, literal) = match url.host() {
            None => return Err(Denied::NoHost),
            Some(Host::Domain(name)) if name.trim_end_matches('.').is_empty() => return Err(Denied::NoHost),
            Some(Host::Domain(name)) => (name.to_owned(), None),
            Some(Host::Ipv4(address)) => (address.to_string(), Some(IpAddr::V4(address))),
            Some(Host::Ipv6(address)) => (address.to_string(), Some(IpAddr::V6(address))),
        };
        let port = url.port_or_known_default().unwrap_or(if secure { 443 } else { 80 });
        if let Rules::Tenant { allowed, plain } = &*self.0 {
            if !secure && !plain {
                return Err(Denied::Insecure(host));
            }
            if let Some(address) = literal
                && !contains(allowed, address)
            {
                return Err(Denied::Literal(address));
            }
        }
        Ok(Target { host, port, secure, literal })
    }

    /// What of a name's `answers` may be connected to, in the order given.
    pub(crate) fn admit(&self, host: &str, secure: bool, answers: &[IpAddr]) -> Result<Vec<IpAddr>, Denied> {
        let Rules::Tenant { allowed, .. } = &*self.0 else { return Ok(answers.to_vec()) };
        let mut objection = None;
        let mut admitted = Vec::with_capacity(answers.len());
        for &address in answers {
            match judge(allowed, host, secure, address) {
                Ok(()) => admitted.push(address),
                Err(denied) => objection = Some(denied),
            }
        }
        match objection {
            Some(denied) if admitted.is_empty() => Err(denied),
            _ => Ok(admitted),
        }
    }
}

fn judge(allowed: &[IpNet], host: &str, secure: bool, address: IpAddr) -> Result<(), Denied> {
    if contains(allowed, address) {
        return Ok(());
    }
    if !secure {
        return Err(Denied::PlainOutside(host.to_owned()));
    }
    match forbidden(address) {
        None => Ok(()),
        Some(reason) => Err(Denied::Forbidden { host: host.to_owned(), address, reason }),
    }
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    let address = canonical(address);
    networks.iter().any(|network| network.contains(&address))
}

impl Target {
    pub(crate) fn addresses(&self, admitted: &[IpAddr]) -> Vec<SocketAddr> {
        admitted.iter().map(|&address| SocketAddr::new(address, self.port)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Forbidden;

    fn check(policy: &Policy, url: &str) -> Result<Target, Denied> {
        policy.check(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_tenants_address_is_checked_before_any_name_is_resolved() {
        let policy = Policy::tenant(vec!["10.1.0.0/16".parse().unwrap()]);
        let table = [
            ("http://api.example.com/", Denied::Insecure("api.example.com".into())),
            ("ws://api.example.com/", Denied::Insecure("api.example.com".into())),
            ("ftp://api.example.com/", Denied::Scheme("ftp".into())),
            ("file:///etc/passwd", Denied::Scheme("file".into())),
            ("https://user@api.example.com/", Denied::UserInfo),
            ("https://:word@api.example.com/", Denied::UserInfo),
            ("https://api.example.com@127.0.0.1/", Denied::UserInfo),
            ("https://1.1.1.1/", Denied::Literal([1, 1, 1, 1].into())),
            ("https://127.0.0.1/", Denied::Literal([127, 0, 0, 1].into())),
            ("https://127.0.0.1./", Denied::Literal([127, 0, 0, 1].into())),
            ("https://0x7f.1/", Denied::Literal([127, 0, 0, 1].into())),
            ("https://2130706433/", Denied::Literal([127, 0, 0, 1].into())),
            ("https://[::1]/", Denied::Literal("::1".parse().unwrap())),
            ("https://[::ffff:10.0.0.1]/", Denied::Literal("::ffff:10.0.0.1".parse().unwrap())),
            ("https://１２７.0.0.1/", Denied::Literal([127, 0, 0, 1].into())),
            ("https://./", Denied::NoHost),
        ];
        for (url, denied) in table {
            assert_eq!(check(&policy, url).map(|_| ()), Err(denied), "{url}");
        }
    }

    #[test]
    fn listed_literals_and_ordinary_names_pass() {
        let policy = Policy::tenant(vec!["10.1.0.0/16".parse().unwrap()]);
        let table = [
            ("https://10.1.2.3/", "10.1.2.3", 443),
            ("https://[::ffff:10.1.2.3]:8443/", "::ffff:10.1.2.3", 8443),
            ("wss://API.Example.COM/v1", "api.example.com", 443),
            ("https://api.example.com./", "api.example.com.", 443),
            ("https://bücher.example/", "xn--bcher-kva.example", 443),
        ];
        for (url, host, port) in table {
            let target = check(&policy, url).unwrap();
            assert_eq!((target.host.as_str(), target.port, target.secure), (host, port, true), "{url}");
        }
    }

    #[test]
    fn a_name_that_leads_only_to_forbidden_addresses_is_denied() {
        let policy = Policy::tenant(vec![]);
        let denied = policy.admit("evil.example", true, &["::ffff:10.0.0.1".parse().unwrap()]).unwrap_err();
        assert!(matches!(denied, Denied::Forbidden { reason: Forbidden::Private, .. }));
    }

    #[test]
    fn of_two_answers_only_the_public_one_is_used() {
        let policy = Policy::tenant(vec![]);
        let answers = [[127, 0, 0, 1].into(), [1, 1, 1, 1].into()];
        assert_eq!(policy.admit("two.example", true, &answers).unwrap(), [IpAddr::from([1, 1, 1, 1])]);
    }

    #[test]
    fn plain_connections_stay_inside_the_allowed_networks() {
        let policy = Policy::tenant_with_plain(vec!["127.0.0.0/8".parse().unwrap()]);
        assert!(check(&policy, "http://127.0.0.1:8080/").is_ok());
        assert_eq!(policy.admit("in.example", false, &[[127, 0, 0, 1].into()]).unwrap().len(), 1);
        assert_eq!(
            policy.admit("out.example", false, &[[1, 1, 1, 1].into()]),
            Err(Denied::PlainOutside("out.example".into()))
        );
    }

    #[test]
    fn the_operators_addresses_are_taken_as_they_are() {
        let policy = Policy::trusted();
        assert!(check(&policy, "ws://127.0.0.1:9000/").is_ok());
        assert_eq!(policy.admit("local", false, &[[127, 0, 0, 1].into()]).unwrap().len(), 1);
        assert_eq!(check(&policy, "http://user:word@host/").map(|_| ()), Err(Denied::UserInfo));
    }
}
