use super::*;
use crate::bind::params;
use std::sync::mpsc::{Receiver, Sender, channel as gate};
use std::thread::{JoinHandle, spawn};

struct Fixture {
    writer: Writer,
    thread: JoinHandle<()>,
    dir: tempfile::TempDir,
}

fn fixture(max_bytes: Option<u64>) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    let (writer, writer_loop) = channel(tokio::sync::watch::channel(0).0);
    let thread = spawn(move || {
        let db = Db::writer(&path, max_bytes).unwrap();
        db.script("CREATE TABLE t (n INTEGER NOT NULL UNIQUE, bytes BLOB)").unwrap();
        writer_loop.run(&db).unwrap();
    });
    Fixture { writer, thread, dir }
}

impl Fixture {
    /// Holds the writer up within a write, so that what is queued meanwhile forms one group.
    async fn hold(&self) -> (Sender<()>, Reply<()>) {
        let (open, opened): (Sender<()>, Receiver<()>) = gate();
        let (running, runs) = oneshot::channel();
        let reply = self.writer.enqueue(Urgency::Urgent, move |_| {
            let _ = running.send(());
            opened.recv().map_err(|_| StoreError::Closed)
        });
        let reply = reply.await.unwrap();
        runs.await.unwrap();
        (open, reply)
    }

    async fn insert(&self, n: u64, bytes: usize, urgency: Urgency) -> Reply<u64> {
        let work =
            move |tx: &mut Tx<'_>| Ok(tx.execute("INSERT INTO t VALUES (?1, ?2)", params![n, vec![7_u8; bytes]])?);
        self.writer.enqueue(urgency, work).await.unwrap()
    }

    /// Ends the writer and reads what is in the file.
    async fn rows(self) -> Vec<u64> {
        self.writer.close().await;
        self.thread.join().unwrap();
        let db = Db::reader(&self.dir.path().join("t.db")).unwrap();
        db.all("SELECT n FROM t ORDER BY n", params![], |row| row.u64(0)).unwrap()
    }
}

#[tokio::test]
async fn what_is_queued_shares_one_commit() {
    let fixture = fixture(None);
    let (open, held) = fixture.hold().await;
    let mut replies = Vec::new();
    for n in 0..200 {
        replies.push(fixture.insert(n, 10, Urgency::Joins).await);
    }
    replies.push(fixture.insert(200, 10, Urgency::Urgent).await);
    open.send(()).unwrap();
    held.await.unwrap().unwrap();
    for reply in replies {
        assert_eq!(reply.await.unwrap(), Ok(1));
    }
    let stats = fixture.writer.stats();
    assert_eq!((stats.commits, stats.writes, stats.largest_group), (2, 202, 201));
}

#[tokio::test]
async fn a_refused_write_does_not_touch_its_neighbours() {
    let fixture = fixture(None);
    let (open, held) = fixture.hold().await;
    let one = fixture.insert(1, 10, Urgency::Urgent).await;
    let again = fixture.insert(1, 10, Urgency::Urgent).await;
    let panics = fixture.writer.enqueue(Urgency::Urgent, |tx: &mut Tx<'_>| -> Result<()> {
        tx.execute("INSERT INTO t VALUES (9, NULL)", params![])?;
        panic!("as libSQL may")
    });
    let panics = panics.await.unwrap();
    let two = fixture.insert(2, 10, Urgency::Urgent).await;
    open.send(()).unwrap();
    held.await.unwrap().unwrap();
    assert_eq!(one.await.unwrap(), Ok(1));
    assert!(matches!(again.await.unwrap(), Err(StoreError::Taken(_))));
    assert!(matches!(panics.await.unwrap(), Err(StoreError::Internal(_))));
    assert_eq!(two.await.unwrap(), Ok(1));
    assert_eq!(fixture.writer.stats().commits, 2);
    assert_eq!(fixture.rows().await, [1, 2]);
}

/// SQLite undoes the whole transaction when the disk is full, so those that shared it are told the same.
#[tokio::test]
async fn a_full_disk_is_full_for_the_whole_group_and_the_writer_goes_on() {
    let fixture = fixture(Some(100_000));
    let (open, held) = fixture.hold().await;
    let small = fixture.insert(1, 10, Urgency::Urgent).await;
    let large = fixture.insert(2, 1_000_000, Urgency::Urgent).await;
    let next = fixture.insert(3, 10, Urgency::Urgent).await;
    open.send(()).unwrap();
    held.await.unwrap().unwrap();
    for reply in [small, large, next] {
        assert_eq!(reply.await.unwrap(), Err(StoreError::DiskFull));
    }
    let again = fixture.insert(1, 10, Urgency::Urgent).await;
    assert_eq!(again.await.unwrap(), Ok(1));
    assert_eq!(fixture.rows().await, [1]);
}

#[tokio::test]
async fn a_lost_group_is_lost_for_everybody_in_it() {
    let fixture = fixture(None);
    let (open, held) = fixture.hold().await;
    let one = fixture.insert(1, 10, Urgency::Urgent).await;
    // What SQLite does by itself after some errors.
    let lost = fixture.writer.enqueue(Urgency::Urgent, |tx: &mut Tx<'_>| -> Result<()> {
        tx.execute("ROLLBACK", params![])?;
        Err(StoreError::DiskFull)
    });
    let lost = lost.await.unwrap();
    let two = fixture.insert(2, 10, Urgency::Urgent).await;
    open.send(()).unwrap();
    for reply in [one, two] {
        assert_eq!(reply.await.unwrap(), Err(StoreError::DiskFull));
    }
    assert_eq!(lost.await.unwrap(), Err(StoreError::DiskFull));
    // The one that held the writer up was in a group before.
    held.await.unwrap().unwrap();
    let after = fixture.insert(3, 10, Urgency::Urgent).await;
    assert_eq!(after.await.unwrap(), Ok(1));
    assert_eq!(fixture.writer.stats().failed_groups, 1);
    assert_eq!(fixture.rows().await, [3]);
}

#[tokio::test]
async fn a_full_queue_makes_the_sender_wait() {
    let fixture = fixture(None);
    let (open, held) = fixture.hold().await;
    let mut replies = Vec::new();
    for n in 0..QUEUE as u64 {
        replies.push(fixture.insert(n, 1, Urgency::Joins).await);
    }
    let refused = fixture.writer.try_enqueue(Urgency::Joins, || |_: &mut Tx<'_>| Ok(()));
    assert!(matches!(refused, Err(Full)));
    let mut waiting = std::pin::pin!(fixture.insert(5_000, 1, Urgency::Urgent));
    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx))).await;
    assert!(polled.is_pending());
    open.send(()).unwrap();
    held.await.unwrap().unwrap();
    assert_eq!(waiting.await.await.unwrap(), Ok(1));
    for reply in replies {
        assert_eq!(reply.await.unwrap(), Ok(1));
    }
    assert!(fixture.writer.stats().commits >= 3, "a group is bounded");
}
