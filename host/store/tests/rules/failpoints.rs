use crate::{Fixture, append, note};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use trunkline_contract::{CallId, TenantId};
use trunkline_store::{Store, StoreConfig};

const DIR: &str = "TRUNKLINE_TEST_DIR";

/// Not a rule: what the process does that the rule below ends.
#[tokio::test]
#[ignore = "run by the rule below, in a process of its own"]
async fn appends_for_ever() {
    let ids = std::fs::read_to_string(std::env::var(DIR).unwrap() + "/ids").unwrap();
    let (tenant, call) = ids.split_once(' ').unwrap();
    let (tenant, call): (TenantId, CallId) = (tenant.parse().unwrap(), call.parse().unwrap());
    let store = Store::open(StoreConfig::new(std::env::var(DIR).unwrap())).await.unwrap();
    let log = store.tenant(tenant).log();
    for seq in 1.. {
        log.append(append(call, [note(seq)])).await.unwrap();
    }
}

#[tokio::test]
async fn the_process_ends_right_after_the_commit_that_was_asked_for() {
    let fixture = Fixture::new().await;
    let dir = fixture.dir.path();
    std::fs::write(dir.join("ids"), format!("{} {}", fixture.tenant.id(), fixture.call)).unwrap();
    fixture.store.close().await;
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "failpoints::appends_for_ever"])
        .env(DIR, dir)
        .env("TRUNKLINE_EXIT_AFTER_COMMITS", "7")
        .env("TRUNKLINE_COMMIT_TRACE", dir.join("trace"))
        .output()
        .unwrap();
    assert!(child.status.signal().is_some(), "{child:?}");
    let trace = std::fs::read_to_string(dir.join("trace")).unwrap();
    let expected: String = (1..=7).map(|seq| format!("{seq} {}:{seq}\n", fixture.call)).collect();
    assert_eq!(trace, expected);
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.tenant.log().last_seq(fixture.call).await, Ok(7));
}
