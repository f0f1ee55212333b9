//! The floor: the least work a login can cost on this machine.
fn main() {}
