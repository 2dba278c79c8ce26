use crate::{Fixture, append, new_call, note, version};
use trunkline_contract::AgentId;
use trunkline_store::{CallFilter, CallState, CallUpdate, NewCall, NumberOwner, StoreError, new_call_id};

#[tokio::test]
async fn a_tenant_cannot_read_what_is_anothers() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    fixture.tenant.log().append(append(fixture.call, [note(1)])).await.unwrap();

    assert_eq!(other.agents().latest(fixture.agent).await.unwrap(), None);
    assert_eq!(other.agents().get(fixture.agent, 1).await.unwrap(), None);
    assert_eq!(other.agents().by_name("front desk").await.unwrap(), None);
    assert!(other.agents().versions(fixture.agent).await.unwrap().is_empty());
    assert!(other.agents().list(None, 10).await.unwrap().items.is_empty());
    assert_eq!(other.calls().get(fixture.call).await.unwrap(), None);
    assert!(other.calls().list(CallFilter::default(), None, 10).await.unwrap().items.is_empty());
    let log = other.log();
    let missing = StoreError::NotFound("call");
    assert_eq!(log.rows(fixture.call, 1, 10).await.unwrap_err(), missing);
    assert_eq!(log.last_seq(fixture.call).await.unwrap_err(), missing);
    assert_eq!(log.state(fixture.call).await.unwrap_err(), missing);
    assert_eq!(log.snapshot_before(fixture.call, 9).await.unwrap_err(), missing);
    assert_eq!(log.transcript(fixture.call).await.unwrap_err(), missing);
    assert_eq!(log.open_effects(fixture.call).await.unwrap_err(), missing);
}

#[tokio::test]
async fn a_tenant_cannot_write_what_is_anothers() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let missing = StoreError::NotFound("call");

    assert_eq!(other.log().append(append(fixture.call, [note(1)])).await.unwrap_err(), missing);
    let ended = CallUpdate { state: Some(CallState::Ended), ..CallUpdate::default() };
    assert_eq!(other.calls().update(fixture.call, ended).await.unwrap_err(), missing);
    assert_eq!(other.calls().lease_acquire(fixture.call, "b", 99_999, 1).await.unwrap_err(), missing);
    assert_eq!(other.calls().lease_renew(fixture.call, 1, 0, 1).await.unwrap_err(), missing);
    assert_eq!(other.calls().lease_release(fixture.call, 1).await.unwrap_err(), missing);
    assert_eq!(other.calls().lease_expire(fixture.call).await.unwrap_err(), missing);
    let update = other.agents().update(fixture.agent, None, version("stolen")).await;
    assert_eq!(update.unwrap_err(), StoreError::NotFound("agent"));
    let call = other.calls().create(new_call(fixture.agent)).await;
    assert!(matches!(call.unwrap_err(), StoreError::NotFound(_)));
    let number = other.numbers().assign("+15550001", fixture.agent, 1).await;
    assert_eq!(number.unwrap_err(), StoreError::NotFound("agent"));
    assert_eq!(fixture.tenant.log().last_seq(fixture.call).await, Ok(0));
}

#[tokio::test]
async fn a_number_answers_for_one_agent_whoever_the_tenant() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let theirs = other.agents().create(version("theirs")).await.unwrap().agent_id;
    let second = fixture.tenant.agents().create(version("second")).await.unwrap().agent_id;
    let e164 = "+15550001";

    fixture.tenant.numbers().assign(e164, fixture.agent, 1).await.unwrap();
    assert_eq!(other.numbers().assign(e164, theirs, 1).await.unwrap_err(), StoreError::NumberTaken);
    fixture.tenant.numbers().assign(e164, second, 2).await.unwrap();
    let owner = NumberOwner { tenant: fixture.tenant.id(), agent: second };
    assert_eq!(fixture.store.number_owner(e164).await, Ok(Some(owner)));
    assert_eq!(fixture.tenant.numbers().list().await.unwrap().len(), 1);
    assert_eq!(other.numbers().unassign(e164, 9).await, Ok(false));
    assert_eq!(fixture.tenant.numbers().unassign(e164, 9).await, Ok(true));
    other.numbers().assign(e164, theirs, 3).await.unwrap();
}

