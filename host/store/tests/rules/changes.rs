use crate::{Fixture, append, note, version};
use trunkline_store::{CallUpdate, Secret, Subject};

#[tokio::test]
async fn whoever_sets_something_up_rings_the_bell_before_they_are_answered() {
    let fixture = Fixture::new().await;
    let changes = fixture.store.changes();
    let mut seen = *changes.borrow();
    fixture.tenant.agents().update(fixture.agent, None, version("renamed")).await.unwrap();
    assert!(*changes.borrow() > std::mem::replace(&mut seen, *changes.borrow()));
    fixture.tenant.secrets().set("a", Secret::new("x"), 9).await.unwrap();
    assert!(*changes.borrow() > std::mem::replace(&mut seen, *changes.borrow()));
    fixture.tenant.erase(Subject::User("u".into()), 9).await.unwrap();
    assert!(*changes.borrow() > seen);
}

#[tokio::test]
async fn calls_ring_no_bell_and_neither_does_what_is_refused() {
    let fixture = Fixture::new().await;
    let changes = fixture.store.changes();
    let seen = *changes.borrow();
    fixture.tenant.log().append(append(fixture.call, [note(1)])).await.unwrap();
    fixture.tenant.calls().update(fixture.call, CallUpdate::default()).await.unwrap();
    fixture.tenant.agents().update(fixture.agent, Some(9), version("stale")).await.unwrap_err();
    fixture.tenant.secrets().delete("nothing", 9).await.unwrap_err();
    assert_eq!(*changes.borrow(), seen);
}

#[tokio::test]
async fn what_another_process_sets_up_is_noticed() {
    let fixture = Fixture::new().await;
    let mut changes = fixture.store.changes();
    changes.mark_unchanged();
    let conn = fixture.raw().await;
    conn.execute("UPDATE calls SET end_reason = 'x'", ()).await.unwrap();
    let sql = "INSERT INTO audit (at_ms, actor, action, target) VALUES (9, 'ann', 'agent.update', 'x')";
    conn.execute(sql, ()).await.unwrap();
    changes.changed().await.unwrap();
    let log = fixture.store.host_audit().list(Default::default(), None, 1).await.unwrap();
    assert_eq!(log.items[0].actor, "ann", "whoever was told can read it");
}

#[tokio::test]
async fn closing_ends_the_watch() {
    let fixture = Fixture::new().await;
    let mut changes = fixture.store.changes();
    fixture.store.close().await;
    drop(fixture);
    while changes.changed().await.is_ok() {}
}
