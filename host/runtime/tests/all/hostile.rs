//! Each hostile component ends with its own kind of failure, and the next one is served at once.

use crate::support::*;
use proptest::prelude::*;
use trunkline_runtime::{Admission, FailureKind, LoadError};

/// Loads a behaviour, hands it an event, and sees that others are served while and after it runs.
async fn fails(component: &[u8]) -> FailureKind {
    let behaviour = runtime().load(component).unwrap().behaviour().unwrap();
    let (failure, ()) = tokio::join!(first(&behaviour, turn(1, "hi")), serves_others());
    serves_others().await;
    failure.unwrap_err().kind
}

fn refused(component: &[u8]) -> Admission {
    match runtime().load(component) {
        Err(LoadError::Refused(admission)) => admission,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_behaviour_in_text_form_works() {
    let behaviour = runtime().load(&agent(1, "(i32.const 0)", "")).unwrap().behaviour().unwrap();
    let output = first(&behaviour, turn(1, "hi")).await.unwrap();
    assert!(output.state.is_empty() && output.actions.is_empty());
    assert_eq!(output.stats.memory_peak, 65_536);
}

#[tokio::test]
async fn a_busy_loop_ends_when_its_cpu_is_spent() {
    assert_eq!(fails(&agent(1, "(loop (br 0)) (unreachable)", "")).await, FailureKind::Cpu);
}

#[tokio::test]
async fn a_looping_start_function_ends_when_its_cpu_is_spent() {
    let component = agent(1, "(i32.const 0)", "(func $start (loop (br 0))) (start $start)");
    assert_eq!(fails(&component).await, FailureKind::Cpu);
}

#[tokio::test]
async fn growing_memory_ends_at_the_limit() {
    let grow = "(loop (drop (memory.grow (i32.const 16))) (br 0)) (unreachable)";
    assert_eq!(fails(&agent(1, grow, "")).await, FailureKind::Memory);
}

#[tokio::test]
async fn growing_a_table_ends_at_the_limit() {
    let grow = "(loop (drop (table.grow $t (ref.null func) (i32.const 1000))) (br 0)) (unreachable)";
    assert_eq!(fails(&agent(1, grow, "(table $t 1 funcref)")).await, FailureKind::Memory);
}

#[tokio::test]
async fn deep_recursion_is_a_trap() {
    let component = agent(
        1,
        "(call $down (i32.const 0))",
        "(func $down (param i32) (result i32) (call $down (i32.add (local.get 0) (i32.const 1))))",
    );
    assert_eq!(fails(&component).await, FailureKind::Trap);
}

#[tokio::test]
async fn a_trap_names_the_function() {
    let component = agent(1, "(call $boom) (i32.const 0)", "(func $boom (unreachable))");
    let behaviour = runtime().load(&component).unwrap().behaviour().unwrap();
    let failure = first(&behaviour, turn(1, "hi")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Trap);
    assert_eq!(failure.message, "wasm trap: wasm `unreachable` instruction executed in boom");
}

/// Answers `err` with a text of 24 MiB.
#[tokio::test]
async fn a_giant_text_is_not_taken_over() {
    let answer = "(i32.store8 (i32.const 64) (i32.const 1))
        (i32.store (i32.const 68) (i32.const 1024)) (i32.store (i32.const 72) (i32.const 25165824)) (i32.const 64)";
    assert_eq!(fails(&agent(400, answer, "")).await, FailureKind::OutputTooLarge);
}

/// Answers with one `listen` that has a million empty hints.
#[tokio::test]
async fn a_list_of_a_million_texts_is_not_taken_over() {
    let answer = "(i32.store (i32.const 76) (i32.const 128)) (i32.store (i32.const 80) (i32.const 1))
        (i32.store8 (i32.const 136) (i32.const 7))
        (i32.store (i32.const 144) (i32.const 4096)) (i32.store (i32.const 148) (i32.const 1000000)) (i32.const 64)";
    assert_eq!(fails(&agent(200, answer, "")).await, FailureKind::OutputTooLarge);
}

#[tokio::test]
async fn more_state_or_actions_than_allowed_are_not_taken_over() {
    let state =
        "(i32.store (i32.const 68) (i32.const 1024)) (i32.store (i32.const 72) (i32.const 65537)) (i32.const 64)";
    assert_eq!(fails(&agent(4, state, "")).await, FailureKind::OutputTooLarge);
    let actions =
        "(i32.store (i32.const 76) (i32.const 1024)) (i32.store (i32.const 80) (i32.const 33)) (i32.const 64)";
    assert_eq!(fails(&agent(4, actions, "")).await, FailureKind::OutputTooLarge);
}

#[tokio::test]
async fn an_answer_outside_of_its_memory_is_a_trap() {
    let state = "(i32.store (i32.const 68) (i32.const -16)) (i32.store (i32.const 72) (i32.const 64)) (i32.const 64)";
    assert_eq!(fails(&agent(1, state, "")).await, FailureKind::Trap);
}

#[tokio::test]
async fn an_input_that_is_too_large_does_not_start_the_guest() {
    let large = "x".repeat(300 << 10);
    let failure = first(&echo(), turn(1, &large)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InputTooLarge);
    assert_eq!(failure.stats.cpu_ns, 0);
}

#[tokio::test]
async fn an_error_of_the_guest_and_its_panic_are_told_apart() {
    let failure = first(&echo(), custom("error")).await.unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Guest, "asked to fail"));
    assert_eq!(first(&echo(), custom("trap")).await.unwrap_err().kind, FailureKind::Trap);
    assert_eq!(first(&echo(), custom("spin")).await.unwrap_err().kind, FailureKind::Cpu);
    serves_others().await;
}

