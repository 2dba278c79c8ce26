//! The outside world, emulated: each emulator runs on its own clock, in a test or as a process of its own.

pub mod twilio;
