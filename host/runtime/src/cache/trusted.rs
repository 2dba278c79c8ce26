//! The one place where bytes become code: loading what this host compiled and signed itself.
#![allow(unsafe_code, reason = "wasmtime cannot check that compiled code is what it compiled")]

use wasmtime::Engine;
use wasmtime::component::Component;

/// Bytes whose signature under the host's key was verified, held in memory since.
pub(super) struct Signed<'a>(pub(super) &'a [u8]);

/// Makes code of signed bytes.
///
/// # Errors
/// When they were compiled by another version or for another machine.
pub(super) fn component(engine: &Engine, bytes: &Signed<'_>) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` asks that the bytes come from `Component::serialize` (or `precompile_component`) and were not
    // changed since. `Signed` holds bytes whose HMAC-SHA256 under a key that only this host has was verified; that key
    // signs nothing but the output of `serialize`; and the bytes are in our own memory, so nobody changes them between
    // the check and this call. wasmtime itself refuses code of another version or other settings.
    unsafe { Component::deserialize(engine, bytes.0) }
}
