//! Components for the tests: stored ones, and core modules in text form wrapped as components.

use serde_json::json;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use trunkline_contract::Event;
use trunkline_contract::event::{CallInfo, Custom, Turn};
use trunkline_runtime::{Behaviour, Config, Failure, Input, Output, Runtime};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{PackageId, Resolve};

pub(crate) const ECHO: &[u8] = include_bytes!("../fixtures/agent-0.1.0/echo.wasm");
pub(crate) const ECHO_CHANGED: &[u8] = include_bytes!("../fixtures/agent-0.1.0/echo-changed.wasm");

/// As in service, but patient: how long a busy machine takes is not what is tested.
pub(crate) fn config() -> Config {
    let mut config = Config { max_instances: 16, ..Config::new([7; 32]) };
    config.limits.agent.wall = Duration::from_secs(60);
    config.limits.tool.wall = Duration::from_secs(60);
    config
}

/// One runtime for most tests: hostile components must not disturb the others.
pub(crate) fn runtime() -> &'static Arc<Runtime> {
    static RUNTIME: OnceLock<Arc<Runtime>> = OnceLock::new();
    RUNTIME.get_or_init(|| Arc::new(Runtime::new(&config()).unwrap()))
}

/// The stored behaviour, compiled once.
pub(crate) fn echo() -> Behaviour {
    static ECHO_BEHAVIOUR: OnceLock<Behaviour> = OnceLock::new();
    ECHO_BEHAVIOUR.get_or_init(|| runtime().load(ECHO).unwrap().behaviour().unwrap()).clone()
}

/// A core module as a component of a world under `wit/`.
pub(crate) fn componentize(world: &str, core: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = contract(&mut resolve, world);
    wrap(&resolve, package, world, core)
}

/// A core module as a component of an agent's world with some of WASI.
pub(crate) fn componentize_with_wasi(core: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    contract(&mut resolve, "agent");
    let packages = [
        "package wasi:random@0.2.0; interface random { get-random-u64: func() -> u64; }",
        "package wasi:clocks@0.2.0; interface monotonic-clock { now: func() -> u64; }",
        "package wasi:io@0.2.0; interface error { resource error; } interface streams { use error.{error};
            variant stream-error { last-operation-failed(error), closed }
            resource output-stream {
                blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
            } }",
        "package wasi:cli@0.2.0; interface stdout { use wasi:io/streams@0.2.0.{output-stream};
            get-stdout: func() -> output-stream; }",
        "package test:wasi@0.1.0; world agent { include trunkline:agent/agent@0.1.0;
            import wasi:random/random@0.2.0; import wasi:clocks/monotonic-clock@0.2.0;
            import wasi:io/streams@0.2.0; import wasi:cli/stdout@0.2.0; }",
    ];
    let last = packages.map(|text| resolve.push_str("test.wit", text).unwrap())[4];
    wrap(&resolve, last, "agent", core)
}

fn contract(resolve: &mut Resolve, world: &str) -> PackageId {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit").join(world).join("0.1.0");
    resolve.push_dir(folder).unwrap().0
}

fn wrap(resolve: &Resolve, package: PackageId, world: &str, core: &str) -> Vec<u8> {
    let mut module = wat::parse_str(core).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(false).encode().unwrap()
}

/// A behaviour whose `handle` is this code: it gets a pointer to its input and leaves one to its answer. Memory is zero,
/// and a pointer to zeroes is the answer "empty state, no actions".
pub(crate) fn agent(pages: u32, handle: &str, more: &str) -> Vec<u8> {
    componentize(
        "agent",
        &format!(
            r#"(module
                (memory (export "memory") {pages})
                (global $heap (mut i32) (i32.const 4096))
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
                    (global.set $heap (i32.add (local.get $at) (local.get 3)))
                    (local.get $at))
                (func (export "trunkline:agent/behaviour@0.1.0#describe") (result i32) (i32.const 0))
                (func (export "trunkline:agent/behaviour@0.1.0#handle") (param i32) (result i32) {handle})
                {more})"#
        ),
    )
}

pub(crate) fn call() -> CallInfo {
    CallInfo {
        call_id: "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f".to_owned(),
        channel: "phone-inbound".to_owned(),
        caller: Some("+15550100".to_owned()),
        callee: None,
        locale: "en-US".to_owned(),
        utc_offset_minutes: 0,
        speech_mode: "pipeline".to_owned(),
        agent_id: "0190b2c4-7d1e-7cc3-98c4-dc0c0c073990".to_owned(),
        agent_version: "1.0.0".to_owned(),
        greeting: Some("Hello.".to_owned()),
        settings: json!({ "prefix": "> " }),
        settings_version: "1".to_owned(),
        context: json!({}),
        handoff: None,
        tools: Vec::new(),
    }
}

pub(crate) fn started() -> Event {
    Event::Started(Box::new(call()))
}

pub(crate) fn turn(number: u32, text: &str) -> Event {
    Event::UserTurn(Turn {
        number,
        text: text.to_owned(),
        confidence: Some(0.7),
        language: None,
        source: "speech".to_owned(),
        start_ms: 10,
        end_ms: 20,
    })
}

pub(crate) fn custom(name: &str) -> Event {
    Event::Custom(Custom { name: name.to_owned(), payload: json!(null) })
}

pub(crate) fn input(seq: u64, state: Vec<u8>, event: Event) -> Input {
    Input { seq, now_ms: seq * 100, seed: seq ^ 0xabcd, state, event }
}

/// One event for a component that has not seen any.
pub(crate) async fn first(behaviour: &Behaviour, event: Event) -> Result<Output, Failure> {
    behaviour.handle(input(1, Vec::new(), event)).await
}

/// The runtime serves another component.
pub(crate) async fn serves_others() {
    let output = first(&echo(), turn(1, "still there?")).await.unwrap();
    assert_eq!(output.actions.len(), 2);
}
