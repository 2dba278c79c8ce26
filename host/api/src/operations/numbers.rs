//! `/phone-numbers`: which agent answers.

use super::{Operation, Tag, get, post};
use crate::numbers;
use axum::http::StatusCode;
use trunkline_store::{Number, Page, Role};

const TAG: Tag = Tag::Numbers;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/phone-numbers", "listNumbers", TAG, "Lists numbers and who answers them")
            .least(Role::Viewer)
            .gives::<Page<Number>>(StatusCode::OK)
            .run(numbers::list),
        post("/phone-numbers/{e164}/assign", "assignNumber", TAG, "Lets an agent answer a number")
            .least(Role::Editor)
            .takes::<numbers::Assign>()
            .gives::<Number>(StatusCode::OK)
            .run(numbers::assign),
        post("/phone-numbers/{e164}/unassign", "unassignNumber", TAG, "Lets nobody answer a number")
            .least(Role::Editor)
            .gives_nothing(StatusCode::NO_CONTENT)
            .run(numbers::unassign),
    ]
}
