use crate::{Fixture, count, row};
use trunkline_store::{NewWebhook, Secret, Store, StoreConfig, StoreError, TenantStore, Vault};

const VALUE: &str = "sk-hunter2-hunter2";

async fn set(tenant: &TenantStore, name: &str, value: &str) {
    tenant.secrets().set(name, Secret::new(value), 10).await.unwrap();
}

async fn value(tenant: &TenantStore, name: &str) -> Option<String> {
    tenant.secrets().value(name).await.unwrap().map(|secret| secret.expose().to_owned())
}

fn sealed<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Sealed(_)))
}

#[tokio::test]
async fn a_value_is_never_in_the_files() {
    let fixture = Fixture::new().await;
    set(&fixture.tenant, "openai", VALUE).await;
    set(&fixture.tenant, "openai", "sk-second-value").await;
    fixture.tenant.secrets().delete("openai", 11).await.unwrap();
    set(&fixture.tenant, "openai", "sk-third-value").await;
    assert_eq!(value(&fixture.tenant, "openai").await.as_deref(), Some("sk-third-value"));
    let fixture = fixture.reopened().await;
    assert!(fixture.holds("openai"), "its name is");
    for value in [VALUE, "sk-second-value", "sk-third-value"] {
        assert!(!fixture.holds(value), "{value}");
    }
}

#[tokio::test]
async fn a_name_has_one_value_which_counts_its_versions() {
    let fixture = Fixture::new().await;
    let secrets = fixture.tenant.secrets();
    let (first, new) = secrets.set("a", Secret::new("1"), 10).await.unwrap();
    assert_eq!((first.version, new), (1, true));
    let (second, new) = secrets.set("a", Secret::new("2"), 20).await.unwrap();
    assert_eq!((second.version, second.created_at_ms, second.updated_at_ms, new), (2, 10, 20, false));
    assert_eq!(secrets.info("a").await, Ok(Some(second)));
    for name in ["", "1a", "_a", "a b", "a.b", "ä", &"a".repeat(65)] {
        assert!(matches!(secrets.set(name, Secret::new("x"), 10).await, Err(StoreError::Invalid(_))), "{name}");
    }
    set(&fixture.tenant, &"a".repeat(64), "x").await;
    secrets.delete("a", 30).await.unwrap();
    assert_eq!(secrets.delete("a", 30).await.unwrap_err(), StoreError::NotFound("secret"));
    assert_eq!(secrets.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_tenants_secrets_are_not_there_for_another() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    set(&fixture.tenant, "openai", VALUE).await;
    assert_eq!(value(&other, "openai").await, None);
    assert_eq!(other.secrets().info("openai").await, Ok(None));
    assert_eq!(other.secrets().list().await, Ok(Vec::new()));
    assert_eq!(other.secrets().delete("openai", 11).await.unwrap_err(), StoreError::NotFound("secret"));
    set(&other, "openai", "theirs").await;
    assert_eq!(value(&fixture.tenant, "openai").await.as_deref(), Some(VALUE));
}

#[tokio::test]
async fn a_value_that_was_moved_does_not_open() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    set(&fixture.tenant, "a", VALUE).await;
    set(&fixture.tenant, "b", "own").await;
    set(&other, "a", "theirs").await;
    let from = "(SELECT sealed FROM secrets WHERE name = 'a' AND tenant_id = ?1)";
    let sql = format!("UPDATE secrets SET sealed = {from} WHERE name = 'b' OR tenant_id <> ?1");
    let moved = fixture.raw().await.execute(&sql, [fixture.tenant.id().0.as_bytes().to_vec()]).await.unwrap();
    assert_eq!(moved, 2);
    assert_eq!(value(&fixture.tenant, "a").await.as_deref(), Some(VALUE));
    assert!(sealed(&fixture.tenant.secrets().value("b").await), "to another name");
    assert!(sealed(&other.secrets().value("a").await), "to another tenant");
}

