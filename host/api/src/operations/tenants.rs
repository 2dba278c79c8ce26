//! `/tenants`: whom the host serves.

use super::{Operation, Tag, delete, get, patch, post, put};
use crate::calls::Items;
use crate::tenants::{self, Change, New};
use axum::http::StatusCode;
use serde_json::{Map, Value};
use trunkline_store::{Role, Tenant};

const TAG: Tag = Tag::Tenants;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/tenants", "listTenants", TAG, "Lists tenants, oldest first")
            .least(Role::Operator)
            .gives::<Items<Tenant>>(StatusCode::OK)
            .run(tenants::list),
        post("/tenants", "createTenant", TAG, "Makes a tenant")
            .least(Role::Operator)
            .takes::<New>()
            .gives::<Tenant>(StatusCode::CREATED)
            .tagged()
            .refuses(&[StatusCode::CONFLICT])
            .run(tenants::create),
        get("/tenants/{id}", "getTenant", TAG, "A tenant")
            .least(Role::Admin)
            .gives::<Tenant>(StatusCode::OK)
            .tagged()
            .run(tenants::show),
        patch("/tenants/{id}", "changeTenant", TAG, "Changes a tenant's name, status or limits")
            .least(Role::Operator)
            .takes_patch::<Change>()
            .gives::<Tenant>(StatusCode::OK)
            .conditional()
            .refuses(&[StatusCode::CONFLICT])
            .run(tenants::change),
        delete("/tenants/{id}", "suspendTenant", TAG, "Suspends a tenant; its data is kept")
            .least(Role::Operator)
            .gives::<Tenant>(StatusCode::OK)
            .conditional()
            .refuses(&[StatusCode::CONFLICT])
            .run(tenants::delete),
        get("/tenants/{id}/defaults", "getTenantDefaults", TAG, "What the tenant's agents begin with")
            .least(Role::Viewer)
            .gives::<Map<String, Value>>(StatusCode::OK)
            .tagged()
            .run(tenants::defaults),
        put("/tenants/{id}/defaults", "setTenantDefaults", TAG, "Sets what the tenant's agents begin with")
            .least(Role::Admin)
            .takes::<Map<String, Value>>()
            .gives::<Tenant>(StatusCode::OK)
            .conditional()
            .refuses(&[StatusCode::CONFLICT])
            .run(tenants::set_defaults),
    ]
}
