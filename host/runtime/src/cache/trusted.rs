//! The one place where bytes become code: loading what this host compiled itself.
#![allow(unsafe_code, reason = "wasmtime cannot check that compiled code is what it compiled")]

use wasmtime::Engine;
use wasmtime::component::Component;

/// Code that this host made, held in memory since: its signature under the host's key was verified, or the compiler that
/// the host started has just handed it over.
pub(super) struct Own<'a>(pub(super) &'a [u8]);

/// Makes a component of the host's own code.
///
/// # Errors
/// When it was compiled by another version or for another machine.
pub(super) fn component(engine: &Engine, code: &Own<'_>) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` asks that the bytes come from `Component::serialize` (or `precompile_component`) and were not
    // changed since. `Own` holds bytes that came over a pipe from a process that runs this very program and does nothing
    // but `precompile_component`, or whose HMAC-SHA256 under a key that only this host has was verified; that key signs
    // nothing but the output of these two. The bytes are in our own memory, so nobody changes them between the check and
    // this call. wasmtime itself refuses code of another version or other settings.
    unsafe { Component::deserialize(engine, code.0) }
}
