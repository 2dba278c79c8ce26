use crate::outbox::{ends, hook};
use crate::{Fixture, version};
use serde_json::{Map, json};
use std::collections::HashSet;
use trunkline_store::{
    AuditEntry, AuditFilter, NewDocument, NewKey, NewSession, NewTemplate, NewUser, PRODUCTION, Role, Rollout, Secret,
    Sticky, StoreError, Subject, TenantChange, TenantStore, Totals, UserChange,
};

async fn entries(tenant: &TenantStore) -> Vec<AuditEntry> {
    tenant.audit().list(AuditFilter::default(), None, 500).await.unwrap().items
}

/// Everything that a tenant's people can set up or take away.
async fn all_writes(fixture: &Fixture) {
    let tenant = fixture.tenant.clone().acting("ann");
    let (agents, store) = (tenant.agents(), &fixture.store);
    let agent = agents.create(version("second")).await.unwrap().agent_id;
    agents.update(agent, None, version("third")).await.unwrap();
    agents.pin(agent, Some(1), 10).await.unwrap();
    let rollout = Rollout { version: 2, percent: 5, sticky: Sticky::Caller };
    agents.set_rollout(agent, Some(rollout), 10).await.unwrap();
    agents.rollback(agent, 1, None, None, 10).await.unwrap();
    agents.archive(agent, None, 10).await.unwrap();
    agents.restore(agent, 10).await.unwrap();
    agents.set_default(agent, PRODUCTION, 10).await.unwrap();
    tenant.numbers().assign("+15550001", agent, 10).await.unwrap();
    tenant.numbers().unassign("+15550001", 10).await.unwrap();
    tenant.put_account("AC1", None, 10).await.unwrap();
    let template = NewTemplate { name: "polite".into(), description: String::new(), document: json!({}), now_ms: 10 };
    tenant.templates().create(template.clone()).await.unwrap();
    tenant.templates().update(None, NewTemplate { document: json!({"locale": "de"}), ..template }).await.unwrap();
    tenant.templates().delete("polite", 10).await.unwrap();
    for _ in 0..2 {
        tenant.secrets().set("a", Secret::new("x"), 10).await.unwrap();
    }
    tenant.secrets().delete("a", 10).await.unwrap();
    let key = NewKey { name: "ci".into(), role: Role::Viewer, scopes: vec![], expires_at_ms: None, now_ms: 10 };
    let key = tenant.keys().create(key).await.unwrap().1;
    tenant.keys().revoke(key.id, 10).await.unwrap();
    let webhook = tenant.webhooks().create(hook("https://a")).await.unwrap().1.id;
    tenant.webhooks().update(webhook, None, hook("https://b")).await.unwrap();
    tenant.webhooks().replace_secret(webhook, 10).await.unwrap();
    ends(&tenant, fixture.call, 10).await;
    let delivery = tenant.deliveries().list(webhook, None, 1).await.unwrap().items.remove(0);
    tenant.deliveries().redeliver(webhook, delivery.id, 10).await.unwrap();
    tenant.webhooks().delete(webhook, 10).await.unwrap();
    let most = Totals { documents: 9, chunks: 9, bytes: 99 };
    let document = NewDocument { name: "a".into(), agent_id: None, metadata: Map::new(), chunks: vec![], now_ms: 10 };
    let document = tenant.documents().create(document, most).await.unwrap();
    tenant.documents().delete(document.id, 10).await.unwrap();
    let session = NewSession {
        agent_id: agent,
        agent_version: 1,
        user: None,
        overrides: json!({}),
        context: Map::new(),
        most: 9,
        now_ms: 10,
    };
    let session = tenant.agent_sessions().create(session).await.unwrap();
    tenant.agent_sessions().end(session.id, 10).await.unwrap();
    let (own, users) = (Some(tenant.id()), store.users(Some(tenant.id())));
    let (name, email) = ("Bob".to_owned(), "bob@example.com".to_owned());
    let bob = NewUser { tenant: own, email, name, role: Role::Viewer, password_hash: None, now_ms: 10 };
    let bob = users.create("ann", bob).await.unwrap().id;
    let change = UserChange { role: Some(Role::Editor), ..UserChange::default() };
    users.update("ann", bob, None, change, 10).await.unwrap();
    users.delete("ann", bob, 10).await.unwrap();
    tenant.erase(Subject::User("u".into()), 10).await.unwrap();
    let change = TenantChange { name: Some("acme 2".into()), ..TenantChange::default() };
    store.tenants().update("ann", tenant.id(), None, change, 10).await.unwrap();
}

