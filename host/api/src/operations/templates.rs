//! `/templates`: parts of contracts that agents extend.

use super::{Operation, Tag, delete, get, post, put};
use crate::calls::Items;
use crate::templates::{self, Change, New, View};
use axum::http::StatusCode;
use trunkline_store::Role;

const TAG: Tag = Tag::Templates;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/templates", "listTemplates", TAG, "Lists templates by name, those that ship too")
            .least(Role::Viewer)
            .gives::<Items<View>>(StatusCode::OK)
            .run(templates::list),
        post("/templates", "createTemplate", TAG, "Makes a template")
            .least(Role::Editor)
            .takes::<New>()
            .gives::<View>(StatusCode::CREATED)
            .tagged()
            .refuses(&[StatusCode::CONFLICT])
            .run(templates::create),
        get("/templates/{name}", "getTemplate", TAG, "A template")
            .least(Role::Viewer)
            .gives::<View>(StatusCode::OK)
            .tagged()
            .run(templates::show),
        put("/templates/{name}", "replaceTemplate", TAG, "Replaces a template of the tenant")
            .details(
                "Agents that extend it have it with their next call. A change that would make agents of the tenant invalid \
                 is refused; the problem names them in `broken`.",
            )
            .least(Role::Editor)
            .takes::<Change>()
            .gives::<View>(StatusCode::OK)
            .conditional()
            .refuses(&[StatusCode::CONFLICT])
            .run(templates::replace),
        delete("/templates/{name}", "deleteTemplate", TAG, "Deletes a template that nothing extends")
            .least(Role::Editor)
            .gives_nothing(StatusCode::NO_CONTENT)
            .refuses(&[StatusCode::CONFLICT])
            .run(templates::delete),
    ]
}
