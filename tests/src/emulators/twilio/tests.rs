//! The emulator against a small host: webhooks that answer given TwiML, a socket that does what the test says.

mod calls;
mod host;
mod official_package;
mod rest_interface;
mod secure;
mod streams;
