//! Scenarios over real sockets: the real host, emulated providers, an emulated carrier, real speech.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod barge_in;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod by_hand;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod components;
#[cfg(test)]
mod first_minute;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod security;
#[cfg(test)]
mod switching;
#[cfg(test)]
mod tools;
#[cfg(test)]
mod web_calls;
#[cfg(test)]
mod world;
#[cfg(test)]
mod written;
