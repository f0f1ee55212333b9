//! A small relying party: the web panel of a telephone exchange, on the public HTTP API alone.
fn main() {}
