//! Sockets to carriers: parses and carries, decides nothing.
//!
//! A [`MediaSocket`] belongs to the one task of its call. It never spawns, keeps no queue of its own, and turns whatever
//! the other side sends into a handful of values; what they mean is the engine's business.

mod gate;
mod socket;

pub use gate::{Gate, Permit};
pub use socket::{CloseReason, MediaIn, MediaSocket, OpenError, Opened, upgrade};