#[tokio::test]
async fn an_initial_memory_above_the_limit_is_refused() {
    assert!(matches!(refused(&agent(600, "(i32.const 0)", "")), Admission::TooMany { .. }));
}

#[test]
fn five_hundred_core_instances_are_refused() {
    let instances = "(core instance (instantiate $m))".repeat(500);
    let component = wat::parse_str(format!("(component (core module $m) {instances})")).unwrap();
    assert_eq!(refused(&component), Admission::TooMany { what: "core instances", found: 500, most: 64 });
}

#[test]
fn instances_that_nested_components_multiply_are_refused() {
    let nested = format!(
        "(component $a (core module $m (memory 1)) {}) {}",
        "(core instance (instantiate $m))".repeat(8),
        "(instance (instantiate $a))".repeat(8)
    );
    let component = wat::parse_str(format!(
        r#"(component {nested} (instance $i) (export "trunkline:agent/behaviour@0.1.0" (instance $i)))"#
    ))
    .unwrap();
    let error = runtime().load(&component).unwrap_err().to_string();
    assert!(error.contains("64 Wasm linear memories"), "{error}");
}

#[test]
fn compiled_code_is_refused() {
    let code = trunkline_runtime::compile(&config(), false, &agent(1, "(i32.const 0)", "")).unwrap();
    assert_eq!(refused(&code), Admission::Precompiled);
}

#[test]
fn core_modules_and_rubbish_are_refused() {
    assert_eq!(refused(&wat::parse_str("(module)").unwrap()), Admission::NotAComponent);
    for rubbish in [&b""[..], b"\0asm", b"hello", b"\0asm\x0d\0\x01\0\xff"] {
        assert!(matches!(refused(rubbish), Admission::Invalid(_) | Admission::NoWorld), "{rubbish:?}");
    }
    assert!(matches!(refused(&vec![0; (64 << 20) + 1]), Admission::TooLarge { .. }));
}

#[test]
fn switched_off_proposals_are_refused() {
    for part in [
        "(core module (memory i64 1))",
        "(core module (memory 1 1 shared))",
        "(core module (tag))",
        "(core module (type (struct)))",
        r#"(core module $m (func (export "f")))
           (core instance $i (instantiate $m))
           (func (export "f") async (canon lift (core func $i "f") async))"#,
    ] {
        let component = wat::parse_str(format!("(component {part})")).unwrap();
        assert!(matches!(refused(&component), Admission::Invalid(_)), "{part}: {:?}", refused(&component));
    }
}

#[test]
fn imports_that_are_not_offered_are_refused_by_name() {
    for import in ["wasi:sockets/tcp@0.2.0", "wasi:http/outgoing-handler@0.2.0", "trunkline:tool/http@0.1.0"] {
        let component = wat::parse_str(format!(
            r#"(component (import "{import}" (instance)) (instance $i)
                (export "trunkline:agent/behaviour@0.1.0" (instance $i)))"#
        ))
        .unwrap();
        assert_eq!(refused(&component), Admission::UnknownImport(import.to_owned()));
    }
}

#[test]
fn a_world_by_name_only_is_refused() {
    let component =
        wat::parse_str(r#"(component (instance $i) (export "trunkline:agent/behaviour@0.1.0" (instance $i)))"#)
            .unwrap();
    assert!(matches!(refused(&component), Admission::Mismatch(_)));
}

#[test]
fn a_component_that_ends_early_is_refused_wherever_it_ends() {
    for end in (0..ECHO.len()).step_by(1 << 10) {
        assert!(matches!(runtime().load(&ECHO[..end]), Err(LoadError::Refused(_))), "{end}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_truncated_component_is_refused(part in 0.0..1.0_f64) {
        let end = (ECHO.len() as f64 * part) as usize;
        prop_assert!(matches!(runtime().load(&ECHO[..end]), Err(LoadError::Refused(_))));
    }

    #[test]
    fn a_component_with_flipped_bits_is_refused_or_contained(at in 0.0..1.0_f64, bit in 0_u32..8) {
        let mut component = agent(1, "(i32.const 0)", "(table 10 funcref) (data (i32.const 8) \"data\")");
        let index = ((component.len() - 1) as f64 * at) as usize;
        component[index] ^= 1 << bit;
        let threads = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Ok(component) = runtime().load(&component)
            && let Ok(behaviour) = component.behaviour()
        {
            let _ = threads.block_on(first(&behaviour, turn(1, "hi")));
        }
        threads.block_on(serves_others());
    }

    #[test]
    fn random_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..512), header in any::<bool>()) {
        let mut component = if header { b"\0asm\x0d\0\x01\0".to_vec() } else { Vec::new() };
        component.extend(bytes);
        prop_assert!(runtime().load(&component).is_err());
    }
}