#[tokio::test]
async fn a_value_that_was_tampered_with_does_not_open() {
    let fixture = Fixture::new().await;
    set(&fixture.tenant, "a", VALUE).await;
    let conn = fixture.raw().await;
    let original: Vec<u8> = row(&conn, "SELECT sealed FROM secrets").await.get(0).unwrap();
    // Its key's id, the nonce, the text, the tag; and what is cut off.
    let mut wrong: Vec<Vec<u8>> = vec![Vec::new(), original[..original.len() - 1].to_vec(), original[..20].to_vec()];
    for at in [0, 8, 32, original.len() - 1] {
        let mut changed = original.clone();
        changed[at] ^= 1;
        wrong.push(changed);
    }
    for bytes in wrong {
        conn.execute("UPDATE secrets SET sealed = ?1", [bytes.clone()]).await.unwrap();
        assert!(sealed(&fixture.tenant.secrets().value("a").await), "{bytes:?}");
    }
    conn.execute("UPDATE secrets SET sealed = ?1", [original]).await.unwrap();
    assert_eq!(value(&fixture.tenant, "a").await.as_deref(), Some(VALUE));
}

#[tokio::test]
async fn the_id_of_the_key_stands_with_the_value_and_without_the_key_only_names_are_known() {
    let fixture = Fixture::new().await;
    set(&fixture.tenant, "a", VALUE).await;
    let id: String =
        row(&fixture.raw().await, "SELECT lower(hex(substr(sealed, 1, 8))) FROM secrets").await.get(0).unwrap();
    assert_eq!(fixture.store.vault().ids(), [id]);
    fixture.store.close().await;
    let config = StoreConfig { vault: Some(Vault::new().unwrap()), ..fixture.config() };
    let tenant = Store::open(config).await.unwrap().tenant(fixture.tenant.id());
    assert!(sealed(&tenant.secrets().value("a").await));
    assert_eq!(tenant.secrets().list().await.unwrap().len(), 1);
    tenant.secrets().set("a", Secret::new("new"), 20).await.unwrap();
    assert_eq!(value(&tenant, "a").await.as_deref(), Some("new"));
}

#[tokio::test]
async fn after_a_rotation_the_old_key_opens_nothing_and_is_not_needed() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    // More than are sealed anew at a time.
    for number in 0..130 {
        set(&fixture.tenant, &format!("s{number}"), &format!("value {number}")).await;
    }
    set(&other, "s0", "theirs").await;
    let new = NewWebhook { agent_id: None, url: "https://a".into(), events: vec![], active: true, now_ms: 10 };
    let (signs, webhook) = fixture.tenant.webhooks().create(new).await.unwrap();
    fixture.store.add_signing_key("k1", vec![1], Secret::new("private"), 10).await.unwrap();
    let old = Vault::clone(fixture.store.vault());

    let wrong = fixture.store.reseal(Vault::new().unwrap(), "test", 20).await.unwrap();
    assert_eq!(
        (wrong.sealed, wrong.unreadable.len()),
        (0, 133),
        "a vault that cannot open what is there seals nothing"
    );
    assert_eq!(value(&fixture.tenant, "s7").await.as_deref(), Some("value 7"));

    let both = old.with_new_key().unwrap();
    for expected in [133, 0] {
        let resealed = fixture.store.reseal(both.clone(), "test", 30).await.unwrap();
        assert_eq!((resealed.sealed, resealed.unreadable.len()), (expected, 0));
    }
    fixture.store.close().await;
    let open = async |vault: Vault| {
        let store = Store::open(StoreConfig { vault: Some(vault), ..fixture.config() }).await.unwrap();
        (store.clone(), store.tenant(fixture.tenant.id()))
    };
    let (store, tenant) = open(both.newest_only()).await;
    for number in [0, 99, 100, 129] {
        assert_eq!(value(&tenant, &format!("s{number}")).await, Some(format!("value {number}")));
    }
    assert_eq!(value(&store.tenant(other.id()), "s0").await.as_deref(), Some("theirs"));
    assert_eq!(store.webhook_secret(webhook.id).await, Ok(Some(signs)));
    assert_eq!(store.signing_key("k1").await, Ok(Some(Secret::new("private"))));
    store.close().await;
    let (store, tenant) = open(old).await;
    assert!(sealed(&tenant.secrets().value("s0").await));
    assert!(sealed(&store.webhook_secret(webhook.id).await));
    assert!(sealed(&store.signing_key("k1").await));
    assert_eq!(count(&fixture.raw().await, "SELECT count(DISTINCT substr(sealed, 1, 8)) FROM secrets").await, 1);
}
