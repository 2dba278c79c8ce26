//! Measures calls.
fn main() {}
