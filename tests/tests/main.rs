//! Scenarios over real sockets: the real host, emulated providers, an emulated carrier, real speech.

#[cfg(test)]
mod providers;
