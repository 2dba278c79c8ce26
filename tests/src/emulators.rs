//! The outside world, emulated: each emulator runs on its own clock, in a test or as a process of its own.

pub mod deepgram;
pub mod elevenlabs;
pub mod openai;
pub mod server;
pub mod twilio;
