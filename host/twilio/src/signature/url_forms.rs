//! The forms of one URL that Twilio may have signed: it is inconsistent about the port.

/// The URL without its port, and with one: the one it has, otherwise its scheme's default.
pub(super) fn candidates(url: &str) -> [String; 2] {
    let Some((scheme, rest)) = url.split_once("://") else { return [url.to_owned(), url.to_owned()] };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (host, port) = split_port(authority);
    let default = match scheme {
        "https" | "wss" => "443",
        _ => "80",
    };
    let port = port.unwrap_or(default);
    [format!("{scheme}://{host}{tail}"), format!("{scheme}://{host}:{port}{tail}")]
}

/// Splits `user@host:port`; the colons inside `[::1]` and before `@` are not the port's.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::candidates;

    #[test]
    fn the_port_is_removed_and_the_default_one_added() {
        let table = [
            ("https://a.b/c?d=1", ["https://a.b/c?d=1", "https://a.b:443/c?d=1"]),
            ("https://a.b:443/c", ["https://a.b/c", "https://a.b:443/c"]),
            ("https://a.b:8443/c", ["https://a.b/c", "https://a.b:8443/c"]),
            ("http://a.b?x=y:1", ["http://a.b?x=y:1", "http://a.b:80?x=y:1"]),
            ("wss://[::1]:9/m", ["wss://[::1]/m", "wss://[::1]:9/m"]),
            ("wss://[::1]/m", ["wss://[::1]/m", "wss://[::1]:443/m"]),
            ("https://u:p@a.b/c", ["https://u:p@a.b/c", "https://u:p@a.b:443/c"]),
            ("nonsense", ["nonsense", "nonsense"]),
        ];
        for (url, expected) in table {
            assert_eq!(candidates(url), expected, "{url}");
        }
    }
}
