//! Components of tenants: releases, what is live, and when bytes go.

use crate::Fixture;
use serde_json::json;
use sha2::{Digest, Sha256};
use trunkline_store::{ComponentKind, NewRelease, StoreError, TenantComponent, TenantStore};

fn new(name: &str, bytes: &[u8], now_ms: u64) -> NewRelease {
    NewRelease {
        name: name.to_owned(),
        kind: ComponentKind::Agent,
        bytes: bytes.to_vec(),
        digest: Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
        manifest: json!({"name": name}),
        promote: false,
        max_components: 3,
        max_bytes: 100,
        now_ms,
    }
}

/// The component, and the number of the release.
async fn upload(tenant: &TenantStore, new: NewRelease) -> (TenantComponent, u32) {
    let (component, release, _) = tenant.components().upload(new).await.unwrap();
    (component, release.number)
}

fn stands(component: &TenantComponent) -> (Option<u32>, Option<u32>, Option<u32>) {
    (component.draft, component.live, component.previous)
}

#[tokio::test]
async fn an_upload_is_a_draft_until_it_is_promoted() {
    let fixture = Fixture::new().await;
    let components = fixture.tenant.components();
    let (first, number) = upload(&fixture.tenant, new("quiz", b"one", 5)).await;
    assert_eq!((number, stands(&first), first.version), (1, (Some(1), None, None), 2));
    let named = components.named("quiz", None).await.unwrap().unwrap();
    assert_eq!(named.digest, None, "nothing is live");
    assert!(components.named("quiz", Some(1)).await.unwrap().unwrap().digest.is_some());
    let live = components.promote(first.id, None, Some(2), 6).await.unwrap();
    assert_eq!(stands(&live), (None, Some(1), None));
    let (second, number) = upload(&fixture.tenant, new("quiz", b"two", 7)).await;
    assert_eq!((number, stands(&second)), (2, (Some(2), Some(1), None)));
    let error = components.promote(first.id, None, Some(2), 8).await.unwrap_err();
    assert!(matches!(error, StoreError::Changed { .. }), "{error}");
    let error = components.promote(first.id, Some(9), None, 8).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound("release")), "{error}");
}

#[tokio::test]
async fn rolling_back_goes_through_what_was_live_in_that_order() {
    let fixture = Fixture::new().await;
    let components = fixture.tenant.components();
    let mut id = None;
    for bytes in [b"one", b"two", b"six"] {
        let (component, _) = upload(&fixture.tenant, NewRelease { promote: true, ..new("quiz", bytes, 5) }).await;
        id = Some(component.id);
    }
    let id = id.unwrap();
    assert_eq!(stands(&components.roll_back(id, None, None, 6).await.unwrap()), (None, Some(2), Some(1)));
    assert_eq!(stands(&components.roll_back(id, None, None, 6).await.unwrap()), (None, Some(1), None));
    let error = components.roll_back(id, None, None, 6).await.unwrap_err();
    assert_eq!(error, StoreError::Invalid("no release was live before this one"));
    let again = components.promote(id, Some(3), None, 6).await.unwrap();
    assert_eq!(stands(&again), (None, Some(3), Some(1)), "2 was rolled back from");
    let (_, draft) = upload(&fixture.tenant, new("quiz", b"ten", 7)).await;
    let error = components.roll_back(id, Some(draft), None, 8).await.unwrap_err();
    assert_eq!(error, StoreError::Invalid("that release was never live: promote it"));
}

#[tokio::test]
async fn the_latest_bytes_again_are_the_latest_release() {
    let fixture = Fixture::new().await;
    let components = fixture.tenant.components();
    let (_, first, fresh) = components.upload(new("quiz", b"one", 5)).await.unwrap();
    let (_, again, again_fresh) = components.upload(new("quiz", b"one", 6)).await.unwrap();
    assert_eq!((first == again, fresh, again_fresh), (true, true, false));
    upload(&fixture.tenant, new("quiz", b"two", 7)).await;
    let (_, number) = upload(&fixture.tenant, new("quiz", b"one", 8)).await;
    assert_eq!(number, 3, "what came back is a release of its own");
}

