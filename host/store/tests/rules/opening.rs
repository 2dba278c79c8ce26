use crate::{Fixture, append, note};
use trunkline_store::{Store, StoreConfig, StoreError};

#[tokio::test]
async fn a_second_process_is_refused_with_what_to_do() {
    let fixture = Fixture::new().await;
    let error = Store::open(fixture.config()).await.err().unwrap();
    assert!(matches!(error, StoreError::Locked(_)));
    assert!(
        error
            .to_string()
            .ends_with("is in use by another Trunkline process: stop that one, or choose another data directory")
    );
}

#[tokio::test]
async fn closing_frees_the_directory_and_clones_are_told() {
    let fixture = Fixture::new().await;
    let log = fixture.tenant.log();
    fixture.store.close().await;
    fixture.store.close().await;
    assert_eq!(log.append(append(fixture.call, [note(1)])).await, Err(StoreError::Closed));
    assert_eq!(log.rows(fixture.call, 1, 1).await, Err(StoreError::Closed));
    Store::open(fixture.config()).await.unwrap();
}

#[tokio::test]
async fn migrations_are_only_applied_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let status = Store::migration_status(dir.path()).await.unwrap();
    assert!(status.iter().all(|migration| migration.applied_at_ms.is_none()));
    let config = StoreConfig { migrate: false, ..StoreConfig::new(dir.path()) };
    let error = Store::open(config.clone()).await.err().unwrap();
    assert_eq!(error, StoreError::MigrationsPending(status.len()));
    Store::open(StoreConfig::new(dir.path())).await.unwrap().close().await;
    Store::open(config).await.unwrap();
    let status = Store::migration_status(dir.path()).await.unwrap();
    assert!(status.iter().all(|migration| migration.applied_at_ms.is_some()));
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let fixture = Fixture::new().await;
    fixture.store.close().await;
    let conn = fixture.raw().await;
    conn.execute("INSERT INTO migrations VALUES (900, 'later', x'00', 1)", ()).await.unwrap();
    let error = Store::open(fixture.config()).await.err().unwrap();
    assert!(matches!(error, StoreError::NewerDatabase { found: 900, .. }));
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let fixture = Fixture::new().await;
    fixture.store.close().await;
    let conn = fixture.raw().await;
    conn.execute("UPDATE migrations SET checksum = x'00' WHERE version = 2", ()).await.unwrap();
    let error = Store::open(fixture.config()).await.err().unwrap();
    assert!(matches!(error, StoreError::MigrationChanged { version: 2, .. }));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_called_damaged() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("trunkline.db"), vec![7; 10_000]).unwrap();
    let error = Store::open(StoreConfig::new(dir.path())).await.err().unwrap();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    assert!(error.to_string().ends_with("keep a copy of the data directory and restore a backup"));
}

#[tokio::test]
async fn a_damaged_page_is_an_error_and_the_readers_live_on() {
    let fixture = Fixture::new().await;
    let log = fixture.tenant.log();
    for seq in 1..200 {
        log.append(append(fixture.call, [note(seq)])).await.unwrap();
    }
    let (call, tenant) = (fixture.call, fixture.tenant.id());
    fixture.store.close().await;
    let path = fixture.dir.path().join("trunkline.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // The rows of the log fill the last pages.
    let size = bytes.len();
    for byte in &mut bytes[size - 4 * 4096..] {
        *byte = 0xa5;
    }
    std::fs::write(&path, bytes).unwrap();
    let store = Store::open(fixture.config()).await.unwrap();
    let log = store.tenant(tenant).log();
    for _ in 0..5 {
        let error = log.rows(call, 1, 1_000).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    }
}
