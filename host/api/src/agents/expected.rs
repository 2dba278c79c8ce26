//! `If-Match`: which version a change is meant for.

use crate::Problem;
use axum::http::{HeaderMap, StatusCode, header};

/// The versions that a change may follow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Any,
    OneOf(Vec<u32>),
}

impl Expected {
    /// # Errors
    /// The header is there and is no list of versions.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut versions = Vec::new();
        for value in headers.get_all(header::IF_MATCH) {
            let text = value.to_str().unwrap_or("?");
            for tag in text.split(',').map(str::trim) {
                if tag == "*" {
                    return Ok(Self::Any);
                }
                versions.push(version(tag).ok_or_else(|| {
                    let detail = format!("If-Match is `{text}`, allowed is a version in quotes, such as \"3\", or *");
                    Problem::new(StatusCode::BAD_REQUEST, "invalid-header", detail)
                })?);
            }
        }
        Ok(if versions.is_empty() { Self::Any } else { Self::OneOf(versions) })
    }

    /// The version, where one can be named at most.
    ///
    /// # Errors
    /// The header names several.
    pub(crate) fn one(&self) -> Result<Option<u32>, Problem> {
        match self {
            Self::Any => Ok(None),
            Self::OneOf(versions) => match versions.as_slice() {
                [one] => Ok(Some(*one)),
                _ => Err(Problem::new(
                    StatusCode::BAD_REQUEST,
                    "invalid-header",
                    "If-Match names several versions, allowed is one",
                )),
            },
        }
    }

    pub(crate) fn allows(&self, version: u32) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

fn version(tag: &str) -> Option<u32> {
    // A proxy that compresses makes tags weak; a version is one, whatever its encoding.
    let digits = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn of(lines: &[&str]) -> Option<Expected> {
        let lines = lines.iter().map(|line| (header::IF_MATCH, HeaderValue::from_str(line).unwrap()));
        Expected::of(&lines.collect()).ok()
    }

    #[test]
    fn versions_are_named_in_quotes() {
        assert_eq!(of(&[]), Some(Expected::Any));
        assert_eq!(of(&["*"]), Some(Expected::Any));
        assert_eq!(of(&["\"3\""]), Some(Expected::OneOf(vec![3])));
        assert_eq!(of(&["\"3\", W/\"4\"", "\"5\""]), Some(Expected::OneOf(vec![3, 4, 5])));
        for wrong in ["3", "\"\"", "\"x\"", "\"-1\"", "\"+1\"", "\"4294967296\"", "", "\"1", "\"1\";\"2\""] {
            assert_eq!(of(&[wrong]), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            let _ = Expected::of(&HeaderMap::from_iter([(header::IF_MATCH, value)]));
        }
    }
}
