//! Emulators of Twilio and of every provider, and what the scenarios share.

pub mod bench;
pub mod browser;
pub mod certificate;
pub mod emulators;
pub mod host;
pub mod process;
pub mod sdk;
pub mod speech;
pub mod web_line;