#[tokio::test]
async fn a_carrier_account_has_one_tenant() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    fixture.tenant.put_account("AC1", Some("twilio_main".into()), 1).await.unwrap();
    assert!(matches!(other.put_account("AC1", None, 1).await, Err(StoreError::Taken(_))));
    let account = fixture.store.account("AC1").await.unwrap().unwrap();
    assert_eq!((account.tenant, account.auth_token_ref.as_deref()), (fixture.tenant.id(), Some("twilio_main")));
    assert_eq!(fixture.store.account("AC2").await, Ok(None));
}

#[tokio::test]
async fn every_write_of_an_agent_is_a_new_version() {
    let fixture = Fixture::new().await;
    let agents = fixture.tenant.agents();
    let second = agents.update(fixture.agent, Some(1), version("new name")).await.unwrap();
    assert_eq!(second.version, 2);
    let lost = agents.update(fixture.agent, Some(1), version("lost race")).await.unwrap_err();
    assert_eq!(lost, StoreError::StaleVersion { latest: 2 });
    assert_eq!(agents.latest(fixture.agent).await.unwrap(), Some(second.clone()));
    assert_eq!(agents.by_name("new name").await.unwrap(), Some(second));
    let first = agents.get(fixture.agent, 1).await.unwrap().unwrap();
    assert_eq!(first.document["name"], "front desk");
    assert_eq!(agents.versions(fixture.agent).await.unwrap().len(), 2);
    let stranger = agents.update(AgentId(fixture.call.0), None, version("x")).await;
    assert_eq!(stranger.unwrap_err(), StoreError::NotFound("agent"));
}

