use crate::{Fixture, row};
use sha2::{Digest, Sha256};
use trunkline_contract::KeyId;
use trunkline_store::{NewKey, Role, StoreError};

fn new(name: &str) -> NewKey {
    NewKey { name: name.into(), role: Role::Editor, scopes: vec!["calls:read".into()], expires_at_ms: None, now_ms: 10 }
}

#[tokio::test]
async fn only_a_keys_hash_is_in_the_files() {
    let fixture = Fixture::new().await;
    let (secret, made) = fixture.tenant.keys().create(new("ci")).await.unwrap();
    assert!(secret.starts_with(&made.prefix) && made.prefix.len() == 11);
    assert!(fixture.holds(&made.prefix), "what is shown of it");
    assert!(!fixture.holds(&secret) && !fixture.holds(&secret[made.prefix.len()..]));
    let kept: Vec<u8> = row(&fixture.raw().await, "SELECT hash FROM api_keys").await.get(0).unwrap();
    assert_eq!(kept, Sha256::digest(secret.as_bytes()).to_vec());
}

#[tokio::test]
async fn a_key_says_whose_it_is_and_what_it_may() {
    let fixture = Fixture::new().await;
    let (secret, made) = fixture.tenant.clone().acting("ann").keys().create(new("ci")).await.unwrap();
    let (tenant, key) = fixture.store.key(&secret, 20).await.unwrap().unwrap();
    assert_eq!((tenant, key), (fixture.tenant.id(), made.clone()));
    assert_eq!((made.role, made.scopes, made.created_by.as_str()), (Role::Editor, vec!["calls:read".into()], "ann"));
    let short = &secret[..secret.len() - 1];
    for wrong in ["", "tl_", short, &format!("{secret}0"), &secret.to_uppercase(), secret.trim_start_matches("tl_")] {
        assert_eq!(fixture.store.key(wrong, 20).await, Ok(None), "{wrong}");
    }
    let operator = fixture.tenant.keys().create(NewKey { role: Role::Operator, ..new("x") }).await;
    assert!(matches!(operator, Err(StoreError::Invalid(_))));
}

#[tokio::test]
async fn a_key_opens_until_it_expires() {
    let fixture = Fixture::new().await;
    let keys = fixture.tenant.keys();
    let (secret, _) = keys.create(NewKey { expires_at_ms: Some(1_000), ..new("ci") }).await.unwrap();
    for (now_ms, opens) in [(10, true), (999, true), (1_000, false), (u64::MAX, false)] {
        assert_eq!(fixture.store.key(&secret, now_ms).await.unwrap().is_some(), opens, "{now_ms}");
    }
    for at in [0, 9, 10] {
        let past = keys.create(NewKey { expires_at_ms: Some(at), ..new("past") }).await;
        assert!(matches!(past, Err(StoreError::Invalid(_))), "{at}");
    }
}

#[tokio::test]
async fn use_is_noted_to_the_minute() {
    let fixture = Fixture::new().await;
    let (secret, made) = fixture.tenant.keys().create(new("ci")).await.unwrap();
    assert_eq!(made.used_at_ms, None);
    // The clock may step back.
    for (now_ms, noted) in [(10_000, 10_000), (69_999, 10_000), (70_000, 70_000), (5_000, 70_000)] {
        fixture.store.key(&secret, now_ms).await.unwrap().unwrap();
        assert_eq!(fixture.tenant.keys().get(made.id).await.unwrap().unwrap().used_at_ms, Some(noted), "{now_ms}");
    }
    let commits = fixture.store.stats().commits;
    fixture.store.key(&secret, 70_001).await.unwrap().unwrap();
    fixture.store.key("tl_wrong", 70_001).await.unwrap();
    assert_eq!(fixture.store.stats().commits, commits, "most requests write nothing");
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_and_its_name_is_free() {
    let fixture = Fixture::new().await;
    let keys = fixture.tenant.keys();
    let (secret, made) = keys.create(new("ci")).await.unwrap();
    assert!(matches!(keys.create(new("ci")).await, Err(StoreError::Taken(_))));
    let revoked = keys.revoke(made.id, 20).await.unwrap();
    assert_eq!(revoked.revoked_at_ms, Some(20));
    assert_eq!(keys.revoke(made.id, 30).await, Ok(revoked.clone()), "a second time changes nothing");
    assert_eq!(fixture.store.key(&secret, 20).await, Ok(None));
    let (again, second) = keys.create(new("ci")).await.unwrap();
    assert!(fixture.store.key(&again, 20).await.unwrap().is_some());
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.store.key(&secret, 20).await, Ok(None));
    let listed = fixture.tenant.keys().list(None, 10).await.unwrap().items;
    assert_eq!(listed.iter().map(|key| key.id).collect::<Vec<_>>(), [second.id, revoked.id]);
    let unknown = fixture.tenant.keys().revoke(KeyId(fixture.call.0), 40).await;
    assert_eq!(unknown.unwrap_err(), StoreError::NotFound("key"));
}

#[tokio::test]
async fn a_tenants_keys_are_not_there_for_another() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let (secret, made) = fixture.tenant.keys().create(new("ci")).await.unwrap();
    assert_eq!(other.keys().get(made.id).await, Ok(None));
    assert_eq!(other.keys().revoke(made.id, 20).await.unwrap_err(), StoreError::NotFound("key"));
    assert!(other.keys().list(None, 10).await.unwrap().items.is_empty());
    other.keys().create(new("ci")).await.unwrap();
    assert_eq!(fixture.store.key(&secret, 20).await.unwrap().unwrap().0, fixture.tenant.id());
}
