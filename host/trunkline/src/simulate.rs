//! A simulated caller.
mod caller;
mod clock;
mod playout;
mod recording;
mod script;
mod sound;
mod wav;
mod wire;
