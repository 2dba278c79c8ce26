//! Measures the event log: time and CPU per commit and per append, for several numbers of concurrent calls.
//!
//! `cargo run --release -p trunkline-store --example commits [DIR]`; DIR decides which disk is measured.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measuring tool")]

use serde_json::json;
use std::time::{Duration, Instant};
use trunkline_contract::log::{Entry, Row};
use trunkline_store::{Append, NewCall, NewLease, NewVersion, ReducerState, Store, StoreConfig, TenantStore};

/// CPU time of all threads of this process.
fn cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let nanos = |task: std::fs::DirEntry| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        text.split(' ').next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
    };
    Duration::from_nanos(tasks.map(|task| nanos(task.unwrap())).sum())
}

async fn call(tenant: TenantStore, agent_id: trunkline_contract::AgentId, appends: u64, urgent: bool) {
    let lease = Some(NewLease { owner: "bench".into(), expires_ms: u64::MAX });
    let new = NewCall { lease, ..NewCall::new(agent_id, 1, "phone-inbound", 1, 1) };
    let id = new.id;
    tenant.calls().create(new).await.unwrap();
    let log = tenant.log();
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for number in 0..appends {
        let context = json!({ "topic": "an appointment", "day": "Tuesday", "turn": number, "text": "x".repeat(150) });
        let row = |seq| Row {
            seq,
            at_ms: seq * 20,
            entry: Entry::Context { context: context.clone() },
            component: Some(digest.into()),
        };
        let (first, second) = (number * 2 + 1, number * 2 + 2);
        let state = Some(ReducerState { seq: second, bytes: vec![b's'; 2_000] });
        let append = Append {
            call: id,
            fencing: 1,
            rows: vec![row(first), row(second)],
            state,
            snapshot: number % 16 == 15,
            call_update: None,
            urgent,
        };
        log.append(append).await.unwrap();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    println!("an append: two rows of about 300 bytes and 2,000 bytes of state; each call waits for its commit");
    println!("calls urgent  appends  commits  per group  us/commit  us CPU/append");
    for (calls, appends, urgent) in
        [(1, 2_000, true), (10, 400, true), (100, 100, true), (500, 20, true), (100, 100, false)]
    {
        let dir = tempfile::tempdir_in(&parent).unwrap();
        let store = Store::open(StoreConfig::new(dir.path())).await.unwrap();
        let tenant = store.tenant(store.tenants().create("bench", 1).await.unwrap().id);
        let new = NewVersion {
            document: json!({ "name": "bench" }),
            author: None,
            summary: None,
            now_ms: 1,
            ..NewVersion::default()
        };
        let agent = tenant.agents().create(new).await.unwrap().agent_id;
        let (before, cpu_before, started) = (store.stats(), cpu(), Instant::now());
        let tasks: Vec<_> = (0..calls).map(|_| tokio::spawn(call(tenant.clone(), agent, appends, urgent))).collect();
        for task in tasks {
            task.await.unwrap();
        }
        let (stats, used, wall) = (store.stats(), cpu() - cpu_before, started.elapsed());
        let commits = stats.commits - before.commits;
        let total = calls * appends;
        println!(
            "{calls:5} {urgent:6} {total:8} {commits:8} {:10.1} {:10} {:14.1}   ({:.0} ms, {} rows)",
            total as f64 / commits as f64,
            (stats.commit_us - before.commit_us) / commits,
            used.as_secs_f64() * 1e6 / total as f64,
            wall.as_secs_f64() * 1e3,
            stats.rows,
        );
        store.close().await;
    }
}
