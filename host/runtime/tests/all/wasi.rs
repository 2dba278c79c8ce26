//! What a guest's standard library finds: chance and time of the event, and an output that is cut.

use crate::support::*;
use trunkline_runtime::{Behaviour, Input};

/// Writes 100 times 100 bytes, then answers with a state of the random number and the clock.
fn component() -> Vec<u8> {
    componentize_with_wasi(
        r#"(module
            (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
            (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))
            (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
            (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
                (func $write (param i32 i32 i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 1024) "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
            (func (export "trunkline:agent/behaviour@0.1.0#describe") (result i32) (i32.const 0))
            (func (export "trunkline:agent/behaviour@0.1.0#handle") (param i32) (result i32)
                (local $n i32) (local $out i32)
                (local.set $out (call $stdout))
                (loop
                    (call $write (local.get $out) (i32.const 1024) (i32.const 100) (i32.const 512))
                    (if (i32.load8_u (i32.const 512)) (then (unreachable)))
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if 0 (i32.lt_u (local.get $n) (i32.const 100))))
                (i64.store (i32.const 2048) (call $random))
                (i64.store (i32.const 2056) (call $now))
                (i32.store (i32.const 68) (i32.const 2048)) (i32.store (i32.const 72) (i32.const 16))
                (i32.const 64)))"#,
    )
}

fn behaviour() -> Behaviour {
    runtime().load(&component()).unwrap().behaviour().unwrap()
}

fn at(now_ms: u64, seed: u64) -> Input {
    Input { now_ms, seed, ..input(1, Vec::new(), turn(1, "hi")) }
}

#[tokio::test]
async fn chance_and_time_are_those_of_the_event() {
    let behaviour = behaviour();
    let first = behaviour.handle(at(7, 1)).await.unwrap().state;
    assert_eq!(behaviour.handle(at(7, 1)).await.unwrap().state, first);
    let other = behaviour.handle(at(8, 2)).await.unwrap().state;
    assert_ne!(other[..8], first[..8]);
    assert_eq!(other[8..], 8_000_000_u64.to_le_bytes());
    let mut warm = behaviour.warm();
    assert_eq!(warm.handle(at(7, 1)).await.unwrap().state, first);
    assert_eq!(warm.handle(at(8, 2)).await.unwrap().state, other);
}

#[tokio::test]
async fn what_a_guest_writes_is_cut_without_its_notice() {
    let notes = behaviour().handle(at(0, 0)).await.unwrap().notes;
    assert_eq!(notes.len(), 4 << 10);
    assert!(notes.starts_with("0123456789"));
}