#[tokio::test]
async fn pages_cover_everything_once() {
    let fixture = Fixture::new().await;
    for number in 0..7 {
        fixture.tenant.agents().create(version(&format!("agent {number}"))).await.unwrap();
        let started_at_ms = 2_000 + number / 2;
        let call = NewCall { started_at_ms, ..new_call(fixture.agent) };
        fixture.tenant.calls().create(call).await.unwrap();
    }
    let (mut calls, mut agents, mut cursor) = (Vec::new(), Vec::new(), None);
    loop {
        let page = fixture.tenant.calls().list(CallFilter::default(), cursor.as_deref(), 3).await.unwrap();
        calls.extend(page.items.into_iter().map(|call| (call.started_at_ms, call.id)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    loop {
        let page = fixture.tenant.agents().list(cursor.as_deref(), 3).await.unwrap();
        agents.extend(page.items.into_iter().map(|version| version.agent_id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(calls.len(), 8);
    assert!(calls.is_sorted_by(|a, b| a > b), "latest first, none twice");
    agents.sort();
    agents.dedup();
    assert_eq!(agents.len(), 8);
    let bad = fixture.tenant.calls().list(CallFilter::default(), Some("nonsense"), 3).await;
    assert_eq!(bad.unwrap_err(), StoreError::InvalidCursor);
}

#[tokio::test]
async fn calls_are_listed_by_state_and_agent() {
    let fixture = Fixture::new().await;
    let second = fixture.tenant.agents().create(version("second")).await.unwrap().agent_id;
    let call = fixture.tenant.calls().create(new_call(second)).await.unwrap();
    let active = CallUpdate { state: Some(CallState::Active), ..CallUpdate::default() };
    fixture.tenant.calls().update(call.id, active).await.unwrap();
    let ids = async |state, agent| {
        let page = fixture.tenant.calls().list(CallFilter { state, agent, channel: None }, None, 10).await.unwrap();
        page.items.into_iter().map(|call| call.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(Some(CallState::Active), None).await, [call.id]);
    assert_eq!(ids(Some(CallState::Ringing), None).await, [fixture.call]);
    assert_eq!(ids(None, Some(second)).await, [call.id]);
    assert!(ids(Some(CallState::Ended), None).await.is_empty());
    let written = NewCall { channel: "chat".into(), ..new_call(second) };
    let written = fixture.tenant.calls().create(written).await.unwrap();
    let chats = CallFilter { channel: Some("chat"), ..CallFilter::default() };
    let chats = fixture.tenant.calls().list(chats, None, 10).await.unwrap().items;
    assert_eq!(chats.into_iter().map(|call| call.id).collect::<Vec<_>>(), [written.id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_delivered_many_times_at_once_makes_one_call() {
    let fixture = Fixture::new().await;
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (tenant, agent) = (fixture.tenant.clone(), fixture.agent);
            tokio::spawn(async move {
                let call = NewCall { carrier_call_sid: Some("CA1".into()), ..new_call(agent) };
                tenant.calls().create_or_get(call).await.unwrap()
            })
        })
        .collect();
    let (mut new, mut ids) = (0, Vec::new());
    for task in tasks {
        let created = task.await.unwrap();
        new += usize::from(created.new);
        ids.push(created.call.id);
    }
    ids.dedup();
    assert_eq!((new, ids.len()), (1, 1));
    assert_eq!(fixture.tenant.calls().by_carrier_sid("CA1").await.unwrap().unwrap().id, ids[0]);
}

#[tokio::test]
async fn the_carriers_id_of_a_call_is_unique_across_tenants() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let theirs = other.agents().create(version("theirs")).await.unwrap().agent_id;
    let call = |agent| NewCall { carrier_call_sid: Some("CA1".into()), ..new_call(agent) };
    fixture.tenant.calls().create(call(fixture.agent)).await.unwrap();
    assert!(matches!(fixture.tenant.calls().create(call(fixture.agent)).await, Err(StoreError::Taken(_))));
    assert!(matches!(other.calls().create_or_get(call(theirs)).await, Err(StoreError::Taken(_))));
}

#[tokio::test]
async fn a_call_comes_back_as_it_was_made() {
    let fixture = Fixture::new().await;
    let new = NewCall { caller: Some("+1555".into()), seed: u64::MAX, ..new_call(fixture.agent) };
    let made = fixture.tenant.calls().create(new.clone()).await.unwrap();
    let read = fixture.tenant.calls().get(new.id).await.unwrap().unwrap();
    assert_eq!(made, read);
    assert_eq!((read.seed, read.fencing, read.lease_expires_ms), (u64::MAX, 1, Some(10_000)));
    assert_eq!(read.caller.as_deref(), Some("+1555"));
    assert_eq!(fixture.store.call_owner(new.id).await, Ok(Some(fixture.tenant.id())));
    assert_eq!(fixture.store.call_owner(new_call_id()).await, Ok(None));
}

#[tokio::test]
async fn a_call_ends_once() {
    let fixture = Fixture::new().await;
    let calls = fixture.tenant.calls();
    let ended = |at, reason: &str| CallUpdate {
        state: Some(CallState::Ended),
        ended_at_ms: Some(at),
        end_reason: Some(reason.into()),
        ..CallUpdate::default()
    };
    calls.update(fixture.call, ended(5_000, "caller-hangup")).await.unwrap();
    calls.update(fixture.call, ended(6_000, "media-lost")).await.unwrap();
    let active = CallUpdate { state: Some(CallState::Active), ..CallUpdate::default() };
    calls.update(fixture.call, active).await.unwrap();
    let call = calls.get(fixture.call).await.unwrap().unwrap();
    assert_eq!((call.state, call.ended_at_ms), (CallState::Ended, Some(5_000)));
    assert_eq!(call.end_reason.as_deref(), Some("caller-hangup"));
    assert_eq!(call.lease_owner, None);
    let lease = calls.lease_acquire(fixture.call, "host-b", 99_999, 1).await;
    assert_eq!(lease.unwrap_err(), StoreError::CallEnded);
}
