//! Measures the product from outside: paced calls against the real binary, with every emulator in another process.