#[tokio::test]
async fn what_is_full_or_of_another_kind_is_refused_and_leaves_nothing() {
    let fixture = Fixture::new().await;
    let components = fixture.tenant.components();
    upload(&fixture.tenant, new("one", &[1; 60], 5)).await;
    let error = components.upload(new("two", &[2; 60], 5)).await.unwrap_err();
    assert_eq!(error, StoreError::Limit { limit: "max_component_bytes", most: 100 });
    assert_eq!(components.list(None, 10).await.unwrap().items.len(), 1, "the name was not taken");
    let error = components.upload(NewRelease { kind: ComponentKind::Tool, ..new("one", b"t", 5) }).await.unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "{error}");
    for name in ["two", "six"] {
        upload(&fixture.tenant, new(name, b"x", 6)).await;
    }
    let error = components.upload(new("ten", b"x", 7)).await.unwrap_err();
    assert_eq!(error, StoreError::Limit { limit: "max_components", most: 3 });
}

#[tokio::test]
async fn a_component_is_its_tenants() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let (component, _) = upload(&fixture.tenant, NewRelease { promote: true, ..new("quiz", b"one", 5) }).await;
    let theirs = other.components();
    assert_eq!(theirs.get(component.id).await.unwrap(), None);
    assert_eq!(theirs.named("quiz", None).await.unwrap(), None);
    assert_eq!(theirs.release(component.id, 1).await.unwrap(), None);
    assert!(theirs.list(None, 10).await.unwrap().items.is_empty());
    let missing = |error: StoreError| assert!(matches!(error, StoreError::NotFound(_)), "{error}");
    missing(theirs.releases(component.id).await.unwrap_err());
    missing(theirs.promote(component.id, Some(1), None, 6).await.unwrap_err());
    missing(theirs.roll_back(component.id, Some(1), None, 6).await.unwrap_err());
    missing(theirs.delete_release(component.id, 1, 6).await.unwrap_err());
    missing(theirs.delete(component.id, None, 6).await.unwrap_err());
    theirs.mark_good(digest(&fixture.tenant).await).await.unwrap();
    assert_eq!(fixture.tenant.components().get(component.id).await.unwrap().unwrap().last_good, None);
}

/// Digest of the first release of `quiz`.
async fn digest(tenant: &TenantStore) -> String {
    tenant.components().named("quiz", Some(1)).await.unwrap().unwrap().digest.unwrap()
}

#[tokio::test]
async fn what_worked_is_what_a_later_release_falls_back_to() {
    let fixture = Fixture::new().await;
    let components = fixture.tenant.components();
    let (component, _) = upload(&fixture.tenant, NewRelease { promote: true, ..new("quiz", b"one", 5) }).await;
    let first = digest(&fixture.tenant).await;
    components.mark_good(first.as_str()).await.unwrap();
    upload(&fixture.tenant, NewRelease { promote: true, ..new("quiz", b"two", 6) }).await;
    let named = components.named("quiz", None).await.unwrap().unwrap();
    assert_eq!(named.last_good.as_deref(), Some(first.as_str()));
    assert!(!components.mark_good("0".repeat(64)).await.unwrap(), "it is not live");
    let error = components.delete_release(component.id, 1, 7).await.unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "{error}");
    let error = components.delete_release(component.id, 2, 7).await.unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "{error}");
}

#[tokio::test]
async fn bytes_go_when_nothing_has_referred_to_them_for_long() {
    let fixture = Fixture::new().await;
    let (component, _) = upload(&fixture.tenant, new("quiz", b"one", 5)).await;
    let other = fixture.other().await;
    let (theirs, _) = upload(&other, new("quiz", b"one", 5)).await;
    let digest = digest(&fixture.tenant).await;
    let blob = async || fixture.store.components().blob(digest.as_str()).await.unwrap();
    fixture.tenant.components().delete(component.id, None, 6).await.unwrap();
    assert!(fixture.store.sweep_components(10, 10).await.unwrap().is_empty(), "another tenant has it");
    other.components().delete(theirs.id, None, 11).await.unwrap();
    assert!(fixture.store.sweep_components(11, 12).await.unwrap().is_empty(), "since a moment");
    let (again, _) = upload(&other, new("quiz", b"one", 13)).await;
    assert!(fixture.store.sweep_components(100, 100).await.unwrap().is_empty(), "it came back");
    other.components().delete(again.id, None, 101).await.unwrap();
    assert!(fixture.store.sweep_components(101, 102).await.unwrap().is_empty());
    assert!(blob().await.is_some());
    assert_eq!(fixture.store.sweep_components(102, 103).await.unwrap(), std::slice::from_ref(&digest));
    assert!(blob().await.is_none());
}

