//! Deliveries over a real socket.

use super::*;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::json;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use trunkline_contract::agent::WebhookEvent;
use trunkline_store::{
    CallUpdate, DeliveryState, Emit, NewCall, NewVersion, NewWebhook, StoreConfig, TenantStore, new_call_id,
};

/// A clock that tests move: seconds since 1970.
fn now_ms() -> u64 {
    NOW.load(std::sync::atomic::Ordering::Relaxed)
}
static NOW: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1_000_000_000_000);

#[derive(Clone, Default)]
struct Receiver {
    answers: Arc<Mutex<VecDeque<u16>>>,
    got: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    receiver.got.lock().unwrap().push((headers, body));
    let answer = receiver.answers.lock().unwrap().pop_front();
    StatusCode::from_u16(answer.unwrap_or(200)).unwrap()
}

struct World {
    _dir: tempfile::TempDir,
    store: Store,
    tenant: TenantStore,
    sender: Sender,
    receiver: Receiver,
    url: String,
}

async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig::new(dir.path())).await.unwrap();
    let tenant = store.tenant(store.tenants().create("acme", 1).await.unwrap().id);
    let receiver = Receiver::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let app = Router::new().route("/hook", post(take)).with_state(receiver.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let egress = Egress::new(Vec::new()).unwrap();
    let policy = Policy::tenant_with_plain(vec!["127.0.0.0/8".parse().unwrap()]);
    let sender = Sender::new(store.clone(), &egress, policy, now_ms).unwrap();
    World { _dir: dir, store, tenant, sender, receiver, url }
}

/// A call that has ended and tells of it.
async fn a_call_ends(world: &World, in_contract: Vec<trunkline_contract::agent::Webhook>) {
    let name = format!("agent {}", new_call_id());
    let version = NewVersion { document: json!({"name": name}), now_ms: 1, ..NewVersion::default() };
    let agent = world.tenant.agents().create(version).await.unwrap().agent_id;
    let call = NewCall::new(agent, 1, "phone-inbound", 1, 1);
    let call = world.tenant.calls().create(call).await.unwrap();
    let emit =
        Emit { event: WebhookEvent::CallEnded, data: json!({"call_id": call.id}), in_contract, now_ms: now_ms() };
    let state = Some(trunkline_store::CallState::Ended);
    let update = CallUpdate { state, emit: vec![emit], ..CallUpdate::default() };
    for _ in 0..2 {
        world.tenant.calls().update(call.id, update.clone()).await.unwrap();
    }
}

fn hook(url: &str) -> NewWebhook {
    NewWebhook { agent_id: None, url: url.to_owned(), events: WebhookEvent::all(), active: true, now_ms: now_ms() }
}

#[tokio::test]
async fn an_event_is_delivered_once_and_signed() {
    let world = world().await;
    let (secret, webhook) = world.tenant.webhooks().create(hook(&world.url)).await.unwrap();
    a_call_ends(&world, Vec::new()).await;
    assert_eq!(world.sender.round().await, Ok(1));
    assert_eq!(world.sender.round().await, Ok(0));
    let (headers, body) = world.receiver.got.lock().unwrap()[0].clone();
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let stamp: u64 = text("webhook-timestamp").parse().unwrap();
    let expected = sign(secret.expose(), &text("webhook-id"), stamp, body.as_bytes()).unwrap();
    assert_eq!(text("webhook-signature"), expected);
    let told: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&told["type"], &told["id"]), (&json!("call.ended"), &json!(text("webhook-id"))));
    let deliveries = world.tenant.deliveries().list(webhook.id, None, 10).await.unwrap().items;
    assert_eq!((deliveries[0].state, deliveries[0].last_status), (DeliveryState::Delivered, Some(200)));
}

#[tokio::test]
async fn a_failed_delivery_waits_and_is_tried_again_and_can_be_sent_once_more() {
    let world = world().await;
    let (_, webhook) = world.tenant.webhooks().create(hook(&world.url)).await.unwrap();
    world.receiver.answers.lock().unwrap().extend([500, 404]);
    a_call_ends(&world, Vec::new()).await;
    assert_eq!(world.sender.round().await, Ok(1));
    assert_eq!(world.sender.round().await, Ok(0), "not before its time");
    let look = || async { world.tenant.deliveries().list(webhook.id, None, 10).await.unwrap().items.remove(0) };
    let waits = look().await;
    assert_eq!((waits.state, waits.attempts, waits.last_status), (DeliveryState::Pending, 1, Some(500)));
    assert_eq!(waits.last_error.as_deref(), Some("it answered 500 Internal Server Error"));
    let again = world.tenant.deliveries().redeliver(webhook.id, waits.id, now_ms()).await.unwrap();
    assert_eq!(again.attempts, 0);
    assert_eq!(world.sender.round().await, Ok(1));
    assert_eq!(look().await.last_status, Some(404));
    world.tenant.deliveries().redeliver(webhook.id, waits.id, now_ms()).await.unwrap();
    assert_eq!(world.sender.round().await, Ok(1));
    assert_eq!(look().await.state, DeliveryState::Delivered);
    let ids: Vec<_> = world.receiver.got.lock().unwrap().iter().map(|(h, _)| h["webhook-id"].clone()).collect();
    assert!(ids.iter().all(|id| id == ids[0]), "every try has the same id");
}

#[tokio::test]
async fn what_a_contract_names_is_told_too_and_addresses_inside_are_refused() {
    let world = world().await;
    let inside = "http://169.254.169.254/latest".to_owned();
    let named = |url: String| trunkline_contract::agent::Webhook { url, events: vec![WebhookEvent::CallEnded] };
    a_call_ends(&world, vec![named(world.url.clone()), named(inside)]).await;
    assert_eq!(world.sender.round().await, Ok(2));
    assert_eq!(world.receiver.got.lock().unwrap().len(), 1);
    let webhooks = world.tenant.webhooks().list(None, 10).await.unwrap().items;
    assert!(webhooks.len() == 2 && webhooks.iter().all(|webhook| webhook.of_contract));
    let refused = webhooks.iter().find(|webhook| webhook.url.contains("169.254")).unwrap();
    let delivery = world.tenant.deliveries().list(refused.id, None, 10).await.unwrap().items.remove(0);
    assert_eq!((delivery.state, delivery.last_status), (DeliveryState::Pending, None));
    assert!(delivery.last_error.is_some());
    world.store.close().await;
}
