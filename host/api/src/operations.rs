//! Every operation of the interface, declared once.
//!
//! The routes, who may use them, how large a body may be and the document that describes all of it come from this table. A
//! handler that is not in it cannot be reached, and one that is cannot be reached by somebody who may not.

mod about;
mod agents;
mod auth;
mod calls;
mod components;
mod conversations;
mod documents;
mod insight;
mod numbers;
mod parameters;
mod people;
mod providers;
mod reference;
mod sessions;
mod tag;
mod templates;
mod tenants;
mod tools;
mod webhooks;

pub(crate) use about::{About, Access, Operation, Output, SchemaOf};
pub(crate) use parameters::{Parameter, Place, of_path};
pub(crate) use tag::Tag;

use about::{delete, get, patch, post, put};

/// Where the interface begins.
pub(crate) const BASE: &str = "/api/v1";

/// Largest body of a request, bytes: a contract with long instructions fits.
const MAX_BODY: usize = 512 * 1024;

/// The table.
pub(crate) fn all() -> Vec<Operation> {
    let groups = [
        agents::operations(),
        templates::operations(),
        sessions::operations(),
        conversations::operations(),
        calls::operations(),
        numbers::operations(),
        documents::operations(),
        components::operations(),
        tools::operations(),
        providers::operations(),
        tenants::operations(),
        people::operations(),
        webhooks::operations(),
        insight::operations(),
        auth::operations(),
        reference::operations(),
    ];
    groups.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_operation_has_its_own_name_and_place() {
        let (mut ids, mut places) = (HashSet::new(), HashSet::new());
        for Operation { about, .. } in all() {
            assert!(ids.insert(about.id), "{}", about.id);
            assert!(places.insert(format!("{} {}", about.method, about.path)), "{}", about.id);
        }
    }

    #[test]
    fn names_and_summaries_are_fit_to_be_read() {
        for Operation { about, .. } in all() {
            let camel = about.id.starts_with(|c: char| c.is_ascii_lowercase())
                && about.id.chars().all(|c| c.is_ascii_alphanumeric());
            assert!(camel, "{}", about.id);
            assert!((5..=90).contains(&about.summary.len()), "{}: {}", about.id, about.summary);
            assert!(about.summary.starts_with(char::is_uppercase), "{}: {}", about.id, about.summary);
            assert!(!about.summary.ends_with('.'), "{}: {}", about.id, about.summary);
            assert!(!about.outputs.is_empty(), "{}", about.id);
        }
    }

    #[test]
    fn what_only_reads_takes_no_body_and_what_is_sent_has_a_bound() {
        for Operation { about, .. } in all() {
            assert!(about.input.is_none() || !about.method.is_safe(), "{}", about.id);
            if let Some(input) = &about.input {
                assert!((1..=65 * 1024 * 1024).contains(&input.limit), "{}", about.id);
            }
        }
    }
}
