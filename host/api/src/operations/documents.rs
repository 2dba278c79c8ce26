//! `/documents`: texts that agents answer from.

use super::{Operation, Tag, delete, get, post};
use crate::calls::Items;
use crate::documents;
use crate::params::PageQuery;
use axum::http::StatusCode;
use trunkline_knowledge::{Document, Excerpt, Page};
use trunkline_store::Role;

const TAG: Tag = Tag::Documents;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/documents", "listDocuments", TAG, "Lists documents, newest first")
            .least(Role::Viewer)
            .query::<PageQuery>()
            .query::<documents::Filter>()
            .gives::<Page<Document>>(StatusCode::OK)
            .run(documents::list),
        post("/documents", "createDocument", TAG, "Takes a text in; it can be found at once")
            .least(Role::Editor)
            .takes::<documents::New>()
            .at_most(documents::MAX_BODY)
            .gives::<Document>(StatusCode::CREATED)
            .refuses(&[StatusCode::INSUFFICIENT_STORAGE])
            .run(documents::create),
        post("/documents/search", "searchDocuments", TAG, "Finds excerpts by their words")
            .least(Role::Viewer)
            .takes::<documents::Search>()
            .gives::<Items<Excerpt>>(StatusCode::OK)
            .run(documents::search),
        get("/documents/{id}", "getDocument", TAG, "A document, without its text")
            .least(Role::Viewer)
            .gives::<Document>(StatusCode::OK)
            .run(documents::show),
        delete("/documents/{id}", "deleteDocument", TAG, "Forgets a document")
            .least(Role::Editor)
            .gives_nothing(StatusCode::NO_CONTENT)
            .run(documents::delete),
    ]
}
