use crate::{Fixture, append, note};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use tokio::sync::Notify;
use trunkline_store::{Secret, Store, StoreConfig, StoreError};

const DATABASE: &str = "trunkline.db";

async fn backed_up(fixture: &Fixture) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("copy.db");
    let bytes = Store::backup(fixture.dir.path(), &file).await.unwrap();
    assert_eq!(bytes, std::fs::metadata(&file).unwrap().len());
    (dir, file)
}

/// Names and contents of the files of a directory.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_a_host_that_writes_holds_all_that_was_acknowledged() {
    let fixture = Fixture::new().await;
    let (acknowledged, moved) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let writer = {
        let (log, call) = (fixture.tenant.log(), fixture.call);
        let (acknowledged, moved) = (Arc::clone(&acknowledged), Arc::clone(&moved));
        tokio::spawn(async move {
            for seq in 1.. {
                if log.append(append(call, [note(seq)])).await.is_err() {
                    return;
                }
                acknowledged.store(seq, Ordering::SeqCst);
                moved.notify_one();
            }
        })
    };
    let reached = async |least| {
        while acknowledged.load(Ordering::SeqCst) < least {
            moved.notified().await;
        }
    };
    reached(20).await;
    let before = acknowledged.load(Ordering::SeqCst);
    let (_kept, file) = backed_up(&fixture).await;
    // Whoever writes does not notice.
    reached(acknowledged.load(Ordering::SeqCst) + 20).await;
    fixture.store.close().await;
    writer.await.unwrap();

    let target = tempfile::tempdir().unwrap();
    assert_eq!(Store::restore(&file, target.path()).await, Ok(None));
    let store = Store::open(StoreConfig::new(target.path())).await.unwrap();
    let rows = store.tenant(fixture.tenant.id()).log().rows(fixture.call, 1, 10_000).await.unwrap();
    assert!(rows.len() as u64 >= before, "{} of {before}", rows.len());
    assert_eq!(rows, (1..=rows.len() as u64).map(note).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_restored_database_takes_the_place_of_another_which_is_kept() {
    let fixture = Fixture::new().await;
    fixture.tenant.secrets().set("a", Secret::new("x"), 5).await.unwrap();
    let (_kept, file) = backed_up(&fixture).await;
    fixture.tenant.log().append(append(fixture.call, [note(1)])).await.unwrap();
    let busy = Store::restore(&file, fixture.dir.path()).await;
    assert!(matches!(busy, Err(StoreError::Locked(_))), "{busy:?}");
    fixture.store.close().await;
    let before = Store::restore(&file, fixture.dir.path()).await.unwrap().unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.tenant.log().last_seq(fixture.call).await, Ok(0));
    assert_eq!(fixture.tenant.secrets().value("a").await, Ok(Some(Secret::new("x"))));
    fixture.store.close().await;
    Store::restore(before, fixture.dir.path()).await.unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.tenant.log().last_seq(fixture.call).await, Ok(1), "and back");
}

