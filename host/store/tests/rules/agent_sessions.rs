use crate::{Fixture, new_call, version};
use serde_json::json;
use trunkline_contract::{AgentId, SessionId};
use trunkline_store::{AgentSession, NewCall, NewSession, StoreError, TenantStore};

fn new(agent: AgentId, now_ms: u64) -> NewSession {
    let context = json!({"name": "Ada"}).as_object().cloned().unwrap();
    let overrides = json!({"llm": {"temperature": 1}});
    NewSession { agent_id: agent, agent_version: 1, user: Some("u".into()), overrides, context, most: 3, now_ms }
}

async fn make(tenant: &TenantStore, agent: AgentId, now_ms: u64) -> SessionId {
    tenant.agent_sessions().create(new(agent, now_ms)).await.unwrap().id
}

async fn get(tenant: &TenantStore, id: SessionId) -> AgentSession {
    tenant.agent_sessions().get(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn sessions_that_nobody_uses_are_ended() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let theirs = other.agents().create(version("theirs")).await.unwrap().agent_id;
    let idle = make(&fixture.tenant, fixture.agent, 100).await;
    let used = make(&fixture.tenant, fixture.agent, 100).await;
    let fresh = make(&fixture.tenant, fixture.agent, 200).await;
    let of_other = make(&other, theirs, 50).await;
    assert_eq!(fixture.tenant.agent_sessions().touch(used, 200).await, Ok(true));
    // The clock may step back.
    assert_eq!(fixture.tenant.agent_sessions().touch(used, 10).await, Ok(true));
    assert_eq!(fixture.store.end_idle_sessions(200, 300).await, Ok(2));
    assert_eq!(fixture.store.end_idle_sessions(200, 400).await, Ok(0));
    for session in [get(&fixture.tenant, idle).await, get(&other, of_other).await] {
        let end = (session.active, session.ended_at_ms, session.end_reason.as_deref());
        assert_eq!(end, (false, Some(300), Some("idle")));
    }
    for id in [used, fresh] {
        assert!(get(&fixture.tenant, id).await.active);
    }
    assert_eq!(fixture.tenant.agent_sessions().touch(idle, 500).await, Ok(false), "what has ended stays so");
    let ended = fixture.tenant.agent_sessions().end(idle, 500).await.unwrap();
    assert_eq!((ended.ended_at_ms, ended.end_reason.as_deref()), (Some(300), Some("idle")));
}

#[tokio::test]
async fn only_those_that_go_on_count_against_the_limit() {
    let fixture = Fixture::new().await;
    let sessions = fixture.tenant.agent_sessions();
    let mut made = Vec::new();
    for now_ms in [1, 2, 3] {
        made.push(make(&fixture.tenant, fixture.agent, now_ms).await);
    }
    let full = sessions.create(new(fixture.agent, 4)).await;
    assert_eq!(full.unwrap_err(), StoreError::Limit { limit: "max_sessions", most: 3 });
    sessions.end(made[0], 5).await.unwrap();
    made.push(make(&fixture.tenant, fixture.agent, 6).await);
    let ids = async |active| {
        let page = sessions.list(active, None, 10).await.unwrap();
        page.items.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(Some(true)).await, [made[3], made[2], made[1]]);
    assert_eq!(ids(Some(false)).await, [made[0]]);
    assert_eq!(ids(None).await.len(), 4);
}

#[tokio::test]
async fn a_tenants_sessions_are_not_there_for_another() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    let theirs = other.agents().create(version("theirs")).await.unwrap().agent_id;
    let id = make(&fixture.tenant, fixture.agent, 100).await;
    assert_eq!(other.agent_sessions().get(id).await, Ok(None));
    assert_eq!(other.agent_sessions().touch(id, 200).await, Ok(false));
    assert_eq!(other.agent_sessions().end(id, 200).await.unwrap_err(), StoreError::NotFound("session"));
    assert!(other.agent_sessions().list(None, None, 10).await.unwrap().items.is_empty());
    let stolen = other.agent_sessions().create(new(fixture.agent, 1)).await;
    assert!(matches!(stolen, Err(StoreError::NotFound(_))));
    let call = NewCall { session_id: Some(id), ..new_call(theirs) };
    let mixed = other.calls().create(call.clone()).await;
    assert_eq!(mixed.unwrap_err(), StoreError::NotFound("session"));
    assert_eq!(other.calls().get(call.id).await, Ok(None));
    let own = NewCall { session_id: Some(id), ..new_call(fixture.agent) };
    assert_eq!(fixture.tenant.calls().create(own).await.unwrap().session_id, Some(id));
    assert_eq!(get(&fixture.tenant, id).await.active_at_ms, 100);
}
