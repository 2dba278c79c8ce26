//! Runs tenants' components under wasmtime: admission, compiled cache, reducers, tool calls, and every limit on them.
//!
//! A guest is hostile until shown otherwise. It runs on threads of its own, in a store that is used once, and whatever it
//! does ends as a typed [`Failure`] of one event or call; the runtime goes on serving the others.
//!
//! The way of a component: bytes -> [`Runtime::load`] (admission, compile or compiled cache) -> [`Component`] ->
//! [`Component::behaviour`] or [`Component::tool`] -> one event or call at a time.

mod admission;
mod agent;
pub mod bench;
mod cache;
mod compiler;
mod component;
mod config;
mod engine;
mod failure;
mod guest;
mod guests;
mod meter;
mod replay;
mod runtime;
mod tool;
mod wasi;

pub use admission::{Admission, World};
pub use agent::{Behaviour, Input, Invalid, Manifest, Output, Warm};
pub use compiler::{CompileLimits, Compiler, Job, compile_here};
pub use component::{Component, Digest, InvalidDigest, LoadError};
pub use config::{Admit, Budget, Config, Limits};
pub use failure::{Failure, FailureKind, Stats};
pub use replay::{Components, ReplayError, ReplayOutcome, replay};
pub use runtime::{Runtime, Stage, StartError, compile};
pub use tool::{
    FetchError, FetchRequest, FetchResponse, FetchSecret, HostAnswer, Invocation, KvError, LogLevel, Tool, ToolAnswer,
    ToolEffect, ToolFailure, ToolHost, ToolSpec,
};
