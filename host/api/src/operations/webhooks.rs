//! `/webhooks`: who is told of events.

use super::{Operation, Tag, delete, get, post, put};
use crate::params::PageQuery;
use crate::webhooks::{self, New, NewlyMade, Redeliver};
use axum::http::StatusCode;
use trunkline_store::{Delivery, Page, Role, Webhook};

const TAG: Tag = Tag::Webhooks;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/webhooks", "listWebhooks", TAG, "Lists webhooks, newest first")
            .least(Role::Admin)
            .query::<PageQuery>()
            .gives::<Page<Webhook>>(StatusCode::OK)
            .run(webhooks::list),
        post("/webhooks", "createWebhook", TAG, "Has somebody told of events")
            .least(Role::Admin)
            .takes::<New>()
            .gives::<NewlyMade>(StatusCode::CREATED)
            .secret()
            .run(webhooks::create),
        get("/webhooks/{id}", "getWebhook", TAG, "A webhook")
            .least(Role::Admin)
            .gives::<Webhook>(StatusCode::OK)
            .tagged()
            .run(webhooks::show),
        put("/webhooks/{id}", "replaceWebhook", TAG, "Changes a webhook; its secret stays")
            .least(Role::Admin)
            .takes::<New>()
            .gives::<Webhook>(StatusCode::OK)
            .conditional()
            .refuses(&[StatusCode::CONFLICT])
            .run(webhooks::replace),
        delete("/webhooks/{id}", "deleteWebhook", TAG, "Deletes a webhook and its deliveries")
            .least(Role::Admin)
            .gives_nothing(StatusCode::NO_CONTENT)
            .run(webhooks::delete),
        post("/webhooks/{id}/secret", "replaceWebhookSecret", TAG, "Gives a webhook another secret")
            .details(
                "What is sent from now on is signed with it. A webhook that stands in an agent's contract gets the secret that \
                 its receiver knows in this way.",
            )
            .least(Role::Admin)
            .gives::<NewlyMade>(StatusCode::OK)
            .secret()
            .run(webhooks::replace_secret),
        get("/webhooks/{id}/deliveries", "listDeliveries", TAG, "Lists what was sent, newest first")
            .least(Role::Admin)
            .query::<PageQuery>()
            .gives::<Page<Delivery>>(StatusCode::OK)
            .run(webhooks::deliveries),
        post("/webhooks/{id}/redeliver", "redeliver", TAG, "Sends an event once more")
            .least(Role::Admin)
            .takes::<Redeliver>()
            .gives::<Delivery>(StatusCode::ACCEPTED)
            .run(webhooks::redeliver),
    ]
}
