use crate::Fixture;
use trunkline_contract::TenantId;
use trunkline_store::{NewUser, Role, Store, StoreError, User, UserChange};

fn new(tenant: Option<TenantId>, email: &str, role: Role) -> NewUser {
    NewUser { tenant, email: email.into(), name: "Ann".into(), role, password_hash: None, now_ms: 10 }
}

async fn make(store: &Store, tenant: Option<TenantId>, email: &str, role: Role) -> User {
    store.users(tenant).create("test", new(tenant, email, role)).await.unwrap()
}

#[tokio::test]
async fn an_email_is_one_persons_on_the_whole_host_in_any_case() {
    let fixture = Fixture::new().await;
    let (own, other) = (Some(fixture.tenant.id()), Some(fixture.other().await.id()));
    let ann = make(&fixture.store, own, "Ann@Example.com", Role::Editor).await;
    for (tenant, role) in [(own, Role::Viewer), (other, Role::Viewer), (None, Role::Operator)] {
        let again = fixture.store.users(tenant).create("test", new(tenant, "aNN@example.COM", role)).await;
        assert_eq!(again.unwrap_err(), StoreError::Taken("somebody has this email"));
    }
    let (found, hash) = fixture.store.user_by_email("ann@example.com").await.unwrap().unwrap();
    assert_eq!((found.email.as_str(), hash), ("Ann@Example.com", None));
    assert_eq!(found, ann);
    fixture.store.users(own).delete("test", ann.id, 11).await.unwrap();
    make(&fixture.store, other, "ann@example.com", Role::Viewer).await;
}

#[tokio::test]
async fn operators_belong_to_no_tenant_and_nobody_becomes_one() {
    let fixture = Fixture::new().await;
    let own = Some(fixture.tenant.id());
    for (tenant, role) in [(own, Role::Operator), (None, Role::Viewer), (None, Role::Admin)] {
        let wrong = fixture.store.users(tenant).create("test", new(tenant, "a@example.com", role)).await;
        assert!(matches!(wrong, Err(StoreError::Invalid(_))), "{tenant:?} {role}");
    }
    assert_eq!(fixture.store.user_by_email("a@example.com").await, Ok(None));
    let ann = make(&fixture.store, own, "ann@example.com", Role::Admin).await;
    let root = make(&fixture.store, None, "root@example.com", Role::Operator).await;
    for (tenant, id, role) in [(own, ann.id, Role::Operator), (None, root.id, Role::Admin)] {
        let change = UserChange { role: Some(role), ..UserChange::default() };
        let wrong = fixture.store.users(tenant).update("test", id, None, change, 11).await;
        assert!(matches!(wrong, Err(StoreError::Invalid(_))), "{role}");
    }
    assert_eq!(fixture.store.user(ann.id).await, Ok(Some(ann)));
    let nowhere = TenantId(fixture.call.0);
    let lost =
        fixture.store.users(Some(nowhere)).create("test", new(Some(nowhere), "b@example.com", Role::Viewer)).await;
    assert!(matches!(lost, Err(StoreError::NotFound(_))));
}

#[tokio::test]
async fn a_tenants_people_are_not_there_for_another() {
    let fixture = Fixture::new().await;
    let (own, other) = (Some(fixture.tenant.id()), Some(fixture.other().await.id()));
    let ann = make(&fixture.store, own, "ann@example.com", Role::Editor).await;
    let missing = StoreError::NotFound("user");
    for tenant in [other, None] {
        let users = fixture.store.users(tenant);
        assert_eq!(users.get(ann.id).await, Ok(None));
        let change = UserChange { name: Some("Eve".into()), ..UserChange::default() };
        assert_eq!(users.update("eve", ann.id, None, change, 11).await.unwrap_err(), missing);
        assert_eq!(users.delete("eve", ann.id, 11).await.unwrap_err(), missing);
        assert!(users.list(None, 10).await.unwrap().items.is_empty());
    }
    assert_eq!(fixture.store.users(own).list(None, 10).await.unwrap().items, [ann]);
}

#[tokio::test]
async fn a_new_password_and_being_disabled_let_nobody_stay_in() {
    let fixture = Fixture::new().await;
    let own = Some(fixture.tenant.id());
    let (users, logins) = (fixture.store.users(own), fixture.store.logins());
    let out = [
        UserChange { password_hash: Some("hash".into()), ..UserChange::default() },
        UserChange { disabled: Some(true), ..UserChange::default() },
    ];
    for (at, change) in out.into_iter().enumerate() {
        let ann = make(&fixture.store, own, &format!("{at}@example.com"), Role::Editor).await;
        let session = logins.open(ann.id, 20).await.unwrap().secret;
        let link = logins.link(None, Some(ann.id), 20).await.unwrap().code;
        let renamed = UserChange { name: Some("Anna".into()), ..UserChange::default() };
        assert_eq!(users.update("test", ann.id, Some(1), renamed, 21).await.unwrap().login_at_ms, Some(20));
        assert!(logins.session(&session, 22).await.unwrap().is_some(), "a new name keeps them in");
        users.update("test", ann.id, Some(2), change.clone(), 23).await.unwrap();
        assert_eq!(logins.session(&session, 24).await, Ok(None), "{change:?}");
        assert_eq!(logins.redeem(&link, 24).await, Ok(None), "{change:?}");
        assert_eq!(logins.open(ann.id, 25).await.is_err(), change.disabled == Some(true));
    }
}

#[tokio::test]
async fn who_is_removed_is_out_at_once() {
    let fixture = Fixture::new().await;
    let (users, logins) = (fixture.store.users(None), fixture.store.logins());
    let root = make(&fixture.store, None, "root@example.com", Role::Operator).await;
    let session = logins.open(root.id, 20).await.unwrap().secret;
    let link = logins.link(None, Some(root.id), 20).await.unwrap().code;
    users.delete("test", root.id, 21).await.unwrap();
    assert_eq!(logins.session(&session, 22).await, Ok(None));
    assert_eq!(logins.redeem(&link, 22).await, Ok(None));
    assert_eq!(logins.open(root.id, 22).await.unwrap_err(), StoreError::NotFound("user"));
    assert_eq!(users.delete("test", root.id, 23).await.unwrap_err(), StoreError::NotFound("user"));
}

#[tokio::test]
async fn a_change_of_what_was_changed_meanwhile_is_refused() {
    let fixture = Fixture::new().await;
    let own = Some(fixture.tenant.id());
    let users = fixture.store.users(own);
    let ann = make(&fixture.store, own, "ann@example.com", Role::Editor).await;
    let role = |role| UserChange { role: Some(role), ..UserChange::default() };
    let changed = users.update("test", ann.id, Some(1), role(Role::Viewer), 11).await.unwrap();
    assert_eq!((changed.version, changed.role), (2, Role::Viewer));
    let stale = users.update("test", ann.id, Some(1), role(Role::Admin), 12).await.unwrap_err();
    assert_eq!(stale, StoreError::Changed { what: "user", latest: 2 });
    assert_eq!(users.get(ann.id).await, Ok(Some(changed)));
}
