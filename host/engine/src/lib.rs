//! The call as a state machine: [`Call::handle`] takes an input and gives commands; [`Call::deadline`] says when to call
//! again with [`Input::Tick`].
//!
//! Sans-I/O: it owns turn-taking, speech out, the history, tools, timers and the end of a call, but no socket, clock or
//! chance. Time comes in with each input, so every rule about turns is a plain test. One file per concern, each with its
//! own piece of the state and an `impl Call` block with what happens to it.

mod actions;
mod answer;
mod barge;
mod builtin;
mod call;
mod caller;
mod command;
mod config;
mod decide;
mod ending;
mod endpoint;
mod generate;
mod history;
mod input;
mod latency;
mod media;
mod resume;
mod say;
mod segment;
mod silence;
mod speech;
mod switch;
mod text;
mod timers;
mod tools;

#[cfg(test)]
mod tests;

pub use call::Call;
pub use command::{Command, EndOfMedia};
pub use config::{CallConfig, Component, Granted, Runner, Timeouts};
pub use input::{Control, Decision, Input, InvalidAction, MediaEnd, ProviderFault, ToolOutcome};
pub use resume::{Recovered, ResumeError};
pub use trunkline_audio::playout;
