//! The session's cookie, and the token that proves that a request comes from our own page.
//!
//! The cookie's secret is known to the browser alone (`HttpOnly`); the CSRF token is derived from it, so it belongs to one
//! session and need not be stored.

use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

const NAME: &str = "trunkline_session";
/// Digits of a secret, lower-case hex.
const DIGITS: usize = 64;

/// The secret that the browser shows. Of several cookies of the name, the first that can be one counts.
pub(crate) fn secret(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut named = pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value);
    named.find(|value| value.len() == DIGITS && value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// Shows the secret from now on, `max_age_s` seconds at most; `secure`: over TLS only.
pub(crate) fn session_cookie(secret: &str, max_age_s: u64, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    // Digits, so it always is a header.
    HeaderValue::try_from(format!("{NAME}={secret}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}"))
        .ok()
}

/// Shows no secret any more.
pub(crate) fn expired(secure: bool) -> Option<HeaderValue> {
    session_cookie("", 0, secure)
}

/// The CSRF token of a session, lower-case hex. The store keeps another hash of the secret, so nothing that is at rest
/// tells this one.
pub(crate) fn csrf(secret: &str) -> String {
    let digest = Sha256::new().chain_update(b"csrf:").chain_update(secret).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_str(line).unwrap())).collect()
    }

    #[test]
    fn the_secret_is_found_among_other_cookies() {
        let own = format!("{NAME}={SECRET}");
        for lines in [
            vec![own.clone()],
            vec![format!("a=b; {own}; c")],
            vec!["a=b".to_owned(), format!("{NAME}=planted; {own}")],
            vec![format!("{NAME}; {own} ")],
        ] {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            assert_eq!(secret(&headers(&lines)), Some(SECRET), "{lines:?}");
        }
        for line in ["", "a=b", &format!("x{own}"), &own.to_uppercase(), &format!("{own}0"), &format!("{NAME}={NAME}")]
        {
            assert_eq!(secret(&headers(&[line])), None, "{line}");
        }
    }

    #[test]
    fn a_cookie_is_for_this_host_and_not_for_scripts() {
        let cookie = session_cookie(SECRET, 60, true).unwrap();
        let expected = format!("trunkline_session={SECRET}; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(cookie.to_str().unwrap(), expected);
        assert!(!expired(false).unwrap().to_str().unwrap().contains("Secure"));
    }

    #[test]
    fn each_session_has_its_own_csrf_token() {
        assert_eq!(csrf(SECRET).len(), 64);
        assert_ne!(csrf(SECRET), csrf(&SECRET.replace('f', "e")));
        assert_ne!(csrf(SECRET), SECRET);
    }

    proptest! {
        #[test]
        fn any_header_holds_a_secret_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            let headers = HeaderMap::from_iter([(header::COOKIE, value)]);
            if let Some(found) = secret(&headers) {
                prop_assert_eq!(found.len(), DIGITS);
            }
        }
    }
}
