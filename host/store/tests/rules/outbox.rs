use crate::{Fixture, new_call, over};
use serde_json::json;
use trunkline_contract::agent::WebhookEvent;
use trunkline_contract::{CallId, WebhookId};
use trunkline_store::{CallUpdate, Delivery, DeliveryState, Due, Emit, NewWebhook, Outcome, StoreError, TenantStore};

/// How long a claim lasts, ms.
const CLAIM: u64 = 60_000;

pub(crate) fn hook(url: &str) -> NewWebhook {
    NewWebhook { agent_id: None, url: url.into(), events: WebhookEvent::all(), active: true, now_ms: 10 }
}

pub(crate) fn emit(now_ms: u64) -> Emit {
    Emit { event: WebhookEvent::CallEnded, data: json!({ "n": now_ms }), in_contract: Vec::new(), now_ms }
}

/// The call ends and tells of it.
pub(crate) async fn ends(tenant: &TenantStore, call: CallId, now_ms: u64) {
    tenant.calls().update(call, CallUpdate { emit: vec![emit(now_ms)], ..over() }).await.unwrap();
}

/// A webhook, and the delivery of one event to it that is due at 100 ms.
async fn one(fixture: &Fixture) -> WebhookId {
    let webhook = fixture.tenant.webhooks().create(hook("https://a")).await.unwrap().1.id;
    ends(&fixture.tenant, fixture.call, 100).await;
    webhook
}

async fn look(fixture: &Fixture, webhook: WebhookId) -> Delivery {
    fixture.tenant.deliveries().list(webhook, None, 10).await.unwrap().items.remove(0)
}

async fn claim(fixture: &Fixture, now_ms: u64) -> Vec<Due> {
    fixture.store.claim_deliveries(now_ms, 10).await.unwrap()
}

fn failed() -> Outcome {
    Outcome::Failed(Some(500), "it answered 500".into())
}

#[tokio::test]
async fn a_delivery_is_claimed_by_one_at_a_time() {
    let fixture = Fixture::new().await;
    let webhook = one(&fixture).await;
    assert_eq!(claim(&fixture, 99).await, [], "not before it is due");
    let (a, b) = tokio::join!(claim(&fixture, 100), claim(&fixture, 100));
    assert_eq!(a.len() + b.len(), 1);
    let due = a.into_iter().chain(b).next().unwrap();
    assert_eq!((due.tenant, due.webhook, due.attempts), (fixture.tenant.id(), webhook, 0));
    assert_eq!((due.url.as_str(), due.claimed_until_ms), ("https://a", 100 + CLAIM));
    assert_eq!(claim(&fixture, 99 + CLAIM).await, []);
    fixture.store.delivered(&due, Outcome::Delivered(204), 150).await.unwrap();
    let done = look(&fixture, webhook).await;
    assert_eq!((done.state, done.attempts, done.last_status), (DeliveryState::Delivered, 1, Some(204)));
    assert_eq!((done.next_at_ms, done.finished_at_ms), (None, Some(150)));
    assert_eq!(claim(&fixture, u64::MAX / 4).await, []);
}

#[tokio::test]
async fn what_was_claimed_by_a_host_that_died_is_sent_again() {
    let fixture = Fixture::new().await;
    one(&fixture).await;
    let lost = claim(&fixture, 100).await.remove(0);
    let fixture = fixture.reopened().await;
    assert_eq!(claim(&fixture, 99 + CLAIM).await, []);
    let again = claim(&fixture, 100 + CLAIM).await.remove(0);
    assert_eq!((again.id, &again.event_id, &again.payload), (lost.id, &lost.event_id, &lost.payload));
    assert_eq!(again.attempts, 0, "nobody knows of a try that was not told");
}

#[tokio::test]
async fn who_comes_too_late_with_an_outcome_changes_nothing() {
    let fixture = Fixture::new().await;
    let webhook = one(&fixture).await;
    let slow = claim(&fixture, 100).await.remove(0);
    let now = claim(&fixture, 100 + CLAIM).await.remove(0);
    for outcome in [Outcome::Delivered(200), failed()] {
        fixture.store.delivered(&slow, outcome, 101 + CLAIM).await.unwrap();
        let there = look(&fixture, webhook).await;
        assert_eq!((there.state, there.attempts), (DeliveryState::Pending, 0));
    }
    fixture.store.delivered(&now, Outcome::Delivered(200), 102 + CLAIM).await.unwrap();
    fixture.store.delivered(&now, failed(), 103 + CLAIM).await.unwrap();
    let done = look(&fixture, webhook).await;
    assert_eq!((done.state, done.attempts, done.last_error), (DeliveryState::Delivered, 1, None));
}

