//! How an event or call can fail, and how wasmtime's errors become that.

use crate::guest::Breach;
use std::time::Duration;
use wasmtime::{Trap, WasmBacktrace};

/// What went wrong, as far as the caller must tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The guest broke off: `unreachable`, a stack overflow, a bad access.
    Trap,
    /// The wall time was over.
    Timeout,
    /// The CPU budget was spent.
    Cpu,
    /// It wanted more memory, tables or handles than it may have.
    Memory,
    /// Event and state, or arguments, are larger than allowed; the guest was not started.
    InputTooLarge,
    /// Actions, state or result are larger than allowed.
    OutputTooLarge,
    /// The guest answered with an error of its own.
    Guest,
    /// The host's own code panicked.
    Panicked,
    /// No place became free within the wall time.
    Busy,
    /// The runtime is shutting down.
    Closed,
}

impl FailureKind {
    /// The word for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureKind::Trap => "trap",
            FailureKind::Timeout => "timeout",
            FailureKind::Cpu => "cpu",
            FailureKind::Memory => "memory",
            FailureKind::InputTooLarge => "input-too-large",
            FailureKind::OutputTooLarge => "output-too-large",
            FailureKind::Guest => "guest",
            FailureKind::Panicked => "panicked",
            FailureKind::Busy => "busy",
            FailureKind::Closed => "closed",
        }
    }
}

/// An event or call that failed. It changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", .kind.as_str())]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// For the component's author. May quote what the guest says.
    pub message: String,
    /// What the guest wrote to stdout and stderr until then.
    pub notes: String,
    /// What it cost.
    pub stats: Stats,
}

/// What an event or call cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// CPU, nanoseconds.
    pub cpu_ns: u64,
    /// Most linear memory at once, bytes.
    pub memory_peak: usize,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Failure { kind, message: message.into(), notes: String::new(), stats: Stats::default() }
    }

    pub(crate) fn timeout(wall: Duration) -> Self {
        Failure::new(FailureKind::Timeout, format!("no answer within {} ms", wall.as_millis()))
    }

    /// What wasmtime says, as one of our kinds.
    pub(crate) fn of(error: &wasmtime::Error, cpu: Duration) -> Self {
        if let Some(breach) = error.downcast_ref::<Breach>() {
            return Failure::new(FailureKind::Memory, breach.to_string());
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Failure::new(FailureKind::Cpu, format!("more than {} ms of CPU", cpu.as_millis())),
            Some(trap) => Failure::new(FailureKind::Trap, with_frames(trap.to_string(), error)),
            None => Failure::untyped(error),
        }
    }

    /// Limits that wasmtime reports as text only.
    fn untyped(error: &wasmtime::Error) -> Self {
        let cause = error.root_cause().to_string();
        if cause.contains("hostcalls has been exhausted") {
            Failure::new(FailureKind::OutputTooLarge, "the answer is larger than the host may take over")
        } else if cause.contains("handle") && cause.contains("limit") || cause.contains("table has no free keys") {
            Failure::new(FailureKind::Memory, cause)
        } else {
            Failure::new(FailureKind::Trap, with_frames(cause, error))
        }
    }
}

/// Names of the innermost functions: what an author looks for first.
fn with_frames(mut message: String, error: &wasmtime::Error) -> String {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return message };
    for (index, name) in backtrace.frames().iter().filter_map(|frame| frame.func_name()).take(6).enumerate() {
        message.push_str(if index == 0 { " in " } else { " < " });
        message.extend(name.chars().take(120));
    }
    message
}
