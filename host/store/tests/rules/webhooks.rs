use crate::outbox::{emit, ends, hook};
use crate::{Fixture, append, new_call, note, over, version};
use trunkline_contract::agent::{Webhook as InContract, WebhookEvent};
use trunkline_contract::{AgentId, WebhookId};
use trunkline_store::{CallState, CallUpdate, Delivery, NewWebhook, StoreError, TenantStore};

async fn told(tenant: &TenantStore, webhook: WebhookId) -> Vec<Delivery> {
    tenant.deliveries().list(webhook, None, 50).await.unwrap().items
}

async fn make(tenant: &TenantStore, new: NewWebhook) -> WebhookId {
    tenant.webhooks().create(new).await.unwrap().1.id
}

#[tokio::test]
async fn who_is_told_is_who_asked_for_it() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let second = fixture.tenant.agents().create(version("second")).await.unwrap().agent_id;
    let all = make(&fixture.tenant, hook("https://all")).await;
    let own = make(&fixture.tenant, NewWebhook { agent_id: Some(fixture.agent), ..hook("https://own") }).await;
    let silent = [
        NewWebhook { agent_id: Some(second), ..hook("https://second") },
        NewWebhook { events: vec![WebhookEvent::CallResult], ..hook("https://results") },
        NewWebhook { active: false, ..hook("https://off") },
    ];
    let mut others = Vec::new();
    for new in silent {
        others.push(make(&fixture.tenant, new).await);
    }
    let theirs = make(&other, hook("https://theirs")).await;
    ends(&fixture.tenant, fixture.call, 100).await;
    let (one, two) = (told(&fixture.tenant, all).await, told(&fixture.tenant, own).await);
    assert_eq!((one.len(), two.len()), (1, 1));
    assert_eq!(one[0].event_id, two[0].event_id, "it is one event");
    assert_eq!((one[0].event.as_str(), one[0].call_id), ("call.ended", Some(fixture.call)));
    assert_eq!(one[0].payload["id"], one[0].event_id.as_str());
    assert_eq!(one[0].payload["data"]["n"], 100);
    for webhook in others {
        assert!(told(&fixture.tenant, webhook).await.is_empty());
    }
    assert!(told(&other, theirs).await.is_empty());
}

#[tokio::test]
async fn an_event_is_stored_with_the_write_that_it_tells_of_or_not_at_all() {
    let fixture = Fixture::new().await;
    let webhook = make(&fixture.tenant, hook("https://a")).await;
    let ends = CallUpdate { emit: vec![emit(100)], ..over() };
    let log = fixture.tenant.log();
    let write = |rows: Vec<_>, fencing| {
        let mut write = append(fixture.call, rows);
        (write.fencing, write.call_update) = (fencing, Some(ends.clone()));
        write
    };
    let state = async || fixture.tenant.calls().get(fixture.call).await.unwrap().unwrap().state;
    for refused in [write(vec![note(1)], 7), write(vec![note(1), note(3)], 1)] {
        log.append(refused).await.unwrap_err();
        assert_eq!((told(&fixture.tenant, webhook).await.len(), state().await), (0, CallState::Ringing));
    }
    log.append(write(vec![note(1)], 1)).await.unwrap();
    assert_eq!((told(&fixture.tenant, webhook).await.len(), state().await), (1, CallState::Ended));
    log.append(write(vec![note(2)], 1)).await.unwrap();
    fixture.tenant.calls().update(fixture.call, ends.clone()).await.unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(told(&fixture.tenant, webhook).await.len(), 1, "an end is told once");
}

