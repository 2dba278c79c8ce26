//! What the table says of one operation, and the words it is said in.

use super::{BASE, MAX_BODY, Tag};
use crate::Api;
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use trunkline_store::Role;

/// Makes the schema of a type.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody.
    Public,
    /// Whoever has this role, or a higher one.
    Least(Role),
}

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Media types, with the schemas of those that have one.
    pub(crate) kinds: Vec<(&'static str, Option<SchemaOf>)>,
    /// Most bytes.
    pub(crate) limit: usize,
}

/// What is answered when all goes well.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) status: StatusCode,
    /// Media type and schema; none: no body.
    pub(crate) body: Option<(&'static str, Option<SchemaOf>)>,
}

/// What the table says of one operation.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) method: Method,
    /// The whole path; parameters in braces.
    pub(crate) path: String,
    /// Unique; what generated clients call it.
    pub(crate) id: &'static str,
    pub(crate) tag: Tag,
    pub(crate) summary: &'static str,
    /// More than the summary, where that is not enough.
    pub(crate) details: Option<&'static str>,
    pub(crate) access: Access,
    /// Structs whose fields are the parameters of the query.
    pub(crate) queries: Vec<SchemaOf>,
    pub(crate) input: Option<Input>,
    pub(crate) outputs: Vec<Output>,
    /// Statuses of refusals that do not follow from the rest.
    pub(crate) refusals: Vec<u16>,
    /// Answers carry an `ETag`.
    pub(crate) tagged: bool,
    /// `If-Match` is heeded.
    pub(crate) conditional: bool,
    /// The answer holds a secret that is shown this once.
    pub(crate) secret: bool,
}

/// An operation: what is said of it, and what it does.
pub(crate) struct Operation {
    pub(crate) about: About,
    pub(crate) route: MethodRouter<Api>,
}

pub(super) fn get(path: &str, id: &'static str, tag: Tag, summary: &'static str) -> About {
    About::new(Method::GET, path, id, tag, summary)
}

pub(super) fn post(path: &str, id: &'static str, tag: Tag, summary: &'static str) -> About {
    About::new(Method::POST, path, id, tag, summary)
}

pub(super) fn put(path: &str, id: &'static str, tag: Tag, summary: &'static str) -> About {
    About::new(Method::PUT, path, id, tag, summary)
}

pub(super) fn patch(path: &str, id: &'static str, tag: Tag, summary: &'static str) -> About {
    About::new(Method::PATCH, path, id, tag, summary)
}

pub(super) fn delete(path: &str, id: &'static str, tag: Tag, summary: &'static str) -> About {
    About::new(Method::DELETE, path, id, tag, summary)
}

/// Media types of JSON Merge Patches.
const PATCHES: [&str; 2] = ["application/merge-patch+json", "application/json"];

impl About {
    fn new(method: Method, path: &str, id: &'static str, tag: Tag, summary: &'static str) -> Self {
        Self {
            method,
            path: format!("{BASE}{path}"),
            id,
            tag,
            summary,
            details: None,
            access: Access::Public,
            queries: Vec::new(),
            input: None,
            outputs: Vec::new(),
            refusals: Vec::new(),
            tagged: false,
            conditional: false,
            secret: false,
        }
    }

    /// The path stands beside the interface, not in it.
    pub(super) fn outside(mut self) -> Self {
        self.path = self.path.split_off(BASE.len());
        self
    }

    pub(super) fn details(self, details: &'static str) -> Self {
        Self { details: Some(details), ..self }
    }

    /// For whoever has this role, or a higher one. Without this an operation is for everybody.
    pub(super) fn least(self, role: Role) -> Self {
        Self { access: Access::Least(role), ..self }
    }

    /// Parameters of the query: the fields of a struct.
    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.queries.push(schema_of::<T>);
        self
    }

    /// A body of JSON.
    pub(super) fn takes<T: JsonSchema>(self) -> Self {
        self.takes_as(&["application/json"], Some(schema_of::<T>))
    }

    /// A JSON Merge Patch (RFC 7396): fields of `T` that change, null for those that go.
    pub(super) fn takes_patch<T: JsonSchema>(self) -> Self {
        self.takes_as(&PATCHES, Some(schema_of::<T>))
    }

    /// A body of these media types.
    pub(super) fn takes_as(mut self, kinds: &[&'static str], schema: Option<SchemaOf>) -> Self {
        let input = self.input.get_or_insert(Input { kinds: Vec::new(), limit: MAX_BODY });
        input.kinds.extend(kinds.iter().map(|kind| (*kind, schema)));
        self
    }

    /// The body has at most so many bytes.
    pub(super) fn at_most(mut self, limit: usize) -> Self {
        if let Some(input) = &mut self.input {
            input.limit = limit;
        }
        self
    }

    /// Answers with JSON.
    pub(super) fn gives<T: JsonSchema>(self, status: StatusCode) -> Self {
        self.gives_as(status, "application/json", Some(schema_of::<T>))
    }

    /// Answers with this media type; of a status that was named before, in other words.
    pub(super) fn gives_as(mut self, status: StatusCode, kind: &'static str, schema: Option<SchemaOf>) -> Self {
        self.outputs.push(Output { status, body: Some((kind, schema)) });
        self
    }

    /// Answers without a body.
    pub(super) fn gives_nothing(mut self, status: StatusCode) -> Self {
        self.outputs.push(Output { status, body: None });
        self
    }

    /// May refuse with these statuses, beside those that follow from the rest.
    pub(super) fn refuses(mut self, statuses: &[StatusCode]) -> Self {
        self.refusals.extend(statuses.iter().map(StatusCode::as_u16));
        self
    }

    /// Answers carry an `ETag`.
    pub(super) fn tagged(self) -> Self {
        Self { tagged: true, ..self }
    }

    /// Answers carry an `ETag`, and `If-Match` is heeded.
    pub(super) fn conditional(self) -> Self {
        Self { conditional: true, ..self.tagged() }
    }

    /// The answer holds a secret that is shown this once.
    pub(super) fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// What it does.
    pub(super) fn run<H, T>(self, handler: H) -> Operation
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        // Methods come from the functions above, and each of them has a filter.
        let filter = MethodFilter::try_from(self.method.clone()).unwrap_or(MethodFilter::TRACE);
        Operation { route: on(filter, handler), about: self }
    }

    /// A repeated request can be recognised by its `Idempotency-Key`.
    pub(crate) fn repeatable(&self) -> bool {
        // What is larger is known again by what it is, not by a key.
        let small = self.input.as_ref().is_none_or(|input| input.limit <= 16 * 1024 * 1024);
        self.method == Method::POST && self.access != Access::Public && small
    }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
