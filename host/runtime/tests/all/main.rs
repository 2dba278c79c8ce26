//! The runtime against real and hostile components.

mod cache;
mod hostile;
mod replay;
mod serving;
mod support;
mod tools;
