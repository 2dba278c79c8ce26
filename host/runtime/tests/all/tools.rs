//! Tools: what they reach, what they may use, and a host that waits, panics or floods.

use crate::support::*;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::{Arc, atomic::AtomicUsize, atomic::Ordering};
use tokio::sync::Notify;
use trunkline_runtime::{
    Config, FailureKind, FetchError, FetchRequest, FetchResponse, HostAnswer, Invocation, KvError, LogLevel, Runtime,
    Tool, ToolAnswer, ToolFailure, ToolHost,
};

/// A tool whose `call` is this code. Its answer at 64 is zeroes: an empty text, which is no JSON.
fn component(call: &str) -> Vec<u8> {
    componentize(
        "tool",
        &format!(
            r#"(module
                (import "trunkline:tool/http@0.1.0" "fetch" (func $fetch (param
                    i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
                (import "trunkline:tool/kv@0.1.0" "increment" (func $increment (param i32 i32 i64 i32)))
                (import "trunkline:tool/log@0.1.0" "write" (func $log (param i32 i32 i32 i32 i32)))
                (memory (export "memory") 4)
                (global $heap (mut i32) (i32.const 65536))
                (data (i32.const 1024) "{{\"ok\":true}}GETkey")
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
                    (global.set $heap (i32.add (local.get $at) (local.get 3)))
                    (local.get $at))
                (func $send (call $fetch
                    (i32.const 1035) (i32.const 3) (i32.const 1035) (i32.const 3) (i32.const 0) (i32.const 0)
                    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                    (i32.const 512)))
                (func $ok (i32.store (i32.const 68) (i32.const 1024)) (i32.store (i32.const 72) (i32.const 11)))
                (func (export "trunkline:tool/tools@0.1.0#list-tools") (result i32) (i32.const 64))
                (func (export "trunkline:tool/tools@0.1.0#call")
                    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
                    {call} (i32.const 64)))"#
        ),
    )
}

fn tool(runtime: &Runtime, call: &str) -> Tool {
    runtime.load(&component(call)).unwrap().tool().unwrap()
}

/// Counts what reaches it.
#[derive(Default)]
struct Outside {
    requests: AtomicUsize,
    counter: AtomicUsize,
    lines: Mutex<Vec<String>>,
    body: usize,
    panics: bool,
    /// Told when a request arrives that is never answered.
    hangs: Option<Arc<Notify>>,
}

impl ToolHost for Outside {
    fn fetch(&self, _: FetchRequest) -> HostAnswer<'_, Result<FetchResponse, FetchError>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        assert!(!self.panics, "asked to panic");
        Box::pin(async {
            if let Some(arrived) = &self.hangs {
                arrived.notify_one();
                std::future::pending::<()>().await;
            }
            Ok(FetchResponse { status: 200, headers: Vec::new(), body: vec![0; self.body] })
        })
    }
    fn get(&self, _: String) -> HostAnswer<'_, Result<Option<Vec<u8>>, KvError>> {
        Box::pin(async { Ok(None) })
    }
    fn set(&self, _: String, _: Vec<u8>) -> HostAnswer<'_, Result<(), KvError>> {
        Box::pin(async { Ok(()) })
    }
    fn delete(&self, _: String) -> HostAnswer<'_, Result<(), KvError>> {
        Box::pin(async { Ok(()) })
    }
    fn increment(&self, key: String, by: i64) -> HostAnswer<'_, Result<i64, KvError>> {
        assert_eq!((key.as_str(), by), ("key", 5));
        let value = self.counter.fetch_add(5, Ordering::Relaxed) as i64 + by;
        Box::pin(async move { Ok(value) })
    }
    fn log(&self, _: LogLevel, message: String, _: Vec<(String, String)>) {
        self.lines.lock().unwrap().push(message);
    }
}

fn invocation() -> Invocation {
    Invocation {
        call_id: "c".to_owned(),
        tenant: "t".to_owned(),
        idempotency_key: "k".to_owned(),
        locale: "en-US".to_owned(),
        utc_offset_minutes: 0,
        timeout: None,
    }
}

async fn call(tool: &Tool, outside: &Arc<Outside>) -> Result<ToolAnswer, trunkline_runtime::Failure> {
    tool.call("t", &json!({}), invocation(), outside.clone()).await
}

