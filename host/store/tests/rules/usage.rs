use crate::{Fixture, new_call, over, version};
use trunkline_contract::AgentId;
use trunkline_store::{CallUpdate, NewCall, Store, StoreError, Subject, TenantChange, TenantLimits, TenantStore};

/// 2026-12-01T00:00:00Z.
const DECEMBER: u64 = 1_796_083_200_000;
const ALL: u64 = u64::MAX / 4;

/// A call that cost something.
async fn call(tenant: &TenantStore, agent: AgentId, started_at_ms: u64, ended_at_ms: Option<u64>, cost: u64) {
    let call = NewCall { started_at_ms, caller: Some("+1555".into()), ..new_call(agent) };
    let call = tenant.calls().create(call).await.unwrap().id;
    let change = match ended_at_ms {
        Some(_) => CallUpdate { ended_at_ms, ..over() },
        None => CallUpdate::default(),
    };
    tenant.calls().update(call, CallUpdate { cost_micros: Some(cost), ..change }).await.unwrap();
}

#[tokio::test]
async fn calls_are_summed_up_by_month_and_agent() {
    let fixture = Fixture::new().await;
    let second = fixture.tenant.agents().create(version("second")).await.unwrap().agent_id;
    let other = fixture.other().await;
    let theirs = other.agents().create(version("theirs")).await.unwrap().agent_id;
    call(&fixture.tenant, fixture.agent, DECEMBER - 1, Some(DECEMBER + 59_999), 5).await;
    call(&fixture.tenant, fixture.agent, DECEMBER, Some(DECEMBER + 1_500), 7).await;
    call(&fixture.tenant, fixture.agent, DECEMBER + 9, Some(DECEMBER + 1_509), 11).await;
    call(&fixture.tenant, second, DECEMBER, Some(DECEMBER + 1_000), 13).await;
    call(&fixture.tenant, second, DECEMBER, None, 17).await;
    call(&other, theirs, DECEMBER, Some(DECEMBER + 1_000), 19).await;
    let lines = async |from, to| {
        let lines = fixture.tenant.usage(from, to).await.unwrap();
        lines
            .into_iter()
            .map(|line| (line.month, line.agent_id, line.calls, line.seconds, line.cost_micros))
            .collect::<Vec<_>>()
    };
    let first = ("2026-12".to_owned(), fixture.agent, 2, 3, 18);
    let of_second = ("2026-12".to_owned(), second, 1, 1, 13);
    let before = ("2026-11".to_owned(), fixture.agent, 1, 60, 5);
    assert_eq!(lines(0, ALL).await, [first.clone(), of_second.clone(), before.clone()]);
    assert_eq!(lines(DECEMBER, ALL).await, [first, of_second], "from, inclusive");
    assert_eq!(lines(0, DECEMBER).await, [before], "to, exclusive");
}

#[tokio::test]
async fn what_was_spent_is_of_the_month_and_counts_live_calls() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    call(&fixture.tenant, fixture.agent, DECEMBER - 1, Some(DECEMBER + 60_000), 5).await;
    call(&fixture.tenant, fixture.agent, DECEMBER, None, 7).await;
    call(&fixture.tenant, fixture.agent, DECEMBER + 1, Some(DECEMBER + 2), 11).await;
    let spent = async |tenant: &TenantStore, now_ms| tenant.spent_this_month(now_ms).await.unwrap();
    assert_eq!(spent(&fixture.tenant, DECEMBER).await, 18);
    assert_eq!(spent(&fixture.tenant, DECEMBER + 30 * 86_400_000).await, 18);
    assert_eq!(spent(&fixture.tenant, DECEMBER + 31 * 86_400_000).await, 0, "a new month");
    assert_eq!(spent(&other, DECEMBER).await, 0);
    let erased = fixture.tenant.erase(Subject::Number("+1555".into()), DECEMBER).await.unwrap();
    assert_eq!((erased.calls, erased.live), (2, 1));
    assert_eq!(spent(&fixture.tenant, DECEMBER).await, 18, "what a call cost stays when its caller is erased");
    assert_eq!(fixture.tenant.usage(0, ALL).await.unwrap().iter().map(|line| line.calls).sum::<u64>(), 2);
}

#[tokio::test]
async fn a_call_that_ended_before_it_began_lasted_no_time() {
    let fixture = Fixture::new().await;
    // The clock stepped back meanwhile.
    call(&fixture.tenant, fixture.agent, DECEMBER, Some(DECEMBER - 90_000), 5).await;
    call(&fixture.tenant, fixture.agent, DECEMBER, Some(DECEMBER + 4_000), 5).await;
    let line = fixture.tenant.usage(0, ALL).await.unwrap().remove(0);
    assert_eq!((line.calls, line.seconds, line.cost_micros), (2, 4, 10));
}

#[tokio::test]
async fn what_a_tenant_may_use_is_kept_as_a_whole() {
    let fixture = Fixture::new().await;
    let (own, other) = (fixture.tenant.id(), fixture.other().await.id());
    let set = async |store: &Store, limits: TenantLimits, expected| {
        let change = TenantChange { limits: Some(limits), ..TenantChange::default() };
        store.tenants().update("op", own, expected, change, 5).await
    };
    let capped = TenantLimits { spend_cap_usd: Some(12.5), max_calls: Some(3), ..TenantLimits::default() };
    assert_eq!(set(&fixture.store, capped, Some(1)).await.unwrap().limits, capped);
    let stale = set(&fixture.store, TenantLimits::default(), Some(1)).await;
    assert_eq!(stale.unwrap_err(), StoreError::Changed { what: "tenant", latest: 2 });
    let fixture = fixture.reopened().await;
    let limits = async |id| fixture.store.tenants().get(id).await.unwrap().unwrap().limits;
    assert_eq!((limits(own).await, limits(other).await), (capped, TenantLimits::default()));
    let only = TenantLimits { spend_cap_usd: Some(0.0), ..TenantLimits::default() };
    assert_eq!(set(&fixture.store, only, None).await.unwrap().limits, only, "what is not given is no limit any more");
}
