use crate::{Fixture, append, note};
use trunkline_store::{Lease, StoreError};

#[tokio::test]
async fn a_lease_is_taken_only_when_it_has_expired() {
    let fixture = Fixture::new().await;
    let calls = fixture.tenant.calls();
    let early = calls.lease_acquire(fixture.call, "host-b", 9_999, 5_000).await;
    assert_eq!(early.unwrap_err(), StoreError::Leased { until_ms: 10_000 });
    let lease = calls.lease_acquire(fixture.call, "host-b", 10_000, 5_000).await.unwrap();
    assert_eq!(lease, Lease { fencing: 2, expires_ms: 15_000 });
}

#[tokio::test]
async fn a_restarted_host_takes_its_own_lease_at_once_and_fences_its_past() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.store.leases_of("host-a").await, Ok(vec![(fixture.tenant.id(), fixture.call)]));
    let lease = fixture.tenant.calls().lease_acquire(fixture.call, "host-a", 0, 5_000).await.unwrap();
    assert_eq!(lease.fencing, 2);
    let late = fixture.tenant.log().append(append(fixture.call, [note(1)])).await;
    assert_eq!(late.unwrap_err(), StoreError::Fenced { current: 2 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_hosts_one_takes_an_expired_lease() {
    let fixture = Fixture::new().await;
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let (tenant, call) = (fixture.tenant.clone(), fixture.call);
            tokio::spawn(
                async move { tenant.calls().lease_acquire(call, format!("host-{number}"), 20_000, 5_000).await },
            )
        })
        .collect();
    let mut won = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(lease) => won.push(lease.fencing),
            Err(error) => assert_eq!(error, StoreError::Leased { until_ms: 25_000 }),
        }
    }
    assert_eq!(won, [2]);
}

#[tokio::test]
async fn a_lost_lease_cannot_be_renewed_or_released() {
    let fixture = Fixture::new().await;
    let calls = fixture.tenant.calls();
    let renewed = calls.lease_renew(fixture.call, 1, 9_000, 10_000).await.unwrap();
    assert_eq!(renewed, Lease { fencing: 1, expires_ms: 19_000 });
    calls.lease_expire(fixture.call).await.unwrap();
    calls.lease_acquire(fixture.call, "host-b", 1, 5_000).await.unwrap();
    let fenced = StoreError::Fenced { current: 2 };
    assert_eq!(calls.lease_renew(fixture.call, 1, 9_000, 10_000).await.unwrap_err(), fenced);
    assert_eq!(calls.lease_release(fixture.call, 1).await.unwrap_err(), fenced);
}

#[tokio::test]
async fn a_released_lease_is_free_for_anybody() {
    let fixture = Fixture::new().await;
    let calls = fixture.tenant.calls();
    calls.lease_release(fixture.call, 1).await.unwrap();
    assert_eq!(calls.lease_release(fixture.call, 1).await.unwrap_err(), StoreError::Fenced { current: 1 });
    assert_eq!(calls.lease_acquire(fixture.call, "host-b", 0, 5).await.unwrap().fencing, 2);
}

#[tokio::test]
async fn expired_leases_are_found() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.store.expired_leases(9_999, 10).await, Ok(vec![]));
    let found = fixture.store.expired_leases(10_000, 10).await;
    assert_eq!(found, Ok(vec![(fixture.tenant.id(), fixture.call)]));
}
