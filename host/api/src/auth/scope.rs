//! What of the interface a key is for.

use crate::operations::Tag;
use crate::{Problem, nearest};
use axum::http::Method;
use std::fmt;
use trunkline_contract::Fault;

/// A group of operations, or what only reads of it: `agents`, `agents:read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    tag: Tag,
    reads: bool,
}

impl Scope {
    /// Allows what everybody may ask, and nothing else.
    pub(crate) const NOTHING: Self = Self { tag: Tag::Reference, reads: true };

    /// # Errors
    /// No such group: what was probably meant.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, reads) = match text.split_once(':') {
            None => (text, false),
            Some((name, "read")) => (name, true),
            Some((name, _)) => return Err(format!("`{text}` is no scope: allowed are `{name}` and `{name}:read`")),
        };
        let tag = Tag::ALL.into_iter().find(|tag| tag.name() == name);
        let tag = tag.ok_or_else(|| {
            format!("`{name}` is no scope{}", nearest::hint(name, Tag::ALL.into_iter().map(Tag::name)))
        })?;
        Ok(Self { tag, reads })
    }

    /// What is asked for, if it is not more than `own`; nothing asked for: all of `own`, where empty is everything.
    ///
    /// # Errors
    /// Every scope that is none, or is more.
    pub(crate) fn within(asked: &[String], own: &[Self]) -> Result<Vec<Self>, Problem> {
        if asked.is_empty() {
            return Ok(own.to_vec());
        }
        let (mut scopes, mut faults) = (Vec::new(), Vec::new());
        for (at, text) in asked.iter().enumerate() {
            match Self::parse(text) {
                Ok(scope) if own.is_empty() || own.iter().any(|own| own.covers(scope)) => scopes.push(scope),
                Ok(scope) => faults.push((at, format!("`{scope}` is not among your own scopes"))),
                Err(message) => faults.push((at, message)),
            }
        }
        if faults.is_empty() {
            return Ok(scopes);
        }
        let faults = faults.into_iter().map(|(at, message)| Fault::error(format!("/scopes/{at}"), "scope", message));
        Err(Problem::invalid("these scopes cannot be given", faults.collect()))
    }

    /// Whether it is enough for an operation.
    pub(crate) fn allows(self, tag: Tag, method: &Method) -> bool {
        // Who one is, and what there is, everybody may ask.
        matches!(tag, Tag::Auth | Tag::Reference) || (self.tag == tag && (!self.reads || method.is_safe()))
    }

    /// Whether everything that `other` allows is allowed by this one.
    fn covers(self, other: Self) -> bool {
        self.tag == other.tag && (!self.reads || other.reads)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag.name())?;
        if self.reads { f.write_str(":read") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_allows_its_group_or_what_only_reads_of_it() {
        let (all, reads) = (Scope::parse("agents").unwrap(), Scope::parse("agents:read").unwrap());
        for (scope, tag, method, allowed) in [
            (all, Tag::Agents, Method::POST, true),
            (all, Tag::Agents, Method::GET, true),
            (all, Tag::Calls, Method::GET, false),
            (reads, Tag::Agents, Method::GET, true),
            (reads, Tag::Agents, Method::POST, false),
            (reads, Tag::Auth, Method::POST, true),
        ] {
            assert_eq!(scope.allows(tag, &method), allowed, "{scope} {tag:?} {method}");
        }
        assert!(all.covers(reads) && !reads.covers(all) && all.covers(all));
        assert_eq!((all.to_string(), reads.to_string()), ("agents".to_owned(), "agents:read".to_owned()));
    }

    #[test]
    fn what_is_no_scope_is_explained() {
        assert_eq!(Scope::parse("agnets").unwrap_err(), "`agnets` is no scope: did you mean `agents`?");
        assert!(Scope::parse("agents:write").unwrap_err().contains("`agents:read`"));
        assert!(Scope::parse("").is_err());
    }
}