#[tokio::test]
async fn tries_grow_apart_and_end() {
    let fixture = Fixture::new().await;
    let webhook = one(&fixture).await;
    let mut now_ms = 100;
    for (tries, wait_s) in [5, 30, 120, 900, 3_600, 14_400, 43_200].into_iter().enumerate() {
        let due = claim(&fixture, now_ms).await.remove(0);
        assert_eq!(due.attempts as usize, tries);
        fixture.store.delivered(&due, failed(), now_ms).await.unwrap();
        now_ms += wait_s * 1_000;
        assert_eq!(claim(&fixture, now_ms - 1).await, [], "after {} tries", tries + 1);
        let waits = look(&fixture, webhook).await;
        assert_eq!((waits.state, waits.next_at_ms), (DeliveryState::Pending, Some(now_ms)));
        assert_eq!((waits.last_status, waits.last_error.as_deref()), (Some(500), Some("it answered 500")));
    }
    let last = claim(&fixture, now_ms).await.remove(0);
    let unreachable = Outcome::Failed(None, "no answer within 15 s".into());
    fixture.store.delivered(&last, unreachable, now_ms).await.unwrap();
    let given_up = look(&fixture, webhook).await;
    assert_eq!((given_up.state, given_up.attempts, given_up.last_status), (DeliveryState::Failed, 8, None));
    assert_eq!((given_up.next_at_ms, given_up.finished_at_ms), (None, Some(now_ms)));
    assert_eq!(claim(&fixture, u64::MAX / 4).await, []);
}

#[tokio::test]
async fn what_is_sent_once_more_begins_anew() {
    let fixture = Fixture::new().await;
    let webhook = one(&fixture).await;
    let due = claim(&fixture, 100).await.remove(0);
    fixture.store.delivered(&due, failed(), 110).await.unwrap();
    let redeliver = async |now_ms| fixture.tenant.deliveries().redeliver(webhook, due.id, now_ms).await;
    let again = redeliver(200).await.unwrap();
    assert_eq!((again.state, again.attempts, again.next_at_ms), (DeliveryState::Pending, 0, Some(200)));
    let under_way = claim(&fixture, 200).await.remove(0);
    assert_eq!(under_way.event_id, due.event_id, "the same event");
    redeliver(300).await.unwrap();
    fixture.store.delivered(&under_way, Outcome::Delivered(200), 310).await.unwrap();
    let still = claim(&fixture, 310).await.remove(0);
    fixture.store.delivered(&still, Outcome::Delivered(200), 320).await.unwrap();
    assert_eq!(look(&fixture, webhook).await.state, DeliveryState::Delivered);
    redeliver(400).await.unwrap();
    assert_eq!(claim(&fixture, 400).await.len(), 1, "what was taken is sent once more, too");
    let nowhere = fixture.tenant.deliveries().redeliver(WebhookId(fixture.call.0), due.id, 400).await;
    assert_eq!(nowhere.unwrap_err(), StoreError::NotFound("delivery"));
}

#[tokio::test]
async fn the_oldest_are_sent_first_and_no_more_than_asked_for() {
    let fixture = Fixture::new().await;
    fixture.tenant.webhooks().create(hook("https://a")).await.unwrap();
    for now_ms in [300, 100, 200, 500, 400] {
        let call = fixture.tenant.calls().create(new_call(fixture.agent)).await.unwrap().id;
        ends(&fixture.tenant, call, now_ms).await;
    }
    let mut seen = Vec::new();
    loop {
        let due = fixture.store.claim_deliveries(450, 2).await.unwrap();
        assert!(due.len() <= 2);
        if due.is_empty() {
            break;
        }
        let sent = due.iter().map(|due| serde_json::from_str::<serde_json::Value>(&due.payload).unwrap());
        seen.extend(sent.map(|payload| payload["data"]["n"].as_u64().unwrap()));
    }
    assert_eq!(seen, [100, 200, 300, 400]);
}

#[tokio::test]
async fn a_disabled_webhook_keeps_its_deliveries_and_a_deleted_one_loses_them() {
    let fixture = Fixture::new().await;
    let webhook = one(&fixture).await;
    let webhooks = fixture.tenant.webhooks();
    webhooks.update(webhook, None, NewWebhook { active: false, ..hook("https://a") }).await.unwrap();
    assert_eq!(claim(&fixture, 1_000).await, []);
    webhooks.update(webhook, None, hook("https://b")).await.unwrap();
    let due = claim(&fixture, 1_000).await.remove(0);
    assert_eq!(due.url, "https://b", "where it is by now");
    webhooks.delete(webhook, 1_000).await.unwrap();
    fixture.store.delivered(&due, failed(), 1_001).await.unwrap();
    assert_eq!(claim(&fixture, u64::MAX / 4).await, []);
    assert!(fixture.tenant.deliveries().list(webhook, None, 10).await.unwrap().items.is_empty());
}
