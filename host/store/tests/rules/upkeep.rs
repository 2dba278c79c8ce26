//! What is done to all tenants at once: sealing anew, ending what nobody uses.

use crate::Fixture;
use serde_json::{Map, json};
use trunkline_contract::agent::WebhookEvent;
use trunkline_store::{AuditFilter, NewSession, NewWebhook, Secret, Store, StoreConfig, StoreError, Vault};

async fn open(fixture: &Fixture, vault: &Vault) -> Store {
    Store::open(StoreConfig { vault: Some(vault.clone()), ..fixture.config() }).await.unwrap()
}

async fn set(store: &Store, fixture: &Fixture, name: &str, value: &str) {
    store.tenant(fixture.tenant.id()).secrets().set(name, Secret::new(value), 1).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_read_does_not_keep_the_rest_from_being_sealed_anew() {
    let fixture = Fixture::new().await;
    fixture.store.close().await;
    let (old, foreign) = (Vault::new().unwrap(), Vault::new().unwrap());
    // More than one batch of values of a key that nobody has, before the ones that can be read.
    let store = open(&fixture, &foreign).await;
    for number in 0..101 {
        set(&store, &fixture, &format!("a{number:03}"), "lost").await;
    }
    store.close().await;
    let store = open(&fixture, &old).await;
    for name in ["y", "z"] {
        set(&store, &fixture, name, "kept").await;
    }
    let webhook = NewWebhook {
        agent_id: None,
        url: "https://hooks.example.com/".to_owned(),
        events: WebhookEvent::all(),
        active: true,
        now_ms: 1,
    };
    let (signing, webhook) = store.tenant(fixture.tenant.id()).webhooks().create(webhook).await.unwrap();
    let both = old.with_new_key().unwrap();
    let done = store.reseal(both.clone(), "ann", 7).await.unwrap();
    assert_eq!((done.sealed, done.unreadable.len()), (3, 101));
    let first = &done.unreadable[0];
    assert_eq!((first.kind, first.name.as_str(), first.tenant), ("secret", "a000", Some(fixture.tenant.id())));
    assert_eq!(first.reason, "its key is not known here");

    let lines = store.host_audit().list(AuditFilter::default(), None, 10).await.unwrap().items;
    let lines: Vec<_> = lines.iter().filter(|line| line.action == "secret.rotate").collect();
    assert_eq!(lines.len(), 1, "one line, however many values");
    assert_eq!((lines[0].actor.as_str(), lines[0].at_ms), ("ann", 7));
    assert_eq!(Some(&lines[0].target), both.ids().first());
    store.close().await;

    let store = open(&fixture, &both.newest_only()).await;
    let secrets = store.tenant(fixture.tenant.id());
    assert_eq!(secrets.secrets().value("y").await.unwrap().unwrap().expose(), "kept");
    assert_eq!(store.webhook_secret(webhook.id).await.unwrap().unwrap().expose(), signing.expose());
    assert!(matches!(secrets.secrets().value("a000").await, Err(StoreError::Sealed(_))));
    let again = store.reseal(both.newest_only(), "ann", 8).await.unwrap();
    assert_eq!((again.sealed, again.unreadable.len()), (0, 101));
}

#[tokio::test]
async fn sessions_that_nobody_uses_end_with_a_line_in_the_audit_log() {
    let fixture = Fixture::new().await;
    let session = |now_ms| NewSession {
        agent_id: fixture.agent,
        agent_version: 1,
        user: None,
        overrides: json!({}),
        context: Map::new(),
        most: 1_000,
        now_ms,
    };
    let sessions = fixture.tenant.agent_sessions();
    for _ in 0..150 {
        sessions.create(session(10)).await.unwrap();
    }
    let used = sessions.create(session(20)).await.unwrap();
    let ended = sessions.create(session(10)).await.unwrap();
    sessions.end(ended.id, 11).await.unwrap();
    assert_eq!(fixture.store.end_idle_sessions(20, 30).await, Ok(150));
    assert_eq!(fixture.store.end_idle_sessions(20, 31).await, Ok(0));
    assert!(sessions.get(used.id).await.unwrap().unwrap().active);
    assert_eq!(sessions.get(ended.id).await.unwrap().unwrap().end_reason.as_deref(), Some("ended"));
    let filter = AuditFilter {
        action: Some("session.end".to_owned()),
        actor: Some("host".to_owned()),
        ..AuditFilter::default()
    };
    let lines = fixture.tenant.audit().list(filter, None, 500).await.unwrap().items;
    let by_idleness: Vec<_> = lines.iter().filter(|line| line.at_ms == 30).collect();
    assert_eq!(by_idleness.len(), 150);
    let one = sessions.get(by_idleness[0].target.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((one.active, one.ended_at_ms, one.end_reason.as_deref()), (false, Some(30), Some("idle")));
}