#[tokio::test]
async fn secrets_of_a_backup_open_with_the_key_alone() {
    let fixture = Fixture::new().await;
    fixture.tenant.secrets().set("a", Secret::new("x"), 5).await.unwrap();
    let (_kept, file) = backed_up(&fixture).await;
    let target = tempfile::tempdir().unwrap();
    Store::restore(&file, target.path()).await.unwrap();
    let value = async |store: &Store| store.tenant(fixture.tenant.id()).secrets().value("a").await;
    let store = Store::open(StoreConfig::new(target.path())).await.unwrap();
    assert!(matches!(value(&store).await, Err(StoreError::Sealed(_))), "it has a key of its own");
    store.close().await;
    std::fs::copy(fixture.dir.path().join("secrets.key"), target.path().join("secrets.key")).unwrap();
    let store = Store::open(StoreConfig::new(target.path())).await.unwrap();
    assert_eq!(value(&store).await, Ok(Some(Secret::new("x"))));
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_needs_a_database() {
    let fixture = Fixture::new().await;
    let (dir, file) = backed_up(&fixture).await;
    let before = files(dir.path());
    let again = Store::backup(fixture.dir.path(), &file).await;
    assert!(matches!(again, Err(StoreError::Taken(_))), "{again:?}");
    let nothing = Store::backup(dir.path(), dir.path().join("other.db")).await;
    assert_eq!(nothing, Err(StoreError::NotFound("the database")));
    let nowhere = Store::backup(fixture.dir.path(), dir.path().join("no/such/folder.db")).await;
    assert!(nowhere.is_err());
    assert_eq!(files(dir.path()), before);
}

#[tokio::test]
async fn what_is_no_sound_backup_is_refused_and_everything_stays_as_it_was() {
    let fixture = Fixture::new().await;
    for seq in 1..=200 {
        fixture.tenant.log().append(append(fixture.call, [note(seq)])).await.unwrap();
    }
    let (dir, file) = backed_up(&fixture).await;
    fixture.store.close().await;
    let whole = std::fs::read(&file).unwrap();
    let mut holed = whole.clone();
    let end = holed.len();
    holed[end - 8 * 4096..].fill(0xa5);
    let other = |name: &str, sql: &'static str, base: Option<&[u8]>| {
        let path = dir.path().join(name);
        if let Some(base) = base {
            std::fs::write(&path, base).unwrap();
        }
        async move {
            let conn = libsql::Builder::new_local(&path).build().await.unwrap().connect().unwrap();
            conn.execute_batch(sql).await.unwrap();
            drop(conn);
            std::fs::read(path).unwrap()
        }
    };
    let newer = "INSERT INTO migrations VALUES (900, 'later', x'00', 1)";
    let changed = "UPDATE migrations SET checksum = x'00' WHERE version = 2";
    let cases = [
        ("garbage", vec![7; 20_000]),
        ("empty", Vec::new()),
        ("text", b"hello".to_vec()),
        ("cut in a page", whole[..whole.len() / 2 - 100].to_vec()),
        ("cut between pages", whole[..whole.len() / 2 / 4096 * 4096].to_vec()),
        ("its head alone", whole[..4096].to_vec()),
        ("holed", holed),
        ("newer", other("newer.db", newer, Some(&whole)).await),
        ("changed", other("changed.db", changed, Some(&whole)).await),
        ("somebody else's", other("else.db", "CREATE TABLE t (a)", None).await),
    ];
    let before = files(fixture.dir.path());
    for (what, bytes) in cases {
        let path = dir.path().join("case.db");
        std::fs::write(&path, bytes).unwrap();
        let refused = Store::restore(&path, fixture.dir.path()).await;
        let expected = match what {
            "newer" => matches!(refused, Err(StoreError::NewerDatabase { found: 900, .. })),
            "changed" => matches!(refused, Err(StoreError::MigrationChanged { version: 2, .. })),
            "empty" | "somebody else's" => matches!(refused, Err(StoreError::Invalid(_))),
            _ => matches!(refused, Err(StoreError::Corrupt(_))),
        };
        assert!(expected, "{what}: {refused:?}");
        assert_eq!(files(fixture.dir.path()).len(), before.len(), "{what}");
        assert!(files(fixture.dir.path()) == before, "{what}");
    }
    let missing = Store::restore(dir.path().join("nothing.db"), fixture.dir.path()).await;
    assert_eq!(missing, Err(StoreError::NotFound("the backup")));
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.tenant.log().last_seq(fixture.call).await, Ok(200));
}

#[tokio::test]
async fn a_damaged_database_is_replaced_and_kept() {
    let fixture = Fixture::new().await;
    let (_kept, file) = backed_up(&fixture).await;
    fixture.store.close().await;
    let path = fixture.dir.path().join(DATABASE);
    std::fs::write(&path, vec![7; 10_000]).unwrap();
    let kept = Store::restore(&file, fixture.dir.path()).await.unwrap().unwrap();
    assert_eq!(std::fs::read(kept).unwrap(), vec![7; 10_000]);
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.tenant.log().last_seq(fixture.call).await, Ok(0));
}

/// A log belongs to the file that it was written for.
#[tokio::test]
async fn logs_that_others_left_are_not_mixed_in() {
    for left in ["trunkline.db.restoring-wal", "trunkline.db-wal"] {
        let fixture = Fixture::new().await;
        let (kept, file) = backed_up(&fixture).await;
        fixture.store.tenants().create("after the backup", 9).await.unwrap();
        let (log, stale) = (kept.path().join("log"), fixture.dir.path().join(left));
        std::fs::copy(fixture.dir.path().join("trunkline.db-wal"), &log).unwrap();
        fixture.store.close().await;
        if left == "trunkline.db-wal" {
            std::fs::remove_file(fixture.dir.path().join(DATABASE)).unwrap();
        }
        std::fs::copy(log, &stale).unwrap();
        Store::restore(&file, fixture.dir.path()).await.unwrap();
        assert!(!stale.exists(), "{left}");
        let fixture = fixture.reopened().await;
        assert_eq!(fixture.store.tenants().by_name("after the backup").await, Ok(None), "{left}");
    }
}
