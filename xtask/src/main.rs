//! cargo xtask: what a developer types.
fn main() {}
