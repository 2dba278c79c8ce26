//! The rules of a call, checked in a simulated world on a clock of its own.

mod caller;
mod carrier;
mod chaos;
mod endings;
mod failures;
mod greeting;
mod interruptions;
mod ledger;
mod media;
mod recovery;
mod setup;
mod silence;
mod structured;
mod switching;
mod text;
mod tools;
mod turns;
mod world;
