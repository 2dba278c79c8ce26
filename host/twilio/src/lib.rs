//! Twilio's protocol as plain values: signatures, webhook forms, media messages, TwiML, call tokens and REST shapes.
//!
//! Nothing here does I/O, reads a clock or draws a random number: the native host, the edge component and the
//! emulators all use this one implementation, and every rule is a test that runs in microseconds.

pub mod form;
pub mod media;
pub mod rest;
pub mod signature;
pub mod token;
pub mod twiml;
mod verified;

pub use verified::Verified;