#[tokio::test]
async fn tools_keep_values_of_their_own() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let (component, _) = upload(&fixture.tenant, new("quiz", b"one", 5)).await;
    let values = fixture.tenant.tool_values(component.id);
    assert_eq!(values.get("a").await.unwrap(), None);
    values.set("a", b"x".to_vec()).await.unwrap();
    assert_eq!(values.get("a").await.unwrap().as_deref(), Some(&b"x"[..]));
    assert_eq!(other.tool_values(component.id).get("a").await.unwrap(), None, "another tenant");
    let error = other.tool_values(component.id).set("a", b"y".to_vec()).await.unwrap_err();
    assert_eq!(error, StoreError::NotFound("component"));
    other.tool_values(component.id).delete("a").await.unwrap();
    assert_eq!((values.increment("n", 5).await, values.increment("n", -7).await), (Ok(5), Ok(-2)));
    assert_eq!(values.increment("n", i64::MIN).await, Ok(i64::MIN), "it stays within its bounds");
    assert_eq!(values.increment("a", 1).await, Err(StoreError::Invalid("the value is no number")));
    values.delete("a").await.unwrap();
    assert_eq!(values.get("a").await.unwrap(), None);
}

#[tokio::test]
async fn values_of_tools_have_bounds() {
    let fixture = Fixture::new().await;
    let (component, _) = upload(&fixture.tenant, new("quiz", b"one", 5)).await;
    let values = fixture.tenant.tool_values(component.id);
    for number in 0..16 {
        let full = values.set(format!("k{number}"), vec![0; 64 << 10]).await;
        assert_eq!(full.is_err(), number == 15, "{number}");
    }
    values.set("k0", Vec::new()).await.unwrap();
    for number in 15..1_000 {
        values.set(format!("k{number}"), Vec::new()).await.unwrap();
    }
    let error = values.set("one more", Vec::new()).await.unwrap_err();
    assert_eq!(error, StoreError::Limit { limit: "keys of a tool", most: 1_000 });
    values.set("k0", b"x".to_vec()).await.unwrap();
}

#[tokio::test]
async fn tools_are_those_of_live_releases_with_what_was_granted() {
    let fixture = Fixture::new().await;
    let components = fixture.tenant.components();
    let tool = NewRelease { kind: ComponentKind::Tool, manifest: json!({"tools": []}), ..new("weather", b"t", 5) };
    let (component, _) = upload(&fixture.tenant, tool).await;
    assert!(components.live_tools().await.unwrap().is_empty(), "a draft has none");
    components.promote(component.id, None, None, 6).await.unwrap();
    let grants = json!({"hosts": ["api.example.com"]});
    let granted = components.set_grants(component.id, grants.clone(), None, 7).await.unwrap();
    assert_eq!((&granted.grants, granted.version), (&grants, 4));
    let live = components.live_tools().await.unwrap();
    assert_eq!((live[0].name.as_str(), &live[0].grants), ("weather", &grants));
    assert!(fixture.other().await.components().live_tools().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_rolled_back_from_can_be_sent_again_and_is_nothing_to_fall_back_to() {
    let fixture = Fixture::new().await;
    let components = fixture.tenant.components();
    upload(&fixture.tenant, NewRelease { promote: true, ..new("quiz", b"one", 5) }).await;
    let (component, _) = upload(&fixture.tenant, NewRelease { promote: true, ..new("quiz", b"two", 6) }).await;
    let second = components.named("quiz", None).await.unwrap().unwrap().digest.unwrap();
    assert!(components.mark_good(second).await.unwrap());
    let back = components.roll_back(component.id, None, None, 7).await.unwrap();
    assert_eq!((back.live, back.last_good), (Some(1), Some(1)));
    let (again, number) = upload(&fixture.tenant, new("quiz", b"two", 8)).await;
    assert_eq!((number, again.draft), (2, Some(2)));
}
