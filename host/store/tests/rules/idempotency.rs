use crate::Fixture;
use trunkline_store::{Answered, Begun, IdempotencyKey, StoreError, TenantStore, Vault};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

fn key(principal: &str, key: &str) -> IdempotencyKey {
    IdempotencyKey { principal: principal.into(), key: key.into() }
}

fn answer() -> Answered {
    let headers = vec![("location".to_owned(), "/api/v1/keys/1".to_owned())];
    Answered { status: 201, headers, body: b"{\"secret\": \"tl_hunter2hunter2\"}".to_vec() }
}

async fn begin(tenant: &TenantStore, key: IdempotencyKey, now_ms: u64) -> Begun {
    tenant.idempotency().begin(key, b"POST /keys".to_vec(), now_ms).await.unwrap()
}

#[tokio::test]
async fn the_first_answer_is_everybodys() {
    let fixture = Fixture::new().await;
    let (tenant, ann) = (&fixture.tenant, key("ann", "k1"));
    assert_eq!(begin(tenant, ann.clone(), 10).await, Begun::New);
    assert_eq!(begin(tenant, ann.clone(), 20).await, Begun::Running);
    tenant.idempotency().finish(ann.clone(), answer()).await.unwrap();
    assert_eq!(begin(tenant, ann.clone(), 30).await, Begun::Done(answer()));
    tenant.idempotency().finish(ann.clone(), Answered { status: 500, ..answer() }).await.unwrap();
    tenant.idempotency().forget(ann.clone()).await.unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(begin(&fixture.tenant, ann.clone(), 40).await, Begun::Done(answer()), "for good");
    let other = fixture.tenant.idempotency().begin(ann, b"POST /users".to_vec(), 50).await;
    assert_eq!(other, Ok(Begun::Mismatch));
}

#[tokio::test]
async fn a_key_is_of_one_tenant_and_one_principal() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    assert_eq!(begin(&fixture.tenant, key("ann", "k1"), 10).await, Begun::New);
    fixture.tenant.idempotency().finish(key("ann", "k1"), answer()).await.unwrap();
    assert_eq!(begin(&fixture.tenant, key("bob", "k1"), 10).await, Begun::New);
    assert_eq!(begin(&fixture.tenant, key("ann", "k2"), 10).await, Begun::New);
    assert_eq!(begin(&other, key("ann", "k1"), 10).await, Begun::New);
    other.idempotency().forget(key("ann", "k1")).await.unwrap();
    assert_eq!(begin(&fixture.tenant, key("ann", "k1"), 11).await, Begun::Done(answer()));
}

#[tokio::test]
async fn what_was_not_carried_out_may_come_again() {
    let fixture = Fixture::new().await;
    let (tenant, ann) = (&fixture.tenant, key("ann", "k1"));
    assert_eq!(begin(tenant, ann.clone(), 0).await, Begun::New);
    tenant.idempotency().forget(ann.clone()).await.unwrap();
    assert_eq!(begin(tenant, ann.clone(), 1).await, Begun::New);
    // The host died meanwhile.
    let fixture = fixture.reopened().await;
    assert_eq!(begin(&fixture.tenant, ann.clone(), 1 + 5 * MINUTE).await, Begun::Running);
    assert_eq!(begin(&fixture.tenant, ann, 2 + 5 * MINUTE).await, Begun::New);
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day() {
    let fixture = Fixture::new().await;
    let (tenant, ann) = (&fixture.tenant, key("ann", "k1"));
    assert_eq!(begin(tenant, ann.clone(), 0).await, Begun::New);
    tenant.idempotency().finish(ann.clone(), answer()).await.unwrap();
    assert_eq!(begin(tenant, ann.clone(), DAY).await, Begun::Done(answer()));
    assert_eq!(begin(tenant, ann, DAY + 1).await, Begun::New);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_is_carried_out() {
    let fixture = Fixture::new().await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let tenant = fixture.tenant.clone();
            tokio::spawn(async move { begin(&tenant, key("ann", "k1"), 10).await })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        let begun = task.await.unwrap();
        new += usize::from(begun == Begun::New);
        assert!(matches!(begun, Begun::New | Begun::Running));
    }
    assert_eq!(new, 1);
}

#[tokio::test]
async fn answers_are_sealed_and_bound_to_their_request() {
    let fixture = Fixture::new().await;
    let tenant = &fixture.tenant;
    for name in ["k1", "k2"] {
        assert_eq!(begin(tenant, key("ann", name), 10).await, Begun::New);
        tenant.idempotency().finish(key("ann", name), answer()).await.unwrap();
    }
    assert!(!fixture.holds("hunter2"));
    let swap = "UPDATE idempotency SET body = (SELECT body FROM idempotency WHERE key = 'k1') WHERE key = 'k2'";
    fixture.raw().await.execute(swap, ()).await.unwrap();
    let moved = tenant.idempotency().begin(key("ann", "k2"), b"POST /keys".to_vec(), 20).await;
    assert!(matches!(moved, Err(StoreError::Sealed(_))));
    fixture.store.reseal(fixture.store.vault().with_new_key().unwrap(), "test", 20).await.unwrap();
    let config = trunkline_store::StoreConfig { vault: Some(Vault::new().unwrap()), ..fixture.config() };
    fixture.store.close().await;
    let store = trunkline_store::Store::open(config).await.unwrap();
    let lost = store.tenant(tenant.id()).idempotency().begin(key("ann", "k1"), b"POST /keys".to_vec(), 20).await;
    assert!(matches!(lost, Err(StoreError::Sealed(_))), "it is not carried out a second time");
}
