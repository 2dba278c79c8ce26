//! Prints what reducer dispatch costs: `cargo run --release --example dispatch -- COMPONENT.wasm [EVENTS [GUEST_THREADS]]`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use trunkline_runtime::{Config, Runtime, bench};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "components/dist/conversation.wasm".to_owned());
    let events = arguments.next().map_or(Ok(20_000), |events| events.parse())?;
    let guest_threads = arguments.next().map_or(Ok(2), |threads| threads.parse())?;
    let cache = std::env::temp_dir().join("trunkline-dispatch");
    let runtime = Runtime::new(&Config { cache_dir: Some(cache), guest_threads, ..Config::new([7; 32]) })?;
    let bytes = std::fs::read(path)?;
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let report = threads.block_on(async { bench::dispatch(&runtime, &bytes, events).await })?;
    println!("{report:#?}");
    Ok(())
}
