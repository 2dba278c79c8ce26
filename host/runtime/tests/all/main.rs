//! The runtime against real and hostile components.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail their test")]

mod cache;
mod frozen;
mod hostile;
mod replay;
mod serving;
mod support;
mod tools;
mod wasi;
