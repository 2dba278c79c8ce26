//! The little WASI that a guest's standard library needs, made of nothing: no environment, no files, no sockets.
//!
//! Linked interface by interface, because the all-in-one helper adds sockets. The context is made when a guest first asks
//! for it: most guests never do, and it is the costly part of a store.

mod sink;

use crate::guest::Guest;
use sink::Sink;
use std::time::Duration;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, filesystem, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{Deterministic, HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};

/// The interfaces that are linked, each in version 0.2.
pub(crate) const INTERFACES: [&str; 20] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// Where time and chance come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// From the event: equal when it is replayed.
    Event { now_ms: u64, seed: u64 },
    /// From the system.
    System,
}

/// The WASI of one guest.
pub(crate) struct Wasi {
    source: Source,
    table: ResourceTable,
    context: Option<WasiCtx>,
    sink: Sink,
}

impl Wasi {
    pub(crate) fn new(source: Source, resources: usize, notes: usize) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(resources);
        Wasi { source, table, context: None, sink: Sink::new(notes) }
    }

    /// For the next event in the same store.
    pub(crate) fn set_source(&mut self, source: Source) {
        self.source = source;
        self.context = None;
    }

    /// Takes what was written to stdout and stderr.
    pub(crate) fn take_notes(&mut self) -> String {
        self.sink.take()
    }
}

fn context(source: Source, sink: &Sink) -> WasiCtx {
    let mut builder = WasiCtx::builder();
    builder.stdout(sink.clone()).stderr(sink.clone()).allow_tcp(false).allow_udp(false).max_random_size(64 << 10);
    if let Source::Event { now_ms, seed } = source {
        let clock = Fixed(Duration::from_millis(now_ms));
        builder
            .secure_random(Deterministic::new(bytes(seed)))
            .insecure_random(Deterministic::new(bytes(seed ^ 1)))
            .insecure_random_seed(u128::from(seed))
            .wall_clock(clock)
            .monotonic_clock(clock);
    }
    builder.build()
}

/// 1 KiB that looks like chance and follows from the seed.
fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let words = std::iter::repeat_with(|| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    });
    words.take(128).flat_map(u64::to_le_bytes).collect()
}

/// A clock that stands still during the event.
#[derive(Clone, Copy)]
struct Fixed(Duration);

impl HostWallClock for Fixed {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }
    fn now(&self) -> Duration {
        self.0
    }
}

impl HostMonotonicClock for Fixed {
    fn resolution(&self) -> u64 {
        1_000_000
    }
    fn now(&self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl<H: Send + 'static> WasiView for Guest<H> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Wasi { source, table, context: made, sink } = &mut self.wasi;
        WasiCtxView { ctx: made.get_or_insert_with(|| context(*source, sink)), table }
    }
}

/// Links [`INTERFACES`].
pub(crate) fn link<H: Send + 'static>(linker: &mut Linker<Guest<H>>) -> wasmtime::Result<()> {
    // Clocks, random, io, stdin, stdout and stderr; the only ready-made set without sockets.
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    cli::environment::add_to_linker::<Guest<H>, WasiCli>(linker, Guest::cli)?;
    cli::exit::add_to_linker::<Guest<H>, WasiCli>(linker, Guest::cli)?;
    cli::terminal_input::add_to_linker::<Guest<H>, WasiCli>(linker, Guest::cli)?;
    cli::terminal_output::add_to_linker::<Guest<H>, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdin::add_to_linker::<Guest<H>, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdout::add_to_linker::<Guest<H>, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stderr::add_to_linker::<Guest<H>, WasiCli>(linker, Guest::cli)?;
    filesystem::preopens::add_to_linker::<Guest<H>, WasiFilesystem>(linker, Guest::filesystem)?;
    filesystem::types::add_to_linker::<Guest<H>, WasiFilesystem>(linker, Guest::filesystem)?;
    random::insecure::add_to_linker::<Guest<H>, WasiRandom>(linker, |guest| guest.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<Guest<H>, WasiRandom>(linker, |guest| guest.ctx().ctx.random())
}
