//! Scenarios over real sockets: the real host, emulated providers, an emulated carrier, real speech.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod world;
