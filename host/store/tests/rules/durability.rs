use crate::{Fixture, append, note};
use trunkline_contract::log::{Entry, Row};
use trunkline_store::{Store, StoreConfig, StoreError};

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let fixture = Fixture::new().await;
    for seq in 1..=50 {
        fixture.tenant.log().append(append(fixture.call, [note(seq)])).await.unwrap();
    }
    let fixture = fixture.reopened().await;
    let rows = fixture.tenant.log().rows(fixture.call, 1, 100).await.unwrap();
    assert_eq!(rows, (1..=50).map(note).collect::<Vec<_>>());
    fixture.tenant.log().append(append(fixture.call, [note(51)])).await.unwrap();
}

/// A copy of the files as they are while the database is open is what a crash leaves.
#[tokio::test]
async fn what_was_acknowledged_is_in_the_files_at_once() {
    let fixture = Fixture::new().await;
    fixture.tenant.log().append(append(fixture.call, [note(1), note(2)])).await.unwrap();
    let crashed = tempfile::tempdir().unwrap();
    for name in ["trunkline.db", "trunkline.db-wal"] {
        std::fs::copy(fixture.dir.path().join(name), crashed.path().join(name)).unwrap();
    }
    let store = Store::open(StoreConfig::new(crashed.path())).await.unwrap();
    let log = store.tenant(fixture.tenant.id()).log();
    assert_eq!(log.rows(fixture.call, 1, 9).await.unwrap(), [note(1), note(2)]);
}

#[tokio::test]
async fn what_is_queued_when_the_store_closes_is_written() {
    let fixture = Fixture::new().await;
    let log = fixture.tenant.log();
    let mut queued = Vec::new();
    for seq in 1..=100 {
        let mut append = append(fixture.call, [note(seq)]);
        append.urgent = false;
        queued.push(log.enqueue(append).await.unwrap());
    }
    let fixture = fixture.reopened().await;
    for pending in queued {
        pending.await.unwrap();
    }
    assert_eq!(fixture.tenant.log().last_seq(fixture.call).await, Ok(100));
}

#[tokio::test]
async fn a_full_disk_says_what_to_do_and_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { max_bytes: Some(500_000), ..StoreConfig::new(dir.path()) };
    let fixture = Fixture::with(dir, config).await;
    let log = fixture.tenant.log();
    let large = |seq| {
        let entry = Entry::Note { level: "info".into(), text: "x".repeat(10_000) };
        Row { seq, at_ms: 0, entry, component: None }
    };
    let mut acknowledged = 0;
    let error = loop {
        match log.append(append(fixture.call, [large(acknowledged + 1)])).await {
            Ok(done) => acknowledged = done.last_seq,
            Err(error) => break error,
        }
        assert!(acknowledged < 1_000, "the limit holds");
    };
    assert_eq!(error, StoreError::DiskFull);
    assert_eq!(
        error.to_string(),
        "the disk is full: free space on the volume of the data directory and try again; what was acknowledged is kept"
    );
    assert!(acknowledged > 5);
    assert_eq!(log.last_seq(fixture.call).await, Ok(acknowledged));

    let fixture = fixture.reopened().await;
    let log = fixture.tenant.log();
    assert_eq!(log.last_seq(fixture.call).await, Ok(acknowledged));
    log.append(append(fixture.call, [large(acknowledged + 1)])).await.unwrap();
}
