//! Builds the crate again when a file of the page is added or removed; those that are there are watched anyway.

fn main() {
    println!("cargo::rerun-if-changed=../../dashboard");
}