#[tokio::test]
async fn an_endpoint_of_a_contract_follows_it_and_is_not_told_twice() {
    let fixture = Fixture::new().await;
    let registered = make(&fixture.tenant, hook("https://both")).await;
    let named = |url: &str, events| InContract { url: url.into(), events };
    let end = async |in_contract: Vec<InContract>| {
        let call = fixture.tenant.calls().create(new_call(fixture.agent)).await.unwrap().id;
        let mut emit = emit(100);
        emit.in_contract = in_contract;
        fixture.tenant.calls().update(call, CallUpdate { emit: vec![emit], ..over() }).await.unwrap();
    };
    end(vec![
        named("https://both", WebhookEvent::all()),
        named("https://contract", WebhookEvent::all()),
        named("https://results", vec![WebhookEvent::CallResult]),
    ])
    .await;
    let all = fixture.tenant.webhooks().list(None, 10).await.unwrap().items;
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(told(&fixture.tenant, registered).await.len(), 1);
    let of_contract = all.iter().find(|webhook| webhook.of_contract).unwrap();
    assert_eq!((of_contract.url.as_str(), of_contract.agent_id), ("https://contract", Some(fixture.agent)));
    let change = fixture.tenant.webhooks().update(of_contract.id, None, hook("https://x")).await;
    assert!(matches!(change, Err(StoreError::InUse(_))), "it is changed in the contract");
    end(vec![named("https://contract", vec![WebhookEvent::CallEnded])]).await;
    let after = fixture.tenant.webhooks().get(of_contract.id).await.unwrap().unwrap();
    assert_eq!(after.events, [WebhookEvent::CallEnded]);
    assert_eq!(told(&fixture.tenant, of_contract.id).await.len(), 2);
    end(Vec::new()).await;
    assert_eq!(told(&fixture.tenant, of_contract.id).await.len(), 2, "the contract names it no more");
}

#[tokio::test]
async fn a_tenants_webhooks_are_not_there_for_another() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let (secret, made) = fixture.tenant.webhooks().create(hook("https://a")).await.unwrap();
    ends(&fixture.tenant, fixture.call, 100).await;
    let delivery = told(&fixture.tenant, made.id).await.remove(0);
    let missing = StoreError::NotFound("webhook");
    assert_eq!(other.webhooks().get(made.id).await, Ok(None));
    assert!(other.webhooks().list(None, 10).await.unwrap().items.is_empty());
    assert_eq!(other.webhooks().update(made.id, None, hook("https://b")).await.unwrap_err(), missing);
    assert_eq!(other.webhooks().replace_secret(made.id, 11).await.unwrap_err(), missing);
    assert_eq!(other.webhooks().delete(made.id, 11).await.unwrap_err(), missing);
    assert!(told(&other, made.id).await.is_empty());
    let again = other.deliveries().redeliver(made.id, delivery.id, 11).await;
    assert_eq!(again.unwrap_err(), StoreError::NotFound("delivery"));
    for agent in [fixture.agent, AgentId(fixture.call.0)] {
        let stolen = other.webhooks().create(NewWebhook { agent_id: Some(agent), ..hook("https://c") }).await;
        assert!(matches!(stolen, Err(StoreError::NotFound(_))));
    }
    assert_eq!(fixture.tenant.webhooks().get(made.id).await, Ok(Some(made.clone())));
    assert_eq!(fixture.store.webhook_secret(made.id).await, Ok(Some(secret)));
}

#[tokio::test]
async fn a_signing_secret_is_sealed_replaced_and_bound_to_its_webhook() {
    let fixture = Fixture::new().await;
    let webhooks = fixture.tenant.webhooks();
    let (first, made) = webhooks.create(hook("https://a")).await.unwrap();
    let (second, changed) = webhooks.replace_secret(made.id, 20).await.unwrap();
    assert_eq!((changed.version, first == second), (2, false));
    assert_eq!(fixture.store.webhook_secret(made.id).await, Ok(Some(second.clone())));
    for secret in [&first, &second] {
        assert!(secret.expose().starts_with("whsec_") && !fixture.holds(&secret.expose()[6..]));
    }
    webhooks.create(hook("https://b")).await.unwrap();
    let sql = "UPDATE webhooks SET sealed = (SELECT sealed FROM webhooks WHERE url = 'https://b')";
    fixture.raw().await.execute(sql, ()).await.unwrap();
    assert!(matches!(fixture.store.webhook_secret(made.id).await, Err(StoreError::Sealed(_))));
    let stale = webhooks.update(made.id, Some(1), hook("https://c")).await;
    assert_eq!(stale.unwrap_err(), StoreError::Changed { what: "webhook", latest: 2 });
    webhooks.delete(made.id, 30).await.unwrap();
    assert_eq!(fixture.store.webhook_secret(made.id).await, Ok(None));
}
