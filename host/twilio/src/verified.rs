//! The proof type: a value that arrived with a signature which was checked.
//!
//! The field is private to this crate and there is no general `map`, so holding a `Verified<T>` means that this crate
//! checked the bytes the value was made from.

use std::ops::Deref;

/// A value taken from bytes whose signature was checked.
///
/// Only [`crate::signature::verify`] and [`crate::token::verify`] make one; what can be derived from it without losing
/// the proof (for example [`Verified::voice`]) keeps the wrapper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(crate) fn proven(value: T) -> Self {
        Self(value)
    }

    /// Gives up the proof and hands out the value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
