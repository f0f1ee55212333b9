//! koppel: the companion in a terminal.
fn main() {}
