use crate::{Fixture, version};
use trunkline_contract::AgentId;
use trunkline_store::{PRODUCTION, StoreError};
use uuid::Uuid;

#[tokio::test]
async fn one_agent_of_a_tenant_is_its_default() {
    let fixture = Fixture::new().await;
    let agents = fixture.tenant.agents();
    assert_eq!(agents.current(PRODUCTION).await, Ok(None));
    let second = agents.create(version("second")).await.unwrap();
    assert!(!second.default);
    let set = agents.set_default(second.agent_id, PRODUCTION, 7).await.unwrap();
    assert!(set.default);
    assert_eq!(agents.current(PRODUCTION).await.unwrap(), Some(set));
    let updated = agents.update(second.agent_id, None, version("renamed")).await.unwrap();
    assert_eq!((updated.version, updated.default), (2, true));
    assert_eq!(agents.current(PRODUCTION).await.unwrap(), Some(updated));
    agents.set_default(fixture.agent, PRODUCTION, 8).await.unwrap();
    let flags: Vec<bool> = agents.list(None, 10).await.unwrap().items.iter().map(|agent| agent.default).collect();
    assert_eq!(flags.iter().filter(|default| **default).count(), 1);
    assert!(agents.latest(fixture.agent).await.unwrap().unwrap().default);
    let unknown = agents.set_default(AgentId(Uuid::nil()), PRODUCTION, 9).await;
    assert_eq!(unknown.unwrap_err(), StoreError::NotFound("agent"));
    assert_eq!(agents.current(PRODUCTION).await.unwrap().unwrap().agent_id, fixture.agent);
}

#[tokio::test]
async fn a_default_is_the_tenants_own() {
    let fixture = Fixture::new().await;
    let other = fixture.other().await;
    fixture.tenant.agents().set_default(fixture.agent, PRODUCTION, 1).await.unwrap();
    assert_eq!(other.agents().current(PRODUCTION).await, Ok(None));
    let stolen = other.agents().set_default(fixture.agent, PRODUCTION, 1).await;
    assert_eq!(stolen.unwrap_err(), StoreError::NotFound("agent"));
    let theirs = other.agents().create(version("theirs")).await.unwrap().agent_id;
    other.agents().set_default(theirs, PRODUCTION, 1).await.unwrap();
    assert_eq!(fixture.tenant.agents().current(PRODUCTION).await.unwrap().unwrap().agent_id, fixture.agent);
    assert!(other.agents().versions_page(fixture.agent, None, 10).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn versions_come_in_pages_newest_first() {
    let fixture = Fixture::new().await;
    let agents = fixture.tenant.agents();
    for number in 2..=7 {
        agents.update(fixture.agent, None, version(&format!("version {number}"))).await.unwrap();
    }
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = agents.versions_page(fixture.agent, cursor.as_deref(), 3).await.unwrap();
        seen.extend(page.items.into_iter().map(|version| version.version));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
    let bad = agents.versions_page(fixture.agent, Some("x"), 3).await;
    assert_eq!(bad.unwrap_err(), StoreError::InvalidCursor);
}

#[tokio::test]
async fn a_tenant_gets_its_first_agents_once() {
    let fixture = Fixture::new().await;
    let fresh = fixture.store.tenant(fixture.store.tenants().create("fresh", 2).await.unwrap().id);
    assert_eq!(fresh.agents().seeded().await, Ok(false));
    let (one, two) =
        tokio::join!(async { fresh.agents().seed(vec![version("a"), version("b")], 3).await.unwrap() }, async {
            fresh.agents().seed(vec![version("a"), version("b")], 3).await.unwrap()
        },);
    assert_eq!(one.len() + two.len(), 2);
    assert_eq!(fresh.agents().seeded().await, Ok(true));
    assert_eq!(fresh.agents().current(PRODUCTION).await.unwrap().unwrap().document["name"], "a");
    assert_eq!(fresh.agents().list(None, 10).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn agents_that_were_removed_do_not_come_back() {
    let fixture = Fixture::new().await;
    let fresh = fixture.store.tenant(fixture.store.tenants().create("fresh", 2).await.unwrap().id);
    fresh.agents().seed(vec![version("a")], 3).await.unwrap();
    let conn = fixture.raw().await;
    conn.execute_batch("PRAGMA foreign_keys=ON").await.unwrap();
    let id = fresh.id().0.as_bytes().to_vec();
    let versions = "DELETE FROM agent_versions WHERE agent_id IN (SELECT id FROM agents WHERE tenant_id = ?1)";
    conn.execute(versions, [id.clone()]).await.unwrap();
    conn.execute("DELETE FROM agents WHERE tenant_id = ?1", [id]).await.unwrap();
    assert_eq!(fresh.agents().current(PRODUCTION).await, Ok(None), "the default went with its agent");
    assert!(fresh.agents().seed(vec![version("a")], 4).await.unwrap().is_empty());
    assert!(fresh.agents().list(None, 10).await.unwrap().items.is_empty());
    // A tenant that had agents before there were any to begin with gets none later.
    assert!(fixture.tenant.agents().seed(vec![version("a")], 5).await.unwrap().is_empty());
    assert_eq!(fixture.tenant.agents().seeded().await, Ok(true));
}
