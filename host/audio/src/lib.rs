//! The sound of a call: G.711, resampling, voice activity, the echo guard and the playout ledger.
//!
//! Everything here is a pure function of the bytes and times that come in: no I/O, no clock, no randomness. Time is
//! audio time, counted in samples, so that a rule about speech gives the same answer live, in a test and in a replay.

pub mod echo;
pub mod g711;
pub mod level;
pub mod playout;
pub mod resample;
pub mod vad;
