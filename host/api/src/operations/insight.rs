//! `/usage`, `/audit` and `/erasures`.

use super::{Operation, Tag, get, post};
use crate::calls::Items;
use crate::insight::{self, Erasure, Filter, Within};
use crate::params::PageQuery;
use axum::http::StatusCode;
use trunkline_store::{AuditEntry, Erased, Page, Role, UsageLine};

const TAG: Tag = Tag::Insight;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/usage", "getUsage", TAG, "What calls have used, by month and agent")
            .least(Role::Viewer)
            .query::<Within>()
            .gives::<Items<UsageLine>>(StatusCode::OK)
            .run(insight::usage),
        get("/audit", "listAudit", TAG, "Who did what, newest first")
            .least(Role::Admin)
            .query::<PageQuery>()
            .query::<Filter>()
            .gives::<Page<AuditEntry>>(StatusCode::OK)
            .run(insight::audit),
        post("/erasures", "eraseCaller", TAG, "Forgets a caller: what they said and who they are")
            .details("That there was a call stays, and what it cost. Calls that go on are counted, and kept.")
            .least(Role::Admin)
            .takes::<Erasure>()
            .gives::<Erased>(StatusCode::OK)
            .run(insight::erase),
    ]
}
