//! Emulators of Twilio and of every provider, and what the scenarios share.

pub mod emulators;
pub mod sdk;