async fn result(call_code: &str, outside: &Arc<Outside>) -> Result<Value, ToolFailure> {
    call(&tool(runtime(), call_code), outside).await.unwrap().result
}

#[tokio::test]
async fn a_tool_answers_and_reaches_its_host() {
    let outside = Arc::default();
    assert_eq!(result("(call $ok)", &outside).await, Ok(json!({ "ok": true })));
    assert!(matches!(result("", &outside).await, Err(ToolFailure::Internal(_))));
    let counts = "(call $increment (i32.const 1038) (i32.const 3) (i64.const 5) (i32.const 512)) (call $ok)";
    assert_eq!(result(counts, &outside).await, Ok(json!({ "ok": true })));
    assert_eq!(outside.counter.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn a_tool_without_specs_is_not_listed() {
    let failure = tool(runtime(), "").list().await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.message.as_str()),
        (FailureKind::Guest, "a component has 1-64 tools, this has 0")
    );
}

#[tokio::test]
async fn requests_after_the_sixteenth_are_denied() {
    let outside = Arc::default();
    let floods = "(local $n i32) (loop (call $send) (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if 0 (i32.lt_u (local.get $n) (i32.const 100)))) (call $ok)";
    assert!(result(floods, &outside).await.is_ok());
    assert_eq!(outside.requests.load(Ordering::Relaxed), 16);
}

#[tokio::test]
async fn a_log_flood_is_cut_and_ends_with_the_cpu() {
    let outside = Arc::default();
    let floods = "(loop (call $log (i32.const 0) (i32.const 0) (i32.const 4096) (i32.const 0) (i32.const 0)) (br 0))";
    let failure = call(&tool(runtime(), floods), &outside).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Cpu);
    let lines = outside.lines.lock().unwrap();
    assert!(lines.iter().map(String::len).sum::<usize>() <= 16 << 10);
    assert!(lines.iter().all(|line| line.len() <= 1 << 10));
}

#[tokio::test]
async fn a_response_that_is_too_large_does_not_reach_the_tool() {
    let outside = Arc::new(Outside { body: (1 << 20) + 1, ..Outside::default() });
    let traps_unless_too_large =
        "(call $send) (if (i32.ne (i32.load8_u (i32.const 512)) (i32.const 1)) (then (unreachable)))
        (if (i32.ne (i32.load8_u (i32.const 516)) (i32.const 3)) (then (unreachable))) (call $ok)";
    assert!(result(traps_unless_too_large, &outside).await.is_ok());
}

#[tokio::test]
async fn a_panic_of_the_host_loses_one_call() {
    let outside = Arc::new(Outside { panics: true, ..Outside::default() });
    let failure = call(&tool(runtime(), "(call $send)"), &outside).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Panicked);
    serves_others().await;
}

#[tokio::test]
async fn a_host_that_never_answers_ends_with_the_wall_time() {
    let mut config = config();
    config.limits.tool.wall = std::time::Duration::from_millis(1);
    let runtime = Runtime::new(&config).unwrap();
    let outside = Arc::new(Outside { hangs: Some(Arc::default()), ..Outside::default() });
    let failure = call(&tool(&runtime, "(call $send)"), &outside).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Timeout));
}

#[tokio::test]
async fn a_full_pool_is_busy_until_a_call_is_given_up() {
    let mut config = Config { max_instances: 1, ..config() };
    config.limits.agent.wall = std::time::Duration::from_millis(50);
    let runtime = Runtime::new(&config).unwrap();
    let behaviour = runtime.load(&agent(1, "(i32.const 0)", "")).unwrap().behaviour().unwrap();
    let arrived = Arc::new(Notify::new());
    let outside = Arc::new(Outside { hangs: Some(Arc::clone(&arrived)), ..Outside::default() });
    let tool = tool(&runtime, "(call $send)");
    let hanging = tokio::spawn(async move { call(&tool, &outside).await.map(|_| ()) });
    arrived.notified().await;
    assert_eq!(first(&behaviour, turn(1, "hi")).await.unwrap_err().kind, FailureKind::Busy);
    hanging.abort();
    while let Err(failure) = first(&behaviour, turn(1, "hi")).await {
        assert!(matches!(failure.kind, FailureKind::Busy | FailureKind::Timeout), "{failure}");
    }
}
