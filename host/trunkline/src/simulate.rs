//! A simulated caller.
mod script;