#[tokio::test]
async fn every_write_leaves_who_did_what_and_what_was_before_and_after() {
    let fixture = Fixture::new().await;
    let known = entries(&fixture.tenant).await.len();
    all_writes(&fixture).await;
    let mut log = entries(&fixture.tenant).await;
    log.truncate(log.len() - known);
    log.reverse();
    assert!(log.iter().all(|entry| entry.actor == "ann" && entry.at_ms <= 10), "{log:?}");
    let left: Vec<_> =
        log.iter().map(|e| (e.action.as_str(), e.before_hash.is_some(), e.after_hash.is_some())).collect();
    assert_eq!(
        left,
        [
            ("agent.create", false, true),
            ("agent.update", true, true),
            ("agent.pin", false, true),
            ("agent.rollout", false, true),
            ("agent.rollback", true, true),
            ("agent.archive", true, true),
            ("agent.restore", true, true),
            ("agent.set-default", false, true),
            ("number.assign", false, true),
            ("number.unassign", false, false),
            ("account.set", false, true),
            ("template.create", false, true),
            ("template.update", true, true),
            ("template.delete", true, false),
            // A value may be short enough to be guessed from its hash.
            ("secret.create", false, false),
            ("secret.update", false, false),
            ("secret.delete", false, false),
            ("key.create", false, true),
            ("key.revoke", true, false),
            ("webhook.create", false, true),
            ("webhook.update", true, true),
            ("webhook.replace-secret", false, false),
            ("webhook.redeliver", false, false),
            ("webhook.delete", true, false),
            ("document.create", false, true),
            ("document.delete", false, false),
            ("session.create", false, true),
            ("session.end", false, false),
            ("user.create", false, true),
            ("user.update", true, true),
            ("user.delete", true, false),
            ("caller.erase", false, true),
            ("tenant.update", true, true),
        ]
    );
    let (made, changed) = (&log[0], &log[1]);
    assert_eq!((&changed.before_hash, &changed.target), (&made.after_hash, &made.target));
    assert_eq!(log[4].after_hash, made.after_hash, "back to what it was");
}

#[tokio::test]
async fn writes_to_the_host_itself_stand_in_its_own_log() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    store.operator_tokens().create("ops", 10).await.unwrap();
    assert_eq!(store.operator_tokens().revoke("ops", 11).await, Ok(true));
    assert_eq!(store.operator_tokens().revoke("ops", 12).await, Ok(false));
    store.add_signing_key("k1", vec![1], Secret::new("x"), 13).await.unwrap();
    let blob = store.components().put_blob(b"code".to_vec(), 14).await.unwrap();
    store.components().release("conversation", blob, 14).await.unwrap();
    let root = NewUser {
        tenant: None,
        email: "root@example.com".into(),
        name: "Root".into(),
        role: Role::Operator,
        password_hash: None,
        now_ms: 15,
    };
    store.users(None).create("ann", root).await.unwrap();
    let log = store.host_audit().list(AuditFilter::default(), None, 10).await.unwrap().items;
    let actions: Vec<_> = log.iter().rev().map(|entry| (entry.action.as_str(), entry.at_ms)).collect();
    assert_eq!(
        actions,
        [
            ("tenant.create", 1),
            ("token.create", 10),
            ("token.revoke", 11),
            ("signing-key.create", 13),
            ("component.release", 14),
            ("user.create", 15),
        ]
    );
    assert!(entries(&fixture.tenant).await.iter().all(|entry| entry.action != "token.create"));
}

#[tokio::test]
async fn what_is_refused_leaves_no_line_and_lines_are_not_changed() {
    let fixture = Fixture::new().await;
    let before = entries(&fixture.tenant).await;
    fixture.tenant.agents().update(fixture.agent, Some(7), version("stale")).await.unwrap_err();
    fixture.tenant.agents().create(version("front desk")).await.unwrap_err();
    fixture.tenant.secrets().delete("nothing", 9).await.unwrap_err();
    assert_eq!(entries(&fixture.tenant).await, before);
    let forged = fixture.raw().await.execute("UPDATE audit SET actor = 'eve'", ()).await;
    assert!(forged.unwrap_err().to_string().contains("append-only"));
}

#[tokio::test]
async fn a_tenant_reads_its_own_lines_by_pages_and_filters() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    other.clone().acting("eve").agents().create(version("theirs")).await.unwrap();
    for number in 0..6 {
        let name = format!("agent {number}");
        fixture.tenant.clone().acting(format!("user {number}")).agents().create(version(&name)).await.unwrap();
    }
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = fixture.tenant.audit().list(AuditFilter::default(), cursor.as_deref(), 3).await.unwrap();
        seen.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, entries(&fixture.tenant).await);
    assert!(seen.is_sorted_by(|a, b| a.seq > b.seq) && seen.iter().all(|entry| entry.actor != "eve"));
    let (ours, theirs) = (seen.iter().map(|e| e.seq).collect::<HashSet<_>>(), entries(&other).await);
    assert!(theirs.len() == 1 && !ours.contains(&theirs[0].seq));
    let found = async |action: Option<&str>, target: Option<String>, actor: Option<&str>| {
        let filter = AuditFilter { action: action.map(str::to_owned), target, actor: actor.map(str::to_owned) };
        fixture.tenant.audit().list(filter, None, 50).await.unwrap().items.len()
    };
    for (action, actor, expected) in [
        (Some("agent"), None, 7),
        (Some("agent.create"), None, 7),
        (Some("age"), None, 0),
        (Some("agent%"), None, 0),
        (None, Some("user 3"), 1),
        (None, Some("eve"), 0),
        (Some("agent"), Some("user 3"), 1),
    ] {
        assert_eq!(found(action, None, actor).await, expected, "{action:?} {actor:?}");
    }
    assert_eq!(found(None, Some(fixture.agent.to_string()), None).await, 1);
    assert_eq!(found(None, Some(theirs[0].target.clone()), None).await, 0);
    let bad = fixture.tenant.audit().list(AuditFilter::default(), Some("x"), 3).await;
    assert_eq!(bad.unwrap_err(), StoreError::InvalidCursor);
}
